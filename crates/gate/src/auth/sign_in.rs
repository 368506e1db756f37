//! `POST /token`: a session for a password, or for the refresh token of one.

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};

use super::answer::Answer;
use super::asked::Asked;
use super::{Auth, user};
use crate::accounts::rows::User;
use crate::accounts::session::{self, Brought, Refreshed};
use crate::accounts::{Page, session::is_banned};
use mainstay_credentials::password::Checked;

pub(super) async fn answer(auth: &Auth, asked: &Asked) -> Result<Answer> {
    match asked.query("grant_type") {
        Some("password") => by_password(auth, asked).await,
        Some("refresh_token") => by_refresh(auth, asked).await,
        _ => Err(Error::new(Code::ValidationFailed, "unsupported_grant_type")),
    }
}

async fn by_password(auth: &Auth, asked: &Asked) -> Result<Answer> {
    if asked.text("phone")?.is_some() {
        return Err(Error::new(Code::PhoneDisabled, "Phone logins are disabled"));
    }
    let (Some(email), Some(password)) = (asked.text("email")?, asked.text("password")?) else {
        return Err(Error::new(Code::ValidationFailed, "missing email or password"));
    };
    let email = user::address(email)?;
    let known = auth.book.one::<User>("email", email.as_str()).await?;
    let stored = known.as_ref().and_then(|user| user.password.as_deref());
    let checked = auth.hasher.check(password, stored).await?;
    let (Some(known), false) = (known, checked == Checked::Wrong) else {
        return Err(Error::new(Code::CredentialsInvalid, "Invalid login credentials"));
    };
    let now = auth.now();
    if is_banned(&known, now) {
        return Err(Error::new(Code::UserBanned, "User is banned"));
    }
    if known.email_confirmed_at.is_none() {
        return Err(Error::new(Code::EmailUnconfirmed, "Email not confirmed"));
    }
    let newer = match checked {
        Checked::RightButOld => Some(auth.hasher.hash(password).await?),
        _ => None,
    };
    let (origin, life, proven) = (asked.origin.clone(), auth.config.life, known.password.clone());
    let work = move |page: &mut Page<'_, '_>| {
        // The password may have been changed since it was checked.
        let user = page.one::<User>("id", &known.id)?.filter(|user| user.password == proven);
        let Some(mut user) = user else { return Ok(None) };
        user.last_sign_in_at = Some(now);
        user.password = newer.clone().or(user.password);
        page.put(&user)?;
        let session = session::open(page, &user, "password", &origin, now, &life)?;
        Ok(Some((user, session)))
    };
    let Some((user, session)) = auth.book.write(work).await? else {
        return Err(Error::new(Code::CredentialsInvalid, "Invalid login credentials"));
    };
    Ok(Answer::json(200, auth.session(&user, &session).await?))
}

async fn by_refresh(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let Some(token) = asked.text("refresh_token")? else {
        return Err(Error::new(Code::ValidationFailed, "refresh_token required"));
    };
    let unknown = "Invalid Refresh Token: Refresh Token Not Found";
    let Some(brought) = Brought::parse(token) else {
        return Err(Error::new(Code::RefreshTokenUnknown, unknown));
    };
    let (pepper, now, life) = (Arc::clone(&auth.pepper), auth.now(), auth.config.life);
    let work = move |page: &mut Page<'_, '_>| session::refresh(page, &pepper, brought, now, &life);
    match auth.book.write(work).await? {
        Refreshed::Goes(goes) => Ok(Answer::json(200, auth.session(&goes.1, &goes.0).await?)),
        Refreshed::Refused(code) => Err(Error::new(
            code,
            match code {
                Code::UserBanned => "Invalid Refresh Token: User Banned",
                Code::SessionExpired => "Invalid Refresh Token: Session Expired",
                Code::RefreshTokenUsed => "Invalid Refresh Token: Already Used",
                _ => unknown,
            },
        )),
    }
}
