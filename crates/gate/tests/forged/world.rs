//! One application with keys of all kinds, the tokens that it would make, and what a thief knows:
//! every public key in every form, and the keys of another application.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mainstay_credentials::limits::{JWKS_CACHE_SECONDS, LEEWAY_SECONDS};
use mainstay_credentials::signing::{KeptKey, Ring, Secret, Settings};
use mainstay_gate::{Expected, Verifier};
use serde_json::{Map, Value, json};

use crate::Form;
use crate::forge::{Forge, Sign};

pub const NOW: i64 = 1_700_000_000;
pub const ISSUER: &str = "https://shop.example/auth/v1";
pub const SECRET: &[u8] = b"a-shared-secret-of-this-application-only";
const LIFE: i64 = 3_600;
const DAY: i64 = 86_400;

pub struct World {
    pub ring: Ring,
    pub rsa: RsaKeyPair,
    pub ed: Ed25519KeyPair,
    /// Of another application.
    pub strange: Ring,
    /// The pair that signs now.
    kept: KeptKey,
    /// Long-lived, by a pair that was rotated out and is in the ring still.
    pub rotated_out: String,
}

fn settings(trusted: Vec<Value>, secret: &[u8]) -> Settings {
    let secret = Secret { bytes: secret.to_vec(), kid: Some("shared".to_owned()) };
    Settings { token_seconds: LIFE, secret: Some(secret), secret_signs: false, trusted }
}

impl World {
    pub fn new() -> Self {
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let ed = Ed25519KeyPair::generate().unwrap();
        let trusted = vec![rsa_jwk(&rsa), ed_jwk(&ed)];
        let first = Ring::new(settings(trusted, SECRET), &[]).unwrap();
        let first = first.rotate(NOW - 20 * DAY).unwrap();
        let rotated_out = first.sign(&claims(), NOW - 20 * DAY).unwrap();
        let ring = first.rotate(NOW - 10 * DAY).unwrap();
        let kept = ring.kept().remove(1);
        let strange = settings(Vec::new(), b"a-shared-secret-of-another-application");
        let strange = Ring::new(strange, &[]).unwrap().rotate(NOW - 10).unwrap();
        Self { ring, rsa, ed, strange, kept, rotated_out }
    }

    pub fn rotate(&mut self) {
        self.ring = self.ring.rotate(NOW).unwrap();
    }

    pub fn first_key_is_gone_at(&self) -> i64 {
        NOW + JWKS_CACHE_SECONDS + LIFE + LEEWAY_SECONDS
    }

    pub fn verifier(&self) -> Verifier {
        let expected = Expected {
            issuer: Some(ISSUER.to_owned()),
            audience: Some("authenticated".to_owned()),
        };
        Verifier::of_ring(&self.ring, &["staff".to_owned()], expected)
    }

    pub fn kid(&self) -> String {
        self.kept.kid.clone()
    }

    pub fn pair(&self) -> EcdsaKeyPair {
        let bytes = STANDARD.decode(&self.kept.private_key).unwrap();
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes).unwrap()
    }

    /// What a signed-in user's token says.
    pub fn claims(&self) -> Map<String, Value> {
        claims()
    }

    pub fn header(&self) -> Value {
        json!({ "alg": "ES256", "kid": self.kid(), "typ": "JWT" })
    }

    pub fn token(&self, claims: &Map<String, Value>) -> String {
        self.ring.sign(claims, NOW).unwrap()
    }

    /// A token that nobody forged yet: change one thing and make it.
    pub fn forge(&self) -> Forge<'_> {
        Forge::new(self, self.header().to_string(), Value::Object(self.claims()).to_string())
    }

    /// Tokens that must be accepted, one of each kind.
    pub fn honest(&self) -> Vec<Form> {
        let signed = |header: Value, sign: Sign| self.forge().header(&header).sign(sign).token();
        let with = |name: &str, value: Value| self.forge().claim(name, value).token();
        let machine = json!({ "iss": "supabase", "role": "service_role", "exp": NOW + LIFE });
        let machine = self.forge().payload(&machine.to_string());
        let secret = || Sign::Hs(SECRET.to_vec());
        let own = self.token(&self.claims());
        [
            ("of the ring", own),
            ("made by the forge", self.forge().token()),
            ("RS256", signed(json!({ "alg": "RS256", "kid": "rsa" }), Sign::Rs)),
            ("EdDSA", signed(json!({ "alg": "EdDSA", "kid": "ed" }), Sign::Ed)),
            ("HS256", signed(json!({ "alg": "HS256", "typ": "JWT" }), secret())),
            ("HS256 by name", signed(json!({ "alg": "HS256", "kid": "shared" }), secret())),
            ("an unknown member", signed(json!({ "alg": "HS256", "app": 1 }), secret())),
            ("a list of audiences", with("aud", json!(["other", "authenticated"]))),
            (
                "a key of a machine",
                machine.header(&json!({ "alg": "HS256" })).sign(secret()).token(),
            ),
        ]
        .map(|(name, token)| (name.to_owned(), token))
        .into()
    }

    /// Every form of our public keys in which a library could be handed it as a shared secret.
    pub fn public_forms(&self) -> Vec<(&'static str, &'static str, Vec<u8>)> {
        let pair = self.pair();
        let point = pair.public_key().as_ref().to_vec();
        let ec = pair.public_key().as_der().unwrap().as_ref().to_vec();
        let rsa = self.rsa.public_key().as_der().unwrap();
        let rsa: &[u8] = rsa.as_ref();
        let ed = self.ed.public_key().as_ref().to_vec();
        let jwks = self.ring.jwks(NOW);
        let jwk = |at: usize| jwks["keys"][at].to_string().into_bytes();
        let x = jwks["keys"][0]["x"].as_str().unwrap().as_bytes().to_vec();
        let n = jwks["keys"][1]["n"].as_str().unwrap();
        let bare = point[1..].to_vec();
        vec![
            ("ES256", "SPKI in DER", ec.clone()),
            ("ES256", "SPKI in PEM", pem(&ec, true)),
            ("ES256", "SPKI in PEM without the last line", pem(&ec, false)),
            ("ES256", "point", point),
            ("ES256", "coordinates", bare),
            ("ES256", "x in base64url", x),
            ("ES256", "JWK", jwk(0)),
            ("ES256", "set of JWKs", jwks.to_string().into_bytes()),
            ("ES256", "kid", self.kid().into_bytes()),
            ("RS256", "SPKI in DER", rsa.to_vec()),
            ("RS256", "SPKI in PEM", pem(rsa, true)),
            ("RS256", "SPKI in PEM without the last line", pem(rsa, false)),
            // The inner sequence stands behind 24 bytes of algorithm.
            ("RS256", "PKCS#1 in DER", rsa[24..].to_vec()),
            ("RS256", "modulus", URL_SAFE_NO_PAD.decode(n).unwrap()),
            ("RS256", "modulus in base64url", n.as_bytes().to_vec()),
            ("RS256", "JWK", jwk(1)),
            ("EdDSA", "bytes", ed.clone()),
            ("EdDSA", "base64url", URL_SAFE_NO_PAD.encode(&ed).into_bytes()),
            ("EdDSA", "JWK", jwk(2)),
        ]
    }

    /// The name of the key that has this algorithm.
    pub fn kid_of(&self, algorithm: &str) -> String {
        match algorithm {
            "RS256" => "rsa".to_owned(),
            "EdDSA" => "ed".to_owned(),
            _ => self.kid(),
        }
    }
}

fn claims() -> Map<String, Value> {
    let claims = json!({
        "iss": ISSUER,
        "sub": "8f6b0c2e-5d0a-4b52-9a3e-0d6c1c1f7a11",
        "aud": "authenticated",
        "role": "authenticated",
        "exp": NOW + LIFE,
        "iat": NOW,
        "email": "ann@example.com",
        "aal": "aal1",
        "session_id": "0d6c1c1f-7a11-4b52-9a3e-8f6b0c2e5d0a",
    });
    let Value::Object(claims) = claims else { panic!("no object") };
    claims
}

fn pem(der: &[u8], ends: bool) -> Vec<u8> {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let text = lines.join("\n");
    let end = if ends { "\n" } else { "" };
    format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----{end}").into_bytes()
}

fn rsa_jwk(pair: &RsaKeyPair) -> Value {
    let key = pair.public_key();
    let (n, e) = (key.modulus(), key.exponent());
    let (n, e) = (n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero());
    json!({ "kty": "RSA", "alg": "RS256", "kid": "rsa",
        "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e) })
}

fn ed_jwk(pair: &Ed25519KeyPair) -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "ed",
        "x": URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()) })
}
