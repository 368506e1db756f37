//! The store's bounds, each with whom it protects and the code of its refusal.

use std::time::Duration;

/// A statement runs no longer than this. Protects every other caller of the same thread. `57014`
pub const STATEMENT: Duration = Duration::from_secs(5);

/// A read of unknown cost may hold the worker that asks for this long before it has to go to the
/// reader threads. Protects the other requests of that worker.
pub const BRIEF: Duration = Duration::from_millis(2);

/// Writes that may wait for one module's writer. Protects memory and latency: what would wait
/// longer than a client does is refused at once. `PGRST003`
pub const WRITE_QUEUE: usize = 4096;

/// Writes that share one commit. Protects the first of a group from waiting for the last.
pub const GROUP: usize = 256;

/// Reads that may wait for the reader threads. `PGRST003`
pub const READ_QUEUE: usize = 1024;

/// Pages of 4 KiB in the write-ahead log after which the writer checkpoints. Protects the disk.
pub const CHECKPOINT_PAGES: u64 = 2000;

/// Pages after which readers are made to wait for a checkpoint that starts the log anew.
pub const CHECKPOINT_FORCED_PAGES: u64 = 65_536;

/// Memory that SQLite may hold in all. Protects the process from a statement that sorts too much.
pub const HEAP_BYTES: i64 = 256 * 1024 * 1024;

/// Page cache of one connection.
pub const CACHE_KIB: i64 = 4096;

/// Prepared statements kept by one connection.
pub const PREPARED: usize = 256;

/// Parameters of one statement. Protects the parser; larger lists travel as one JSON array.
pub const PARAMETERS: i32 = 2000;

/// Nesting of an expression. `54001`
pub const EXPRESSION_DEPTH: i32 = 400;

/// A compiled regular expression's size in bytes. Protects memory. `2201B`
pub const REGEX_BYTES: usize = 256 * 1024;

/// A LIKE pattern's length in bytes. `54001`
pub const LIKE_PATTERN: usize = 4096;

/// How long the writer waits before it tries again to open a database that failed.
pub const REOPEN: Duration = Duration::from_millis(250);

/// Bytes of one JSON value that a statement makes of embedded rows. Protects memory. `54001`
pub const RESULT_BYTES: usize = 64 * 1024 * 1024;

/// Comparisons of one containment test. Protects every other caller of the same thread: SQLite
/// does not look at its deadline while a function runs. `54001`
pub const COMPARISONS: u64 = 2_000_000;
