//! Apple takes no fixed secret: each is a token that we sign with our key there, and lives minutes.
//! Source: Apple's "Creating a client secret".

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mainstay_base::{Code, Error, Result};
use serde_json::{Value as Json, json};

/// Seconds that a secret lives; each serves one call.
const LIFE_SECONDS: i64 = 300;

/// Whom the secret is shown to.
const AUDIENCE: &str = "https://appleid.apple.com";

pub(super) struct AppleKey {
    team: String,
    name: String,
    pair: EcdsaKeyPair,
}

impl AppleKey {
    /// # Errors
    /// When the key is no PKCS#8 of P-256 in PEM; nothing of it is shown.
    pub fn read(team: &str, name: &str, pem: &str) -> Result<Self> {
        let lines = pem.lines().filter(|line| !line.starts_with("-----"));
        let text: String = lines.flat_map(str::split_whitespace).collect();
        let wrong = "Apple's private_key must be the file that Apple gave: PKCS#8 in PEM";
        let der = STANDARD.decode(text).map_err(|_| Error::new(Code::Internal, wrong))?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der)
            .map_err(|_| Error::new(Code::Internal, wrong))?;
        Ok(Self { team: team.to_owned(), name: name.to_owned(), pair })
    }

    /// A secret for the client, at this second.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn secret(&self, client: &str, now: i64) -> Result<String> {
        let header = json!({ "alg": "ES256", "kid": self.name, "typ": "JWT" });
        let claims = json!({
            "iss": self.team,
            "iat": now,
            "exp": now + LIFE_SECONDS,
            "aud": AUDIENCE,
            "sub": client,
        });
        let part = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
        let message = format!("{}.{}", part(&header), part(&claims));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes());
        let signature = signature.map_err(Error::internal)?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::KeyPair;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};

    use super::*;

    #[test]
    fn a_secret_is_signed_by_the_key_and_says_who_asks() {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref()).unwrap();
        let text = STANDARD.encode(document.as_ref());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
        let key = AppleKey::read("TEAM", "KEY", &pem).unwrap();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.validate_exp = false;
        validation.set_audience(&[AUDIENCE]);
        let public = DecodingKey::from_ec_der(pair.public_key().as_ref());
        let secret = key.secret("us", 1_700_000_000).unwrap();
        let read = jsonwebtoken::decode::<Json>(&secret, &public, &validation).unwrap();
        assert_eq!(read.header.kid.as_deref(), Some("KEY"));
        assert_eq!((&read.claims["iss"], &read.claims["sub"]), (&json!("TEAM"), &json!("us")));
        assert_eq!(read.claims["exp"], json!(1_700_000_300));
        for wrong in ["", "hunter2", &pem[..80]] {
            let shown =
                AppleKey::read("TEAM", "KEY", wrong).err().map(|error| format!("{error:?}"));
            assert!(!shown.unwrap().contains("hunter2"));
        }
    }
}
