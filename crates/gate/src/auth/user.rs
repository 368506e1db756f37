//! `GET` and `PUT /user`: the caller as a user, and what one may change of oneself.

use mainstay_base::{Code, Error, Result};
use serde_json::Value as Json;

use super::Auth;
use super::answer::Answer;
use super::asked::Asked;
use crate::Identity;
use crate::accounts::Page;
use crate::accounts::rows::User;
use crate::accounts::session::{self, Scope};
use mainstay_mail::address::Address;
use mainstay_credentials::password::Checked;

pub(super) async fn shown(auth: &Auth, identity: &Identity) -> Result<Answer> {
    let (user, _) = auth.caller(identity).await?;
    Ok(Answer::json(200, auth.user(&user).await?))
}

pub(super) async fn changed(auth: &Auth, asked: &Asked, identity: &Identity) -> Result<Answer> {
    let (user, own) = auth.caller(identity).await?;
    let data = asked.object("data")?.cloned();
    let password = match asked.text("password")? {
        None => None,
        Some(password) => Some(new_password(auth, &user, password).await?),
    };
    let (now, life, own) = (auth.now(), auth.config.life, own.map(|session| session.id));
    let work = move |page: &mut Page<'_, '_>| {
        let Some(mut user) = page.one::<User>("id", &user.id)? else {
            return Err(Error::new(Code::UserGone, "User not found"));
        };
        if let (Some(data), Json::Object(known)) = (&data, &mut user.user_metadata) {
            for (name, value) in data {
                match value {
                    Json::Null => drop(known.remove(name)),
                    value => drop(known.insert(name.clone(), value.clone())),
                }
            }
        }
        let mut ended = Vec::new();
        if let Some(password) = &password {
            user.password = Some(password.clone());
            let until = now.after(life.access);
            ended = session::end(page, &user.id, own.as_deref(), Scope::Others, until)?;
        }
        user.updated_at = now;
        page.put(&user)?;
        Ok((user, ended))
    };
    let (user, ended) = auth.book.write(work).await?;
    auth.gate.end_sessions(&ended, now.after(life.access).seconds());
    Ok(Answer::json(200, auth.user(&user).await?))
}

async fn new_password(auth: &Auth, user: &User, password: &str) -> Result<String> {
    let email = user.email.as_deref().unwrap_or_default();
    let about = [email, auth.config.name.as_str()];
    auth.rules.judge(password, &about).map_err(weak)?;
    if user.password.is_some() {
        let same = auth.hasher.check(password, user.password.as_deref()).await?;
        if same != Checked::Wrong {
            let message = "New password should be different from the old password.";
            return Err(Error::new(Code::PasswordSame, message));
        }
    }
    auth.hasher.hash(password).await
}

/// # Errors
/// `validation_failed`
pub(super) fn address(typed: &str) -> Result<Address> {
    Address::parse(typed).map_err(|error| Error::new(Code::ValidationFailed, error.message()))
}

/// # Errors
/// `weak_password`
pub(super) fn judge(auth: &Auth, password: &str, email: &Address) -> Result<()> {
    let about = [email.as_str(), email.local(), auth.config.name.as_str()];
    auth.rules.judge(password, &about).map_err(weak)
}

fn weak(weak: mainstay_credentials::password::Weak) -> Error {
    Error::new(Code::PasswordWeak, weak.message).details(weak.reasons.join(","))
}
