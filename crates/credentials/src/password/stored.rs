//! A stored hash: what it was made with, whether it costs more than anybody may ask for, and what
//! it proves. Read from the database at each sign-in, and from administrators who bring accounts.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Version};
use mainstay_base::{Code, Error, Result};

use super::cost::{self, Arena, Cost};
use super::firebase::Firebase;
use super::imported::{Bcrypt, Pbkdf2, Scrypt};
use crate::limits::{
    BCRYPT_COST, PASSWORD_MEMORY_KIB, PASSWORD_WORK_KIB, PBKDF2_ROUNDS, SCRYPT_WORK_KIB,
};
use crate::secret::same;

/// Bytes of a hash that is believed: a shorter one could be met by chance.
pub(super) const HASH_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// Longer than any of the forms.
const TEXT_BYTES: usize = 512;

/// A hash of one of the accepted forms, with a cost within its bounds:
///
/// | form | bound |
/// | --- | --- |
/// | `$argon2id$` `$argon2i$` `$argon2d$` (PHC) | 256 MiB; memory times passes 1 GiB |
/// | `$2a$` `$2b$` `$2y$` (bcrypt) | cost 4 to 14 |
/// | `$scrypt$` (PHC), `$fbscrypt$` (Firebase, as GoTrue writes it) | 256 MiB of work |
/// | `$pbkdf2-sha256$` (PHC), `pbkdf2_sha256$` (Django) | 1,000 to 2,000,000 rounds |
///
/// Each bound is near one second of one core.
pub struct Stored(Form);

enum Form {
    Argon2(Argon2),
    Bcrypt(Bcrypt),
    Scrypt(Scrypt),
    Firebase(Firebase),
    Pbkdf2(Pbkdf2),
}

struct Argon2 {
    algorithm: Algorithm,
    version: Version,
    cost: Cost,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stored(…)")
    }
}

impl Stored {
    /// Reads a hash. Nothing is computed.
    ///
    /// # Errors
    /// `bad_request` for an unknown form, and for one that would cost too much to check. The words
    /// are for an administrator and hold nothing of the hash.
    pub fn parse(text: &str) -> Result<Self> {
        let unknown =
            || Error::new(Code::BadRequest, "The password hash is of no form that is accepted");
        if text.len() > TEXT_BYTES {
            return Err(unknown());
        }
        let form = Form::parse(text).ok_or_else(unknown)?;
        if !form.is_bounded() {
            let message = "The password hash costs too much to check, or too little to protect";
            return Err(Error::new(Code::BadRequest, message));
        }
        Ok(Self(form))
    }

    /// Whether a sign-in with the right password shall replace it: it is of another algorithm, or
    /// weaker than what is made now.
    #[must_use]
    pub(super) fn is_old(&self, now: Cost) -> bool {
        let Form::Argon2(argon2) = &self.0 else { return true };
        let cost = argon2.cost;
        argon2.algorithm != Algorithm::Argon2id
            || argon2.version != Version::V0x13
            || cost.memory_kib < now.memory_kib
            || cost.passes < now.passes
            || argon2.hash.len() < cost::HASH_BYTES
    }

    /// Whether it costs less than one of ours, so that the time would tell it from no account.
    #[must_use]
    pub(super) fn is_cheaper(&self, now: Cost) -> bool {
        self.0.micros() < Form::argon2_micros(now)
    }

    pub(super) fn proves(&self, password: &str, arena: &mut Arena) -> Result<bool> {
        let password = password.as_bytes();
        match &self.0 {
            Form::Argon2(argon2) => argon2.proves(password, arena),
            Form::Bcrypt(bcrypt) => bcrypt.proves(password),
            Form::Scrypt(scrypt) => scrypt.proves(password),
            Form::Firebase(firebase) => firebase.proves(password),
            Form::Pbkdf2(pbkdf2) => Ok(pbkdf2.proves(password)),
        }
    }
}

impl Form {
    fn parse(text: &str) -> Option<Self> {
        if text.starts_with("$2") {
            return Bcrypt::parse(text).map(Self::Bcrypt);
        }
        if text.starts_with("$fbscrypt$") {
            return Firebase::parse(text).map(Self::Firebase);
        }
        if text.starts_with("pbkdf2_sha256$") {
            return Pbkdf2::django(text).map(Self::Pbkdf2);
        }
        let phc = PasswordHash::new(text).ok()?;
        if !HASH_BYTES.contains(&phc.hash.as_ref()?.as_bytes().len()) {
            return None;
        }
        match phc.algorithm.as_str() {
            "argon2id" => Argon2::parse(&phc, Algorithm::Argon2id).map(Self::Argon2),
            "argon2i" => Argon2::parse(&phc, Algorithm::Argon2i).map(Self::Argon2),
            "argon2d" => Argon2::parse(&phc, Algorithm::Argon2d).map(Self::Argon2),
            "scrypt" => Scrypt::parse(&phc).map(Self::Scrypt),
            "pbkdf2-sha256" => Pbkdf2::parse(&phc).map(Self::Pbkdf2),
            _ => None,
        }
    }

    /// Judged before anything is computed or allocated.
    fn is_bounded(&self) -> bool {
        let scrypt = |cost: super::imported::ScryptCost| {
            cost.log_n > 0 && cost.work_kib().is_some_and(|work| work <= SCRYPT_WORK_KIB)
        };
        match self {
            Self::Argon2(Argon2 { cost, .. }) => {
                cost.memory_kib <= PASSWORD_MEMORY_KIB && cost.work_kib() <= PASSWORD_WORK_KIB
            }
            Self::Bcrypt(bcrypt) => BCRYPT_COST.contains(&bcrypt.cost),
            Self::Scrypt(form) => scrypt(form.cost),
            Self::Firebase(form) => scrypt(form.cost),
            Self::Pbkdf2(form) => PBKDF2_ROUNDS.contains(&form.rounds.get()),
        }
    }

    /// About how long it takes, from what was measured on one core of a server of 2026. Only the
    /// order counts: see `is_cheaper`.
    fn micros(&self) -> u64 {
        let scrypt = |cost: super::imported::ScryptCost| cost.work_kib().unwrap_or(0) * 5 / 4;
        match self {
            Self::Argon2(argon2) => Self::argon2_micros(argon2.cost),
            Self::Bcrypt(bcrypt) => 57 << bcrypt.cost,
            Self::Scrypt(form) => scrypt(form.cost),
            Self::Firebase(form) => scrypt(form.cost),
            Self::Pbkdf2(form) => u64::from(form.rounds.get()) / 11,
        }
    }

    fn argon2_micros(cost: Cost) -> u64 {
        cost.work_kib() * 3 / 10
    }
}

impl Argon2 {
    fn parse(phc: &PasswordHash, algorithm: Algorithm) -> Option<Self> {
        // A key identifier or associated data would change the hash, and nobody would give them.
        let [memory_kib, passes, lanes] = parameters(phc, ["m", "t", "p"])?;
        let version = match phc.version? {
            16 => Version::V0x10,
            19 => Version::V0x13,
            _ => return None,
        };
        argon2::Params::new(memory_kib, passes, lanes, None).ok()?;
        let cost = Cost { memory_kib, passes, lanes };
        let (salt, hash) = (phc.salt?, phc.hash?);
        let (salt, hash) = (salt.to_vec(), hash.as_bytes().to_vec());
        Some(Self { algorithm, version, cost, salt, hash })
    }

    fn proves(&self, password: &[u8], arena: &mut Arena) -> Result<bool> {
        let kind = (self.algorithm, self.version);
        let made = arena.argon2(kind, self.cost, password, &self.salt, self.hash.len())?;
        Ok(same(&made, &self.hash))
    }
}

/// The parameters of a PHC string: these, in this order, and no others.
pub(super) fn parameters<const N: usize>(phc: &PasswordHash, names: [&str; N]) -> Option<[u32; N]> {
    let mut given = phc.params.iter();
    let mut values = [0; N];
    for (name, value) in names.iter().zip(&mut values) {
        let (found, text) = given.next()?;
        if found.as_str() != *name {
            return None;
        }
        *value = text.decimal().ok()?;
    }
    given.next().is_none().then_some(values)
}

#[cfg(test)]
mod tests;
