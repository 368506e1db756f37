//! Keys that live in a device (WebAuthn Level 3): what a browser is asked (`options`), what it
//! answers (`answer`), and what an authenticator says in it (`device`, `key`). The two ceremonies
//! here are pure: the caller keeps challenges and credentials, and takes a challenge out of its
//! table before it comes here, so that no answer is judged twice.
//!
//! Written here because no library fits: `webauthn_rp` 0.3 brings a second stack of cryptography
//! and with it a package that advisories name (`rsa`), `webauthn-rs` is MPL and needs OpenSSL.
//! Attestation, the large part of the standard, is not asked for and not judged.

mod answer;
mod device;
mod key;
mod options;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

use std::fmt;

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mainstay_base::{Code, Error, Result};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

pub use answer::{Assertion, Attestation};
pub use options::Account;

use device::AuthenticatorData;
use key::PublicKey;

/// Random bytes of a challenge (the standard asks for at least 16).
const CHALLENGE_BYTES: usize = 32;

/// The application as authenticators know it.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    id: String,
    name: String,
    origins: Vec<String>,
}

/// What one ceremony must answer. Not to be copied: it is good for one answer. Its stored form is
/// base64url; when it was made is the caller's business, who ends it after five minutes.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub struct Challenge([u8; CHALLENGE_BYTES]);

/// What a passkey stands for, and so what is asked of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Use {
    /// Instead of a password: the device must verify its user, and say whose key it is.
    First,
    /// After another factor: possession is enough.
    Second,
}

/// A registered key, to be stored with its owner. Its id must be unique over all owners (7.1,
/// step 26): the caller's table refuses a second one.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Credential {
    /// base64url, up to 1,023 bytes.
    pub id: String,
    /// COSE_Key (RFC 9052) in base64url.
    pub public_key: String,
    /// Of the last use; 0 for devices that do not count.
    pub counter: u32,
    /// Whether the device verified its user when the key was made.
    pub user_verified: bool,
    /// Whether the key may be copied to other devices of its owner.
    pub backup_eligible: bool,
    /// Whether it has been.
    pub backed_up: bool,
    /// How the device is reached, as the browser said: a hint for the next question.
    pub transports: Vec<String>,
    /// The model of the device; zeros when it does not say.
    pub aaguid: uuid::Uuid,
}

/// What a use changes about the stored credential.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Used {
    /// To be stored before the next use is judged.
    pub counter: u32,
    pub backed_up: bool,
    /// Whether the device verified its user this time.
    pub user_verified: bool,
}

/// Why an answer was refused. For the log: callers of the API get one sentence for all of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refused {
    /// Not of the form of the standard, or larger than the bounds.
    Malformed,
    /// An answer to the other ceremony.
    Ceremony,
    /// Not our challenge, or an old one.
    Challenge,
    /// Made on another site, or inside one.
    Origin,
    /// Made for another relying party.
    RelyingParty,
    /// Nobody touched the device.
    Presence,
    /// The device did not verify its user, which was asked.
    Verification,
    /// A kind of key that was not offered, or no key.
    Key,
    /// Another credential than the one it is judged by.
    Credential,
    /// The credential of another user, or of nobody where somebody is needed.
    Owner,
    /// Not signed by this key.
    Signature,
    /// The counter did not grow: the key was copied, or the answer is an old one.
    Counter,
    /// Flags of backup that contradict each other or the registration.
    Backup,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the passkey was refused: {self:?}")
    }
}

impl std::error::Error for Refused {}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(…)")
    }
}

impl Challenge {
    /// A new one from the operating system's randomness.
    ///
    /// # Errors
    /// When the operating system gives none.
    pub fn make() -> Result<Self> {
        let mut bytes = [0; CHALLENGE_BYTES];
        rand::fill(&mut bytes).map_err(|_| Error::internal("no randomness"))?;
        Ok(Self(bytes))
    }

    /// What is stored and what the browser gets; `try_from` reads it.
    #[must_use]
    pub fn text(&self) -> String {
        encode(&self.0)
    }
}

impl Serialize for Challenge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl TryFrom<String> for Challenge {
    type Error = &'static str;

    fn try_from(stored: String) -> Result<Self, Self::Error> {
        let bytes = URL_SAFE_NO_PAD.decode(stored).ok();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or("not a challenge")
    }
}

impl RelyingParty {
    /// `id` is a domain; `origins` are those of its pages as browsers write them
    /// (`https://app.example.com`, no slash at the end), each on the domain or below it. Clear
    /// HTTP is for `localhost` only. Android apps have origins of their own form.
    ///
    /// # Errors
    /// When an origin does not fit, or there is none.
    pub fn new(id: &str, name: &str, origins: Vec<String>) -> Result<Self> {
        let strange = origins.iter().find(|origin| !belongs(origin, id));
        if let Some(origin) = strange {
            let message = format!("the origin {origin} does not belong to the domain {id}");
            return Err(Error::new(Code::Internal, message)
                .hint("Write it as browsers do: https://app.example.com, without a path."));
        }
        if origins.is_empty() || id.is_empty() {
            let message = "passkeys need a domain and at least one origin";
            return Err(Error::new(Code::Internal, message));
        }
        Ok(Self { id: id.to_owned(), name: name.to_owned(), origins })
    }

    /// Whether a client that names a relying party and origins (`rpId`, `rpOrigins`) means us.
    #[must_use]
    pub fn is(&self, id: &str, origins: &[String]) -> bool {
        self.id == id && origins.iter().all(|origin| self.origins.contains(origin))
    }

    /// The `publicKey` of `navigator.credentials.create`: a new key for `account`, not on a device
    /// that has one of `existing`.
    #[must_use]
    pub fn creation_options(
        &self,
        challenge: &Challenge,
        account: &Account<'_>,
        existing: &[Credential],
        wanted: Use,
    ) -> Value {
        options::creation(self, challenge, account, existing, wanted)
    }

    /// The `publicKey` of `navigator.credentials.get`. With `allowed` left empty the device offers
    /// the keys that it has: for sign-in without a name, which tells nobody who has an account.
    #[must_use]
    pub fn request_options(
        &self,
        challenge: &Challenge,
        allowed: &[Credential],
        wanted: Use,
    ) -> Value {
        options::request(self, challenge, allowed, wanted)
    }

    /// Judges the answer to `creation_options` (section 7.1).
    ///
    /// # Errors
    /// Why it is refused.
    #[allow(clippy::needless_pass_by_value)] // a challenge is good for one answer
    pub fn register(
        &self,
        answer: &Attestation,
        challenge: Challenge,
        wanted: Use,
    ) -> Result<Credential, Refused> {
        answer.client.judge("webauthn.create", &challenge.0, &self.origins)?;
        let bytes = device::attested(&answer.object)?;
        let data = AuthenticatorData::read(&bytes)?;
        self.judge(&data, wanted)?;
        let made = data.made.ok_or(Refused::Malformed)?;
        if made.id != answer.id {
            return Err(Refused::Credential);
        }
        PublicKey::read(made.key)?;
        Ok(Credential {
            id: encode(made.id),
            public_key: encode(made.key),
            counter: data.counter,
            user_verified: data.user_verified,
            backup_eligible: data.backup_eligible,
            backed_up: data.backed_up,
            transports: answer.transports.clone(),
            aaguid: made.aaguid,
        })
    }

    /// Judges the answer to `request_options` (section 7.2) by the credential that it names and the
    /// handle of its owner, both of which the caller has looked up.
    ///
    /// # Errors
    /// Why it is refused.
    #[allow(clippy::needless_pass_by_value)] // a challenge is good for one answer
    pub fn check(
        &self,
        answer: &Assertion,
        challenge: Challenge,
        credential: &Credential,
        owner: &[u8],
        wanted: Use,
    ) -> Result<Used, Refused> {
        if answer.credential_id() != credential.id {
            return Err(Refused::Credential);
        }
        match &answer.user_handle {
            Some(handle) if handle != owner => return Err(Refused::Owner),
            None if wanted == Use::First => return Err(Refused::Owner),
            _ => {}
        }
        answer.client.judge("webauthn.get", &challenge.0, &self.origins)?;
        let data = AuthenticatorData::read(&answer.data)?;
        if data.made.is_some() {
            return Err(Refused::Malformed);
        }
        self.judge(&data, wanted)?;
        if data.backup_eligible != credential.backup_eligible {
            return Err(Refused::Backup);
        }
        let key = URL_SAFE_NO_PAD.decode(&credential.public_key).map_err(|_| Refused::Key)?;
        let signed = [answer.data.as_slice(), &answer.client.hash].concat();
        PublicKey::read(&key)?.verify(&signed, &answer.signature)?;
        if (data.counter, credential.counter) != (0, 0) && data.counter <= credential.counter {
            return Err(Refused::Counter);
        }
        let AuthenticatorData { counter, backed_up, user_verified, .. } = data;
        Ok(Used { counter, backed_up, user_verified })
    }

    /// What both ceremonies ask of the authenticator.
    fn judge(&self, data: &AuthenticatorData<'_>, wanted: Use) -> Result<(), Refused> {
        if data.relying_party != digest::digest(&digest::SHA256, self.id.as_bytes()).as_ref() {
            return Err(Refused::RelyingParty);
        }
        if !data.user_present {
            return Err(Refused::Presence);
        }
        if wanted == Use::First && !data.user_verified {
            return Err(Refused::Verification);
        }
        if data.backed_up && !data.backup_eligible {
            return Err(Refused::Backup);
        }
        Ok(())
    }
}

/// Whether an origin is of the domain or below it, and safe from listeners.
fn belongs(origin: &str, id: &str) -> bool {
    if let Some(hash) = origin.strip_prefix("android:apk-key-hash:") {
        return !hash.is_empty();
    }
    let secure = origin.strip_prefix("https://");
    let Some(authority) = secure.or_else(|| origin.strip_prefix("http://")) else { return false };
    let (host, port) = authority.split_once(':').unwrap_or((authority, "1"));
    let own = host == id || host.strip_suffix(id).is_some_and(|front| front.ends_with('.'));
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    let local = host == "localhost" || host.ends_with(".localhost");
    own && host.chars().all(plain) && port.parse::<u16>().is_ok() && (secure.is_some() || local)
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
