//! `POST /token`: a session for what proves who one is, by `grant_type`.

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_credentials::password::Checked;
use mainstay_mail::address::Phone;

use super::answer::Answer;
use super::asked::Asked;
use super::letters::address;
use super::{Auth, id_token, pkce, tries, user};
use crate::accounts::Page;
use crate::accounts::journal::Deed;
use crate::accounts::rows::{Session, User};
use crate::accounts::session::{self, Brought, Method, Refreshed, is_banned};

pub(super) async fn answer(auth: &Auth, asked: &Asked) -> Result<Answer> {
    match asked.query("grant_type") {
        Some("password") => by_password(auth, asked).await,
        Some("refresh_token") => by_refresh(auth, asked).await,
        Some("pkce") => pkce::exchanged(auth, asked).await,
        Some("id_token") => id_token::answer(auth, asked).await,
        Some("web3") => Err(Error::new(Code::Web3Disabled, "Web3 provider is disabled")),
        _ => {
            let hint = "Write ?grant_type=password, refresh_token, pkce or id_token.";
            Err(Error::new(Code::ValidationFailed, "unsupported_grant_type").hint(hint))
        }
    }
}

/// By which name an account is asked for.
struct Named {
    column: &'static str,
    value: String,
}

fn named(auth: &Auth, asked: &Asked) -> Result<Named> {
    match (asked.text("email")?, asked.text("phone")?) {
        (Some(_), _) if !auth.config.email => {
            Err(Error::new(Code::EmailDisabled, "Email logins are disabled"))
        }
        (Some(email), _) => {
            Ok(Named { column: "email", value: address(email)?.as_str().to_owned() })
        }
        (None, Some(_)) if !auth.config.phone => {
            Err(Error::new(Code::PhoneDisabled, "Phone logins are disabled"))
        }
        (None, Some(phone)) => {
            let phone = Phone::parse(phone)
                .map_err(|error| Error::new(Code::ValidationFailed, error.message()))?;
            Ok(Named { column: "phone", value: phone.as_str().to_owned() })
        }
        (None, None) => Err(Error::new(Code::ValidationFailed, "missing email or phone")),
    }
}

async fn by_password(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let named = named(auth, asked)?;
    let password = asked.text("password")?.unwrap_or_default();
    let (now, guess) = (auth.now(), tries::guess(auth, asked, &named.value));
    // Counted before anything is compared, so that tries at once are as many as one by one.
    let counted = guess.clone();
    let begin = move |page: &mut Page<'_, '_>| counted.begin(page, now);
    if let Some(wait) = auth.book.write(begin).await? {
        return Err(tries::too_many(wait));
    }
    let known = auth.book.one::<User>(named.column, &named.value).await?;
    let known = known.filter(|user| user.deleted_at.is_none());
    let stored = known.as_ref().and_then(|user| user.password.as_deref());
    let checked = auth.hasher.check(password, stored).await?;
    let (Some(known), false) = (known.clone(), checked == Checked::Wrong) else {
        let note = asked.note(Deed::SignInFailed, known.as_ref().map(|user| user.id.as_str()));
        let work = move |page: &mut Page<'_, '_>| page.note(note.clone(), now);
        auth.book.write(work).await?;
        return Err(wrong());
    };
    if let Err(error) = may_enter(auth, &known, named.column) {
        let note = asked.note(Deed::SignInFailed, Some(&known.id));
        let note = note.with("reason", error.code().text());
        auth.book.write(move |page: &mut Page<'_, '_>| page.note(note.clone(), now)).await?;
        return Err(error);
    }
    let newer = match checked {
        Checked::RightButOld => Some(auth.hasher.hash(password).await?),
        _ => None,
    };
    let (user, session) = enter(auth, asked, known, newer, guess).await?.ok_or_else(wrong)?;
    let mut body = auth.session(&user, &session).await?;
    if let Some(weak) = user::weakness(auth, password, &user) {
        body["weak_password"] = weak;
    }
    Ok(Answer::json(200, body))
}

fn wrong() -> Error {
    Error::new(Code::CredentialsInvalid, "Invalid login credentials")
}

/// What stands against a user whose password was right.
fn may_enter(auth: &Auth, user: &User, column: &str) -> Result<()> {
    if is_banned(user, auth.now()) {
        return Err(Error::new(Code::UserBanned, "User is banned"));
    }
    match column {
        "email" if user.email_confirmed_at.is_none() => {
            Err(Error::new(Code::EmailUnconfirmed, "Email not confirmed"))
        }
        "phone" if user.phone_confirmed_at.is_none() => {
            Err(Error::new(Code::PhoneUnconfirmed, "Phone not confirmed"))
        }
        _ => Ok(()),
    }
}

/// Opens the session, unless the password was changed since it was checked.
async fn enter(
    auth: &Auth,
    asked: &Asked,
    known: User,
    newer: Option<String>,
    guess: tries::Guess,
) -> Result<Option<(User, Session)>> {
    let (now, origin, life) = (auth.now(), asked.origin.clone(), auth.config.life);
    let mut note = asked.note(Deed::SignIn, Some(&known.id)).with("method", "password");
    note.actor = Some(known.id.clone());
    let method = Method::of("password", None);
    let work = move |page: &mut Page<'_, '_>| {
        let user = page.one::<User>("id", &known.id)?;
        let Some(mut user) = user.filter(|user| user.password == known.password) else {
            return Ok(None);
        };
        user.last_sign_in_at = Some(now);
        user.password = newer.clone().or(user.password);
        page.put(&user)?;
        guess.forgive(page, now)?;
        let session = session::open(page, &user, &method, &origin, now, &life)?;
        page.note(note.clone(), now)?;
        Ok(Some((user, session)))
    };
    auth.book.write(work).await
}

async fn by_refresh(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let Some(token) = asked.text("refresh_token")? else {
        return Err(Error::new(Code::RefreshTokenMissing, "refresh_token required"));
    };
    let unknown = "Invalid Refresh Token: Refresh Token Not Found";
    let Some(brought) = Brought::parse(token) else {
        let message = "Refresh token is not valid: it has not the form of one";
        return Err(Error::new(Code::ValidationFailed, message));
    };
    let (pepper, now, life) = (Arc::clone(&auth.pepper), auth.now(), auth.config.life);
    let note = asked.note(Deed::TokenReused, None);
    let work = move |page: &mut Page<'_, '_>| {
        let refreshed = session::refresh(page, &pepper, brought, now, &life)?;
        if let Refreshed::Reused { user, session } = &refreshed {
            let mut note = note.clone().with("session", session.as_str());
            note.user = Some(user.clone());
            page.note(note, now)?;
        }
        Ok(refreshed)
    };
    let code = match auth.book.write(work).await? {
        Refreshed::Goes(goes) => {
            return Ok(Answer::json(200, auth.session(&goes.1, &goes.0).await?));
        }
        Refreshed::Reused { .. } => Code::RefreshTokenUsed,
        Refreshed::Refused(code) => code,
    };
    Err(Error::new(
        code,
        match code {
            Code::UserBanned => "Invalid Refresh Token: User Banned",
            Code::SessionExpired => "Invalid Refresh Token: Session Expired",
            Code::RefreshTokenUsed => "Invalid Refresh Token: Already Used",
            _ => unknown,
        },
    ))
}
