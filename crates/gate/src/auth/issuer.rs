//! Access tokens: what a session proves to every other layer for as long as the token lives.

use mainstay_base::Result;
use parking_lot::RwLock;
use serde_json::{Value as Json, json};

use crate::Expected;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Session, User};
use crate::accounts::session;
use crate::identity::AUTHENTICATED;
use crate::signing::Ring;

/// Signs in the name of one application.
pub struct Issuer {
    ring: RwLock<Ring>,
    /// `iss`: the public address of `/auth/v1`.
    name: String,
    /// Seconds that a token lives.
    life: i64,
    /// Seconds after which a new key is made.
    rotates_after: i64,
}

impl Issuer {
    #[must_use]
    pub fn new(ring: Ring, name: String, life: i64, rotates_after: i64) -> Self {
        Self { ring: RwLock::new(ring), name, life, rotates_after }
    }

    /// The keys that sign and verify now.
    #[must_use]
    pub fn ring(&self) -> Ring {
        self.ring.read().clone()
    }

    pub(super) fn replace(&self, ring: Ring) {
        *self.ring.write() = ring;
    }

    #[must_use]
    pub fn rotates_after(&self) -> i64 {
        self.rotates_after
    }

    /// What tokens of users must say.
    #[must_use]
    pub fn expected(&self) -> Expected {
        Expected { issuer: Some(self.name.clone()), audience: Some(AUTHENTICATED.to_owned()) }
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

    /// The document of OpenID Connect Discovery 1.0, with what is true of it here.
    #[must_use]
    pub fn discovery(&self) -> Json {
        json!({
            "issuer": self.name,
            "jwks_uri": format!("{}/.well-known/jwks.json", self.name),
            "authorization_endpoint": format!("{}/authorize", self.name),
            "token_endpoint": format!("{}/token", self.name),
            "userinfo_endpoint": format!("{}/user", self.name),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256", "HS256"],
            "code_challenge_methods_supported": ["S256", "plain"],
            "claims_supported": [
                "sub", "aud", "iss", "iat", "exp", "email", "phone", "role", "aal", "amr",
                "session_id", "is_anonymous", "app_metadata", "user_metadata",
            ],
        })
    }

    /// The public keys, RFC 7517.
    #[must_use]
    pub fn jwks(&self, now: Moment) -> Json {
        self.ring.read().jwks(now.seconds())
    }
}
