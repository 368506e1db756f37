//! Keeps the data. A plan comes in, an answer goes out, and what was acknowledged is on disk.
//!
//! `query` (what is asked, resolved against the catalog) -> `sql` (its text, for one engine) ->
//! `plan` (text and values, ready to run) -> `sqlite` (runs it) -> `sink` (takes the rows).
//! `adopt` takes over files that others made. This crate never sees HTTP or a person.

pub mod adopt;
pub mod config;
pub mod limits;
mod lock;
pub mod observe;
pub mod plan;
pub mod query;
mod record;
mod routine;
pub mod shown;
pub mod sink;
pub mod sql;
pub mod sqlite;

use std::path::Path;

use mainstay_base::Result;
use mainstay_schema::{Catalog, Value};

pub use config::Config;
pub use lock::is_held;
pub use plan::{Answer, Bound, ReadPlan, Slot, Statement, WritePlan};
pub use record::{Record, RecordKey};
pub use routine::{Routine, Routines};
pub use sink::{RowView, Sink};
pub use sqlite::{Sqlite, Transaction};

/// The engine behind an application.
pub enum Store {
    Sqlite(Sqlite),
}

impl Store {
    /// Opens every module's database in `folder`, making what is missing. The catalog is one that
    /// `sqlite::compile` has filled: views that it has not compiled are not there to be read.
    ///
    /// # Errors
    /// When another process holds the folder, a file cannot be opened or is damaged, or the
    /// declarations differ from what is stored in a way that could lose data.
    pub fn open(folder: &Path, catalog: &Catalog, config: &Config) -> Result<Self> {
        Sqlite::open(folder, catalog, config).map(Self::Sqlite)
    }

    /// Runs a read and feeds its rows to `sink`, which comes back with the answer.
    ///
    /// # Errors
    /// `57014` when the deadline passes, `PGRST003` when too many reads wait already.
    pub async fn read<S: Sink>(&self, plan: ReadPlan, sink: S) -> Result<Answer<S>> {
        match self {
            Self::Sqlite(sqlite) => sqlite.read(plan, sink).await,
        }
    }

    /// Runs a write. When it returns `Ok`, the write is on disk.
    ///
    /// # Errors
    /// The dialect's constraint errors; `PGRST003` when the queue is full, `PGRST001` when the
    /// database has stopped taking writes, `507` when the disk is full.
    pub async fn write<S: Sink>(&self, plan: WritePlan, sink: S) -> Result<Answer<S>> {
        match self {
            Self::Sqlite(sqlite) => sqlite.write(plan, sink).await,
        }
    }

    /// Runs a routine that only reads, in a snapshot of its own; its rows come back as values.
    ///
    /// # Errors
    /// As `read`.
    pub async fn ask(&self, routine: &Routine, values: &[Value]) -> Result<Vec<Vec<Value>>> {
        let answer = self.read(routine.plan(values)?, routine.rows()).await?;
        Ok(answer.sink.rows)
    }

    /// Runs work that reads and writes one module in one transaction. It may be run more than once
    /// before it is answered; what it returns is answered when all of it is on disk.
    ///
    /// # Errors
    /// As `write`, and whatever the work itself returns: then nothing of it has happened.
    pub async fn transact<T, W>(&self, module: usize, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnMut(&mut Transaction<'_>) -> Result<T> + Send + 'static,
    {
        match self {
            Self::Sqlite(sqlite) => sqlite.transact(module, work).await,
        }
    }

    /// Whether each part can do its work, for readiness: name and what is wrong.
    #[must_use]
    pub fn health(&self) -> Vec<(String, Result<(), String>)> {
        match self {
            Self::Sqlite(sqlite) => sqlite.health(),
        }
    }

    /// Modules, as positions in the catalog, whose files were made when the store was opened.
    #[must_use]
    pub fn fresh_modules(&self) -> Vec<usize> {
        match self {
            Self::Sqlite(sqlite) => sqlite.fresh_modules().to_vec(),
        }
    }

    /// The state of each module's files, looked up now.
    #[must_use]
    pub fn states(&self) -> Vec<observe::ModuleState> {
        match self {
            Self::Sqlite(sqlite) => sqlite.states(),
        }
    }

    /// Changes that were made to existing files when the store was opened, in sentences.
    #[must_use]
    pub fn steps(&self) -> Vec<String> {
        match self {
            Self::Sqlite(sqlite) => sqlite.steps().to_vec(),
        }
    }

    /// Waits for what is under way, checkpoints and closes.
    pub fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => sqlite.close(),
        }
    }
}
