//! Tokens made by hand, so that what the server's own library would refuse to write can be sent.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

/// Seconds since the epoch.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// An honest token.
pub fn sign(secret: &str, claims: &Value) -> String {
    Forge::new(secret).claims(claims.clone()).token()
}

/// A token of which every part can be replaced.
pub struct Forge {
    secret: Vec<u8>,
    pub header: String,
    pub payload: String,
    hash: Algorithm,
}

impl Forge {
    /// Begins as an honest token of a signed-in user.
    pub fn new(secret: &str) -> Self {
        let claims = json!({ "role": "authenticated", "sub": "u1", "exp": now() + 3600 });
        Self {
            secret: secret.as_bytes().to_vec(),
            header: json!({ "alg": "HS256", "typ": "JWT" }).to_string(),
            payload: claims.to_string(),
            hash: Algorithm::HS256,
        }
    }

    pub fn header(mut self, header: Value) -> Self {
        self.header = header.to_string();
        self
    }

    pub fn claims(mut self, claims: Value) -> Self {
        self.payload = claims.to_string();
        self
    }

    /// The honest claims with one of them replaced.
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        let mut claims: Value = serde_json::from_str(&self.payload).unwrap();
        claims[name] = value;
        self.payload = claims.to_string();
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        let mut claims: Value = serde_json::from_str(&self.payload).unwrap();
        claims.as_object_mut().unwrap().remove(name);
        self.payload = claims.to_string();
        self
    }

    /// The payload as it is, JSON or not.
    pub fn payload(mut self, payload: &str) -> Self {
        self.payload = payload.to_owned();
        self
    }

    pub fn key(mut self, secret: &[u8]) -> Self {
        self.secret = secret.to_vec();
        self
    }

    pub fn hash(mut self, algorithm: Algorithm) -> Self {
        self.hash = algorithm;
        self
    }

    /// Header and payload, encoded and joined.
    pub fn signed_part(&self) -> String {
        format!("{}.{}", encode(self.header.as_bytes()), encode(self.payload.as_bytes()))
    }

    pub fn token(&self) -> String {
        let signed = self.signed_part();
        let key = EncodingKey::from_secret(&self.secret);
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, self.hash).unwrap();
        format!("{signed}.{signature}")
    }
}

pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
