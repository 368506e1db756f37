//! Tokens: what is signed by our key, is of one accepted algorithm, and has claims of the right
//! types. Every forgery gets the same answer; only an honest token that is too old or too young
//! learns so. Source: RFC 7515, 7519, 8725.

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use mainstay_base::{Code, Error, Result};
use mainstay_schema::rule::AuthFacts;
use serde_json::{Map, Value};

use crate::claims::Claims;
use crate::identity::{ANON, AUTHENTICATED, Identity, SERVICE};
use crate::limits::{LEEWAY_SECONDS, TOKEN_BYTES};

/// Checks tokens against one secret.
pub struct Verifier {
    key: DecodingKey,
    validation: Validation,
    roles: Vec<String>,
}

impl Verifier {
    #[must_use]
    pub fn new(secret: &[u8], roles: &[String]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // Times are judged by us on every use, also of a remembered token.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let known = [ANON, AUTHENTICATED, SERVICE].map(ToOwned::to_owned);
        let roles = known.into_iter().chain(roles.iter().cloned()).collect();
        Self { key: DecodingKey::from_secret(secret), validation, roles }
    }

    /// The identity that a token proves. Its times are judged by `Identity::check_time`.
    ///
    /// # Errors
    /// `PGRST301`, with the same words whatever is wrong.
    pub fn verify(&self, token: &str) -> Result<Identity> {
        if token.len() > TOKEN_BYTES || !is_plain(token) {
            return Err(forged());
        }
        let data = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation)
            .map_err(|_| forged())?;
        let header = &data.header;
        // A header that brings its own key or demands extensions is not ours.
        let foreign = header.jku.is_some()
            || header.jwk.is_some()
            || header.x5u.is_some()
            || header.x5c.is_some()
            || header.crit.is_some();
        if foreign || !matches!(header.typ.as_deref(), None | Some("JWT")) {
            return Err(forged());
        }
        self.identity(data.claims.0).ok_or_else(forged)
    }

    fn identity(&self, claims: Map<String, Value>) -> Option<Identity> {
        let expires = seconds(claims.get("exp")?)?;
        let not_before =
            claims.get("nbf").map(|value| seconds(value).ok_or(())).transpose().ok()?;
        claims.get("iat").map(|value| seconds(value).ok_or(())).transpose().ok()?;
        let role = claims.get("role")?.as_str()?.to_owned();
        if !self.roles.contains(&role) {
            return None;
        }
        let text = |name: &str| match claims.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(Value::String(text)) => Some((!text.is_empty()).then(|| text.clone())),
            Some(_) => None,
        };
        let (uid, email, aal) = (text("sub")?, text("email")?, text("aal")?);
        let roles = match claims.get("roles") {
            None => vec![role.clone()],
            Some(listed) => {
                let listed = listed.as_array()?.iter();
                listed.map(|role| role.as_str().map(ToOwned::to_owned)).collect::<Option<_>>()?
            }
        };
        let claims = Value::Object(claims);
        let facts = AuthFacts { uid, role, roles, email, aal, claims };
        Some(Identity::new(facts, expires, not_before))
    }
}

impl Identity {
    /// Judges `exp` and `nbf`. Asked on every request, so that nothing outlives its token.
    ///
    /// # Errors
    /// `PGRST303` outside the token's time.
    pub fn check_time(&self, now_seconds: i64) -> Result<()> {
        if self.expires <= now_seconds - LEEWAY_SECONDS {
            return Err(Error::new(Code::TokenClaimsInvalid, "JWT expired"));
        }
        if self.not_before.is_some_and(|from| from > now_seconds + LEEWAY_SECONDS) {
            return Err(Error::new(Code::TokenClaimsInvalid, "JWT not yet valid"));
        }
        Ok(())
    }
}

/// Three parts of base64url without padding: what is laxer differs between implementations.
fn is_plain(token: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    token.split('.').count() == 3 && token.split('.').all(part)
}

/// A whole number of seconds, not negative, not beyond the year 9999.
fn seconds(value: &Value) -> Option<i64> {
    value.as_i64().filter(|seconds| (0..=253_402_300_799).contains(seconds))
}

fn forged() -> Error {
    Error::new(Code::TokenInvalid, "The token is not valid")
}
