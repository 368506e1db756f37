//! What is kept and must be read again (signing keys, letters, the secrets of second factors) is
//! kept sealed: whoever has the database alone reads none of it. The key comes from the
//! application's own secret. AES-256-GCM (NIST SP 800-38D) with a random nonce; what the text is
//! for is bound to it, so that one sealed text cannot take another's place.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use mainstay_base::{Error, Result};
use mainstay_credentials::secret;

/// Seals and opens texts, and makes keyed hashes, with keys of one application.
pub struct Sealer {
    key: LessSafeKey,
    secret: hmac::Key,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(…)")
    }
}

impl Sealer {
    /// # Errors
    /// Never, unless the cryptography is broken.
    pub fn new(secret: &[u8]) -> Result<Self> {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = hmac::sign(&secret, b"mainstay sealed texts");
        let key = UnboundKey::new(&AES_256_GCM, derived.as_ref()).map_err(Error::internal)?;
        Ok(Self { key: LessSafeKey::new(key), secret })
    }

    /// `purpose` names table, column and row.
    ///
    /// # Errors
    /// Without randomness.
    pub fn seal(&self, purpose: &str, text: &str) -> Result<String> {
        let nonce = secret::random::<NONCE_LEN>()?;
        let mut sealed = text.as_bytes().to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(purpose.as_bytes()),
                &mut sealed,
            )
            .map_err(Error::internal)?;
        Ok(STANDARD_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// # Errors
    /// When it was sealed with another secret or for another purpose, or was changed.
    pub fn open(&self, purpose: &str, sealed: &str) -> Result<String> {
        let broken = || Error::internal(format!("what is sealed as {purpose} does not open"));
        let bytes = STANDARD_NO_PAD.decode(sealed).map_err(|_| broken())?;
        let (nonce, rest) = bytes.split_first_chunk::<NONCE_LEN>().ok_or_else(broken)?;
        let mut rest = rest.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let text = self.key.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut rest);
        let text = text.map_err(|_| broken())?;
        String::from_utf8(text.to_vec()).map_err(|_| broken())
    }

    /// A keyed hash of parts, as text: equal for equal parts, and of no use without the secret.
    #[must_use]
    pub fn hash(&self, purpose: &str, parts: &[&str]) -> String {
        let mut context = hmac::Context::with_key(&self.secret);
        for part in [purpose].iter().chain(parts) {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part.as_bytes());
        }
        STANDARD_NO_PAD.encode(context.sign())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_for_its_purpose_and_its_secret_only() {
        let sealer = Sealer::new(b"one secret of enough bytes for a test").unwrap();
        let sealed = sealer.seal("factors.secret 1", "Grüße").unwrap();
        assert!(!sealed.contains("Gr"));
        assert_eq!(sealer.open("factors.secret 1", &sealed).unwrap(), "Grüße");
        assert!(sealer.open("factors.secret 2", &sealed).is_err());
        let other = Sealer::new(b"another secret of enough bytes for it").unwrap();
        assert!(other.open("factors.secret 1", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(sealer.open("factors.secret 1", &changed).is_err(), "{at}");
        }
        assert_ne!(sealer.seal("a", "b").unwrap(), sealer.seal("a", "b").unwrap());
    }

    #[test]
    fn hashes_tell_parts_from_each_other() {
        let sealer = Sealer::new(b"one secret of enough bytes for a test").unwrap();
        assert_eq!(sealer.hash("p", &["ab", "c"]), sealer.hash("p", &["ab", "c"]));
        assert_ne!(sealer.hash("p", &["ab", "c"]), sealer.hash("p", &["a", "bc"]));
        assert_ne!(sealer.hash("p", &["ab", "c"]), sealer.hash("q", &["ab", "c"]));
    }
}
