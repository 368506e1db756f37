//! The bounds of mail, each with whom it protects and the code of its refusal.

use std::time::Duration;

/// Bytes of an address of mail: a path of RFC 5321 (4.5.3.1.3) without its brackets. Protects
/// every table and letter that holds one. Refused as malformed.
pub const ADDRESS_BYTES: usize = 254;

/// Bytes before the `@` (RFC 5321, 4.5.3.1.1). Refused as malformed.
pub const LOCAL_PART_BYTES: usize = 64;

/// Bytes of a file of templates. Protects the memory of the process. Refused at start.
pub const TEMPLATE_BYTES: u64 = 64 * 1024;

/// Files of the folder of templates that are looked at. Protects the start from a folder that is
/// something else.
pub const TEMPLATE_FILES: usize = 1_000;

/// Places for values in one template. Protects the size of letters. Refused at start.
pub const PLACES: usize = 100;

/// Mistakes in templates that are told at once. Protects the reader.
pub const FLAWS: usize = 50;

/// Characters of one value of the user's data in a letter. Protects those who get letters that
/// somebody else caused. What is longer is cut.
pub const DATA_VALUE_CHARACTERS: usize = 200;

/// Characters of a subject. Protects the header. What is longer is cut.
pub const SUBJECT_CHARACTERS: usize = 200;

/// Bytes of a letter, text and HTML together. Protects the outbox. A fault of ours.
pub const LETTER_BYTES: usize = 512 * 1024;

/// Connections to the mail server at once. Protects both sides. The next letter waits.
pub const SMTP_CONNECTIONS: usize = 4;

/// Letters on one connection to the mail server: many servers end it after a hundred.
pub const SMTP_LETTERS_PER_CONNECTION: u32 = 50;

/// Characters of a mail server's reason that are kept. Protects log and outbox.
pub const SMTP_REASON_CHARACTERS: usize = 300;

/// Letters that are kept for the operator in development. Protects memory; the oldest goes.
pub const CAUGHT_LETTERS: usize = 100;

/// How long a connection to the mail server is kept without a letter. Protects the server.
pub const SMTP_IDLE: Duration = Duration::from_secs(30);
