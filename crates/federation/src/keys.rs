//! The keys that a provider publishes, and the one of them that may have signed a token. What is
//! weak, private or unknown among them is left out. Source: RFC 7517.

use jsonwebtoken::{Algorithm as Library, DecodingKey, Validation};
use mainstay_base::{Error, Result};
use serde_json::{Map, Value as Json};

use crate::limits::PROVIDER_KEYS;
use mainstay_credentials::claims::Claims;
use mainstay_credentials::signing::{Algorithm, by_kind};

/// The algorithms by which a provider may sign; never one with a shared secret, and never none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Signed {
    Rs256,
    Ps256,
    Es256,
    EdDsa,
}

impl Signed {
    pub fn read(alg: &str) -> Option<Self> {
        match alg {
            "RS256" => Some(Self::Rs256),
            "PS256" => Some(Self::Ps256),
            "ES256" => Some(Self::Es256),
            "EdDSA" => Some(Self::EdDsa),
            _ => None,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    fn library(self) -> Library {
        match self {
            Self::Rs256 => Library::RS256,
            Self::Ps256 => Library::PS256,
            Self::Es256 => Library::ES256,
            Self::EdDsa => Library::EdDSA,
        }
    }

    /// A key of this kind can have signed so.
    fn goes_with(self, kind: Algorithm) -> bool {
        match self {
            Self::Rs256 | Self::Ps256 => kind == Algorithm::Rs256,
            Self::Es256 => kind == Algorithm::Es256,
            Self::EdDsa => kind == Algorithm::EdDsa,
        }
    }
}

/// A published set.
pub(super) struct Keys(Vec<Key>);

pub(super) struct Key {
    kid: Option<String>,
    /// What it says to be for; it may say nothing.
    alg: Option<String>,
    kind: Algorithm,
    key: DecodingKey,
}

impl Keys {
    /// # Errors
    /// When it is no set of keys.
    pub fn read(body: &[u8]) -> Result<Self> {
        let set: Json = serde_json::from_slice(body).map_err(Error::internal)?;
        let listed = set.get("keys").and_then(Json::as_array);
        let listed = listed.ok_or_else(|| Error::internal("the provider publishes no keys"))?;
        Ok(Self(listed.iter().take(PROVIDER_KEYS).filter_map(Key::read).collect()))
    }

    /// The one key that may have signed a token with this header. Without a name it must be the
    /// only one of its kind.
    pub fn find(&self, kid: Option<&str>, signed: Signed) -> Option<&Key> {
        let mut fitting = self.0.iter().filter(|key| {
            let named = kid.is_none_or(|kid| key.kid.as_deref() == Some(kid));
            let meant = key.alg.as_deref().is_none_or(|alg| alg == signed.text());
            named && meant && signed.goes_with(key.kind)
        });
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first)
    }
}

impl Key {
    fn read(jwk: &Json) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Json::as_str).map(ToOwned::to_owned);
        let gives_itself_away = ["d", "k", "p", "q"].iter().any(|name| jwk.get(name).is_some());
        if gives_itself_away || jwk.get("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let (kind, key) = by_kind(jwk).ok()?;
        Some(Self { kid: text("kid"), alg: text("alg"), kind, key })
    }

    /// The claims of a token that this key has signed; each stands in it once.
    pub fn verified(&self, token: &str, signed: Signed) -> Option<Map<String, Json>> {
        let mut validation = Validation::new(signed.library());
        // Judged by us, against our own clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let data = jsonwebtoken::decode::<Claims>(token, &self.key, &validation).ok()?;
        Some(data.claims.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 8037, appendix A.2; RFC 7517, appendix A.1.
    const ED: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const X: &str = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
    const Y: &str = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";

    fn keys(listed: Json) -> Keys {
        Keys::read(json!({ "keys": listed }).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_key_is_found_by_its_name_and_for_its_own_algorithm() {
        let ed = json!({ "kty": "OKP", "crv": "Ed25519", "x": ED, "kid": "ed" });
        let ec =
            json!({ "kty": "EC", "crv": "P-256", "x": X, "y": Y, "kid": "ec", "alg": "ES256" });
        let keys = keys(json!([ed, ec, { "kty": "unknown" }, 7]));
        assert!(keys.find(Some("ed"), Signed::EdDsa).is_some());
        assert!(keys.find(Some("ec"), Signed::Es256).is_some());
        assert!(keys.find(None, Signed::Es256).is_some(), "the only one of its kind");
        for (kid, signed) in [
            (Some("ed"), Signed::Es256),
            (Some("ec"), Signed::EdDsa),
            (Some("ec"), Signed::Rs256),
            (Some(""), Signed::Es256),
            (None, Signed::Ps256),
        ] {
            assert!(keys.find(kid, signed).is_none(), "{kid:?} {signed:?}");
        }
    }

    #[test]
    fn of_two_keys_that_may_be_meant_none_is_taken() {
        let ec = |kid: &str| json!({ "kty": "EC", "crv": "P-256", "x": X, "y": Y, "kid": kid });
        let same = keys(json!([ec("a"), ec("a")]));
        assert!(same.find(Some("a"), Signed::Es256).is_none());
        let two = keys(json!([ec("a"), ec("b")]));
        assert!(
            two.find(None, Signed::Es256).is_none() && two.find(Some("b"), Signed::Es256).is_some()
        );
    }

    #[test]
    fn keys_that_are_private_or_for_something_else_are_left_out() {
        for (name, value) in [("use", "enc"), ("d", "AAAA"), ("alg", "RS256"), ("crv", "P-384")] {
            let mut ec = json!({ "kty": "EC", "crv": "P-256", "x": X, "y": Y, "kid": "a" });
            ec[name] = json!(value);
            assert!(keys(json!([ec])).find(Some("a"), Signed::Es256).is_none(), "{name}");
        }
        let secret = json!([{ "kty": "oct", "k": "AAAA", "kid": "a" }]);
        assert!(keys(secret).0.is_empty());
        assert!(Keys::read(b"{}").is_err() && Keys::read(b"[]").is_err());
    }

    #[test]
    fn algorithms_with_a_shared_secret_or_none_are_not_known() {
        for alg in ["none", "None", "nOnE", "", "HS256", "HS512", "RS1", "rs256", "RS512", "ES384"]
        {
            assert_eq!(Signed::read(alg), None, "{alg}");
        }
    }
}
