//! `POST /factors/{id}/challenge`: a question to a factor, good for one right answer from the place
//! that asked for it, within five minutes. Passkeys are asked by the same questions.

use mainstay_base::{Code, Error, Result};
use mainstay_credentials::factor::passkey::{self, Use};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::{Auth, tries};
use super::{Asker, DEVICE, RECOVERY, Seen, TOTP, device, id};
use crate::accounts::Page;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Challenge, Factor};
use crate::limits::{CHALLENGE_SECONDS, CHALLENGE_TRIES};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Question {
    Code,
    /// A device makes a key, or proves one, after a password.
    Create,
    Request,
    /// The same instead of a password.
    CreatePasskey,
    RequestPasskey,
}

impl Question {
    /// As it is kept.
    pub fn name(self) -> &'static str {
        match self {
            Self::Code => TOTP,
            Self::Create => "webauthn.create",
            Self::Request => "webauthn.request",
            Self::CreatePasskey => "passkey.create",
            Self::RequestPasskey => "passkey.request",
        }
    }

    /// What the factor is asked next.
    pub fn to(factor: &Factor) -> Self {
        match (factor.kind.as_str(), factor.verified) {
            (DEVICE, true) => Self::Request,
            (DEVICE, false) => Self::Create,
            _ => Self::Code,
        }
    }
}

/// Of whom something is asked, and from where.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct About {
    pub user: Option<String>,
    pub factor: Option<String>,
    pub place: Option<String>,
}

fn state_purpose(challenge: &str) -> String {
    format!("challenges.state {challenge}")
}

impl Page<'_, '_> {
    /// Asks; `state` is what a device must answer.
    ///
    /// # Errors
    /// When the store fails.
    pub(in super::super) fn ask(
        &mut self,
        question: Question,
        about: &About,
        state: &str,
        now: Moment,
    ) -> Result<Challenge> {
        let id = Uuid::new_v4().to_string();
        let challenge = Challenge {
            state: self.sealer().seal(&state_purpose(&id), state)?,
            id,
            user: about.user.clone(),
            factor: about.factor.clone(),
            kind: question.name().to_owned(),
            tries: 0,
            address: about.place.clone(),
            created_at: now,
            ends_at: now.after(CHALLENGE_SECONDS),
        };
        self.put(&challenge)?;
        Ok(challenge)
    }

    /// The question of this id, if it was asked so; none when it is too old.
    ///
    /// # Errors
    /// When the store fails.
    pub(in super::super) fn asked(
        &mut self,
        id: &str,
        question: Question,
        about: &About,
    ) -> Result<Option<Challenge>> {
        let found = self.one::<Challenge>("id", id)?;
        Ok(found.filter(|it| {
            it.kind == question.name() && it.user == about.user && it.factor == about.factor
        }))
    }

    /// Takes the question out, so that it is answered once, and gives what it kept.
    ///
    /// # Errors
    /// When the store fails, or the application's secret is another one since.
    pub(in super::super) fn take(&mut self, challenge: &Challenge) -> Result<String> {
        self.remove::<Challenge>("id", &challenge.id)?;
        self.sealer().open(&state_purpose(&challenge.id), &challenge.state)
    }
}

/// The question to a second factor that a client names, if it may be answered now and from here.
///
/// # Errors
/// `mfa_factor_not_found`, `mfa_challenge_expired`, `mfa_ip_address_mismatch`.
pub(super) fn open(
    page: &mut Page<'_, '_>,
    id: &str,
    question: Question,
    about: &About,
    now: Moment,
) -> Result<Challenge> {
    let Some(challenge) = page.asked(id, question, about)? else {
        let message = "MFA factor with the provided challenge ID not found";
        return Err(Error::new(Code::FactorUnknown, message));
    };
    if challenge.ends_at <= now || challenge.tries >= CHALLENGE_TRIES {
        let message = format!(
            "MFA challenge {id} has expired, verify against another challenge or create a new \
             challenge."
        );
        return Err(Error::new(Code::ChallengeExpired, message));
    }
    if challenge.address != about.place {
        let message = "Challenge and verify IP addresses mismatch.";
        return Err(Error::new(Code::ChallengePlaceWrong, message));
    }
    Ok(challenge)
}

pub(super) async fn answer(auth: &Auth, asked: &Asked, asker: Asker) -> Result<Answer> {
    let (now, factor, place) = (auth.now(), id(asked.id())?, asked.origin.place());
    let party = auth.config.relying_party().ok();
    if let (Some(party), Some(said)) = (&party, asked.value("webauthn")) {
        device::must_be_ours(party, said)?;
    }
    let pace = tries::challenge(auth, &asker.user.id);
    let work = move |page: &mut Page<'_, '_>| {
        if let Some(wait) = page.count_all(&pace, now)? {
            return Err(tries::too_many_questions(wait));
        }
        let seen = asker.seen(page)?;
        let factor = seen.second(&factor)?;
        let question = Question::to(&factor);
        let (state, options) = match (question, factor.kind.as_str(), &party) {
            (_, RECOVERY, _) => {
                let message = "Recovery codes are not asked for";
                let hint = "Send one to /factors/recovery-codes/verify.";
                return Err(Error::new(Code::ValidationFailed, message).hint(hint));
            }
            (Question::Code, _, _) => (String::new(), None),
            (_, _, Some(party)) => {
                let challenge = passkey::Challenge::make()?;
                let options = options(page, party, &challenge, &seen, &factor)?;
                (challenge.text(), Some(options))
            }
            (_, _, None) => {
                let message = "MFA verification is disabled for WebAuthn";
                return Err(Error::new(Code::DeviceVerifyDisabled, message));
            }
        };
        let (user, of) = (Some(seen.user.id), Some(factor.id.clone()));
        let about = About { user, factor: of, place: Some(place.clone()) };
        let challenge = page.ask(question, &about, &state, now)?;
        let body = body(&challenge, &factor, options);
        page.put(&Factor { last_challenged_at: Some(now), ..factor })?;
        Ok(body)
    };
    Ok(Answer::json(200, auth.book.write(work).await?))
}

/// What a browser gives its device.
fn options(
    page: &Page<'_, '_>,
    party: &passkey::RelyingParty,
    challenge: &passkey::Challenge,
    seen: &Seen,
    factor: &Factor,
) -> Result<Json> {
    if factor.verified {
        let credential = device::credential(page.sealer(), factor)?;
        let options = party.request_options(challenge, &[credential], Use::Second);
        return Ok(json!({ "type": "request", "credential_options": { "publicKey": options } }));
    }
    let handle = device::handle(&seen.user.id)?;
    let known = device::credentials(page.sealer(), &seen.factors)?;
    let account = device::shown(&seen.user, &handle);
    let options = party.creation_options(challenge, &account, &known, Use::Second);
    Ok(json!({ "type": "create", "credential_options": { "publicKey": options } }))
}

fn body(challenge: &Challenge, factor: &Factor, options: Option<Json>) -> Json {
    let mut body = json!({
        "id": challenge.id,
        "type": factor.kind,
        "expires_at": challenge.ends_at.seconds(),
    });
    if let Some(options) = options {
        body["webauthn"] = options;
    }
    body
}
