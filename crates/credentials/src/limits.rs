//! The bounds of credentials, each with whom it protects and the code of its refusal.

use std::time::Duration;

/// Bytes of a password. Protects the threads that hash from pages of text; no composition of words
/// that a person types is near it. `weak_password`
pub const PASSWORD_BYTES: usize = 1024;

/// Memory of one hash in KiB, ours or imported. Protects the process: each hashing thread may have
/// as much at once. Refused when a hash is brought, and at start.
pub const PASSWORD_MEMORY_KIB: u32 = 256 * 1024;

/// Memory that argon2 writes for one hash, over all passes, in KiB. Protects those who wait behind
/// it: near half a second of one core. Refused as the memory.
pub const PASSWORD_WORK_KIB: u64 = 1024 * 1024;

/// Memory that scrypt writes for one imported hash in KiB: under a second. As above.
pub const SCRYPT_WORK_KIB: u64 = 256 * 1024;

/// Costs of imported bcrypt hashes: the most takes a second. As above.
pub const BCRYPT_COST: std::ops::RangeInclusive<u32> = 4..=14;

/// Rounds of imported PBKDF2 hashes. Fewer protect nobody whose hash is stolen, more are a bomb.
pub const PBKDF2_ROUNDS: std::ops::RangeInclusive<u32> = 1_000..=2_000_000;

/// Passwords that wait for a thread, for each thread: under a second. Protects those who sign in
/// from waiting without end; the next one is refused at once. `overloaded`
pub const WAITING_PASSWORDS: usize = 64;

/// Digits of a one-time code. Fewer can be guessed, more are mistyped. Refused at start.
pub const CODE_DIGITS: std::ops::RangeInclusive<usize> = 6..=10;

/// Characters of a PKCE challenge or verifier. Source: RFC 7636, section 4.1. `bad_request`
pub const PKCE_CHARACTERS: std::ops::RangeInclusive<usize> = 43..=128;

/// Bytes of the issuer in the label of a second factor. Protects the QR code from being too dense
/// to be read. What is longer is cut.
pub const TOTP_ISSUER_BYTES: usize = 64;

/// Bytes of the account in that label: as many as an address may have. What is longer is cut.
pub const TOTP_ACCOUNT_BYTES: usize = 254;

/// Bytes of one encoded part of a passkey's answer. Protects the parsers. Refused as malformed.
pub const PASSKEY_BYTES: usize = 64 * 1024;

/// How long a browser lets its user look for the device.
pub const PASSKEY_TIMEOUT: Duration = Duration::from_secs(300);

/// The ways to a device that are kept (WebAuthn Level 3, 5.8.4); others are passed over.
pub const PASSKEY_TRANSPORTS: [&str; 6] = ["ble", "hybrid", "internal", "nfc", "smart-card", "usb"];

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
