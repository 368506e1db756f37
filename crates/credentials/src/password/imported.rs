//! Hashes that other servers made: bcrypt, scrypt and PBKDF2, read and computed. All of them are
//! replaced by ours at the next sign-in; none is ever made here.

use std::num::NonZeroU32;
use std::str::FromStr;

use argon2::password_hash::phc::PasswordHash;
use aws_lc_rs::pbkdf2;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mainstay_base::{Error, Result};

use super::stored::{HASH_BYTES, parameters};
use crate::secret::same;

/// A number as these forms write it: digits only, no sign, no zero before it.
pub(super) fn number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    if plain { text.parse().ok() } else { None }
}

/// `$2a$`, `$2b$` and `$2y$`, which differ in bugs of their makers that are long mended. `$2x$`
/// marks a hash that was made with one of them, and is not taken.
pub(super) struct Bcrypt {
    text: String,
    pub cost: u32,
}

impl Bcrypt {
    pub fn parse(text: &str) -> Option<Self> {
        if !["$2a$", "$2b$", "$2y$"].iter().any(|known| text.starts_with(known)) {
            return None;
        }
        let cost = bcrypt::HashParts::from_str(text).ok()?.get_cost();
        Some(Self { text: text.to_owned(), cost })
    }

    /// bcrypt sees 72 bytes and no more, so neither is more compared: refusing longer passwords
    /// would lock their owners out. The hash that replaces this one covers all of it. A zero byte
    /// ends a password for some makers and repeats it for others: with one in it nothing is proved.
    pub fn proves(&self, password: &[u8]) -> Result<bool> {
        let right = bcrypt::verify(password, &self.text);
        let right = right.map_err(|error| Error::internal(error.to_string()))?;
        Ok(right && !password.contains(&0))
    }
}

/// Parameters of scrypt. Source: RFC 7914.
#[derive(Clone, Copy)]
pub(super) struct ScryptCost {
    /// Of N, to the base of two.
    pub log_n: u32,
    pub r: u32,
    pub p: u32,
}

impl ScryptCost {
    /// Memory in KiB; nothing when it is beyond all counting.
    pub fn memory_kib(self) -> Option<u64> {
        let n = 1_u64.checked_shl(self.log_n).filter(|_| self.log_n < 40)?;
        n.checked_mul(u64::from(self.r)).map(|blocks| blocks / 8)
    }

    pub fn work_kib(self) -> Option<u64> {
        self.memory_kib()?.checked_mul(u64::from(self.p))
    }

    pub fn derive(self, password: &[u8], salt: &[u8], bytes: usize) -> Result<Vec<u8>> {
        let log_n = u8::try_from(self.log_n).map_err(Error::internal)?;
        let params = scrypt::Params::new(log_n, self.r, self.p).map_err(Error::internal)?;
        let mut key = vec![0; bytes];
        scrypt::scrypt(password, salt, &params, &mut key).map_err(Error::internal)?;
        Ok(key)
    }
}

/// `$scrypt$ln=16,r=8,p=1$<salt>$<hash>`.
pub(super) struct Scrypt {
    pub cost: ScryptCost,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Scrypt {
    pub fn parse(phc: &PasswordHash) -> Option<Self> {
        let [log_n, r, p] = parameters(phc, ["ln", "r", "p"])?;
        if phc.version.is_some() {
            return None;
        }
        let (salt, hash) = (phc.salt?, phc.hash?);
        let cost = ScryptCost { log_n, r, p };
        Some(Self { cost, salt: salt.to_vec(), hash: hash.as_bytes().to_vec() })
    }

    pub fn proves(&self, password: &[u8]) -> Result<bool> {
        Ok(same(&self.cost.derive(password, &self.salt, self.hash.len())?, &self.hash))
    }
}

/// PBKDF2 with HMAC-SHA-256, from a PHC string or from Django. Source: RFC 8018, section 5.2.
pub(super) struct Pbkdf2 {
    pub rounds: NonZeroU32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Pbkdf2 {
    /// `$pbkdf2-sha256$i=600000$<salt>$<hash>`, with or without `l`, the bytes of the hash.
    pub fn parse(phc: &PasswordHash) -> Option<Self> {
        let (salt, hash) = (phc.salt?, phc.hash?);
        let rounds = match parameters(phc, ["i", "l"]) {
            Some([rounds, bytes]) => {
                (usize::try_from(bytes) == Ok(hash.as_bytes().len())).then_some(rounds)?
            }
            None => parameters(phc, ["i"])?[0],
        };
        if phc.version.is_some() {
            return None;
        }
        let rounds = NonZeroU32::new(rounds)?;
        Some(Self { rounds, salt: salt.to_vec(), hash: hash.as_bytes().to_vec() })
    }

    /// `pbkdf2_sha256$260000$<salt>$<hash>`: the salt is taken as it is written.
    pub fn django(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("pbkdf2_sha256$")?.split('$');
        let (rounds, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
        let rounds = NonZeroU32::new(number(rounds)?)?;
        let hash = STANDARD.decode(hash).ok().filter(|hash| HASH_BYTES.contains(&hash.len()))?;
        if parts.next().is_some() || salt.is_empty() {
            return None;
        }
        Some(Self { rounds, salt: salt.as_bytes().to_vec(), hash })
    }

    #[must_use]
    pub fn proves(&self, password: &[u8]) -> bool {
        let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::verify(algorithm, self.rounds, &self.salt, password, &self.hash).is_ok()
    }
}
