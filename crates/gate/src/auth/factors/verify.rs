//! `POST /factors/{id}/verify`: an answer to a question. Whoever gives the right one has the
//! session raised. Tries are counted before anything is compared; a question is taken out before a
//! device's answer to it is judged, and the step of a code is kept with the session that it raises,
//! all in one transaction: of fifty equal answers one is right.

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_credentials::factor::passkey::{Assertion, Attestation, Refused, RelyingParty, Use};
use mainstay_credentials::factor::totp;
use mainstay_schema::Value;
use serde_json::Value as Json;
use uuid::Uuid;

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::letters::Letters;
use super::super::{Auth, tries};
use super::challenge::{About, Question, open};
use super::{
    Asker, DEVICE, RECOVERY, Seen, TOTP, device, failed, id, kept, recovery, secret_purpose,
};
use super::{step_up, tell};
use crate::accounts::Page;
use crate::accounts::journal::{Deed, Note};
use crate::accounts::record::Moment;
use crate::accounts::rows::{Challenge, Factor, Session, User};
use crate::limits::CHALLENGE_TRIES;

/// What is brought to prove a factor.
#[derive(Clone)]
enum Brought {
    Code(String),
    Recovery(String),
    Device { kind: String, answer: Json },
}

/// The factor and the question that are meant.
#[derive(Clone)]
struct Meant {
    factor: String,
    challenge: String,
    place: String,
    party: Option<RelyingParty>,
}

/// One try.
struct Try {
    asker: Asker,
    brought: Brought,
    /// None for a recovery code alone.
    meant: Option<Meant>,
    guess: tries::Guess,
    /// Tries at the factor that a recovery code stands in for.
    lost: Option<tries::Guess>,
    note: Note,
    letters: Arc<Letters>,
    now: Moment,
    until: Moment,
}

/// A factor that was proven.
struct Proven {
    seen: Seen,
    factor: Factor,
    /// Its name in `amr`.
    method: &'static str,
    is_new: bool,
}

/// The raised session, its user, and the sessions that have ended.
type Raised = (Session, User, Vec<String>);

pub(super) async fn answer(auth: &Auth, asked: &Asked, asker: Asker) -> Result<Answer> {
    let challenge = asked.needed("challenge_id")?;
    let challenge = Uuid::parse_str(challenge).map_err(|_| {
        Error::new(Code::ValidationFailed, "`challenge_id` is no id of a challenge")
    })?;
    let party = auth.config.relying_party().ok();
    let brought = match (asked.object("webauthn")?, asked.text("code")?) {
        (Some(said), None) => {
            let said = Json::Object(said.clone());
            if let Some(party) = &party {
                device::must_be_ours(party, &said)?;
            }
            let kind = said["type"].as_str().unwrap_or_default().to_owned();
            Brought::Device { kind, answer: said["credential_response"].clone() }
        }
        (None, Some(code)) => typed(code),
        _ => {
            let message = "Verify needs either a code or an answer of a device";
            return Err(Error::new(Code::ValidationFailed, message));
        }
    };
    let (challenge, place) = (challenge.to_string(), asked.origin.place());
    let meant = Meant { factor: id(asked.id())?, challenge, place, party };
    raise(auth, asked, asker, brought, Some(meant)).await
}

/// `POST /factors/recovery-codes/verify`.
pub(super) async fn by_recovery_code(auth: &Auth, asked: &Asked, asker: Asker) -> Result<Answer> {
    let code = asked.needed("code")?.to_owned();
    raise(auth, asked, asker, Brought::Recovery(code), None).await
}

/// Codes of apps are six digits; recovery codes are longer.
fn typed(code: &str) -> Brought {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() <= totp::DIGITS { Brought::Code(code) } else { Brought::Recovery(code) }
}

async fn raise(
    auth: &Auth,
    asked: &Asked,
    asker: Asker,
    brought: Brought,
    meant: Option<Meant>,
) -> Result<Answer> {
    let now = auth.now();
    let counted = counted_under(auth, &asker.user.id, meant.as_ref()).await?;
    let factor = tries::factor(auth, asked, &counted);
    let (guess, lost) = match &brought {
        Brought::Recovery(_) => (tries::recovery(auth, asked, &counted), Some(factor)),
        _ => (factor, None),
    };
    let (questions, until) =
        (tries::challenge(auth, &asker.user.id), now.after(auth.config.life.access));
    let note = asker.note(asked, Deed::FactorVerified);
    let letters = Arc::clone(&auth.letters);
    let one = Try { asker, brought, meant, guess, lost, note, letters, now, until };
    let work = move |page: &mut Page<'_, '_>| {
        if let Some(wait) = one.guess.begin(page, now)? {
            return Ok(Err(one.too_many(wait)));
        }
        let done = one.judge(page).and_then(|proven| one.enter(page, proven));
        if let Err(error) = &done {
            page.note(failed(&one.note, Deed::FactorFailed, error), now)?;
        } else {
            for (what, pace) in &questions {
                page.uncount(what, pace, now)?;
            }
        }
        kept(done)
    };
    let (session, user, ended) = auth.book.write(work).await??;
    auth.gate.end_sessions(&ended, until.seconds());
    Ok(Answer::json(200, auth.session(&user, &session).await?))
}

/// What tries at a user's factors are counted under: the oldest that was verified, so that whoever
/// an administrator has freed of them begins anew; else the one that is about to be.
async fn counted_under(auth: &Auth, user: &str, meant: Option<&Meant>) -> Result<String> {
    let own: Vec<Factor> = auth.book.find("user", &[Value::Text(user.to_owned())]).await?;
    let whole = own.iter().filter(|factor| factor.is_second() && factor.is_whole());
    let oldest = whole.min_by_key(|factor| (factor.created_at, factor.id.as_str()));
    let meant = || meant.and_then(|meant| own.iter().find(|factor| factor.id == meant.factor));
    Ok(oldest.or_else(meant).map_or_else(|| user.to_owned(), |factor| factor.id.clone()))
}

impl Try {
    fn too_many(&self, wait: i64) -> Error {
        match self.brought {
            Brought::Recovery(_) => tries::locked(wait),
            _ => tries::too_many_at_factor(wait),
        }
    }

    /// Nothing is written of a factor before it is proven, but what must be: a wrong code is
    /// counted against its question, and a device's question is gone.
    fn judge(&self, page: &mut Page<'_, '_>) -> Result<Proven> {
        let seen = self.asker.seen(page)?;
        let Some(meant) = &self.meant else { return self.judge_recovery(page, seen) };
        let factor = seen.second(&meant.factor)?;
        if !factor.verified {
            seen.may_add("verify a new factor")?;
        }
        let question = Question::to(&factor);
        let of = Some(factor.id.clone());
        let about = About {
            user: Some(seen.user.id.clone()),
            factor: of,
            place: Some(meant.place.clone()),
        };
        let challenge = open(page, &meant.challenge, question, &about, self.now)?;
        let is_new = !factor.verified;
        match (&self.brought, factor.kind.as_str()) {
            (Brought::Code(code), TOTP) => {
                let factor = self.judge_code(page, factor, &challenge, code)?;
                Ok(Proven { seen, factor, method: "totp", is_new })
            }
            // A factor that was never proven is proven by itself alone.
            (Brought::Recovery(_), TOTP | DEVICE) if !is_new => {
                page.take(&challenge)?;
                self.judge_recovery(page, seen)
            }
            (Brought::Device { kind, answer }, DEVICE) => {
                let factor = self.judge_device(page, &seen, factor, challenge, (kind, answer))?;
                Ok(Proven { seen, factor, method: "mfa/webauthn", is_new })
            }
            (Brought::Recovery(_), TOTP | DEVICE) => Err(wrong_code()),
            _ => {
                let message = "The answer is of another kind than the factor";
                Err(Error::new(Code::ValidationFailed, message))
            }
        }
    }

    fn judge_code(
        &self,
        page: &mut Page<'_, '_>,
        factor: Factor,
        challenge: &Challenge,
        code: &str,
    ) -> Result<Factor> {
        let secret = page.sealer().open(&secret_purpose(&factor.id), &factor.secret)?;
        let secret = totp::Secret::parse(&secret)
            .ok_or_else(|| Error::internal("the secret of a factor is none"))?;
        match secret.check(code, self.now.seconds(), factor.step) {
            None => {
                let tries = (challenge.tries + 1).min(CHALLENGE_TRIES);
                page.put(&Challenge { tries, ..challenge.clone() })?;
                Err(wrong_code())
            }
            Some(step) => {
                page.take(challenge)?;
                Ok(Factor { verified: true, step: Some(step), updated_at: self.now, ..factor })
            }
        }
    }

    fn judge_recovery(&self, page: &mut Page<'_, '_>, seen: Seen) -> Result<Proven> {
        let Brought::Recovery(code) = &self.brought else {
            return Err(Error::internal("a recovery code was expected"));
        };
        let set = seen.factors.iter().find(|factor| factor.kind == RECOVERY).cloned();
        let taken = recovery::take(page, &seen.user.id, code)?;
        let Some(set) = set.filter(|_| taken) else {
            let message = "Invalid recovery code entered";
            return Err(Error::new(Code::FactorRefused, message));
        };
        let factor = Factor { last_challenged_at: Some(self.now), ..set };
        Ok(Proven { seen, factor, method: "mfa/recovery_code", is_new: false })
    }

    /// The question is gone before the answer is looked at.
    fn judge_device(
        &self,
        page: &mut Page<'_, '_>,
        seen: &Seen,
        factor: Factor,
        challenge: Challenge,
        (kind, answer): (&str, &Json),
    ) -> Result<Factor> {
        let question = device::question(page.take(&challenge)?)?;
        let party =
            self.meant.as_ref().and_then(|meant| meant.party.as_ref()).ok_or_else(|| {
                let message = "MFA verification is disabled for WebAuthn";
                Error::new(Code::DeviceVerifyDisabled, message)
            })?;
        let credential = match (kind, factor.verified) {
            ("create", false) => Attestation::read(answer)
                .and_then(|answer| party.register(&answer, question, Use::Second))
                .map_err(refused)?,
            ("request", true) => {
                let (known, owner) =
                    (device::credential(page.sealer(), &factor)?, device::handle(&seen.user.id)?);
                let used = Assertion::read(answer)
                    .and_then(|it| party.check(&it, question, &known, &owner, Use::Second))
                    .map_err(refused)?;
                device::used(known, used)
            }
            _ => {
                let message = "`webauthn.type` is another one than the challenge's";
                return Err(Error::new(Code::ValidationFailed, message));
            }
        };
        let factor = Factor { verified: true, updated_at: self.now, ..factor };
        device::with_credential(page.sealer(), factor, &credential)
    }

    /// Keeps what was proven, and raises the session.
    fn enter(&self, page: &mut Page<'_, '_>, proven: Proven) -> Result<Raised> {
        let Proven { seen, factor, method, is_new } = proven;
        if !page.offer(&factor)? {
            let message = "The device's key is registered already";
            return Err(Error::new(Code::PasskeyExists, message));
        }
        self.guess.forgive(page, self.now)?;
        // Who guesses at an owner's factor does not keep the owner out of the next one.
        self.lost.as_ref().map_or(Ok(()), |lost| lost.welcome(page, self.now))?;
        let (session, ended) =
            step_up::step_up(page, seen.session, &factor.id, method, self.now, self.until)?;
        if is_new {
            let about = (&seen.user, &factor);
            tell(page, &self.letters, &self.note, Deed::FactorAdded, about, self.now)?;
        }
        let by_paper = factor.kind == RECOVERY;
        let deed = if by_paper { Deed::RecoveryCodeUsed } else { Deed::FactorVerified };
        let note = Note { deed, ..self.note.clone() };
        page.note(note.with("factor", factor.id.as_str()).with("method", method), self.now)?;
        Ok((session, seen.user, ended))
    }
}

fn wrong_code() -> Error {
    Error::new(Code::FactorRefused, "Invalid TOTP code entered")
}

/// One sentence for everything that a device can have wrong; the journal says what it was.
fn refused(why: Refused) -> Error {
    Error::new(Code::FactorRefused, "Invalid answer of the device").caused_by(why)
}
