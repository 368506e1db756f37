//! `GET` and `PUT /user`: the caller as a user, and what one may change of oneself.

use mainstay_base::{Code, Error, Result};
use mainstay_credentials::password::{Checked, Weak};
use mainstay_mail::{Kind, Letter};
use mainstay_schema::Value;
use serde_json::{Map, Value as Json, json};

use super::answer::Answer;
use super::asked::Asked;
use super::proof::Purpose;
use super::{Auth, Caller, email_change, letters, people, tries};
use crate::accounts::Page;
use crate::accounts::journal::Deed;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Factor, Session, User};
use crate::accounts::session::{self, Scope};
use crate::limits::FRESH_SESSION_SECONDS;

pub(super) async fn shown(auth: &Auth, caller: Caller) -> Result<Answer> {
    Ok(Answer::json(200, auth.user(&caller.user).await?))
}

/// What is to become of a user.
struct Change {
    data: Option<Map<String, Json>>,
    password: Option<String>,
    /// A new address, and whether it has to be confirmed first.
    email: Option<(email_change::Draft, bool)>,
    nonce: Option<String>,
    notice: Option<Letter>,
}

pub(super) async fn changed(auth: &Auth, asked: &Asked, caller: Caller) -> Result<Answer> {
    let Caller { user, session } = caller;
    judge_level(auth, asked, &user, session.as_ref()).await?;
    let change = read(auth, asked, &user, session.as_ref()).await?;
    let (now, life) = (auth.now(), auth.config.life);
    let (own, until) = (session.map(|session| session.id), now.after(life.access));
    let email = change.email.as_ref().map(|(draft, _)| letters::address(&draft.new_email));
    let pace = match email.transpose()? {
        Some(email) => tries::letter(auth, asked, &email),
        None => Vec::new(),
    };
    let asked = (asked.note(Deed::UserChanged, Some(&user.id)), user.id);
    let work = move |page: &mut Page<'_, '_>| {
        if let Some(wait) = page.count_all(&pace, now)? {
            return Ok(Err(tries::too_many_letters(wait)));
        }
        let (note, id) = asked.clone();
        let mut user = people::by_id(page, &id)?;
        if let Some(data) = &change.data {
            people::merge(&mut user.user_metadata, data);
        }
        if let Err(error) = change_email(page, &mut user, &change, now)? {
            return Ok(Err(error));
        }
        let mut ended = Vec::new();
        if let Some(password) = &change.password {
            if let Some(nonce) = &change.nonce {
                let meant = &[Purpose::Reauthentication];
                let address = user.email.clone().unwrap_or_default();
                if page.take_code(&address, nonce, meant, now)?.is_none() {
                    let message = "Reauthentication nonce is wrong or too old";
                    return Ok(Err(Error::new(Code::ReauthenticationInvalid, message)));
                }
            }
            user.password = Some(password.clone());
            page.drop_proof(&user.id, Purpose::Recovery.name())?;
            ended = session::end(page, &user.id, own.as_deref(), Scope::Others, until)?;
            change.notice.as_ref().map_or(Ok(()), |letter| page.post(letter, now))?;
            page.note(
                crate::accounts::journal::Note { deed: Deed::PasswordChanged, ..note.clone() },
                now,
            )?;
        }
        user.updated_at = now;
        page.put(&user)?;
        page.note(note, now)?;
        Ok(Ok((user, ended)))
    };
    let (user, ended) = auth.book.write(work).await??;
    auth.gate.end_sessions(&ended, until.seconds());
    Ok(Answer::json(200, auth.user(&user).await?))
}

/// What opens an account is changed by a session that has proven everything that the account has.
async fn judge_level(
    auth: &Auth,
    asked: &Asked,
    user: &User,
    session: Option<&Session>,
) -> Result<()> {
    let opens = ["password", "email", "phone"].iter().any(|name| asked.value(name).is_some());
    if opens { must_be_raised(auth, user, session).await } else { Ok(()) }
}

/// # Errors
/// `insufficient_aal` when the user has a second factor and the session has not proven it.
pub(super) async fn must_be_raised(
    auth: &Auth,
    user: &User,
    session: Option<&Session>,
) -> Result<()> {
    if session.is_some_and(|session| session.aal == "aal2") {
        return Ok(());
    }
    let factors: Vec<Factor> = auth.book.find("user", &[Value::Text(user.id.clone())]).await?;
    match factors.iter().any(|factor| factor.verified && factor.is_second()) {
        false => Ok(()),
        true => {
            let message = "AAL2 session is required to update email, password or identities when \
                           MFA is enabled.";
            Err(Error::new(Code::AalInsufficient, message))
        }
    }
}

async fn read(
    auth: &Auth,
    asked: &Asked,
    user: &User,
    session: Option<&Session>,
) -> Result<Change> {
    if asked.text("phone")?.is_some_and(|phone| user.phone.as_deref() != Some(phone)) {
        return Err(Error::new(Code::PhoneDisabled, "Changes of telephone numbers are disabled"));
    }
    let email = asked.text("email")?;
    let email = match email.map(letters::address).transpose()? {
        Some(new) if user.email.as_deref() == Some(new.as_str()) => None,
        Some(new) => Some(new_email(auth, asked, user, new.as_str()).await?),
        None => None,
    };
    let nonce = asked.text("nonce")?.map(ToOwned::to_owned);
    let password = match asked.text("password")? {
        None => None,
        Some(password) => {
            let fresh = session.is_some_and(|session| {
                session.created_at.after(FRESH_SESSION_SECONDS) > auth.now()
            });
            if auth.config.reauthenticate && !fresh && nonce.is_none() {
                let message = "Password update requires reauthentication";
                return Err(Error::new(Code::ReauthenticationNeeded, message));
            }
            Some(new_password(auth, asked, user, password).await?)
        }
    };
    let told = user.email.as_deref().filter(|_| password.is_some() && user.password.is_some());
    let notice = told.map(|email| auth.letters.notice(Kind::PasswordChanged, email, user, ""));
    let notice = notice.transpose()?;
    let nonce = nonce.filter(|_| auth.config.reauthenticate);
    Ok(Change { data: people::data(asked)?, password, email, nonce, notice })
}

async fn new_email(
    auth: &Auth,
    asked: &Asked,
    user: &User,
    new: &str,
) -> Result<(email_change::Draft, bool)> {
    if auth.book.one::<User>("email", new).await?.is_some() {
        let message = "A user with this email address has already been registered";
        return Err(Error::new(Code::EmailExists, message));
    }
    Ok((email_change::Draft::new(auth, asked, user, new)?, auth.config.confirm_email))
}

fn change_email(
    page: &mut Page<'_, '_>,
    user: &mut User,
    change: &Change,
    now: Moment,
) -> Result<Result<()>> {
    let Some((draft, awaited)) = &change.email else { return Ok(Ok(())) };
    if people::by_email(page, Some(&draft.new_email))?.is_some() {
        let message = "A user with this email address has already been registered";
        return Ok(Err(Error::new(Code::EmailExists, message)));
    }
    if *awaited {
        *user = draft.keep(page, user.clone(), now)?;
        return Ok(Ok(()));
    }
    let changed =
        User { email: Some(draft.new_email.clone()), email_confirmed_at: None, ..user.clone() };
    *user = people::confirm_email(page, changed, now)?;
    Ok(Ok(()))
}

async fn new_password(auth: &Auth, asked: &Asked, user: &User, password: &str) -> Result<String> {
    if user.is_anonymous && user.email.is_none() && user.phone.is_none() {
        let message =
            "Updating password of an anonymous user without an email or phone is not allowed";
        return Err(Error::new(Code::AddressNeeded, message));
    }
    let email = user.email.as_deref().unwrap_or_default();
    judge(auth, password, &[email])?;
    if let Some(current) = asked.text("current_password")? {
        let right = auth.hasher.check(current, user.password.as_deref()).await?;
        if right == Checked::Wrong {
            return Err(Error::new(Code::CredentialsInvalid, "The current password is wrong"));
        }
    }
    if user.password.is_some() {
        let same = auth.hasher.check(password, user.password.as_deref()).await?;
        if same != Checked::Wrong {
            let message = "New password should be different from the old password.";
            return Err(Error::new(Code::PasswordSame, message));
        }
    }
    auth.hasher.hash(password).await
}

/// `about`: what must not be the password, beside the application's name.
///
/// # Errors
/// `weak_password`
pub(super) fn judge(auth: &Auth, password: &str, about: &[&str]) -> Result<()> {
    let about: Vec<&str> = about.iter().copied().chain([auth.config.name.as_str()]).collect();
    auth.rules.judge(password, &about).map_err(weak)
}

/// What a password that was right would be refused for today.
pub(super) fn weakness(auth: &Auth, password: &str, user: &User) -> Option<Json> {
    let about = [user.email.as_deref().unwrap_or_default(), auth.config.name.as_str()];
    let weak = auth.rules.judge(password, &about).err()?;
    Some(json!({ "message": weak.message, "reasons": weak.reasons }))
}

fn weak(weak: Weak) -> Error {
    Error::new(Code::PasswordWeak, weak.message).details(weak.reasons.join(","))
}
