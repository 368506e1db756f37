//! Proofs of an address: a link and a code that stand in one letter. Whoever brings one of them
//! back holds the address; then both are spent. Of the link a digest is kept, of the code a keyed
//! hash together with the address, and a code is heard a few times only.

use mainstay_base::{Code, Error, Result};
use mainstay_credentials::secret;
use uuid::Uuid;

use super::Config;
use crate::accounts::Page;
use crate::accounts::record::{Field, Moment};
use crate::accounts::rows::{Proof, User};
use crate::limits::CODE_TRIES;
use crate::sealer::Sealer;

/// What a proof is for; each user has at most one of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    SignUp,
    Invite,
    MagicLink,
    Recovery,
    EmailChangeCurrent,
    EmailChangeNew,
    Reauthentication,
}

impl Purpose {
    const ALL: [Self; 7] = [
        Self::SignUp,
        Self::Invite,
        Self::MagicLink,
        Self::Recovery,
        Self::EmailChangeCurrent,
        Self::EmailChangeNew,
        Self::Reauthentication,
    ];

    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SignUp => "signup",
            Self::Invite => "invite",
            Self::MagicLink => "magiclink",
            Self::Recovery => "recovery",
            Self::EmailChangeCurrent => "email_change_current",
            Self::EmailChangeNew => "email_change_new",
            Self::Reauthentication => "reauthentication",
        }
    }

    /// The dialect's `type`.
    #[must_use]
    pub fn verified_as(self) -> &'static str {
        match self {
            Self::EmailChangeCurrent | Self::EmailChangeNew => "email_change",
            other => other.name(),
        }
    }

    /// The method of a session that begins with it, once it was exchanged by PKCE.
    #[must_use]
    pub fn method(self) -> &'static str {
        match self {
            Self::SignUp => "email/signup",
            Self::EmailChangeCurrent | Self::EmailChangeNew => "email_change",
            other => other.name(),
        }
    }

    #[must_use]
    pub fn of(proof: &Proof) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == proof.kind)
    }

    /// What a `type` of the dialect may stand for.
    ///
    /// # Errors
    /// `validation_failed` for another word.
    pub fn meant_here(kind: &str) -> Result<&'static [Self]> {
        match kind {
            "signup" => Ok(&[Self::SignUp, Self::MagicLink]),
            "invite" => Ok(&[Self::Invite]),
            "magiclink" => Ok(&[Self::MagicLink]),
            "recovery" => Ok(&[Self::Recovery]),
            "email" => Ok(&[Self::MagicLink, Self::SignUp, Self::Invite, Self::Recovery]),
            "email_change" => Ok(&[Self::EmailChangeCurrent, Self::EmailChangeNew]),
            _ => Err(Error::new(Code::ValidationFailed, "Unsupported verification type")
                .hint("Write signup, invite, magiclink, recovery, email or email_change.")),
        }
    }
}

/// A proof, and what of it stands in the letter only.
#[derive(Clone, Debug)]
pub struct Made {
    pub proof: Proof,
    pub link: String,
    pub code: String,
}

/// What a new proof is about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    pub purpose: Purpose,
    pub user: &'a User,
    pub address: &'a str,
    /// The flow that a browser began, when it will come back with a code of it.
    pub flow: Option<&'a str>,
}

/// A new proof. Nothing is kept yet.
///
/// # Errors
/// Without randomness.
pub fn make(about: &About<'_>, config: &Config, sealer: &Sealer, now: Moment) -> Result<Made> {
    let mark = if about.flow.is_some() { "pkce_" } else { "" };
    let link = format!("{mark}{}", secret::token()?);
    let code = secret::code(config.code_digits)?;
    let proof = Proof {
        id: Uuid::new_v4().to_string(),
        user: about.user.id.clone(),
        kind: about.purpose.name().to_owned(),
        address: about.address.to_owned(),
        link: digest(&link),
        code: hash(sealer, about.purpose, about.address, &code),
        tries: 0,
        flow: about.flow.map(ToOwned::to_owned),
        created_at: now,
        ends_at: now.after(config.proof_life),
    };
    Ok(Made { proof, link, code })
}

/// SHA-256 of what stands in a link.
#[must_use]
pub fn digest(link: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(secret::digest(&[link]))
}

fn hash(sealer: &Sealer, purpose: Purpose, address: &str, code: &str) -> String {
    sealer.hash("proofs.code", &[purpose.name(), address, code])
}

impl Page<'_, '_> {
    /// Keeps a proof in place of an earlier one of its kind.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep_proof(&mut self, proof: &Proof) -> Result<()> {
        self.drop_proof(&proof.user, &proof.kind)?;
        self.put(proof)
    }

    /// Forgets the proof of this kind.
    ///
    /// # Errors
    /// When the store fails.
    pub fn drop_proof(&mut self, user: &str, kind: &str) -> Result<()> {
        let values = [user.to_owned().value(), kind.to_owned().value()];
        for old in self.find::<Proof>("user,kind", &values)? {
            self.remove::<Proof>("id", &old.id)?;
        }
        Ok(())
    }

    /// Takes the proof whose link this is: it is gone now.
    ///
    /// # Errors
    /// When the store fails.
    pub fn take_link(
        &mut self,
        link: &str,
        meant: &[Purpose],
        now: Moment,
    ) -> Result<Option<Proof>> {
        let Some(proof) = self.one::<Proof>("link", &digest(link))? else { return Ok(None) };
        let fits = Purpose::of(&proof).is_some_and(|purpose| meant.contains(&purpose));
        if !fits || proof.ends_at <= now {
            return Ok(None);
        }
        self.remove::<Proof>("id", &proof.id)?;
        Ok(Some(proof))
    }

    /// Takes the proof of an address whose code this is. A wrong code counts against every proof
    /// that it may have been meant for; after `CODE_TRIES` of them only the link is left.
    ///
    /// # Errors
    /// When the store fails.
    pub fn take_code(
        &mut self,
        address: &str,
        code: &str,
        meant: &[Purpose],
        now: Moment,
    ) -> Result<Option<Proof>> {
        let mut missed = Vec::new();
        for purpose in meant {
            let wanted = hash(self.sealer(), *purpose, address, code);
            let values = [address.to_owned().value(), purpose.name().to_owned().value()];
            for proof in self.find::<Proof>("address,kind", &values)? {
                let open = proof.ends_at > now && proof.tries < CODE_TRIES;
                if open && secret::same(wanted.as_bytes(), proof.code.as_bytes()) {
                    self.remove::<Proof>("id", &proof.id)?;
                    return Ok(Some(proof));
                }
                missed.push(proof);
            }
        }
        for proof in missed {
            self.put(&Proof { tries: proof.tries + 1, ..proof })?;
        }
        Ok(None)
    }
}

/// The one refusal for all that is wrong with a link or a code.
#[must_use]
pub fn refused() -> Error {
    Error::new(Code::OtpExpired, "Token has expired or is invalid")
}
