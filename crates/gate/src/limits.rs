//! The gate's bounds, each with whom it protects and the code of its refusal.

/// Bytes of a token. Protects the parser from work that no honest token needs. `PGRST301`
pub const TOKEN_BYTES: usize = 8 * 1024;

/// Verified tokens that are remembered. Protects memory; a forgotten token is verified again.
pub const CACHED_TOKENS: usize = 10_000;

/// Seconds by which clocks may differ when `exp` and `nbf` are judged.
pub const LEEWAY_SECONDS: i64 = 30;

/// Bytes of the signing secret. Shorter ones can be guessed. Refused at start.
pub const SECRET_BYTES: usize = 32;

/// Seconds for which others may keep our published keys. Protects those who verify on their own: a
/// key signs nothing before it was published for so long.
pub const JWKS_CACHE_SECONDS: i64 = 600;

/// Keys of an application, of all kinds. Protects the verifier's search, which looks at each.
/// Refused at start and on rotation.
pub const SIGNING_KEYS: usize = 32;

/// Characters of a key's name. Refused at start.
pub const KEY_NAME_CHARACTERS: usize = 128;

/// Characters of `User-Agent` that are kept with a session. Protects the table of sessions; what is
/// longer is cut.
pub const AGENT_CHARACTERS: usize = 256;
