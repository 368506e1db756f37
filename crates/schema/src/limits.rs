//! Bounds of what is read. They protect whoever runs `check` or `dev` on text that a stranger or a
//! broken program wrote; nothing a person writes by hand comes near them.

/// Bytes of one declaration file: protects memory and the time of the TOML parser.
pub const MAX_FILE_BYTES: u64 = 4 << 20;

/// Module files of an application: each costs an open database.
pub const MAX_MODULES: usize = 256;

/// Columns of one table: PostgreSQL stops at 1,600, SQLite at 2,000.
pub const MAX_COLUMNS: usize = 1_000;

/// Bytes of a name: PostgreSQL cuts longer ones off silently.
pub const MAX_NAME_BYTES: usize = 63;

/// Bytes of a name in an adopted SQLite table, which may be longer.
pub const MAX_ADOPTED_NAME_BYTES: usize = 1_024;

/// Labels of an enum: each insert compares with all of them.
pub const MAX_LABELS: usize = 1_000;

/// Columns of one key, index or reference: SQLite and PostgreSQL both take 32 at least.
pub const MAX_KEY_COLUMNS: usize = 32;

/// Arguments of a function.
pub const MAX_ARGUMENTS: usize = 100;

/// Bytes of a rule: protects the CEL parser.
pub const MAX_RULE_BYTES: usize = 2_048;

/// Nesting of brackets and prefix operators in a rule: protects the CEL parser.
pub const MAX_RULE_DEPTH: usize = 24;

/// Nodes on the longest path through a parsed rule: protects the stack of each request.
pub const MAX_RULE_TREE_DEPTH: usize = 64;

/// Bytes of a compiled `pattern`.
pub const MAX_PATTERN_BYTES: usize = 1 << 20;

/// Errors of TOML syntax that are shown for one file: the later ones follow from the first.
pub const MAX_SYNTAX_ERRORS: usize = 10;

/// Nodes of a rule, conditional values counted for each test they stand in: protects the SQL text.
pub const MAX_RULE_NODES: usize = 1_000;

/// References that are followed one behind the other: each is a lookup for every row.
pub const MAX_RULE_REFERENCES: usize = 5;

/// `exists` and `all` inside each other: their cost multiplies.
pub const MAX_RULE_LEVELS: usize = 3;

/// Bytes of a compiled pattern of `matches` in a rule.
pub const MAX_RULE_PATTERN_BYTES: usize = 256 * 1024;

/// Expectations of one module: each is asked in a database of its own.
pub const MAX_EXPECTATIONS: usize = 10_000;

/// Rows that one expectation may lay down.
pub const MAX_EXPECTED_ROWS: usize = 1_000;
