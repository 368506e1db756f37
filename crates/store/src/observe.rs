//! What the store tells about itself: how long reads wait, how large groups are and how long their
//! commits take, and the state of each module's files.

use std::sync::Arc;
use std::time::Duration;

use mainstay_telemetry::measure::{COUNTS, SECONDS};
use mainstay_telemetry::{Counter, Histogram, Log, Registry, Telemetry};

use crate::Store;

mainstay_telemetry::events! {
    FAILED = Error "store.failed" ["module", "cause"],
        "The disk failed under a database: nothing is acknowledged until it is open again.";
    REOPENED_EVENT = Warn "store.reopened" ["module"],
        "A database that had failed is open again, and its log is in the database.";
}

mainstay_telemetry::measures! {
    READER_WAIT = Histogram(SECONDS) "store_reader_wait_seconds" seconds [],
        "Time that a read waited for a reader thread.";
    GROUP_SIZE = Histogram(COUNTS) "store_group_size_writes" writes [],
        "Writes that shared one commit.";
    COMMIT = Histogram(SECONDS) "store_commit_seconds" seconds [],
        "Time from the first statement of a group to its commit on disk.";
    REOPENED = Counter "store_reopened_total" times [],
        "Times that a database was opened again because the disk had failed.";
    QUEUE_DEPTH = Gauge "store_writer_queue_depth" writes ["module"],
        "Writes that wait for the writer.";
    DATABASE_BYTES = Gauge "store_database_bytes" bytes ["module"], "Size of the database file.";
    WAL_BYTES = Gauge "store_wal_bytes" bytes ["module"], "Size of the write-ahead log.";
    SQLITE_MEMORY = Gauge "store_sqlite_memory_bytes" bytes [],
        "Memory that SQLite holds for all connections, its page caches included.";
}

/// The handles that the threads of the store write to.
#[derive(Debug)]
pub(crate) struct Observed {
    reader_wait: Histogram,
    group_size: Histogram,
    commit: Histogram,
    reopened: Counter,
    log: Log,
}

impl Observed {
    pub fn new(telemetry: &Telemetry) -> Self {
        let registry = &telemetry.registry;
        Self {
            log: telemetry.log.clone(),
            reader_wait: registry.histogram(&READER_WAIT, &[]),
            group_size: registry.histogram(&GROUP_SIZE, &[]),
            commit: registry.histogram(&COMMIT, &[]),
            reopened: registry.counter(&REOPENED, &[]),
        }
    }

    pub fn reader_waited(&self, waited: Duration) {
        self.reader_wait.observe_duration(waited);
    }

    #[allow(clippy::cast_precision_loss)] // a group is small
    pub fn committed(&self, writes: usize, took: Duration) {
        self.group_size.observe(writes as f64);
        self.commit.observe_duration(took);
    }

    pub fn failed(&self, module: &str, cause: &str) {
        self.log.line(&FAILED).text("module", module).text("cause", cause).send();
    }

    pub fn reopened(&self, module: &str) {
        self.reopened.increment();
        self.log.line(&REOPENED_EVENT).text("module", module).send();
    }
}

/// The state of one module's files when it is looked at.
#[derive(Clone, Debug)]
pub struct ModuleState {
    pub module: String,
    /// Writes that wait for the writer.
    pub queued: usize,
    pub database_bytes: u64,
    pub wal_bytes: u64,
}

/// Adds the measures that are looked up when they are scraped.
#[allow(clippy::cast_precision_loss)] // a scrape needs no more than 52 bits
pub fn register(registry: &Registry, store: &Arc<Store>) {
    for state in store.states() {
        let look = |read: fn(&ModuleState) -> f64| {
            let (store, module) = (Arc::clone(store), state.module.clone());
            move || {
                let states = store.states();
                states.iter().find(|state| state.module == module).map_or(0.0, read)
            }
        };
        let module = [state.module.as_str()];
        registry.observe(&QUEUE_DEPTH, &module, look(|state| state.queued as f64));
        registry.observe(&DATABASE_BYTES, &module, look(|state| state.database_bytes as f64));
        registry.observe(&WAL_BYTES, &module, look(|state| state.wal_bytes as f64));
    }
    registry.observe(&SQLITE_MEMORY, &[], || crate::sqlite::memory_bytes() as f64);
}
