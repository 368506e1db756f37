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
    /// As it will be, unless it changes meanwhile.
    user: User,
    is_new: bool,
    said: Said,
    made: Made,
    redirect: String,
}

/// What the request says of a user, and no more.
struct Said {
    purpose: Purpose,
    data: Option<Map<String, Json>>,
    /// Hashed.
    password: Option<String>,
    new_email: Option<String>,
    now: Moment,
}

impl Said {
    async fn read(auth: &Auth, asked: &Asked, purpose: Purpose, email: &str) -> Result<Self> {
        let (data, now) = (people::data(asked)?, auth.now());
        let mut said = Self { purpose, data, password: None, new_email: None, now };
        match purpose {
            Purpose::SignUp => {
                let password = asked.text("password")?.ok_or_else(|| {
                    let message = "Signup requires a valid password";
                    Error::new(Code::ValidationFailed, message)
                })?;
                user::judge(auth, password, &[email])?;
                said.password = Some(auth.hasher.hash(password).await?);
            }
            Purpose::EmailChangeCurrent | Purpose::EmailChangeNew => {
                let new = address(asked.needed("new_email")?)?;
                said.new_email = Some(new.as_str().to_owned());
            }
            _ => {}
        }
        Ok(said)
    }

    /// The user with it; everything else stays as it is.
    fn of(&self, user: User) -> User {
        let (mut user, now) = (user, Some(self.now));
        if let Some(data) = &self.data {
            people::merge(&mut user.user_metadata, data);
        }
        match self.purpose {
            Purpose::SignUp => {
                user.password.clone_from(&self.password);
                user.confirmation_sent_at = now;
            }
            Purpose::Invite => user.invited_at = now,
            Purpose::EmailChangeCurrent | Purpose::EmailChangeNew => {
                if user.new_email != self.new_email {
                    user.new_email.clone_from(&self.new_email);
                    user.email_change_proofs = 0;
                }
                user.email_change_sent_at = now;
            }
            _ => user.recovery_sent_at = now,
        }
        user
    }
}

/// Nobody signs up or is invited who has proven the address already.
fn must_be_open(user: &User, purpose: Purpose) -> Result<()> {
    match purpose {
        Purpose::SignUp | Purpose::Invite if user.email_confirmed_at.is_some() => Err(taken()),
        _ => Ok(()),
    }
}

fn taken() -> Error {
    let message = "A user with this email address has already been registered";
    Error::new(Code::EmailExists, message)
}

fn unknown() -> Error {
    Error::new(Code::UserUnknown, "User with this email not found")
}

impl Link {
    async fn read(auth: &Auth, asked: &Asked, purpose: Purpose) -> Result<Self> {
        let email = address(asked.needed("email")?)?;
        let known = auth.book.one::<User>("email", email.as_str()).await?;
        let (is_new, now) = (known.is_none(), auth.now());
        let user = match (known, purpose) {
            (Some(user), _) => user,
            (None, Purpose::SignUp | Purpose::Invite | Purpose::MagicLink) => {
                let user = new_user(Map::new(), now);
                people::with_claims(User { email: Some(email.as_str().to_owned()), ..user }, false)
            }
            (None, _) => return Err(unknown()),
        };
        must_be_open(&user, purpose)?;
        let said = Said::read(auth, asked, purpose, email.as_str()).await?;
        let user = said.of(user);
        let to = match purpose {
            Purpose::EmailChangeNew => user.new_email.clone().unwrap_or_default(),
            _ => email.as_str().to_owned(),
        };
        let about = About { purpose, user: &user, address: &to, flow: None };
        let made = proof::make(&about, &auth.config, auth.book.sealer(), now)?;
        Ok(Self { purpose, user, is_new, said, made, redirect: asked.redirect(&auth.config) })
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
            let known = people::by_email(page, self.user.email.as_deref())?;
            let user = match known {
                Some(_) if self.is_new => return Ok(Err(taken())),
                None if self.is_new => self.user.clone(),
                // Hashing takes its time: what has happened to the user meanwhile stands.
                Some(known) if known.id == self.user.id => match must_be_open(&known, self.purpose)
                {
                    Ok(()) => self.said.of(known),
                    Err(error) => return Ok(Err(error)),
                },
                _ => return Ok(Err(unknown())),
            };
            page.put(&user)?;
            if self.is_new {
                page.put(&people::email_identity(&user, false, now))?;
            }
            page.keep_proof(&self.made.proof)?;
            letter.as_ref().map_or(Ok(()), |letter| page.post(letter, now))?;
            page.note(note.clone(), now)?;
            Ok(Ok(user))
        };
        auth.book.write(work).await?
    }
}
