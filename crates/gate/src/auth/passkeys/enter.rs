//! `POST /passkeys/authentication/options` and `/verify`: a device signs its user in. Nobody says
//! who they are before; the device names the account, and so nobody learns which accounts exist.

use mainstay_base::{Code, Error, Result};
use mainstay_credentials::factor::passkey::{Assertion, Challenge as Random, RelyingParty, Use};
use serde_json::{Value as Json, json};

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::factors::challenge::{About, Question};
use super::super::factors::{AAL2, PASSKEY, device, failed, kept};
use super::super::{Auth, people, tries};
use super::register::{refused, taken};
use super::{challenge_id, credential, party};
use crate::accounts::Page;
use crate::accounts::journal::{Deed, Note};
use crate::accounts::record::Moment;
use crate::accounts::rows::{Factor, Session, User};
use crate::accounts::session::{self, Life, Method, Origin, is_banned};

pub(in super::super) async fn begun(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let (party, now) = (party(auth)?, auth.now());
    let pace = tries::challenge(auth, &asked.origin.place());
    let work = move |page: &mut Page<'_, '_>| {
        if let Some(wait) = page.count_all(&pace, now)? {
            return Err(tries::too_many_questions(wait));
        }
        let random = Random::make()?;
        let options = party.request_options(&random, &[], Use::First);
        let question = Question::RequestPasskey;
        let asked = page.ask(question, &About::default(), &random.text(), now)?;
        let expires_at = asked.ends_at.seconds();
        Ok(json!({ "challenge_id": asked.id, "options": options, "expires_at": expires_at }))
    };
    Ok(Answer::json(200, auth.book.write(work).await?))
}

/// One sign-in.
struct Entering {
    party: RelyingParty,
    challenge: String,
    answer: Json,
    note: Note,
    origin: Origin,
    life: Life,
    now: Moment,
}

pub(in super::super) async fn entered(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let now = auth.now();
    let pace = tries::challenge(auth, &asked.origin.place());
    let place = tries::place(auth, asked);
    let entering = Entering {
        party: party(auth)?,
        challenge: challenge_id(asked)?,
        answer: credential(asked)?,
        note: asked.note(Deed::SignIn, None).with("method", PASSKEY),
        origin: asked.origin.clone(),
        life: auth.config.life,
        now,
    };
    let work = move |page: &mut Page<'_, '_>| {
        let mut whose = None;
        let judged = entering.judge(page, &mut whose);
        let done = judged.and_then(|(passkey, user)| entering.enter(page, &passkey, user));
        match &done {
            Ok(_) => pace.iter().try_for_each(|(what, pace)| page.uncount(what, pace, now))?,
            Err(error) => {
                // Answers that are made up fill no journal.
                if let Some(wait) = page.count_all(&place, now)? {
                    return Ok(Err(tries::too_many(wait)));
                }
                let note = failed(&entering.note, Deed::SignInFailed, error);
                page.note(Note { user: whose, ..note }, now)?;
            }
        }
        kept(done)
    };
    let (user, session) = auth.book.write(work).await??;
    Ok(Answer::json(200, auth.session(&user, &session).await?))
}

impl Entering {
    /// The passkey as it is after this use, and its user. `whose` tells the journal at whose
    /// account was tried.
    fn judge(&self, page: &mut Page<'_, '_>, whose: &mut Option<String>) -> Result<(Factor, User)> {
        let question = Question::RequestPasskey;
        let random = taken(page, &self.challenge, question, &About::default(), self.now)?;
        let answer = Assertion::read(&self.answer).map_err(refused)?;
        let found = page.one::<Factor>("credential", &answer.credential_id())?;
        let found = found.filter(|factor| factor.kind == PASSKEY && factor.verified);
        let passkey = found.ok_or_else(|| {
            Error::new(Code::PasskeyUnknown, "The passkey is not registered here")
        })?;
        *whose = Some(passkey.user.clone());
        let (known, owner) =
            (device::credential(page.sealer(), &passkey)?, device::handle(&passkey.user)?);
        let used = self.party.check(&answer, random, &known, &owner, Use::First);
        let known = device::used(known, used.map_err(refused)?);
        let user = people::by_id(page, &passkey.user)?;
        if is_banned(&user, self.now) {
            return Err(Error::new(Code::UserBanned, "User is banned"));
        }
        let passkey = Factor { last_challenged_at: Some(self.now), ..passkey };
        Ok((device::with_credential(page.sealer(), passkey, &known)?, user))
    }

    /// The session stands at the second level: the device was there, and it has verified its user.
    fn enter(
        &self,
        page: &mut Page<'_, '_>,
        passkey: &Factor,
        user: User,
    ) -> Result<(User, Session)> {
        page.put(passkey)?;
        let user = User { last_sign_in_at: Some(self.now), ..user };
        page.put(&user)?;
        let method = Method::of("webauthn", None);
        let opened = session::open(page, &user, &method, &self.origin, self.now, &self.life)?;
        let factor = Some(passkey.id.clone());
        let session = Session { aal: AAL2.to_owned(), factor, ..opened };
        page.put(&session)?;
        let mut note = self.note.clone().with("factor", passkey.id.as_str());
        (note.user, note.actor) = (Some(user.id.clone()), Some(user.id.clone()));
        page.note(note, self.now)?;
        Ok((user, session))
    }
}
