//! Makes a token out of any header, any payload and any signature. Header and payload are texts, so
//! that they may be what no JSON writer would write.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PSS_SHA256, RsaEncoding};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::world::World;

/// How it is signed.
#[derive(Clone)]
pub enum Sign {
    /// By the application's own pair.
    Es,
    /// By the RSA key that it trusts.
    Rs,
    /// By the same, in another way.
    Rs384,
    Ps,
    /// By the Ed25519 key that it trusts.
    Ed,
    /// By HMAC with SHA-256 and these bytes.
    Hs(Vec<u8>),
    /// Not at all: these bytes.
    Bytes(Vec<u8>),
}

#[derive(Clone)]
pub struct Forge<'a> {
    world: &'a World,
    header: Vec<u8>,
    payload: Vec<u8>,
    sign: Sign,
}

impl<'a> Forge<'a> {
    pub fn new(world: &'a World, header: String, payload: String) -> Self {
        Self { world, header: header.into_bytes(), payload: payload.into_bytes(), sign: Sign::Es }
    }

    pub fn header(self, header: &Value) -> Self {
        self.header_text(header.to_string())
    }

    pub fn header_text(self, header: impl Into<Vec<u8>>) -> Self {
        Self { header: header.into(), ..self }
    }

    /// The honest header with one member more, or another.
    pub fn member(self, name: &str, value: Value) -> Self {
        let mut header = self.world.header();
        header[name] = value;
        self.header(&header)
    }

    pub fn payload(self, payload: &str) -> Self {
        self.payload_bytes(payload.as_bytes().to_vec())
    }

    pub fn payload_bytes(self, payload: Vec<u8>) -> Self {
        Self { payload, ..self }
    }

    /// The honest claims with one more, or another.
    pub fn claim(self, name: &str, value: Value) -> Self {
        self.claims(|claims| drop(claims.insert(name.to_owned(), value)))
    }

    pub fn claims(self, change: impl FnOnce(&mut Map<String, Value>)) -> Self {
        let mut claims = self.world.claims();
        change(&mut claims);
        self.payload(&Value::Object(claims).to_string())
    }

    pub fn sign(self, sign: Sign) -> Self {
        Self { sign, ..self }
    }

    pub fn token(&self) -> String {
        let (header, payload) = (&self.header, &self.payload);
        let message =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = self.signature(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let world = self.world;
        let rsa = |encoding: &'static dyn RsaEncoding| {
            let mut signature = vec![0; world.rsa.public_modulus_len()];
            world.rsa.sign(encoding, &SystemRandom::new(), message, &mut signature).unwrap();
            signature
        };
        match &self.sign {
            Sign::Es => world.pair().sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Sign::Rs => rsa(&RSA_PKCS1_SHA256),
            Sign::Rs384 => rsa(&RSA_PKCS1_SHA384),
            Sign::Ps => rsa(&RSA_PSS_SHA256),
            Sign::Ed => world.ed.sign(message).as_ref().to_vec(),
            Sign::Hs(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                hmac::sign(&key, message).as_ref().to_vec()
            }
            Sign::Bytes(bytes) => bytes.clone(),
        }
    }
}
