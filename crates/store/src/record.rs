//! Answers that are kept so that the same request, sent again, is answered and not done again.

/// Whose key it is, and the key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordKey {
    pub caller: String,
    pub key: String,
}

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What tells this request from another one under the same key.
    pub request: String,
    /// Seconds since the epoch.
    pub at: i64,
    /// The answer, in the form of whoever recorded it.
    pub answer: Vec<u8>,
}
