//! What an operator may choose about the store; `mainstay` reads it from `[database]`.

use std::time::Duration;

use mainstay_telemetry::Telemetry;

use crate::limits;

/// Choices of the store.
#[derive(Clone)]
pub struct Config {
    /// Longest time of one statement.
    pub statement_timeout: Duration,
    /// Reader threads of the whole store.
    pub readers: usize,
    /// Writes that may wait for one module.
    pub write_queue: usize,
    /// What to do when declarations have changed since the database was made.
    pub changes: Changes,
    /// When a commit counts as done.
    pub durability: Durability,
    /// Where the store tells what happens to it; its clock gives the time to `now()`.
    pub telemetry: Telemetry,
}

/// How a changed declaration meets an existing database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    /// Additive changes are made; others stop the start.
    Additive,
    /// Any change stops the start.
    Refuse,
}

/// When a write is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// After its commit was synced to disk.
    Disk,
    /// Before its commit: only the durability test's negative control may ask for this.
    NegativeControl,
}

impl Config {
    #[must_use]
    pub fn new(telemetry: Telemetry) -> Self {
        Self {
            statement_timeout: limits::STATEMENT,
            readers: std::thread::available_parallelism()
                .map_or(2, |cores| cores.get().clamp(2, 8)),
            write_queue: limits::WRITE_QUEUE,
            changes: Changes::Additive,
            durability: Durability::Disk,
            telemetry,
        }
    }
}
