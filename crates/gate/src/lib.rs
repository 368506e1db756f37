//! Knows who asks and what they may.
//!
//! `identify` (headers to an identity, by `token` and its cache) -> `permit` (a `caller`, a table
//! and an action to a permit, by the declared rules) and `closed` (columns). `keys` makes and keeps
//! the signing secret. `address`, `factor` and `mail` are the pure pieces of accounts. This crate
//! renders no data.

pub mod address;
mod cache;
pub mod caller;
mod claims;
pub mod closed;
pub mod factor;
pub mod identify;
pub mod identity;
pub mod keys;
pub mod limits;
pub mod mail;
pub mod permit;
pub mod token;
mod weakness;

use std::sync::Arc;

use mainstay_base::Clock;

pub use caller::Caller;
pub use closed::Closed;
pub use identify::Credentials;
pub use identity::Identity;
pub use keys::Keys;
pub use permit::{Action, CallPermit, Permit};
pub use token::Verifier;
pub use weakness::Weakness;

use cache::TokenCache;

/// The gate of one application.
pub struct Gate {
    verifier: Verifier,
    cache: TokenCache,
    clock: Arc<dyn Clock>,
    weakness: Option<Weakness>,
}

impl Gate {
    /// `roles` are those that a token may name, beside `anon`, `authenticated`, `service_role`.
    #[must_use]
    pub fn new(secret: &[u8], roles: &[String], clock: Arc<dyn Clock>) -> Self {
        let verifier = Verifier::new(secret, roles);
        Self { verifier, cache: TokenCache::new(), clock, weakness: None }
    }

    /// The same gate with a hole, for the proof that a hole is found.
    #[doc(hidden)]
    #[must_use]
    pub fn weakened(self, weakness: Weakness) -> Self {
        Self { weakness: Some(weakness), ..self }
    }

    /// The guard that is taken out, if one is.
    #[doc(hidden)]
    #[must_use]
    pub fn lacks(&self, guard: Weakness) -> bool {
        self.weakness == Some(guard)
    }
}
