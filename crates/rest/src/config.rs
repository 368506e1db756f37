//! What an operator may choose about the data API; `mainstay` reads it from `[api]`.

/// Choices of the data API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Rows that one answer may have.
    pub max_rows: u64,
    /// `select` may sum up, count and so on.
    pub aggregates: bool,
    /// `Prefer: tx=rollback` is honoured: for tests, not for production.
    pub tx_override: bool,
    /// Updates and deletes need a filter.
    pub safe_update: bool,
    /// Documents of the API are served to whoever has a key.
    pub openapi: bool,
    /// The address by which clients reach the server, for those documents.
    pub public_url: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_rows: 1000,
            aggregates: false,
            tx_override: false,
            safe_update: true,
            openapi: true,
            public_url: None,
        }
    }
}
