//! Whose account it is that a provider vouches for. By issuer and subject a person is known again;
//! by address only when the provider says that it is verified, and then a user who never proved it
//! keeps nothing of what stands there but its id: whoever made that account first was perhaps not
//! the owner of the address. Sources: RFC 9700; CVE-2024-38351, CVE-2026-44166 (pre-hijacking).

use mainstay_base::{Code, Error, Result};
use serde_json::{Value as Json, json};

use super::arrival::{Arrival, identities, vouches};
use super::asked::Asked;
use super::people::{self, add_provider, new_user};
use super::{Auth, tries};
use crate::accounts::Page;
use crate::accounts::journal::{Deed, Note};
use crate::accounts::record::Moment;
use crate::accounts::rows::{Identity, Session, User};
use crate::accounts::session::{self, Life, is_banned};
use crate::limits::METADATA_CHARACTERS;

/// What is needed to judge whose account it is.
pub(super) struct Judge {
    now: Moment,
    life: Life,
    signup: bool,
    confirms: bool,
    pace: tries::Counted,
    note: Note,
}

/// Whose account it is.
pub(super) struct Settled {
    pub user: User,
    /// Sessions that were ended on the way.
    pub ended: Vec<String>,
}

impl Judge {
    pub fn new(auth: &Auth, asked: &Asked) -> Self {
        Self {
            now: auth.now(),
            life: auth.config.life,
            signup: auth.config.signup,
            confirms: auth.config.confirm_email,
            pace: tries::sign_up(auth, asked),
            note: asked.note(Deed::SignIn, None).with("method", super::authorize::METHOD),
        }
    }

    /// The user, with the identity kept. The inner error is the refusal: then nothing has changed.
    ///
    /// # Errors
    /// When the store fails.
    pub fn settle(&self, page: &mut Page<'_, '_>, arrival: &Arrival) -> Result<Result<Settled>> {
        if let Some((user, session)) = &arrival.linking {
            return match self.linkable(page, arrival, user, session)? {
                Ok(user) => self.link(page, arrival, user),
                Err(error) => Ok(Err(error)),
            };
        }
        if let Some(identity) = arrival.known(page)? {
            return self.again(page, arrival, identity);
        }
        let person = &arrival.person;
        let verified = person.email.as_deref().filter(|_| person.email_verified);
        match people::by_email(page, verified)? {
            Some(user) if user.deleted_at.is_none() => self.join(page, arrival, user),
            _ => self.begin(page, arrival),
        }
    }

    /// The note of a session that begins so.
    pub fn sign_in(&self, arrival: &Arrival, user: &User) -> Note {
        self.noted(Deed::SignIn, arrival, user)
    }

    fn noted(&self, deed: Deed, arrival: &Arrival, user: &User) -> Note {
        let id = Some(user.id.clone());
        let note = Note { deed, actor: id.clone(), user: id, ..self.note.clone() };
        note.with("provider", arrival.provider.as_str())
    }

    /// Somebody who came this way before.
    fn again(
        &self,
        page: &mut Page<'_, '_>,
        arrival: &Arrival,
        identity: Identity,
    ) -> Result<Result<Settled>> {
        let user = page.one::<User>("id", &identity.user)?;
        let Some(user) = user.filter(|user| user.deleted_at.is_none()) else {
            return Ok(Err(Error::new(Code::UserGone, "User not found")));
        };
        if is_banned(&user, self.now) {
            return Ok(Err(banned()));
        }
        let own = arrival.person.email_verified && user.email == arrival.person.email;
        let mut user = user;
        if own {
            user.email_confirmed_at = user.email_confirmed_at.or(Some(self.now));
        } else if self.confirms && user.email.is_some() && user.email_confirmed_at.is_none() {
            return Ok(Err(arrival.unverified()));
        }
        let (id, created_at) = (identity.id, identity.created_at);
        page.put(&Identity { id, created_at, ..arrival.identity(&user, self.now) })?;
        self.keep(page, arrival, user, Vec::new())
    }

    /// Somebody whose proven address is a user's already.
    fn join(
        &self,
        page: &mut Page<'_, '_>,
        arrival: &Arrival,
        user: User,
    ) -> Result<Result<Settled>> {
        if is_banned(&user, self.now) {
            return Ok(Err(banned()));
        }
        let (user, ended) = match self.is_proven(page, &user)? {
            true => (user, Vec::new()),
            false => self.taken_over(page, &arrival.provider, user)?,
        };
        page.put(&arrival.identity(&user, self.now))?;
        page.note(
            self.noted(Deed::IdentityLinked, arrival, &user).with("sessions_ended", ended.len()),
            self.now,
        )?;
        self.keep(page, arrival, user, ended)
    }

    /// The address was proven to be this user's: by a letter, or by a provider. Where addresses are
    /// not confirmed, that a user has one proves nothing.
    fn is_proven(&self, page: &mut Page<'_, '_>, user: &User) -> Result<bool> {
        if user.email_confirmed_at.is_none() {
            return Ok(false);
        }
        let identities = identities(page, &user.id)?;
        let vouched = identities.iter().any(|identity| vouches(identity, user.email.as_deref()));
        Ok(self.confirms || vouched)
    }

    /// The account without anything by which somebody else could come in or pass for its owner.
    fn taken_over(
        &self,
        page: &mut Page<'_, '_>,
        provider: &str,
        user: User,
    ) -> Result<(User, Vec<String>)> {
        let until = self.now.after(self.life.access);
        let (user, ended) = people::vacated(page, user, until)?;
        page.remove::<Identity>("user", &user.id)?;
        let mut user = User {
            user_metadata: json!({}),
            is_anonymous: false,
            email_confirmed_at: Some(self.now),
            ..user
        };
        if let Json::Object(about) = &mut user.app_metadata {
            about.insert("provider".to_owned(), provider.into());
            about.insert("providers".to_owned(), json!([]));
        }
        Ok((user, ended))
    }

    /// Somebody new.
    fn begin(&self, page: &mut Page<'_, '_>, arrival: &Arrival) -> Result<Result<Settled>> {
        if !self.signup {
            let message = "Signups not allowed for this instance";
            return Ok(Err(Error::new(Code::SignupDisabled, message)));
        }
        if self.confirms && !arrival.person.email_verified {
            return Ok(Err(arrival.unverified()));
        }
        if let Some(wait) = page.count_all(&self.pace, self.now)? {
            return Ok(Err(tries::too_many(wait)));
        }
        let email = arrival.person.email.clone();
        // What nobody verified is nobody's: where it is taken, the newcomer goes without.
        let taken = people::by_email(page, email.as_deref())?.is_some();
        let email = email.filter(|_| !taken);
        let user = User {
            email_confirmed_at: email.as_ref().map(|_| self.now),
            email,
            app_metadata: json!({ "provider": arrival.provider, "providers": [arrival.provider] }),
            ..new_user(serde_json::Map::new(), self.now)
        };
        page.put(&user)?;
        page.put(&arrival.identity(&user, self.now))?;
        page.note(self.noted(Deed::SignUp, arrival, &user), self.now)?;
        self.keep(page, arrival, user, Vec::new())
    }

    /// The user that an identity may be linked to. The inner error is the refusal.
    ///
    /// # Errors
    /// When the store fails.
    pub fn linkable(
        &self,
        page: &mut Page<'_, '_>,
        arrival: &Arrival,
        user: &str,
        session: &str,
    ) -> Result<Result<User>> {
        let lives = page.one::<Session>("id", session)?.is_some_and(|session| {
            session.user == user && !session::is_over(&session, self.now, &self.life)
        });
        if !lives {
            let message = "The session that began the linking has ended";
            return Ok(Err(Error::new(Code::SessionGone, message)));
        }
        let found = page.one::<User>("id", user)?;
        let Some(user) = found.filter(|user| user.deleted_at.is_none()) else {
            return Ok(Err(Error::new(Code::UserGone, "User not found")));
        };
        if is_banned(&user, self.now) {
            return Ok(Err(banned()));
        }
        Ok(match arrival.known(page)? {
            None => Ok(user),
            Some(known) => {
                let message = match known.user == user.id {
                    true => "Identity is already linked",
                    false => "Identity is already linked to another user",
                };
                Err(Error::new(Code::IdentityExists, message))
            }
        })
    }

    /// Somebody who is signed in and wants one more way to do so.
    fn link(
        &self,
        page: &mut Page<'_, '_>,
        arrival: &Arrival,
        user: User,
    ) -> Result<Result<Settled>> {
        let mut user = user;
        let person = &arrival.person;
        let verified = person.email.clone().filter(|_| person.email_verified);
        if user.email.is_none() && people::by_email(page, verified.as_deref())?.is_none() {
            user.email_confirmed_at = verified.as_ref().map(|_| self.now);
            user.email = verified;
        }
        user.is_anonymous = false;
        page.put(&user)?;
        page.put(&arrival.identity(&user, self.now))?;
        page.note(self.noted(Deed::IdentityLinked, arrival, &user), self.now)?;
        self.keep(page, arrival, user, Vec::new())
    }

    /// The user with what the provider says of it.
    fn keep(
        &self,
        page: &mut Page<'_, '_>,
        arrival: &Arrival,
        user: User,
        ended: Vec<String>,
    ) -> Result<Result<Settled>> {
        let mut user = user;
        add_provider(&mut user, &arrival.provider);
        let mut data = user.user_metadata.clone();
        people::merge(&mut data, &arrival.person.data);
        if data.to_string().len() <= METADATA_CHARACTERS {
            user.user_metadata = data;
        }
        user.updated_at = self.now;
        page.put(&user)?;
        Ok(Ok(Settled { user, ended }))
    }
}

fn banned() -> Error {
    Error::new(Code::UserBanned, "User is banned")
}
