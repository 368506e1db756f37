//! Access tokens: what a session proves to every other layer for as long as the token lives.

use mainstay_base::Result;
use parking_lot::RwLock;
use serde_json::Value as Json;

use crate::accounts::record::Moment;
use crate::accounts::rows::{Session, User};
use crate::accounts::session;
use crate::signing::Ring;

/// Signs in the name of one application.
pub struct Issuer {
    ring: RwLock<Ring>,
    /// `iss`: the public address of `/auth/v1`.
    name: String,
    /// Seconds that a token lives.
    life: i64,
}

impl Issuer {
    #[must_use]
    pub fn new(ring: Ring, name: String, life: i64) -> Self {
        Self { ring: RwLock::new(ring), name, life }
    }

    /// The access token of a session.
    ///
    /// # Errors
    /// When there is no key to sign with.
    pub fn token(&self, user: &User, session: &Session, now: Moment) -> Result<String> {
        let mut claims = session::claims(user, session);
        for (name, value) in [
            ("iss", self.name.as_str().into()),
            ("aud", "authenticated".into()),
            ("iat", now.seconds().into()),
            ("exp", now.after(self.life).seconds().into()),
        ] {
            claims.insert(name.to_owned(), value);
        }
        // What rules ask of a user, where an administrator has said it.
        for name in ["roles", "tenant"] {
            let said = user.app_metadata.get(name).cloned();
            claims.extend(said.map(|value| (name.to_owned(), value)));
        }
        self.ring.read().sign(&claims, now.seconds())
    }

    /// The public keys, RFC 7517.
    #[must_use]
    pub fn jwks(&self, now: Moment) -> Json {
        self.ring.read().jwks(now.seconds())
    }
}
