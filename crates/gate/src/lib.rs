//! Knows who asks and what they may.
//!
//! `identify` (headers to an identity, by `token` and its cache) -> `permit` (an identity, a table
//! and an action to a permit, by the declared rules). `keys` makes and keeps the signing secret.
//! This crate renders no data.

mod cache;
mod claims;
pub mod identify;
pub mod identity;
pub mod keys;
pub mod limits;
pub mod permit;
pub mod token;

use std::sync::Arc;

use mainstay_base::Clock;

pub use identify::Credentials;
pub use identity::Identity;
pub use keys::Keys;
pub use permit::{Action, CallPermit, Closed, Permit};
pub use token::Verifier;

use cache::TokenCache;

/// The gate of one application.
pub struct Gate {
    verifier: Verifier,
    cache: TokenCache,
    clock: Arc<dyn Clock>,
}

impl Gate {
    /// `roles` are those that a token may name, beside `anon`, `authenticated`, `service_role`.
    #[must_use]
    pub fn new(secret: &[u8], roles: &[String], clock: Arc<dyn Clock>) -> Self {
        let verifier = Verifier::new(secret, roles);
        Self { verifier, cache: TokenCache::new(), clock }
    }
}
