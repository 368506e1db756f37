//! Tokens: what is signed by a key that we know, with the algorithm of that key, and has claims of
//! the right types that are meant for us. Every forgery gets the same answer; only an honest token
//! that is too old or too young learns so. Source: RFC 7515, 7519, 8725.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, Validation};
use mainstay_base::{Code, Error, Result};
use mainstay_schema::rule::AuthFacts;
use serde_json::{Map, Value};

use crate::identity::{ANON, AUTHENTICATED, Identity, SERVICE};
use crate::limits::TOKEN_BYTES;
use mainstay_credentials::claims::Claims;
use mainstay_credentials::limits::LEEWAY_SECONDS;
use mainstay_credentials::signing::{Algorithm, Ring, Verifying};

/// A header with one of these brings its own key, demands an extension, or is of an encrypted or
/// nested token: not ours.
const FOREIGN: [&str; 16] = [
    "jku", "jwk", "x5u", "x5c", "crit", "b64", "cty", "enc", "zip", "epk", "apu", "apv", "iv",
    "tag", "p2s", "p2c",
];

/// Claims that only tokens with another purpose have: proofs of an identity for a client.
const OTHER_PURPOSES: [&str; 3] = ["at_hash", "c_hash", "nonce"];

/// Checks tokens against the keys of an application.
pub struct Verifier {
    keys: Vec<Key>,
    roles: Vec<String>,
    expected: Expected,
}

/// What tokens of users must say when they say it.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// `iss`, exactly.
    pub issuer: Option<String>,
    /// One of `aud`; `authenticated` in the dialect.
    pub audience: Option<String>,
}

struct Key {
    kid: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
    validation: Validation,
    gone_at: Option<i64>,
}

impl From<Verifying> for Key {
    fn from(Verifying { kid, algorithm, key, gone_at }: Verifying) -> Self {
        let mut validation = Validation::new(algorithm.library());
        // Times are judged by us on every use, also of a remembered token.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Self { kid, algorithm, key, validation, gone_at }
    }
}

impl Verifier {
    /// With one shared secret, whose tokens name no key.
    #[must_use]
    pub fn new(secret: &[u8], roles: &[String]) -> Self {
        let key = DecodingKey::from_secret(secret);
        let only = Verifying { kid: None, algorithm: Algorithm::Hs256, key, gone_at: None };
        Self::made(vec![only], roles, Expected::default())
    }

    /// With the keys of a ring. A ring that changed needs a new verifier, and an empty cache.
    #[must_use]
    pub fn of_ring(ring: &Ring, roles: &[String], expected: Expected) -> Self {
        Self::made(ring.verifying(), roles, expected)
    }

    fn made(keys: Vec<Verifying>, roles: &[String], expected: Expected) -> Self {
        let known = [ANON, AUTHENTICATED, SERVICE].map(ToOwned::to_owned);
        let roles = known.into_iter().chain(roles.iter().cloned()).collect();
        Self { keys: keys.into_iter().map(Key::from).collect(), roles, expected }
    }

    /// The identity that a token proves at this second. The token's own times are judged by
    /// `Identity::check_time`; the identity ends with its key at the latest.
    ///
    /// # Errors
    /// `PGRST301`, with the same words whatever is wrong.
    pub fn verify(&self, token: &str, now_seconds: i64) -> Result<Identity> {
        if token.len() > TOKEN_BYTES || !is_plain(token) {
            return Err(forged());
        }
        let key = self.key(token, now_seconds).ok_or_else(forged)?;
        let data = jsonwebtoken::decode::<Claims>(token, &key.key, &key.validation)
            .map_err(|_| forged())?;
        self.identity(data.claims.0, key).ok_or_else(forged)
    }

    /// The one key that may have signed it: the header names it, and then must name its algorithm,
    /// whatever else it wishes. Without a name it is the shared secret.
    fn key(&self, token: &str, now_seconds: i64) -> Option<&Key> {
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
        let Claims(header) = serde_json::from_slice(&header).ok()?;
        if FOREIGN.iter().any(|name| header.contains_key(*name)) {
            return None;
        }
        let kid = header.get("kid").map(|kid| kid.as_str().ok_or(())).transpose().ok()?;
        let key = self.keys.iter().find(|key| key.kid.as_deref() == kid)?;
        let typed = header.get("typ").is_none_or(|typ| typ == "JWT");
        let same = header.get("alg")?.as_str()? == key.algorithm.text();
        let lives = key.gone_at.is_none_or(|gone| now_seconds < gone);
        (typed && same && lives).then_some(key)
    }

    fn identity(&self, claims: Map<String, Value>, key: &Key) -> Option<Identity> {
        let expires = seconds(claims.get("exp")?)?;
        // A token that says to outlive its key was not made by us.
        let expires = key.gone_at.map_or(expires, |gone| expires.min(gone - LEEWAY_SECONDS));
        let not_before =
            claims.get("nbf").map(|value| seconds(value).ok_or(())).transpose().ok()?;
        claims.get("iat").map(|value| seconds(value).ok_or(())).transpose().ok()?;
        let role = claims.get("role")?.as_str()?.to_owned();
        if !self.roles.contains(&role) || !self.is_meant_for_us(&claims, &role, key) {
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

    /// Whether it is an access token, made by this issuer for this audience. Keys for machines are
    /// older than issuers: they have no subject and say what their platform says. So do tokens that
    /// another server has made with the shared secret, which is ours and its alone.
    fn is_meant_for_us(&self, claims: &Map<String, Value>, role: &str, key: &Key) -> bool {
        let other = |name: &&str| claims.contains_key(*name);
        let purpose = |name: &str, allowed: &[&str]| {
            claims.get(name).is_none_or(|value| allowed.iter().any(|text| value == text))
        };
        if OTHER_PURPOSES.iter().any(other)
            || !purpose("token_use", &["access"])
            || !purpose("typ", &["JWT", "Bearer"])
        {
            return false;
        }
        if !claims.contains_key("sub") && [ANON, SERVICE].contains(&role) {
            return true;
        }
        let issued = match &self.expected.issuer {
            Some(_) if key.kid.is_none() => true,
            Some(issuer) => claims.get("iss").is_none_or(|found| found == issuer.as_str()),
            None => true,
        };
        let addressed = match &self.expected.audience {
            Some(audience) => {
                claims.get("aud").is_none_or(|found| is_among(found, audience))
                    && claims.get("azp").is_none_or(|found| found == audience.as_str())
            }
            None => true,
        };
        issued && addressed
    }
}

/// Of an audience, which is a text or a list of texts. Source: RFC 7519, section 4.1.3.
fn is_among(found: &Value, audience: &str) -> bool {
    match found {
        Value::String(found) => found == audience,
        Value::Array(listed) => {
            listed.iter().all(Value::is_string) && listed.iter().any(|found| found == audience)
        }
        _ => false,
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
