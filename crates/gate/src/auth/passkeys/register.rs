//! `POST /passkeys/registration/options` and `/verify`: a device makes a key for an account.

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_credentials::factor::passkey::{
    Attestation, Challenge as Random, Credential, Refused, RelyingParty, Use,
};
use serde_json::json;
use uuid::Uuid;

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::factors::challenge::{About, Question};
use super::super::factors::{self, Asker, PASSKEY, Seen, device, failed, kept, tell};
use super::super::{Auth, tries};
use super::{challenge_id, credential, shown};
use crate::accounts::Page;
use crate::accounts::journal::Deed;
use crate::accounts::record::Moment;
use crate::accounts::rows::Factor;
use crate::limits::FACTORS;

/// Whether the account may have one more, as this session asks.
fn may_have(seen: &Seen) -> Result<()> {
    seen.may_add("register a passkey")?;
    match seen.factors.iter().filter(|factor| !factor.is_second()).count() >= FACTORS {
        true => Err(Error::new(Code::PasskeysTooMany, "Maximum number of passkeys reached")),
        false => Ok(()),
    }
}

pub(super) async fn begun(auth: &Auth, asker: Asker, party: RelyingParty) -> Result<Answer> {
    let (now, pace) = (auth.now(), tries::challenge(auth, &asker.user.id));
    let work = move |page: &mut Page<'_, '_>| {
        if let Some(wait) = page.count_all(&pace, now)? {
            return Err(tries::too_many_questions(wait));
        }
        let seen = asker.seen(page)?;
        may_have(&seen)?;
        let (random, handle) = (Random::make()?, device::handle(&seen.user.id)?);
        let known = device::credentials(page.sealer(), &seen.factors)?;
        let account = device::shown(&seen.user, &handle);
        let options = party.creation_options(&random, &account, &known, Use::First);
        let about = About { user: Some(seen.user.id.clone()), ..About::default() };
        let asked = page.ask(Question::CreatePasskey, &about, &random.text(), now)?;
        let expires_at = asked.ends_at.seconds();
        Ok(json!({ "challenge_id": asked.id, "options": options, "expires_at": expires_at }))
    };
    Ok(Answer::json(200, auth.book.write(work).await?))
}

pub(super) async fn added(
    auth: &Auth,
    asked: &Asked,
    asker: Asker,
    party: RelyingParty,
) -> Result<Answer> {
    let (id, answer, now) = (challenge_id(asked)?, credential(asked)?, auth.now());
    let name = factors::name(asked)?;
    let pace = tries::challenge(auth, &asker.user.id);
    let note = asker.note(asked, Deed::FactorAdded);
    let letters = Arc::clone(&auth.letters);
    let work = move |page: &mut Page<'_, '_>| {
        let seen = asker.seen(page)?;
        may_have(&seen)?;
        let made = registered(page, &seen, &party, (&id, &answer), now);
        let made = made.and_then(|made| keep(page, &seen, &made, name.clone(), now));
        match &made {
            Ok(passkey) => {
                for (what, pace) in &pace {
                    page.uncount(what, pace, now)?;
                }
                let about = (&seen.user, passkey);
                tell(page, &letters, &note, Deed::FactorAdded, about, now)?;
            }
            Err(error) => page.note(failed(&note, Deed::FactorFailed, error), now)?,
        }
        kept(made)
    };
    let passkey = auth.book.write(work).await??;
    Ok(Answer::json(200, shown(&passkey)))
}

/// The credential that the device has made. The challenge is gone before its answer is looked at.
fn registered(
    page: &mut Page<'_, '_>,
    seen: &Seen,
    party: &RelyingParty,
    (id, answer): (&str, &serde_json::Value),
    now: Moment,
) -> Result<Credential> {
    let about = About { user: Some(seen.user.id.clone()), ..About::default() };
    let random = taken(page, id, Question::CreatePasskey, &about, now)?;
    let made = Attestation::read(answer).and_then(|it| party.register(&it, random, Use::First));
    made.map_err(refused)
}

/// What a challenge asked; it is gone now.
///
/// # Errors
/// `webauthn_challenge_not_found`, `webauthn_challenge_expired`.
pub(super) fn taken(
    page: &mut Page<'_, '_>,
    id: &str,
    question: Question,
    about: &About,
    now: Moment,
) -> Result<Random> {
    let Some(asked) = page.asked(id, question, about)? else {
        let message = "There is no such challenge, or it was answered";
        return Err(Error::new(Code::PasskeyChallengeUnknown, message));
    };
    let state = page.take(&asked)?;
    match asked.ends_at > now {
        true => device::question(state),
        false => {
            Err(Error::new(Code::PasskeyChallengeExpired, "The challenge was answered too late"))
        }
    }
}

/// One sentence for everything that a device can have wrong; the journal says what it was.
pub(super) fn refused(why: Refused) -> Error {
    Error::new(Code::PasskeyRefused, "The answer of the device is not accepted").caused_by(why)
}

fn keep(
    page: &mut Page<'_, '_>,
    seen: &Seen,
    made: &Credential,
    name: Option<String>,
    now: Moment,
) -> Result<Factor> {
    let passkey = Factor {
        id: Uuid::new_v4().to_string(),
        user: seen.user.id.clone(),
        kind: PASSKEY.to_owned(),
        verified: true,
        name,
        secret: String::new(),
        credential: None,
        step: None,
        last_challenged_at: None,
        created_at: now,
        updated_at: now,
    };
    let passkey = device::with_credential(page.sealer(), passkey, made)?;
    match page.offer(&passkey)? {
        true => Ok(passkey),
        false => Err(Error::new(Code::PasskeyExists, "The device's key is registered already")),
    }
}
