//! Bounds on what identity providers say, each with whom it protects and the code of its refusal.

/// Bytes of an identity token of another provider. Protects the parser. `bad_jwt`
pub const ID_TOKEN_BYTES: usize = 32 * 1024;

/// Bytes of a provider's access or refresh token. Protects what is kept of them and the fragment
/// that carries them. The sign-in is refused.
pub const PROVIDER_TOKEN_BYTES: usize = 16 * 1024;

/// Characters of one thing that a provider says of a person. Protects the table of identities;
/// what is longer is left out.
pub const PROVIDER_CLAIM_CHARACTERS: usize = 1_024;

/// Characters of a person's id at a provider (OpenID Connect Core, section 2). Refused.
pub const SUBJECT_CHARACTERS: usize = 255;

/// Keys of a provider that are looked at. Protects the search.
pub const PROVIDER_KEYS: usize = 100;

/// Seconds for which a provider's keys and addresses are believed without asking again.
pub const PROVIDER_FRESH_SECONDS: i64 = 3_600;

/// Seconds for which they are believed while the provider cannot be asked.
pub const PROVIDER_STALE_SECONDS: i64 = 86_400;

/// Seconds before a provider is asked again because a key is unknown. Protects the provider from
/// those who invent names of keys.
pub const PROVIDER_PAUSE_SECONDS: i64 = 60;

/// Seconds before a provider that was away is asked again.
pub const PROVIDER_FAILURE_SECONDS: i64 = 5;

/// Characters of a parameter that a client hands on to a provider. What is longer is left out.
pub const PASSED_CHARACTERS: usize = 512;
