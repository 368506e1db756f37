//! Keys of which others hold the private half: read from the configuration as a JWK, and used to
//! verify only. What is weak, private or ambiguous is refused at start. Source: RFC 7517, 7518,
//! 8037.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use mainstay_base::{Code, Error, Result};
use serde_json::{Map, Value};

use super::key::Algorithm;
use crate::limits::KEY_NAME_CHARACTERS;

/// Members by which a JWK gives away a secret.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Bytes of an RSA modulus: 2,048 to 8,192 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

pub(super) struct Trusted {
    pub kid: String,
    pub algorithm: Algorithm,
    pub key: DecodingKey,
    /// The members that are published, and no others.
    pub published: Value,
}

impl Trusted {
    /// # Errors
    /// `internal`, with what is wrong: a mistake in the settings.
    pub fn read(jwk: &Value) -> Result<Self> {
        let kid = member(jwk, "kid")?;
        if kid.is_empty() || kid.chars().count() > KEY_NAME_CHARACTERS {
            return Err(wrong("the kid of a public key is empty or too long"));
        }
        if PRIVATE.iter().any(|name| jwk.get(name).is_some()) {
            let message = format!("the key {kid} has private members: give the public half only");
            return Err(wrong(message));
        }
        if jwk.get("use").is_some_and(|purpose| purpose != "sig") {
            return Err(wrong(format!("the key {kid} is not for signatures")));
        }
        let (algorithm, key, members) = match member(jwk, "alg")? {
            "RS256" => rsa(jwk, kid)?,
            "ES256" => ec(jwk, kid)?,
            "EdDSA" => ed(jwk, kid)?,
            _ => return Err(wrong(format!("the key {kid} is not for RS256, ES256 or EdDSA"))),
        };
        let mut published = Map::new();
        for name in ["alg", "kid", "kty"].into_iter().chain(members.iter().copied()) {
            published.insert(name.to_owned(), Value::from(member(jwk, name)?));
        }
        published.insert("use".to_owned(), Value::from("sig"));
        published.insert("key_ops".to_owned(), Value::from(vec!["verify"]));
        Ok(Self { kid: kid.to_owned(), algorithm, key, published: Value::Object(published) })
    }
}

/// The key of a JWK by its kind alone: others publish keys that do not say their `alg`. The
/// algorithm is the one that its kind stands for; an RSA key verifies PS256 as well.
///
/// # Errors
/// As `Trusted::read`.
pub fn by_kind(jwk: &Value) -> Result<(Algorithm, DecodingKey)> {
    let kid = jwk.get("kid").and_then(Value::as_str).unwrap_or_default();
    let (algorithm, key, _) = match member(jwk, "kty")? {
        "RSA" => rsa(jwk, kid)?,
        "EC" => ec(jwk, kid)?,
        "OKP" => ed(jwk, kid)?,
        _ => return Err(wrong(format!("the key {kid} is of an unknown kind"))),
    };
    Ok((algorithm, key))
}

type Parts = (Algorithm, DecodingKey, &'static [&'static str]);

fn rsa(jwk: &Value, kid: &str) -> Result<Parts> {
    let (n, e) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
    let odd = e.last().is_some_and(|last| last % 2 == 1) && e != [1];
    let fits = MODULUS_BYTES.contains(&n.len()) && n[0] >= 0x80 && odd && e.len() <= 4;
    if member(jwk, "kty")? != "RSA" || !fits {
        return Err(wrong(format!("the key {kid} is no RSA key of 2,048 bits and more")));
    }
    Ok((Algorithm::Rs256, DecodingKey::from_rsa_raw_components(&n, &e), &["n", "e"]))
}

fn ec(jwk: &Value, kid: &str) -> Result<Parts> {
    let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
    let point = [&[4][..], &x, &y].concat();
    let curve = member(jwk, "kty")? == "EC" && member(jwk, "crv")? == "P-256";
    let lies_on_it = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).is_ok();
    if !curve || x.len() != 32 || !lies_on_it {
        return Err(wrong(format!("the key {kid} is no point of P-256")));
    }
    Ok((Algorithm::Es256, DecodingKey::from_ec_der(&point), &["crv", "x", "y"]))
}

fn ed(jwk: &Value, kid: &str) -> Result<Parts> {
    let x = bytes(jwk, "x")?;
    let curve = member(jwk, "kty")? == "OKP" && member(jwk, "crv")? == "Ed25519";
    if !curve || ParsedPublicKey::new(&ED25519, &x).is_err() {
        return Err(wrong(format!("the key {kid} is no Ed25519 key")));
    }
    Ok((Algorithm::EdDsa, DecodingKey::from_ed_der(&x), &["crv", "x"]))
}

fn member<'a>(jwk: &'a Value, name: &str) -> Result<&'a str> {
    let missing = || wrong(format!("a public key has no text `{name}`"));
    jwk.get(name).and_then(Value::as_str).ok_or_else(missing)
}

fn bytes(jwk: &Value, name: &str) -> Result<Vec<u8>> {
    let unreadable = |_| wrong(format!("`{name}` of a public key is not base64url"));
    URL_SAFE_NO_PAD.decode(member(jwk, name)?).map_err(unreadable)
}

fn wrong(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::Internal, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 8037, appendix A.2; RFC 7517, appendix A.1 (the point, for signing).
    fn ed() -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "ed",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
    }

    fn ec() -> Value {
        json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "ec", "use": "sig",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM" })
    }

    fn rsa() -> Value {
        json!({ "kty": "RSA", "alg": "RS256", "kid": "rsa", "e": "AQAB",
            "n": URL_SAFE_NO_PAD.encode([0xc1; 256]) })
    }

    fn with(mut jwk: Value, name: &str, value: Value) -> Value {
        jwk[name] = value;
        jwk
    }

    #[test]
    fn public_keys_of_three_kinds_are_read() {
        for (jwk, algorithm) in
            [(ed(), Algorithm::EdDsa), (ec(), Algorithm::Es256), (rsa(), Algorithm::Rs256)]
        {
            let read =
                Trusted::read(&with(jwk.clone(), "x5u", json!("https://a.example"))).unwrap();
            assert_eq!((read.algorithm, &jwk["kid"]), (algorithm, &json!(read.kid)));
            let mut expected = with(jwk, "use", json!("sig"));
            expected["key_ops"] = json!(["verify"]);
            assert_eq!(read.published, expected, "nothing else is published");
        }
    }

    #[test]
    fn weak_private_and_ambiguous_keys_are_refused() {
        let short = URL_SAFE_NO_PAD.encode([0xc1; 255]);
        for wrong in [
            json!({}),
            with(ed(), "kid", json!("")),
            with(ed(), "kid", json!(1)),
            with(ed(), "kid", json!("x".repeat(129))),
            with(ed(), "d", json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")),
            with(ed(), "use", json!("enc")),
            with(ed(), "alg", json!("none")),
            with(ed(), "alg", json!("HS256")),
            with(ed(), "alg", json!("ES256")),
            with(ed(), "x", json!("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUR")),
            with(ed(), "crv", json!("X25519")),
            with(ec(), "alg", json!("RS256")),
            with(ec(), "crv", json!("P-384")),
            with(ec(), "y", json!("4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyN")),
            with(ec(), "y", json!("AEtl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM")),
            with(ec(), "x", json!("")),
            with(rsa(), "n", json!(short)),
            with(rsa(), "n", json!(URL_SAFE_NO_PAD.encode([0x01; 256]))),
            with(rsa(), "e", json!("AQ")),
            with(rsa(), "e", json!("AQAC")),
            with(rsa(), "e", json!("")),
            with(rsa(), "kty", json!("EC")),
            with(rsa(), "k", json!("c2VjcmV0")),
        ] {
            assert!(Trusted::read(&wrong).is_err(), "{wrong}");
        }
    }
}
