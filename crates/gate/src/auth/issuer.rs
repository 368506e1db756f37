//! Access tokens: what a session proves to every other layer for as long as the token lives.

use mainstay_base::{Code, Error, Result};
use mainstay_schema::rule::Formula;
use parking_lot::RwLock;
use serde_json::{Value as Json, json};

use crate::Expected;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Session, User};
use crate::accounts::session;
use crate::identity::AUTHENTICATED;
use crate::limits::TOKEN_BYTES;
use mainstay_credentials::signing::Ring;

/// Signs in the name of one application.
pub struct Issuer {
    ring: RwLock<Ring>,
    /// `iss`: the public address of `/auth/v1`.
    name: String,
    /// Seconds that a token lives.
    life: i64,
    /// Seconds after which a new key is made.
    rotates_after: i64,
    more: More,
}

/// Claims that the application adds: names, and what computes them from `user` and `session`.
#[derive(Debug, Default)]
pub struct More(Vec<(String, Formula)>);

/// What formulas may name.
const NAMES: [&str; 2] = ["user", "session"];

/// Claims that say who somebody is and what a token is good for: no formula changes them.
const OWN: [&str; 25] = [
    "iss",
    "aud",
    "sub",
    "exp",
    "iat",
    "nbf",
    "jti",
    "role",
    "aal",
    "amr",
    "session_id",
    "email",
    "phone",
    "is_anonymous",
    "roles",
    "app_metadata",
    "user_metadata",
    "nonce",
    "at_hash",
    "c_hash",
    "token_use",
    "typ",
    "azp",
    "cnf",
    "act",
];

impl More {
    /// Reads the formulas of the settings.
    ///
    /// # Errors
    /// For a claim that is not the application's to make, and for a formula that cannot be read.
    pub fn read<'f>(claims: impl Iterator<Item = (&'f str, &'f str)>) -> Result<Self> {
        let refused = |message: String| Error::new(Code::Internal, message);
        let read = |(name, source): (&str, &str)| {
            if OWN.contains(&name) {
                return Err(refused(format!(
                    "auth.claims.{name}: this claim is not for you to make"
                ))
                .hint("Choose another name: rules read it as auth.claims.NAME."));
            }
            let formula = Formula::read(source, &NAMES);
            let formula = formula.map_err(|why| refused(format!("auth.claims.{name}: {why}")))?;
            Ok((name.to_owned(), formula))
        };
        claims.map(read).collect::<Result<_>>().map(Self)
    }

    fn of(&self, user: &User, session: &Session) -> Vec<(String, Json)> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let user = json!({
            "id": user.id,
            "email": user.email,
            "phone": user.phone,
            "role": user.role,
            "is_anonymous": user.is_anonymous,
            "app_metadata": user.app_metadata,
            "user_metadata": user.user_metadata,
        });
        let session = json!({ "id": session.id, "aal": session.aal, "amr": session.amr });
        let given = [("user", &user), ("session", &session)];
        let claim =
            |(name, formula): &(String, Formula)| Some((name.clone(), formula.value(&given)?));
        self.0.iter().filter_map(claim).collect()
    }
}

impl Issuer {
    #[must_use]
    pub fn new(ring: Ring, name: String, life: i64, rotates_after: i64) -> Self {
        Self { ring: RwLock::new(ring), name, life, rotates_after, more: More::default() }
    }

    /// With claims that the application adds.
    #[must_use]
    pub fn with(self, more: More) -> Self {
        Self { more, ..self }
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
        // What rules ask of a user, where an administrator has said it in a form that holds.
        let said = |name: &str| user.app_metadata.get(name).cloned();
        let roles = said("roles").filter(|roles| {
            roles.as_array().is_some_and(|roles| roles.iter().all(Json::is_string))
        });
        let tenant = said("tenant").filter(Json::is_string);
        for (name, value) in [("roles", roles), ("tenant", tenant)] {
            claims.extend(value.map(|value| (name.to_owned(), value)));
        }
        claims.extend(self.more.of(user, session));
        let token = self.ring.read().sign(&claims, now.seconds())?;
        match token.len() <= TOKEN_BYTES {
            true => Ok(token),
            // Nobody could use it: every request with it would be refused.
            false => Err(Error::internal(format!("the token of {} is too long", user.id))),
        }
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
