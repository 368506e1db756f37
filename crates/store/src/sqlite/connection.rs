//! What is set on every connection, and the floor below which SQLite is not trusted.
//! Source of the hardening: SQLite's "Defense Against The Dark Arts", and its list of pragmas.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mainstay_base::{Clock, Code, Error, Result};
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use super::{failure, functions};
use crate::limits;

/// Older versions can corrupt a WAL database when two connections reset its log at once.
const FLOOR: i32 = 3_051_003;

/// Instructions between two looks at the deadline: about 20 us.
const PROGRESS_STEPS: i32 = 2000;

/// Whether the file has triggers but those of a search.
const FOREIGN_TRIGGERS: &str = r#"SELECT EXISTS (SELECT 1 FROM sqlite_schema
    WHERE type = 'trigger' AND sql NOT LIKE '%\_search\_rows"%' ESCAPE '\')"#;

/// SQLite's version, as text.
#[must_use]
pub fn version() -> &'static str {
    rusqlite::version()
}

/// # Errors
/// When the SQLite that was linked is older than the floor.
pub fn assert_version() -> Result<()> {
    if rusqlite::version_number() >= FLOOR {
        return Ok(());
    }
    let message = format!("SQLite {} is too old: its log can corrupt a database", version());
    Err(Error::new(Code::DatabaseUnavailable, message).hint("Build with SQLite 3.51.3 or newer."))
}

/// When the running statement must be done; shared between a connection and its owner.
#[derive(Clone, Debug)]
pub(super) struct Deadline {
    start: Instant,
    /// Microseconds after `start`; 0 means no statement is timed.
    end: Arc<AtomicU64>,
}

impl Deadline {
    fn new() -> Self {
        Self { start: Instant::now(), end: Arc::new(AtomicU64::new(0)) }
    }

    pub fn set(&self, timeout: Duration) {
        let end = self.start.elapsed() + timeout;
        self.end.store(u64::try_from(end.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub fn clear(&self) {
        self.end.store(0, Ordering::Relaxed);
    }

    fn passed(&self) -> bool {
        let end = self.end.load(Ordering::Relaxed);
        end != 0 && self.start.elapsed().as_micros() >= u128::from(end)
    }
}

/// A connection and the deadline that stops its statements.
#[derive(Debug)]
pub(super) struct Opened {
    pub connection: Connection,
    pub deadline: Deadline,
}

/// The one connection of a file that may write.
pub(super) fn writer(path: &Path, clock: &Arc<dyn Clock>) -> Result<Opened> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = open(path, flags, clock)?;
    let set = || -> rusqlite::Result<()> {
        let connection = &opened.connection;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // The writer thread checkpoints; nothing else may.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
        // Also bounds the process: the limit is shared by all connections.
        connection.pragma_update(None, "hard_heap_limit", limits::HEAP_BYTES)?;
        // Triggers that others wrote before the file was adopted may lean on SQLite's old habit.
        let foreign = connection.query_row(FOREIGN_TRIGGERS, [], |row| row.get(0))?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, foreign).map(drop)
    };
    set().map_err(|error| cannot_open(path, error))?;
    Ok(opened)
}

/// Makes the views of a module on a connection. They are gone when it is closed.
pub(super) fn make_views(path: &Path, opened: &Opened, views: &[String]) -> Result<()> {
    let make = |sql: &String| opened.connection.execute_batch(sql);
    views.iter().try_for_each(make).map_err(|error| cannot_open(path, error))
}

/// A connection that can only read, with the views of its module.
pub(super) fn reader(path: &Path, clock: &Arc<dyn Clock>, views: &[String]) -> Result<Opened> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut opened = open(path, flags, clock)?;
    make_views(path, &opened, views)?;
    let mut set = || -> rusqlite::Result<()> {
        opened.connection.pragma_update(None, "query_only", true)?;
        opened.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        opened.connection.authorizer(Some(only_reads))
    };
    set().map_err(|error| cannot_open(path, error))?;
    Ok(opened)
}

fn open(path: &Path, flags: OpenFlags, clock: &Arc<dyn Clock>) -> Result<Opened> {
    let deadline = Deadline::new();
    let watched = deadline.clone();
    let made = || -> rusqlite::Result<Connection> {
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        // `"x"` is a name and never a text: a name that is wrong must not turn into a value.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        // A plan never depends on the values that are bound. Otherwise SQLite would parse a
        // statement anew whenever its LIMIT is bound, which is on every request.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.busy_timeout(Duration::from_secs(2))?;
        connection.pragma_update(None, "mmap_size", 0)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.pragma_update(None, "cache_size", -limits::CACHE_KIB)?;
        connection.set_prepared_statement_cache_capacity(limits::PREPARED);
        connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
        connection.set_limit(Limit::SQLITE_LIMIT_VARIABLE_NUMBER, limits::PARAMETERS)?;
        connection.set_limit(Limit::SQLITE_LIMIT_EXPR_DEPTH, limits::EXPRESSION_DEPTH)?;
        let pattern = i32::try_from(limits::LIKE_PATTERN).unwrap_or(i32::MAX);
        connection.set_limit(Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, pattern)?;
        connection.set_limit(Limit::SQLITE_LIMIT_WORKER_THREADS, 0)?;
        functions::register(&connection, clock)?;
        connection.progress_handler(PROGRESS_STEPS, Some(move || watched.passed()))?;
        Ok(connection)
    };
    let connection = made().map_err(|error| cannot_open(path, error))?;
    Ok(Opened { connection, deadline })
}

/// A reader compiles nothing but reads, whatever text reaches it.
fn only_reads(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Function { .. }
        | AuthAction::Recursive
        | AuthAction::Transaction { .. } => Authorization::Allow,
        // The index behind `search` asks whether another connection has written.
        AuthAction::Pragma { pragma_name: "data_version", pragma_value: None } => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }
}

fn cannot_open(path: &Path, error: rusqlite::Error) -> Error {
    let text = error.to_string();
    match failure::plain(error) {
        known if known.code() == Code::Internal => {
            let message = format!("The database {} cannot be opened", path.display());
            Error::new(Code::DatabaseUnavailable, message).details(text)
        }
        known => known.details(text),
    }
}
