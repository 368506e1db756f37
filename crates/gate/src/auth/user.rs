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
use crate::accounts::journal::{Deed, Note};
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
    /// To the owner of a password that changes, and what such letters are counted under.
    notice: Option<(Letter, tries::Counted)>,
    /// To an address that goes at once.
    farewell: Option<Letter>,
}

pub(super) async fn changed(auth: &Auth, asked: &Asked, caller: Caller) -> Result<Answer> {
    let Caller { user, session } = caller;
    judge_level(auth, asked, &user, session.as_ref()).await?;
    let guess = guessed(auth, asked, &user).await?;
    let change = read(auth, asked, &user, session.as_ref()).await?;
    let (now, own) = (auth.now(), session.map(|session| session.id));
    let until = now.after(auth.config.life.access);
    let pace = match &change.email {
        Some((draft, _)) => tries::letter(auth, asked, &letters::address(&draft.new_email)?),
        None => Vec::new(),
    };
    let (note, id) = (asked.note(Deed::UserChanged, Some(&user.id)), user.id);
    let note = note.with("names", asked.names());
    let work = move |page: &mut Page<'_, '_>| {
        let mut user = people::by_id(page, &id)?;
        // Everything that may be refused is looked at before anything is changed.
        if let Err(error) = change.judged(page, &user, &pace, now)? {
            if error.code() == Code::ReauthenticationInvalid {
                page.note(Note { deed: Deed::CodeFailed, ..note.clone() }, now)?;
            }
            return Ok(Err(error));
        }
        if let Some(data) = &change.data {
            people::merge(&mut user.user_metadata, data);
        }
        change.email(page, &mut user, &note, now)?;
        if change.password.is_some() {
            change.password(page, &mut user, now)?;
            session::end(page, &user.id, own.as_deref(), Scope::Others, until)?;
            page.note(Note { deed: Deed::PasswordChanged, ..note.clone() }, now)?;
        }
        guess.as_ref().map_or(Ok(()), |guess| guess.forgive(page, now))?;
        user.updated_at = now;
        page.put(&user)?;
        page.note(note.clone(), now)?;
        Ok(Ok(user))
    };
    let user = auth.book.write(work).await??;
    Ok(Answer::json(200, auth.user(&user).await?))
}

/// A new password answers whether it or `current_password` is the old one, and a nonce is a code:
/// who has only the session guesses here no better than at the door.
async fn guessed(auth: &Auth, asked: &Asked, user: &User) -> Result<Option<tries::Guess>> {
    if asked.value("password").is_none() {
        return Ok(None);
    }
    let guess = tries::guess(auth, asked, &format!("own password {}", user.id));
    let (counted, now) = (guess.clone(), auth.now());
    let begin = move |page: &mut Page<'_, '_>| counted.begin(page, now);
    match auth.book.write(begin).await? {
        Some(wait) => Err(tries::too_many(wait)),
        None => Ok(Some(guess)),
    }
}

impl Change {
    /// What stands against it. A wrong nonce is counted all the same.
    fn judged(
        &self,
        page: &mut Page<'_, '_>,
        user: &User,
        pace: &tries::Counted,
        now: Moment,
    ) -> Result<Result<()>> {
        if let Some(data) = &self.data {
            let mut merged = user.user_metadata.clone();
            people::merge(&mut merged, data);
            if let Err(error) = people::bounded("user_metadata", &merged) {
                return Ok(Err(error));
            }
        }
        if let Some((draft, _)) = &self.email
            && people::by_email(page, Some(&draft.new_email))?.is_some()
        {
            return Ok(Err(exists()));
        }
        if let (Some(_), Some(nonce)) = (&self.password, &self.nonce) {
            let address = user.email.as_deref().unwrap_or_default();
            let meant = &[Purpose::Reauthentication];
            if page.take_code(address, nonce, meant, now)?.is_none() {
                let message = "Reauthentication nonce is wrong or too old";
                return Ok(Err(Error::new(Code::ReauthenticationInvalid, message)));
            }
        }
        let wait = page.count_all(pace, now)?;
        Ok(wait.map_or(Ok(()), |wait| Err(tries::too_many_letters(wait))))
    }

    fn email(
        &self,
        page: &mut Page<'_, '_>,
        user: &mut User,
        note: &Note,
        now: Moment,
    ) -> Result<()> {
        let Some((draft, awaited)) = &self.email else { return Ok(()) };
        if *awaited {
            *user = draft.keep(page, user.clone(), now)?;
            return page.note(Note { deed: Deed::EmailChangeAsked, ..note.clone() }, now);
        }
        let email = Some(draft.new_email.clone());
        let changed = User { email, email_confirmed_at: None, ..user.clone() };
        *user = people::confirm_email(page, changed, now)?;
        self.farewell.as_ref().map_or(Ok(()), |letter| page.post(letter, now))?;
        page.note(Note { deed: Deed::EmailChanged, ..note.clone() }, now)
    }

    fn password(&self, page: &mut Page<'_, '_>, user: &mut User, now: Moment) -> Result<()> {
        user.password.clone_from(&self.password);
        page.drop_proof(&user.id, Purpose::Recovery.name())?;
        match &self.notice {
            // A notice too many is no letter that anybody needs.
            Some((letter, pace)) if page.count_all(pace, now)?.is_none() => page.post(letter, now),
            _ => Ok(()),
        }
    }
}

fn exists() -> Error {
    let message = "A user with this email address has already been registered";
    Error::new(Code::EmailExists, message)
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
    let told = user.email.as_deref().filter(|_| user.email_confirmed_at.is_some());
    let notice = told.filter(|_| password.is_some() && user.password.is_some()).map(|email| {
        let letter = auth.letters.notice(Kind::PasswordChanged, email, user, "")?;
        Ok::<_, Error>((letter, tries::notice(auth, &user.id)))
    });
    let farewell = told.filter(|_| email.is_some()).map(|old| {
        let new_email = email.as_ref().map(|(draft, _)| draft.new_email.clone());
        let user = User { email: new_email, ..user.clone() };
        auth.letters.notice(Kind::EmailChanged, old, &user, "")
    });
    let (notice, farewell) = (notice.transpose()?, farewell.transpose()?);
    let nonce = nonce.filter(|_| auth.config.reauthenticate);
    Ok(Change { data: people::data(asked)?, password, email, nonce, notice, farewell })
}

async fn new_email(
    auth: &Auth,
    asked: &Asked,
    user: &User,
    new: &str,
) -> Result<(email_change::Draft, bool)> {
    if auth.book.one::<User>("email", new).await?.is_some() {
        return Err(exists());
    }
    Ok((email_change::Draft::new(auth, asked, user, new)?, auth.config.confirm_email))
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
            let (note, now) = (asked.note(Deed::SignInFailed, Some(&user.id)), auth.now());
            let work = move |page: &mut Page<'_, '_>| page.note(note.clone(), now);
            auth.book.write(work).await?;
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
