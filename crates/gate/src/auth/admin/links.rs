//! `POST /invite` and `POST /admin/generate_link`: an account for somebody who has not asked, and
//! links that the application itself brings to people.

use mainstay_base::{Code, Error, Result};
use mainstay_mail::{Kind, Letter};
use serde_json::{Map, Value as Json, json};

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::letters::{Proving, address};
use super::super::people::{self, new_user};
use super::super::proof::{self, About, Made, Purpose};
use super::super::{Auth, user};
use crate::accounts::Page;
use crate::accounts::journal::{Deed, Note};
use crate::accounts::record::Moment;
use crate::accounts::rows::User;

/// `POST /invite`.
pub(super) async fn invited(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let link = Link::read(auth, asked, Purpose::Invite).await?;
    let letter = auth.letters.proof(
        Kind::Invite,
        &address(&link.made.proof.address)?,
        &link.user,
        &link.proving(),
    )?;
    let note = asked.note(Deed::UserInvited, Some(&link.user.id));
    let user = link.keep(auth, note, Some(letter)).await?;
    Ok(Answer::json(200, auth.user(&user).await?))
}

/// `POST /admin/generate_link`.
pub(super) async fn made(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let purpose = match asked.needed("type")? {
        "signup" => Purpose::SignUp,
        "magiclink" => Purpose::MagicLink,
        "invite" => Purpose::Invite,
        "recovery" => Purpose::Recovery,
        "email_change_current" => Purpose::EmailChangeCurrent,
        "email_change_new" => Purpose::EmailChangeNew,
        other => {
            let message = format!("Invalid email action link type requested: {other}");
            return Err(Error::new(Code::ValidationFailed, message));
        }
    };
    let link = Link::read(auth, asked, purpose).await?;
    let about = json!({
        "action_link": auth.letters.link(&link.proving()),
        "email_otp": link.made.code,
        "hashed_token": link.made.link,
        "verification_type": asked.needed("type")?,
        "redirect_to": link.redirect,
    });
    let note = asked.note(Deed::LinkMade, Some(&link.user.id)).with("kind", purpose.name());
    let user = link.keep(auth, note, None).await?;
    let mut body = auth.user(&user).await?;
    if let (Json::Object(body), Json::Object(about)) = (&mut body, about) {
        body.extend(about);
    }
    Ok(Answer::json(200, body))
}

/// A link that is about to be made.
struct Link {
    purpose: Purpose,
    user: User,
    is_new: bool,
    made: Made,
    redirect: String,
}

impl Link {
    async fn read(auth: &Auth, asked: &Asked, purpose: Purpose) -> Result<Self> {
        let email = address(asked.needed("email")?)?;
        let known = auth.book.one::<User>("email", email.as_str()).await?;
        let (is_new, now) = (known.is_none(), auth.now());
        let user = match (known, purpose) {
            (Some(user), Purpose::SignUp | Purpose::Invite)
                if user.email_confirmed_at.is_some() =>
            {
                let message = "A user with this email address has already been registered";
                return Err(Error::new(Code::EmailExists, message));
            }
            (Some(user), _) => user,
            (None, Purpose::SignUp | Purpose::Invite | Purpose::MagicLink) => {
                let user = new_user(Map::new(), now);
                people::with_claims(User { email: Some(email.as_str().to_owned()), ..user }, false)
            }
            (None, _) => {
                return Err(Error::new(Code::UserUnknown, "User with this email not found"));
            }
        };
        let user = Self::said(auth, asked, purpose, user, now).await?;
        let to = match purpose {
            Purpose::EmailChangeNew => user.new_email.clone().unwrap_or_default(),
            _ => email.as_str().to_owned(),
        };
        let about = About { purpose, user: &user, address: &to, flow: None };
        let made = proof::make(&about, &auth.config, auth.book.sealer(), now)?;
        Ok(Self { purpose, user, is_new, made, redirect: asked.redirect(&auth.config) })
    }

    /// The user with what the request says of it.
    async fn said(
        auth: &Auth,
        asked: &Asked,
        purpose: Purpose,
        user: User,
        now: Moment,
    ) -> Result<User> {
        let mut user = user;
        if let Some(data) = people::data(asked)? {
            people::merge(&mut user.user_metadata, &data);
        }
        match purpose {
            Purpose::SignUp => {
                let password = asked.text("password")?.ok_or_else(|| {
                    let message = "Signup requires a valid password";
                    Error::new(Code::ValidationFailed, message)
                })?;
                user::judge(auth, password, &[user.email.as_deref().unwrap_or_default()])?;
                user.password = Some(auth.hasher.hash(password).await?);
                user.confirmation_sent_at = Some(now);
            }
            Purpose::Invite => user.invited_at = Some(now),
            Purpose::EmailChangeCurrent | Purpose::EmailChangeNew => {
                let new = address(asked.needed("new_email")?)?;
                if user.new_email.as_deref() != Some(new.as_str()) {
                    user.new_email = Some(new.as_str().to_owned());
                    user.email_change_proofs = 0;
                }
                user.email_change_sent_at = Some(now);
            }
            _ => user.recovery_sent_at = Some(now),
        }
        Ok(user)
    }

    fn proving(&self) -> Proving<'_> {
        Proving {
            link: &self.made.link,
            code: &self.made.code,
            verified_as: self.purpose.verified_as(),
            redirect: &self.redirect,
        }
    }

    async fn keep(self, auth: &Auth, note: Note, letter: Option<Letter>) -> Result<User> {
        let now = auth.now();
        let work = move |page: &mut Page<'_, '_>| {
            if self.is_new && people::by_email(page, self.user.email.as_deref())?.is_some() {
                let message = "A user with this email address has already been registered";
                return Ok(Err(Error::new(Code::EmailExists, message)));
            }
            page.put(&self.user)?;
            if self.is_new {
                page.put(&people::email_identity(&self.user, false, now))?;
            }
            page.keep_proof(&self.made.proof)?;
            letter.as_ref().map_or(Ok(()), |letter| page.post(letter, now))?;
            page.note(note.clone(), now)?;
            Ok(Ok(self.user.clone()))
        };
        auth.book.write(work).await?
    }
}
