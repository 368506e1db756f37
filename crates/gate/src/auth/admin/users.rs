//! Users, as an administrator sees, adds, changes and removes them.

use http::header::{HeaderName, LINK};
use mainstay_base::nearest;
use mainstay_base::{Code, Error, Result};
use mainstay_credentials::password::Stored;
use mainstay_mail::address::Phone;
use mainstay_schema::Value;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::super::answer::Answer;
use super::super::asked::Asked;
use super::super::letters::address;
use super::super::people::{self, new_user};
use super::super::{Auth, user};
use crate::accounts::Page;
use crate::accounts::journal::Deed;
use crate::accounts::record::{Field, Moment};
use crate::accounts::rows::{Factor, Identity, RecoveryCode, User};
use crate::accounts::session::{self, Scope};
use crate::identity::AUTHENTICATED;
use crate::limits::USERS_PER_PAGE;

const TOTAL: HeaderName = HeaderName::from_static("x-total-count");

/// `GET /admin/users?page=&per_page=`, or the one user of `?email=`.
pub(super) async fn listed(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let number = |name: &str, default: i64| match asked.query(name) {
        None | Some("") => Ok(default),
        Some(text) => text.parse().ok().filter(|number| *number >= 1).ok_or_else(|| {
            let message = format!("Bad Pagination Parameters: `{name}` is no number from 1 on");
            Error::new(Code::ValidationFailed, message)
        }),
    };
    if let Some(email) = asked.query("email") {
        let found = auth.book.one::<User>("email", address(email)?.as_str()).await?;
        let mut users = Vec::new();
        if let Some(user) = found {
            users.push(auth.user(&user).await?);
        }
        return Ok(Answer::json(200, json!({ "users": users, "aud": AUTHENTICATED })));
    }
    let (page, per_page) = (number("page", 1)?, number("per_page", 50)?.min(USERS_PER_PAGE));
    let skipped = (page - 1).saturating_mul(per_page);
    let ids = auth.book.call("users_page", &[per_page.value(), skipped.value()]).await?;
    let mut users = Vec::new();
    for id in ids.into_iter().flatten() {
        let Value::Text(id) = id else { continue };
        if let Some(user) = auth.book.one::<User>("id", &id).await? {
            users.push(auth.user(&user).await?);
        }
    }
    let total = auth.book.call("users_total", &[]).await?;
    let total = match total.first().and_then(|row| row.first()) {
        Some(Value::Int(total)) => *total,
        _ => 0,
    };
    let last = (total + per_page - 1).div_euclid(per_page).max(1);
    let mut links = Vec::new();
    let mut link = |page: i64, rel: &str| {
        links
            .push(format!("</auth/v1/admin/users?page={page}&per_page={per_page}>; rel=\"{rel}\""));
    };
    if page < last {
        link(page + 1, "next");
    }
    link(last, "last");
    let body = json!({ "users": users, "aud": AUTHENTICATED });
    let answer = Answer::json(200, body).with_header(TOTAL, total.to_string());
    Ok(answer.with_header(LINK, links.join(", ")))
}

/// The user that the path names.
pub(super) async fn named(auth: &Auth, asked: &Asked) -> Result<User> {
    if Uuid::parse_str(asked.id()).is_err() {
        let message = "user_id must be an UUID";
        return Err(Error::new(Code::IdMalformed, message));
    }
    let id = asked.id().to_ascii_lowercase();
    let user = auth.book.one::<User>("id", &id).await?;
    user.ok_or_else(|| Error::new(Code::UserUnknown, "User not found"))
}

/// `GET /admin/users/{id}`.
pub(super) async fn shown(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let user = named(auth, asked).await?;
    Ok(Answer::json(200, auth.user(&user).await?))
}

/// What an administrator says of a user; what is not said stays.
struct Said {
    email: Option<String>,
    phone: Option<String>,
    password: Option<String>,
    email_confirm: Option<bool>,
    phone_confirm: Option<bool>,
    user_metadata: Option<Map<String, Json>>,
    app_metadata: Option<Map<String, Json>>,
    role: Option<String>,
    /// Until when; the inner `None` ends a ban.
    banned_until: Option<Option<Moment>>,
}

async fn said(auth: &Auth, asked: &Asked) -> Result<Said> {
    let phone = asked.text("phone")?.map(|phone| {
        Phone::parse(phone).map_err(|error| Error::new(Code::ValidationFailed, error.message()))
    });
    let email = asked.text("email")?.map(address).transpose()?;
    Ok(Said {
        password: password(auth, asked).await?,
        email: email.map(|email| email.as_str().to_owned()),
        phone: phone.transpose()?.map(|phone| phone.as_str().to_owned()),
        email_confirm: asked.flag("email_confirm")?,
        phone_confirm: asked.flag("phone_confirm")?,
        user_metadata: asked.object("user_metadata")?.cloned(),
        app_metadata: asked.object("app_metadata")?.cloned(),
        role: role(auth, asked)?,
        banned_until: ban(asked, auth.now())?,
    })
}

async fn password(auth: &Auth, asked: &Asked) -> Result<Option<String>> {
    match (asked.text("password")?, asked.text("password_hash")?) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            let message = "Only a password or a password hash should be provided";
            Err(Error::new(Code::ValidationFailed, message))
        }
        (Some(password), None) => {
            let email = asked.text("email")?.unwrap_or_default();
            user::judge(auth, password, &[email])?;
            Ok(Some(auth.hasher.hash(password).await?))
        }
        (None, Some(hash)) => match Stored::parse(hash) {
            Ok(_) => Ok(Some(hash.to_owned())),
            Err(error) => Err(Error::new(Code::ValidationFailed, error.message().to_owned())),
        },
    }
}

fn role(auth: &Auth, asked: &Asked) -> Result<Option<String>> {
    let Some(role) = asked.text("role")? else { return Ok(None) };
    let known = auth.config.roles.iter().map(String::as_str).chain([AUTHENTICATED]);
    if known.clone().any(|known| known == role) {
        return Ok(Some(role.to_owned()));
    }
    let message = format!("There is no role `{role}` for users");
    let near = nearest(role, known).map(|near| format!("Did you mean `{near}`?"));
    let declare = "Roles stand in mainstay.toml: [auth] roles = [\"staff\"].".to_owned();
    Err(Error::new(Code::ValidationFailed, message).hint(near.unwrap_or(declare)))
}

/// `ban_duration`: a length of time, or `none`.
fn ban(asked: &Asked, now: Moment) -> Result<Option<Option<Moment>>> {
    match asked.text("ban_duration")? {
        None => Ok(None),
        Some("none") => Ok(Some(None)),
        Some(text) => match seconds(text) {
            Some(seconds) => Ok(Some(Some(now.after(seconds)))),
            None => {
                let message = format!("invalid format for ban duration: \"{text}\"");
                let hint = "Write 300ms, 90s, 2h45m, or none.";
                Err(Error::new(Code::ValidationFailed, message).hint(hint))
            }
        },
    }
}

/// A length of time as Go writes it: `2h45m`. Whole seconds, at least one.
fn seconds(text: &str) -> Option<i64> {
    let (mut rest, mut millis) = (text, 0_i64);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|digits| *digits > 0)?;
        let (number, unit) = rest.split_at(digits);
        let units = [("ms", 1), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
        let (name, factor) = units.into_iter().find(|(name, _)| unit.starts_with(name))?;
        let part = number.parse::<i64>().ok()?.checked_mul(factor)?;
        millis = millis.checked_add(part)?;
        rest = &unit[name.len()..];
    }
    (!text.is_empty()).then_some((millis / 1_000).max(1))
}

/// `POST /admin/users`.
pub(super) async fn added(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let said = said(auth, asked).await?;
    if said.email.is_none() && said.phone.is_none() {
        let message = "Cannot create a user without either an email or phone";
        return Err(Error::new(Code::ValidationFailed, message));
    }
    let now = auth.now();
    let id = match asked.text("id")? {
        None => Uuid::new_v4(),
        Some(text) => Uuid::parse_str(text)
            .map_err(|_| Error::new(Code::ValidationFailed, "ID must be a valid UUIDv4"))?,
    };
    let new = User { id: id.to_string(), self_made: false, ..new_user(Map::new(), now) };
    let first = if said.email.is_some() { "email" } else { "phone" };
    let new = User { app_metadata: json!({ "provider": first, "providers": [first] }), ..new };
    let note = asked.note(Deed::UserMade, Some(&new.id));
    let work = move |page: &mut Page<'_, '_>| {
        if page.one::<User>("id", &new.id)?.is_some() {
            return Ok(Err(Error::new(
                Code::UserExists,
                "A user with this ID has already been registered",
            )));
        }
        let user = match apply(page, new.clone(), &said, now)? {
            Ok(user) => user,
            Err(error) => return Ok(Err(error)),
        };
        page.note(note.clone(), now)?;
        Ok(Ok(user))
    };
    let user = auth.book.write(work).await??;
    Ok(Answer::json(200, auth.user(&user).await?))
}

/// `PUT /admin/users/{id}`.
pub(super) async fn changed(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let user = named(auth, asked).await?;
    let said = said(auth, asked).await?;
    let now = auth.now();
    let until = now.after(auth.config.life.access);
    let banned = matches!(said.banned_until, Some(Some(_)));
    let ends = banned || said.password.is_some();
    let deed = if banned { Deed::UserBanned } else { Deed::UserChanged };
    let note = asked.note(deed, Some(&user.id)).with("names", asked.names());
    let work = move |page: &mut Page<'_, '_>| {
        let user = people::by_id(page, &user.id)?;
        let user = match apply(page, user, &said, now)? {
            Ok(user) => user,
            Err(error) => return Ok(Err(error)),
        };
        if ends {
            session::end(page, &user.id, None, Scope::Global, until)?;
        }
        page.note(note.clone(), now)?;
        Ok(Ok(user))
    };
    let user = auth.book.write(work).await??;
    Ok(Answer::json(200, auth.user(&user).await?))
}

/// The user as it was said to be, kept; with the identities that belong to its addresses.
fn apply(page: &mut Page<'_, '_>, user: User, said: &Said, now: Moment) -> Result<Result<User>> {
    let mut user = user;
    let exists = |code, what: &str| {
        let message = format!("A user with this {what} has already been registered");
        Ok(Err(Error::new(code, message)))
    };
    if let Some(email) = &said.email {
        let other = page.one::<User>("email", email)?;
        if other.is_some_and(|other| other.id != user.id) {
            return exists(Code::EmailExists, "email address");
        }
        user.email = Some(email.clone());
    }
    if let Some(phone) = &said.phone {
        let other = page.one::<User>("phone", phone)?;
        if other.is_some_and(|other| other.id != user.id) {
            return exists(Code::PhoneExists, "phone number");
        }
        user.phone = Some(phone.clone());
    }
    user.password = said.password.clone().or(user.password);
    user.role = said.role.clone().unwrap_or(user.role);
    for (known, data) in [
        (&mut user.user_metadata, &said.user_metadata),
        (&mut user.app_metadata, &said.app_metadata),
    ] {
        data.iter().for_each(|data| people::merge(known, data));
        if let Err(error) = people::bounded("user_metadata and app_metadata each", known) {
            return Ok(Err(error));
        }
    }
    user.banned_until = said.banned_until.unwrap_or(user.banned_until);
    user.updated_at = now;
    confirm(page, user, said, now).map(Ok)
}

fn confirm(page: &mut Page<'_, '_>, user: User, said: &Said, now: Moment) -> Result<User> {
    let mut user = user;
    if said.email_confirm == Some(true) {
        user.email_confirmed_at = user.email_confirmed_at.or(Some(now));
    }
    if said.phone_confirm == Some(true) {
        user.phone_confirmed_at = user.phone_confirmed_at.or(Some(now));
    }
    if user.is_anonymous && (user.email_confirmed_at.is_some() || user.phone_confirmed_at.is_some())
    {
        user.is_anonymous = false;
    }
    if said.email.is_some() || said.email_confirm.is_some() {
        user = people::with_claims(user.clone(), user.email_confirmed_at.is_some());
    }
    page.put(&user)?;
    let known: Vec<Identity> = page.find("user", &[user.id.value()])?;
    let verified = user.email_confirmed_at.is_some();
    for (has, provider, made) in [
        (user.email.is_some(), "email", people::email_identity(&user, verified, now)),
        (user.phone.is_some(), "phone", people::phone_identity(&user, now)),
    ] {
        let own = known.iter().find(|identity| identity.provider == provider);
        if has {
            let kept = own.map(|own| (own.id.clone(), own.created_at));
            let (id, created_at) = kept.unwrap_or((made.id.clone(), made.created_at));
            page.put(&Identity { id, created_at, ..made })?;
            people::add_provider(&mut user, provider);
        }
    }
    page.put(&user)?;
    Ok(user)
}

/// `DELETE /admin/users/{id}`. A soft deletion keeps the row, and nothing that names a person.
pub(super) async fn removed(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let user = named(auth, asked).await?;
    let soft = asked.flag("should_soft_delete")?.unwrap_or(false);
    let now = auth.now();
    let until = now.after(auth.config.life.access);
    let note = asked.note(Deed::UserRemoved, Some(&user.id)).with("soft", soft);
    let work = move |page: &mut Page<'_, '_>| {
        session::end(page, &user.id, None, Scope::Global, until)?;
        match soft {
            false => page.remove::<User>("id", &user.id)?,
            true => {
                page.remove::<Identity>("user", &user.id)?;
                page.remove::<Factor>("user", &user.id)?;
                page.remove::<RecoveryCode>("user", &user.id)?;
                page.remove::<crate::accounts::rows::Proof>("user", &user.id)?;
                let bare = new_user(Map::new(), user.created_at);
                let deleted_at = Some(user.deleted_at.unwrap_or(now));
                page.put(&User { id: user.id.clone(), deleted_at, updated_at: now, ..bare })?;
            }
        }
        page.note(note.clone(), now)?;
        Ok(())
    };
    auth.book.write(work).await?;
    Ok(Answer::json(200, json!({})))
}

/// `POST /admin/users/{id}/logout`: ends all sessions of a user, so that what was changed about it
/// holds at once.
pub(super) async fn signed_out(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let user = named(auth, asked).await?;
    let now = auth.now();
    let until = now.after(auth.config.life.access);
    let note = asked.note(Deed::SignOut, Some(&user.id));
    let work = move |page: &mut Page<'_, '_>| {
        page.note(note.clone(), now)?;
        session::end(page, &user.id, None, Scope::Global, until)
    };
    auth.book.write(work).await?;
    Ok(Answer::nothing())
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn lengths_of_time_are_read_as_go_writes_them() {
        for (text, expected) in [
            ("24h", Some(86_400)),
            ("2h45m", Some(9_900)),
            ("300ms", Some(1)),
            ("90s", Some(90)),
            ("", None),
            ("h", None),
            ("10", None),
            ("-1h", None),
            ("1d", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
