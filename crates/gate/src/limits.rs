//! The gate's bounds, each with whom it protects and the code of its refusal.

/// Bytes of a token. Protects the parser from work that no honest token needs. `PGRST301`
pub const TOKEN_BYTES: usize = 8 * 1024;

/// Verified tokens that are remembered. Protects memory; a forgotten token is verified again.
pub const CACHED_TOKENS: usize = 10_000;

/// Seconds by which clocks may differ when `exp` and `nbf` are judged.
pub const LEEWAY_SECONDS: i64 = 30;

/// Bytes of the signing secret. Shorter ones can be guessed. Refused at start.
pub const SECRET_BYTES: usize = 32;
