//! SQLite: one file per module, one writer thread each, readers beside it. What is set on every
//! connection stands in `connection`; how writes reach the disk stands in `writer`.

mod change;
pub mod compile;
mod connection;
mod document;
mod failure;
pub(crate) mod functions;
mod gather;
mod like;
mod memory;
mod once;
mod open;
mod raised;
mod readers;
pub mod search;
mod session;
pub mod stored;
mod transaction;
mod violation;
mod write;
mod writer;

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use mainstay_base::{Code, Error, Result};
use mainstay_schema::Catalog;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use self::readers::{ReadJob, ReaderPool};
use self::transaction::TransactionJob;
use self::writer::{WriteJob, Writer};
use crate::lock::FolderLock;
use crate::observe::{ModuleState, Observed};
use crate::plan::{Answer, Lane, ReadPlan, WritePlan};
use crate::{Config, Sink, limits};

pub use self::connection::{assert_version, version};
pub use self::functions::check_regex;
pub use self::memory::memory_bytes;
pub use self::open::module_file;
pub use self::transaction::Transaction;

/// All modules of an application on SQLite.
pub struct Sqlite {
    modules: Vec<Arc<Database>>,
    readers: ReaderPool,
    prepared: open::Prepared,
    /// Given back when the store is closed.
    lock: Mutex<Option<FolderLock>>,
}

/// One module's file: its writer, and the connections that read it.
struct Database {
    name: String,
    path: PathBuf,
    writer: Writer,
    readers: Arc<readers::ReaderSet>,
}

impl Sqlite {
    /// See `Store::open`.
    ///
    /// # Errors
    /// See `Store::open`.
    pub fn open(folder: &Path, catalog: &Catalog, config: &Config) -> Result<Self> {
        connection::assert_version()?;
        private_folder(folder).map_err(|error| {
            Error::new(
                Code::DatabaseUnavailable,
                format!("The data folder {} cannot be made", folder.display()),
            )
            .details(error.to_string())
        })?;
        let lock = FolderLock::take(folder)?;
        let observed = Arc::new(Observed::new(&config.telemetry));
        let (modules, prepared) = open::databases(folder, catalog, config, &observed)?;
        let readers = ReaderPool::start(config, &observed)?;
        Ok(Self { modules, readers, prepared, lock: Mutex::new(Some(lock)) })
    }

    /// See `Store::read`.
    ///
    /// # Errors
    /// See `Store::read`.
    pub async fn read<S: Sink>(&self, plan: ReadPlan, mut sink: S) -> Result<Answer<S>> {
        let database = self.database(plan.module)?;
        if plan.lane == Lane::Keyed {
            let done = database.readers.with(|reader| readers::run(reader, &plan, &mut sink))?;
            return Ok(done.answer(sink));
        }
        if let Some(slow) = plan.brief.as_ref().filter(|slow| !slow.load(Ordering::Relaxed)) {
            let readers = &database.readers;
            match readers.within(limits::BRIEF, |reader| readers::run(reader, &plan, &mut sink)) {
                Err(error) if error.code() == Code::StatementTimeout => {
                    slow.store(true, Ordering::Relaxed);
                    sink.restart();
                }
                done => return Ok(done?.answer(sink)),
            }
        }
        let (reply, answer) = oneshot::channel();
        self.readers.submit(Box::new(ReadJob::new(Arc::clone(database), plan, sink, reply)))?;
        answer.await.map_err(|_| stopped())?
    }

    /// See `Store::write`.
    ///
    /// # Errors
    /// See `Store::write`.
    pub async fn write<S: Sink>(&self, plan: WritePlan, sink: S) -> Result<Answer<S>> {
        let database = self.database(plan.module)?;
        let (reply, answer) = oneshot::channel();
        database.writer.submit(Box::new(WriteJob::new(plan, sink, reply)))?;
        answer.await.map_err(|_| stopped())?
    }

    /// See `Store::transact`.
    ///
    /// # Errors
    /// See `Store::transact`.
    pub async fn transact<T, W>(&self, module: usize, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnMut(&mut Transaction<'_>) -> Result<T> + Send + 'static,
    {
        let database = self.database(module)?;
        let (reply, answer) = oneshot::channel();
        database.writer.submit(Box::new(TransactionJob::new(work, reply)))?;
        answer.await.map_err(|_| stopped())?
    }

    /// See `Store::health`.
    #[must_use]
    pub fn health(&self) -> Vec<(String, Result<(), String>)> {
        let state = |database: &Arc<Database>| {
            (format!("store.{}", database.name), database.writer.health())
        };
        self.modules.iter().map(state).collect()
    }

    /// Ends the threads; the last writer checkpoints its file.
    pub fn close(&self) {
        self.readers.close();
        for database in &self.modules {
            database.readers.close();
            database.writer.close();
        }
        self.lock.lock().take();
    }

    /// See `Store::steps`.
    #[must_use]
    pub fn steps(&self) -> &[String] {
        &self.prepared.steps
    }

    /// See `Store::fresh_modules`.
    #[must_use]
    pub fn fresh_modules(&self) -> &[usize] {
        &self.prepared.fresh
    }

    /// The state of each module's file, looked up now.
    #[must_use]
    pub fn states(&self) -> Vec<ModuleState> {
        let state = |database: &Arc<Database>| ModuleState {
            module: database.name.clone(),
            queued: database.writer.queued(),
            database_bytes: std::fs::metadata(&database.path).map_or(0, |meta| meta.len()),
            wal_bytes: writer::wal_bytes(&database.path),
        };
        self.modules.iter().map(state).collect()
    }

    fn database(&self, module: usize) -> Result<&Arc<Database>> {
        self.modules.get(module).ok_or_else(|| Error::internal(format!("no module {module}")))
    }
}

/// The thread that should have answered is gone: the store is closing.
fn stopped() -> Error {
    Error::new(Code::DatabaseUnavailable, "The database is shutting down").retry_after(1)
}

/// Made for its owner only: what is in it is as secret as the most secret row.
fn private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
