//! Knows who asks and what they may.
//!
//! `identify` (headers to an identity, by `token` and its cache) -> `permit` (a `caller`, a table
//! and an action to a permit, by the declared rules) and `closed` (columns). `keys` makes and keeps
//! the signing secret. Beside that way: `apikey` and `signing` (the keys behind tokens). Accounts
//! stand in `accounts` (what is kept) and `auth` (the dialect of `/auth/v1`). Of
//! the application's rows this crate renders none.

pub mod accounts;
pub mod apikey;
pub mod auth;
mod cache;
pub mod caller;
pub mod closed;
mod ended;
pub mod identify;
pub mod identity;
pub mod keys;
pub mod limits;
mod machines;
pub mod observe;
pub mod permit;
pub mod sealer;
pub mod token;
mod weakness;

use std::sync::Arc;

use mainstay_base::Clock;
use parking_lot::RwLock;

pub use caller::Caller;
pub use closed::Closed;
pub use identify::Credentials;
pub use identity::Identity;
pub use keys::Keys;
pub use permit::{Action, CallPermit, Permit};
pub use token::{Expected, Verifier};
pub use weakness::Weakness;

use accounts::rows::MachineKey;
use cache::TokenCache;
use ended::Ended;
use machines::Machines;

/// The gate of one application.
pub struct Gate {
    verifier: RwLock<Verifier>,
    machines: Machines,
    cache: TokenCache,
    clock: Arc<dyn Clock>,
    ended: Ended,
    /// Roles that must have proven a second factor.
    raised: Vec<String>,
    weakness: Option<Weakness>,
}

impl Gate {
    /// `roles` are those that a token may name, beside `anon`, `authenticated`, `service_role`.
    #[must_use]
    pub fn new(secret: &[u8], roles: &[String], clock: Arc<dyn Clock>) -> Self {
        Self::of(Verifier::new(secret, roles), clock)
    }

    /// With a verifier of more keys than one secret.
    #[must_use]
    pub fn of(verifier: Verifier, clock: Arc<dyn Clock>) -> Self {
        Self {
            verifier: RwLock::new(verifier),
            machines: Machines::default(),
            cache: TokenCache::new(),
            clock,
            ended: Ended::default(),
            raised: Vec::new(),
            weakness: None,
        }
    }

    /// Refuses these roles everything but `/auth/v1` until they have proven a second factor. Keys
    /// of machines and the service role have none to prove.
    #[must_use]
    pub fn requiring_aal2(self, roles: &[String]) -> Self {
        Self { raised: roles.to_vec(), ..self }
    }

    /// From now on tokens are judged by these keys; nothing that older ones verified is remembered.
    pub fn trust(&self, verifier: Verifier) {
        let mut held = self.verifier.write();
        *held = verifier;
        self.cache.clear();
    }

    pub(crate) fn follow_machines(&self, keys: &[MachineKey]) {
        self.machines.follow(keys);
    }

    pub(crate) fn machine_uses(&self) -> Vec<(String, i64)> {
        self.machines.uses()
    }

    /// From now on nobody is these sessions, whatever their tokens say; `until` is the second by
    /// which those are dead.
    pub fn end_sessions(&self, ids: &[String], until: i64) {
        let now = self.clock.now().div_euclid(1_000_000);
        self.ended.add(ids.iter().map(String::as_str), until, now);
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
