//! The gate's bounds, each with whom it protects and the code of its refusal.

/// Bytes of a token. Protects the parser from work that no honest token needs. `PGRST301`
pub const TOKEN_BYTES: usize = 12 * 1024;

/// Verified tokens that are remembered. Protects memory; a forgotten token is verified again.
pub const CACHED_TOKENS: usize = 10_000;

/// Characters of `User-Agent` that are kept with a session. Protects the table of sessions; what is
/// longer is cut.
pub const AGENT_CHARACTERS: usize = 256;

/// Wrong codes that are heard for one letter. Protects an account from being guessed open: with
/// six digits, five tries find a code once in 200,000. `otp_expired`
pub const CODE_TRIES: i64 = 5;

/// Seconds for which a sign-in in a browser may be under way. `flow_state_expired`
pub const FLOW_SECONDS: i64 = 300;

/// Users of one page of the list. Protects memory; more are cut.
pub const USERS_PER_PAGE: i64 = 1_000;

/// Letters that are sent in a row. Protects other work from a full outbox; the rest wait for the
/// next round.
pub const LETTERS_PER_ROUND: usize = 100;

/// Characters of a user's own data, as JSON. Protects every token that carries it.
/// `validation_failed`
pub const METADATA_CHARACTERS: usize = 4 * 1024;

/// Seconds for which a device that has signed in is known: tries from there are counted apart, so
/// that nobody locks an owner out by guessing.
pub const KNOWN_DEVICE_SECONDS: i64 = 90 * 24 * 3_600;

/// Seconds for which a session is young enough to change its password without a code, where the
/// application asks for one. `reauthentication_needed`
pub const FRESH_SESSION_SECONDS: i64 = 24 * 3_600;

/// Events of one page of the journal. Protects memory; more are cut.
pub const EVENTS_PER_PAGE: i64 = 1_000;

/// Second factors of one user, and as many passkeys. Protects the search among them.
/// `too_many_enrolled_mfa_factors`, `too_many_passkeys`
pub const FACTORS: usize = 10;

/// Characters of a factor's name. Protects the table. `validation_failed`
pub const FACTOR_NAME_CHARACTERS: usize = 128;

/// Seconds after which a factor that was never verified makes room for others.
pub const UNVERIFIED_FACTOR_SECONDS: i64 = 3_600;

/// Seconds for which a question to a factor waits for its answer. `mfa_challenge_expired`
pub const CHALLENGE_SECONDS: i64 = 300;

/// Wrong codes that are heard for one question to a factor. `mfa_challenge_expired`
pub const CHALLENGE_TRIES: i64 = 5;

/// Wrong codes of a second factor that are heard from all devices which the account does not know,
/// until one is right: three codes hold at a time, so thirty tries find one once in 11,000.
/// `over_request_rate_limit`
pub const FACTOR_TRIES: i64 = 30;

/// Questions to factors that one user, or for sign-in one place, may have asked without answering
/// them before each further one waits. Protects the table of questions. `over_request_rate_limit`
pub const CHALLENGES_FREE: i64 = 100;
