//! A change of the address of mail: asked for by the user, agreed to by the new address and, where
//! the application wants it so, by the old one too. The old address hears of it.

use mainstay_base::{Code, Error, Result};
use mainstay_mail::address::Address;
use mainstay_mail::{Kind, Letter};
use serde_json::json;

use super::answer::Answer;
use super::asked::Asked;
use super::letters::{Letters, Proving, address};
use super::proof::{self, About, Made, Purpose};
use super::{Auth, people, pkce, tries};
use crate::accounts::Page;
use crate::accounts::journal::Deed;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Flow, Proof, User};

/// Both addresses have agreed when both bits are set.
const OLD_AGREED: i64 = 1;
const NEW_AGREED: i64 = 2;

/// The letters and proofs of a change, ready to be kept.
pub struct Draft {
    pub new_email: String,
    flow: Option<Flow>,
    proofs: Vec<Made>,
    letters: Vec<Letter>,
}

impl Draft {
    /// Of a change of this user's address to another.
    ///
    /// # Errors
    /// `validation_failed` for what is no address.
    pub fn new(auth: &Auth, asked: &Asked, user: &User, typed: &str) -> Result<Self> {
        let (new, now) = (address(typed)?, auth.now());
        let flow = pkce::begun(asked, "email_change", now)?;
        let user = User { new_email: Some(new.as_str().to_owned()), ..user.clone() };
        let mut wanted = vec![(Purpose::EmailChangeNew, Kind::EmailChangeNew, new.clone())];
        let old = user.email.as_deref().filter(|_| auth.config.confirm_both_addresses);
        if let Some(old) = old.filter(|_| user.email_confirmed_at.is_some()) {
            let old = address(old)?;
            wanted.push((Purpose::EmailChangeCurrent, Kind::EmailChangeCurrent, old));
        }
        let target = asked.redirect(&auth.config);
        let (mut proofs, mut letters) = (Vec::new(), Vec::new());
        for (purpose, kind, to) in &wanted {
            let about = About {
                purpose: *purpose,
                user: &user,
                address: to.as_str(),
                flow: flow.as_ref().map(|flow| flow.id.as_str()),
            };
            let made = proof::make(&about, &auth.config, auth.book.sealer(), now)?;
            let proving = Proving {
                link: &made.link,
                code: &made.code,
                verified_as: purpose.verified_as(),
                redirect: &target,
            };
            letters.push(auth.letters.proof(*kind, to, &user, &proving)?);
            proofs.push(made);
        }
        Ok(Self { new_email: new.as_str().to_owned(), flow, proofs, letters })
    }

    /// Keeps proofs and letters, and the wish with the user.
    ///
    /// # Errors
    /// When the store fails.
    pub fn keep(&self, page: &mut Page<'_, '_>, user: User, now: Moment) -> Result<User> {
        self.flow.as_ref().map_or(Ok(()), |flow| page.put(flow))?;
        for purpose in [Purpose::EmailChangeCurrent, Purpose::EmailChangeNew] {
            page.drop_proof(&user.id, purpose.name())?;
        }
        self.proofs.iter().try_for_each(|made| page.put(&made.proof))?;
        self.letters.iter().try_for_each(|letter| page.post(letter, now))?;
        let asks_old = self.proofs.len() > 1;
        Ok(User {
            new_email: Some(self.new_email.clone()),
            email_change_sent_at: Some(now),
            // Where the old address is not asked, it has agreed.
            email_change_proofs: if asks_old { 0 } else { OLD_AGREED },
            ..user
        })
    }
}

/// `POST /resend` for a change that waits.
pub(super) async fn again(auth: &Auth, asked: &Asked, email: Address) -> Result<Answer> {
    let now = auth.now();
    let known = auth.book.one::<User>("email", email.as_str()).await?;
    let waiting = known.and_then(|user| Some((user.new_email.clone()?, user)));
    let draft = waiting.map(|(new, user)| Ok((Draft::new(auth, asked, &user, &new)?, user.id)));
    let draft = draft.transpose()?;
    let mut pace = tries::letter(auth, asked, &email);
    if let Some((draft, _)) = &draft {
        pace.extend(tries::letter(auth, asked, &address(&draft.new_email)?).into_iter().take(2));
    }
    let note = asked.note(Deed::CodeSent, None).with("kind", "email_change");
    let work = move |page: &mut Page<'_, '_>| {
        if let Some(wait) = page.count_all(&pace, now)? {
            return Ok(Err(tries::too_many_letters(wait)));
        }
        if let Some((draft, id)) = &draft {
            let user = people::by_id(page, id)?;
            // Whoever has agreed has agreed: a letter that comes again takes nothing back.
            let agreed = user.email_change_proofs;
            let kept = draft.keep(page, user, now)?;
            let user = User { email_change_proofs: kept.email_change_proofs | agreed, ..kept };
            page.put(&user)?;
            let mut note = note.clone();
            note.user = Some(user.id);
            page.note(note, now)?;
        }
        Ok(Ok(()))
    };
    auth.book.write(work).await??;
    Ok(Answer::json(200, json!({})))
}

/// How a change is agreed to.
#[derive(Clone, Copy)]
pub struct Changing {
    pub both: bool,
    pub now: Moment,
}

impl Changing {
    /// One of the addresses has agreed. The changed user, once all have.
    ///
    /// # Errors
    /// When the store fails; the inner one is the refusal.
    pub fn agree(
        &self,
        page: &mut Page<'_, '_>,
        user: User,
        purpose: Purpose,
        proof: &Proof,
        letters: &Letters,
    ) -> Result<Result<Option<User>>> {
        let Some(new) = user.new_email.clone() else { return Ok(Err(proof::refused())) };
        let (bit, address) = match purpose {
            Purpose::EmailChangeCurrent => (OLD_AGREED, user.email.clone()),
            _ => (NEW_AGREED, Some(new.clone())),
        };
        if address.as_deref() != Some(proof.address.as_str()) {
            return Ok(Err(proof::refused()));
        }
        let agreed = user.email_change_proofs | bit;
        let needed = if self.both { OLD_AGREED | NEW_AGREED } else { NEW_AGREED };
        if agreed & needed != needed {
            page.put(&User { email_change_proofs: agreed, ..user })?;
            return Ok(Ok(None));
        }
        if people::by_email(page, Some(&new))?.is_some_and(|other| other.id != user.id) {
            let message = "A user with this email address has already been registered";
            return Ok(Err(Error::new(Code::EmailExists, message)));
        }
        Ok(Ok(Some(self.change(page, user, new, letters)?)))
    }

    fn change(
        &self,
        page: &mut Page<'_, '_>,
        user: User,
        new: String,
        letters: &Letters,
    ) -> Result<User> {
        let old = user.email.clone();
        let user = User {
            email: Some(new),
            email_confirmed_at: None,
            new_email: None,
            email_change_sent_at: None,
            email_change_proofs: 0,
            ..user
        };
        for purpose in [Purpose::MagicLink, Purpose::Recovery, Purpose::SignUp, Purpose::Invite] {
            // What was sent to the old address opens nothing any more.
            page.drop_proof(&user.id, purpose.name())?;
        }
        for purpose in [Purpose::EmailChangeCurrent, Purpose::EmailChangeNew] {
            page.drop_proof(&user.id, purpose.name())?;
        }
        let user = people::confirm_email(page, user, self.now)?;
        if let Some(old) = old {
            page.post(&letters.notice(Kind::EmailChanged, &old, &user, "")?, self.now)?;
        }
        Ok(user)
    }
}
