//! Firebase's own scrypt, in the form in which GoTrue takes it over: scrypt gives a key, by which
//! the project's signer key is encrypted, and that is the hash. Source: github.com/firebase/scrypt.

use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mainstay_base::{Error, Result};

use super::imported::{ScryptCost, number};

/// Bytes of a signer key: Firebase's have 64.
const SIGNER_BYTES: std::ops::RangeInclusive<usize> = 32..=128;

pub(super) struct Firebase {
    pub cost: ScryptCost,
    /// The account's salt with the project's separator behind it.
    salt: Vec<u8>,
    signer: Vec<u8>,
    hash: Vec<u8>,
}

impl Firebase {
    /// Reads `$fbscrypt$v=1,n=14,r=8,p=1,ss=<separator>,sk=<signer key>$<salt>$<hash>`, all in
    /// base64 with padding.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("$fbscrypt$")?.split('$');
        let (settings, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let mut settings = settings.split(',').map(|setting| setting.split_once('='));
        let mut next = |name: &str| {
            settings.next().flatten().filter(|(found, _)| *found == name).map(|(_, value)| value)
        };
        if next("v")? != "1" {
            return None;
        }
        let (log_n, r, p) = (number(next("n")?)?, number(next("r")?)?, next("p")?);
        let (separator, signer) = (STANDARD.decode(next("ss")?), STANDARD.decode(next("sk")?));
        if parts.next().is_some() || next("").is_some() || p != "1" {
            return None;
        }
        let mut salt = STANDARD.decode(salt).ok().filter(|salt| !salt.is_empty())?;
        salt.extend(separator.ok()?);
        let signer = signer.ok().filter(|key| SIGNER_BYTES.contains(&key.len()))?;
        let hash = STANDARD.decode(hash).ok().filter(|hash| hash.len() == signer.len())?;
        Some(Self { cost: ScryptCost { log_n, r, p: 1 }, salt, signer, hash })
    }

    pub fn proves(&self, password: &[u8]) -> Result<bool> {
        let key = self.cost.derive(password, &self.salt, 32)?;
        let key = UnboundCipherKey::new(&AES_256, &key).map_err(Error::internal)?;
        let cipher = EncryptingKey::ctr(key).map_err(Error::internal)?;
        let mut made = self.signer.clone();
        let start = EncryptionContext::Iv128(FixedLength::from([0; 16]));
        cipher.less_safe_encrypt(&mut made, start).map_err(Error::internal)?;
        Ok(crate::secret::same(&made, &self.hash))
    }
}
