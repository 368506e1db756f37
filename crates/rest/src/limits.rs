//! The data API's bounds, each with whom it protects and the code of its refusal. Sizes of URL,
//! headers and body are the edge's; time and memory of a statement are the store's.

/// Query parameters of one request. Protects the planner. `PGRST100`
pub const PARAMETERS: usize = 200;

/// Conditions of one request, in all its trees. `PGRST100`
pub const FILTERS: usize = 200;

/// Nesting of `and` and `or`. Protects the stack. `PGRST100`
pub const LOGIC_DEPTH: usize = 20;

/// Items of a `select`. `PGRST100`
pub const SELECT_ITEMS: usize = 500;

/// Nesting of embeds. Protects the planner and the database: each level may multiply the rows.
/// `PGRST100`
pub const EMBED_DEPTH: usize = 5;

/// Embeds of a `select`, at all levels. `PGRST100`
pub const EMBEDS: usize = 30;

/// Keys of an `order`. `PGRST100`
pub const ORDER_ITEMS: usize = 32;

/// Items of an `in` list. `PGRST100`
pub const LIST_ITEMS: usize = 2000;

/// Steps of a JSON path. `PGRST100`
pub const JSON_PATH: usize = 32;

/// Rows of one bulk insert. Protects the other writers of the module. `PGRST102`
pub const BULK_ROWS: usize = 10_000;

/// Operations of one batch. Protects the other writers of the module. `PGRST102`
pub const BATCH: usize = 100;

/// Bytes of an `Idempotency-Key`. `idempotency_key_invalid`
pub const IDEMPOTENCY_KEY: usize = 255;

/// Seconds for which an answer is kept under its key.
pub const IDEMPOTENCY_SECONDS: i64 = 24 * 60 * 60;

/// Bytes of one answer's body. Protects memory. `54001`
pub const ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of a LIKE pattern. `54001`
pub const PATTERN_BYTES: usize = mainstay_store::limits::LIKE_PATTERN;

/// Plans that are kept. Protects memory; a forgotten shape is planned again.
pub const PLANS: usize = 2000;
