//! One pair of keys for ES256: made here, kept as text, loaded again. The private half leaves this
//! file in one way only, `KeptKey`, which shows nothing of itself.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use mainstay_base::{Code, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::secret::sha256;

/// The algorithms that are known. Nothing else is ever verified, whatever a token wishes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Algorithm {
    /// ECDSA with P-256 and SHA-256: what is made here.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256: of others only.
    Rs256,
    /// Ed25519: of others only.
    EdDsa,
    /// HMAC with SHA-256 and a shared secret.
    Hs256,
}

impl Algorithm {
    /// As the header of a token writes it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }

    pub fn library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
            Self::Hs256 => jsonwebtoken::Algorithm::HS256,
        }
    }
}

/// A pair as it is kept: in a table or file that only the server reads. Times are seconds since the
/// epoch.
#[derive(Clone, Deserialize, Serialize)]
pub struct KeptKey {
    /// Its RFC 7638 thumbprint, so that no two keys can have one name.
    pub kid: String,
    /// `ES256`.
    pub alg: String,
    pub made_at: i64,
    /// From when on it signs.
    pub current_from: i64,
    /// Until when it signed.
    pub retired_at: Option<i64>,
    /// PKCS#8 in base64.
    pub private_key: String,
}

impl std::fmt::Debug for KeptKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptKey")
            .field("kid", &self.kid)
            .field("made_at", &self.made_at)
            .field("current_from", &self.current_from)
            .field("retired_at", &self.retired_at)
            .finish_non_exhaustive()
    }
}

/// A pair, ready to sign.
pub(super) struct Pair {
    pub kid: String,
    private_key: String,
    pair: EcdsaKeyPair,
}

impl Pair {
    pub fn make() -> Result<Self> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new());
        Self::read(STANDARD.encode(document.map_err(Error::internal)?.as_ref()))
    }

    /// # Errors
    /// `internal` for what is no pair of this kind, or has another name than its own.
    pub fn load(kept: &KeptKey) -> Result<Self> {
        let damaged = || {
            let message = format!("the signing key {} cannot be read", kept.kid);
            Error::new(Code::Internal, message)
        };
        let pair = Self::read(kept.private_key.clone()).map_err(|_| damaged())?;
        let sound = pair.kid == kept.kid && kept.alg == Algorithm::Es256.text();
        if sound { Ok(pair) } else { Err(damaged()) }
    }

    fn read(private_key: String) -> Result<Self> {
        let bytes = STANDARD.decode(&private_key).map_err(Error::internal)?;
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &bytes).map_err(Error::internal)?;
        let mut read = Self { kid: String::new(), private_key, pair };
        let (x, y) = read.point();
        // The members that the thumbprint wants, in the order that it wants.
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        read.kid = URL_SAFE_NO_PAD.encode(sha256(members.as_bytes()));
        Ok(read)
    }

    pub fn kept(&self, made_at: i64, current_from: i64, retired_at: Option<i64>) -> KeptKey {
        KeptKey {
            kid: self.kid.clone(),
            alg: Algorithm::Es256.text().to_owned(),
            made_at,
            current_from,
            retired_at,
            private_key: self.private_key.clone(),
        }
    }

    /// Signs what already has its two parts; gives the token.
    pub fn sign(&self, message: String) -> Result<String> {
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.map_err(Error::internal)?);
        Ok(format!("{message}.{signature}"))
    }

    /// What others may know of it. Source: RFC 7517.
    pub fn published(&self) -> Value {
        let (x, y) = self.point();
        json!({
            "alg": Algorithm::Es256.text(),
            "crv": "P-256",
            "key_ops": ["verify"],
            "kid": self.kid,
            "kty": "EC",
            "use": "sig",
            "x": x,
            "y": y,
        })
    }

    pub fn verifying(&self) -> DecodingKey {
        DecodingKey::from_ec_der(self.pair.public_key().as_ref())
    }

    /// The coordinates of the public point, behind the byte that says that there are two.
    fn point(&self) -> (String, String) {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y))
    }
}

/// Header and claims as they are signed.
pub(super) fn message(header: &Value, claims: &Map<String, Value>) -> Result<String> {
    let header = serde_json::to_vec(header).map_err(Error::internal)?;
    let claims = serde_json::to_vec(claims).map_err(Error::internal)?;
    Ok(format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_pair_is_the_pair_that_was_made() {
        let made = Pair::make().unwrap();
        let kept = made.kept(1, 2, Some(3));
        let text = serde_json::to_string(&kept).unwrap();
        let loaded = Pair::load(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!((&loaded.kid, loaded.published()), (&made.kid, made.published()));
        assert_ne!(Pair::make().unwrap().kid, made.kid);
        let shown = format!("{kept:?}");
        assert!(shown.contains(&kept.kid) && !shown.contains(&kept.private_key[..16]), "{shown}");
    }

    #[test]
    fn the_name_is_the_thumbprint_of_rfc_7638() {
        let made = Pair::make().unwrap();
        let key: jsonwebtoken::jwk::Jwk = serde_json::from_value(made.published()).unwrap();
        let thumbprint = key.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).unwrap();
        assert_eq!(thumbprint, made.kid);
    }

    #[test]
    fn a_damaged_pair_is_refused_and_nothing_of_it_is_shown() {
        let (one, other) = (Pair::make().unwrap(), Pair::make().unwrap());
        let kept = one.kept(1, 1, None);
        for damaged in [
            KeptKey { private_key: String::new(), ..kept.clone() },
            KeptKey { private_key: kept.private_key[4..].to_owned(), ..kept.clone() },
            KeptKey { private_key: other.private_key.clone(), ..kept.clone() },
            KeptKey { alg: "RS256".to_owned(), ..kept.clone() },
        ] {
            let refusal = Pair::load(&damaged).err().map(|error| format!("{error:?}"));
            let refusal = refusal.unwrap();
            assert!(refusal.contains(&kept.kid), "{refusal}");
            assert!(!refusal.contains(&kept.private_key[..16]), "{refusal}");
        }
    }
}
