//! A device made of software and the browser before it, which can lie in everything that matters;
//! and the app that shows codes. They know of the server what a real one knows: its answers.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Flags of authenticator data (WebAuthn Level 3, 6.1).
pub const PRESENT: u8 = 1;
pub const VERIFIED: u8 = 4;
const MADE: u8 = 64;

pub struct Device {
    pair: EcdsaKeyPair,
    pub id: Vec<u8>,
    pub party: String,
    pub origin: String,
    pub flags: u8,
    pub counter: u32,
    /// The user whom its key is of, base64url; learned when the key is made.
    pub handle: Option<String>,
}

impl Device {
    pub fn new(id: u8) -> Self {
        Self {
            pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            id: vec![id; 16],
            party: "shop.example".to_owned(),
            origin: "https://shop.example".to_owned(),
            flags: PRESENT | VERIFIED,
            counter: 1,
            handle: None,
        }
    }

    /// The answer to `publicKey` of `navigator.credentials.create`.
    pub fn create(&mut self, options: &Value) -> Value {
        self.handle = options["user"]["id"].as_str().map(ToOwned::to_owned);
        let mut data = self.data(MADE);
        data.extend([9; 16]);
        data.extend([0, 16]);
        data.extend(&self.id);
        let point = self.pair.public_key().as_ref();
        data.extend([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 32]);
        data.extend(&point[33..]);
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        let client = self.client("webauthn.create", options);
        self.envelope(json!({
            "clientDataJSON": encode(client.as_bytes()), "attestationObject": encode(&object),
        }))
    }

    /// The answer to `publicKey` of `navigator.credentials.get`. It counts.
    pub fn get(&mut self, options: &Value) -> Value {
        self.counter += 1;
        self.get_again(options)
    }

    /// The same without counting.
    pub fn get_again(&self, options: &Value) -> Value {
        let (data, client) = (self.data(0), self.client("webauthn.get", options));
        let signed = [data.as_slice(), digest(&SHA256, client.as_bytes()).as_ref()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap();
        self.envelope(json!({
            "clientDataJSON": encode(client.as_bytes()),
            "authenticatorData": encode(&data),
            "signature": encode(signature.as_ref()),
            "userHandle": self.handle,
        }))
    }

    fn envelope(&self, response: Value) -> Value {
        let id = encode(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "response": response,
            "clientExtensionResults": {},
        })
    }

    fn client(&self, ceremony: &str, options: &Value) -> String {
        let (challenge, origin) = (&options["challenge"], &self.origin);
        json!({ "type": ceremony, "challenge": challenge, "origin": origin }).to_string()
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        let party = digest(&SHA256, self.party.as_bytes());
        [party.as_ref(), &[self.flags | flags], &self.counter.to_be_bytes()].concat()
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The code that an app shows at this second for the secret that it was given (RFC 6238).
pub fn app(secret: &str, second: i64) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: Vec<u8> = secret
        .bytes()
        .flat_map(|letter| {
            let value = alphabet.iter().position(|known| *known == letter).unwrap();
            (0..5).rev().map(move |bit| u8::try_from(value >> bit & 1).unwrap())
        })
        .collect();
    let key: Vec<u8> =
        bits.chunks(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | bit)).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = hmac::sign(&key, &second.div_euclid(30).to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let four: [u8; 4] = tag.as_ref()[at..at + 4].try_into().unwrap();
    format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
}
