//! Second factors: what a user has beside a password. `enroll` adds one, `challenge` asks it,
//! `verify` judges its answer and `step_up` raises the session; `recovery` is codes on paper,
//! `removal` takes factors away, `device` is what keys in devices need. Passkeys, which sign in
//! alone, stand beside in `passkeys` and share the parts.
//!
//! Two rules keep every path at one level. A factor is added by a session that has proven one, as
//! soon as there is one: so nobody who has the password alone makes a key of his own. And of a
//! session's level and that of the token that asks the lower one counts.

pub(super) mod challenge;
pub(super) mod device;
mod enroll;
pub(super) mod recovery;
pub(super) mod removal;
pub(super) mod step_up;
mod verify;

use mainstay_base::{Code, Error, Result};
use mainstay_mail::{Kind, Letter};
use mainstay_schema::Value;
use uuid::Uuid;

use super::answer::Answer;
use super::asked::Asked;
use super::letters::Letters;
use super::route::Route;
use super::{Auth, Caller, people, unanswered};
use crate::accounts::Page;
use crate::accounts::journal::{Deed, Note};
use crate::accounts::record::Moment;
use crate::accounts::rows::{Factor, Session, User};
use crate::limits::FACTOR_NAME_CHARACTERS;

/// Codes of an app.
pub(super) const TOTP: &str = "totp";
/// A key in a device, after a password.
pub(super) const DEVICE: &str = "webauthn";
/// Codes on paper.
pub(super) const RECOVERY: &str = "recovery_code";
/// A key in a device, instead of a password.
pub(super) const PASSKEY: &str = "passkey";

pub(super) const AAL1: &str = "aal1";
pub(super) const AAL2: &str = "aal2";

pub(super) async fn answer(
    auth: &Auth,
    route: Route,
    asked: &Asked,
    caller: Caller,
) -> Result<Answer> {
    let asker = Asker::of(caller)?;
    match route {
        Route::EnrollFactor => enroll::answer(auth, asked, asker).await,
        Route::ChallengeFactor => challenge::answer(auth, asked, asker).await,
        Route::VerifyFactor => verify::answer(auth, asked, asker).await,
        Route::RemoveFactor => removal::answer(auth, asked, asker).await,
        Route::RecoveryCodes => recovery::shown(auth, asker).await,
        Route::MakeRecoveryCodes => recovery::made(auth, asked, asker, false).await,
        Route::RemakeRecoveryCodes => recovery::made(auth, asked, asker, true).await,
        Route::RemoveRecoveryCodes => recovery::removed(auth, asked, asker).await,
        Route::UseRecoveryCode => verify::by_recovery_code(auth, asked, asker).await,
        _ => Err(unanswered()),
    }
}

impl Factor {
    /// One that the dialect calls a factor: passkeys have a list of their own.
    pub(super) fn is_second(&self) -> bool {
        self.kind != PASSKEY
    }

    /// One that raises a session by itself. Recovery codes only stand in for such a one.
    pub(super) fn is_whole(&self) -> bool {
        self.verified && self.kind != RECOVERY
    }

    /// What it is called in a letter.
    pub(super) fn spoken(&self) -> &'static str {
        match self.kind.as_str() {
            TOTP => "authenticator app",
            DEVICE => "security key",
            RECOVERY => "recovery codes",
            _ => "passkey",
        }
    }
}

/// What a factor's secret is sealed for.
pub(super) fn secret_purpose(factor: &str) -> String {
    format!("factors.secret {factor}")
}

/// Who asks about factors: a user with an address, in a session.
#[derive(Clone)]
pub(super) struct Asker {
    pub user: User,
    pub session: String,
    /// The token that asks was given to a session that had proven a factor.
    raised: bool,
}

impl Asker {
    /// # Errors
    /// `session_not_found` without a session, `no_authorization` without an address.
    pub fn of(caller: Caller) -> Result<Self> {
        let Caller { user, session } = caller;
        let Some(session) = session else {
            return Err(Error::new(Code::SessionGone, "The bearer token is of no session"));
        };
        if user.is_anonymous {
            let message = "Anonymous users have no factors: they have nothing to come back by";
            return Err(Error::new(Code::AnonymousRefused, message));
        }
        Ok(Self { user, session: session.id, raised: session.aal == AAL2 })
    }

    /// The session and the user as this transaction sees them.
    ///
    /// # Errors
    /// `session_not_found` when it has ended meanwhile.
    pub fn seen(&self, page: &mut Page<'_, '_>) -> Result<Seen> {
        let session = page.one::<Session>("id", &self.session)?.ok_or_else(|| {
            let message = "Session from session_id claim in JWT does not exist";
            Error::new(Code::SessionGone, message)
        })?;
        let user = people::by_id(page, &self.user.id)?;
        let factors: Vec<Factor> = page.find("user", &[Value::Text(user.id.clone())])?;
        let raised = self.raised && session.aal == AAL2;
        Ok(Seen { session, user, factors, raised })
    }

    /// A note of what the user does here.
    pub fn note(&self, asked: &Asked, deed: Deed) -> Note {
        asked.note(deed, Some(&self.user.id))
    }
}

/// What a transaction sees of who asks.
pub(super) struct Seen {
    pub session: Session,
    pub user: User,
    pub factors: Vec<Factor>,
    pub raised: bool,
}

impl Seen {
    /// # Errors
    /// `insufficient_aal` unless the session has proven a factor.
    pub fn must_be_raised(&self, what: &str) -> Result<()> {
        match self.raised {
            true => Ok(()),
            false => Err(Error::new(Code::AalNeeded, format!("AAL2 required to {what}"))
                .hint("Verify a factor first; it raises the session.")),
        }
    }

    /// # Errors
    /// `insufficient_aal` when there is a factor already and the session has not proven one.
    pub fn may_add(&self, what: &str) -> Result<()> {
        match self.factors.iter().any(Factor::is_whole) {
            true => self.must_be_raised(what),
            false => Ok(()),
        }
    }

    /// The second factor of this id.
    ///
    /// # Errors
    /// `mfa_factor_not_found` for another's, and for what is none.
    pub fn second(&self, id: &str) -> Result<Factor> {
        let own = self.factors.iter().find(|factor| factor.id == id && factor.is_second());
        own.cloned().ok_or_else(unknown)
    }
}

/// The id that a path names, as it is kept.
///
/// # Errors
/// `mfa_factor_not_found` for what is no id.
pub(super) fn id(named: &str) -> Result<String> {
    Uuid::parse_str(named).map(|id| id.to_string()).map_err(|_| unknown())
}

pub(super) fn unknown() -> Error {
    Error::new(Code::FactorUnknown, "Factor not found")
}

/// `friendly_name`, without spaces around it.
///
/// # Errors
/// `validation_failed` for a name that is too long.
pub(super) fn name(asked: &Asked) -> Result<Option<String>> {
    let name = asked.text("friendly_name")?.map(str::trim).filter(|name| !name.is_empty());
    if name.is_some_and(|name| name.chars().count() > FACTOR_NAME_CHARACTERS) {
        let message = format!("`friendly_name` is longer than {FACTOR_NAME_CHARACTERS} characters");
        return Err(Error::new(Code::ValidationFailed, message));
    }
    Ok(name.map(ToOwned::to_owned))
}

/// # Errors
/// `mfa_factor_name_conflict` when another factor has the name.
pub(super) fn must_be_free(factors: &[Factor], name: Option<&str>) -> Result<()> {
    let taken =
        factors.iter().any(|it| it.is_second() && name.is_some() && it.name.as_deref() == name);
    match name.filter(|_| taken) {
        None => Ok(()),
        Some(name) => {
            let message =
                format!("A factor with the friendly name \"{name}\" for this user already exists");
            Err(Error::new(Code::FactorNameTaken, message))
        }
    }
}

/// The letter to a user whose factors have changed; none without a proven address.
pub(super) fn letter(
    letters: &Letters,
    kind: Kind,
    user: &User,
    factor: &Factor,
) -> Result<Option<Letter>> {
    let email = user.email.as_deref().filter(|_| user.email_confirmed_at.is_some());
    email.map(|email| letters.notice(kind, email, user, factor.spoken())).transpose()
}

/// Writes down that a factor was added or removed, and tells the user by letter.
///
/// # Errors
/// When the store fails.
pub(super) fn tell(
    page: &mut Page<'_, '_>,
    letters: &Letters,
    note: &Note,
    deed: Deed,
    (user, factor): (&User, &Factor),
    now: Moment,
) -> Result<()> {
    let kind = if deed == Deed::FactorAdded { Kind::FactorAdded } else { Kind::FactorRemoved };
    if let Some(letter) = letter(letters, kind, user, factor)? {
        page.post(&letter, now)?;
    }
    let note = Note { deed, ..note.clone() };
    page.note(note.with("factor", factor.id.as_str()).with("kind", factor.kind.as_str()), now)
}

/// What the journal is told of a try that was refused: why, which the caller does not learn.
pub(super) fn failed(note: &Note, deed: Deed, error: &Error) -> Note {
    let note = Note { deed, ..note.clone() }.with("code", error.code().text());
    let cause = error.cause().map(ToString::to_string);
    cause.into_iter().fold(note, |note, cause| note.with("cause", cause))
}

/// A refusal is kept with what was counted and consumed before it; after a fault nothing is.
pub(super) fn kept<T>(done: Result<T>) -> Result<Result<T>> {
    match done {
        Err(error) if error.status() < 500 => Ok(Err(error)),
        Err(error) => Err(error),
        Ok(done) => Ok(Ok(done)),
    }
}
