//! `DELETE /factors/{id}`, and what follows when a factor is gone: whoever was in elsewhere is out,
//! and with the last one recovery codes go and the session that is left stands at the first level.

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_schema::Value;
use serde_json::json;

use super::super::Auth;
use super::super::answer::Answer;
use super::super::asked::Asked;
use super::{AAL2, Asker, RECOVERY, id, step_up, tell};
use crate::accounts::Page;
use crate::accounts::journal::Deed;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Factor, RecoveryCode, Session};
use crate::accounts::session::{self, Scope};

pub(super) async fn answer(auth: &Auth, asked: &Asked, asker: Asker) -> Result<Answer> {
    let (now, id) = (auth.now(), id(asked.id())?);
    let until = now.after(auth.config.life.access);
    let note = asker.note(asked, Deed::FactorRemoved);
    let letters = Arc::clone(&auth.letters);
    let work = move |page: &mut Page<'_, '_>| {
        let seen = asker.seen(page)?;
        let factor = seen.second(&id)?;
        if factor.verified {
            seen.must_be_raised("unenroll verified factor")?;
        }
        remove(page, &factor, Some(&seen.session), until)?;
        if factor.verified {
            tell(page, &letters, &note, Deed::FactorRemoved, (&seen.user, &factor), now)?;
        }
        Ok(factor.id)
    };
    let id = auth.book.write(work).await?;
    Ok(Answer::json(200, json!({ "id": id })))
}

/// Takes a factor away; which sessions have ended by that. `own` is the user's that asks, if it is
/// the user who does.
///
/// # Errors
/// When the store fails.
pub(in super::super) fn remove(
    page: &mut Page<'_, '_>,
    factor: &Factor,
    own: Option<&Session>,
    until: Moment,
) -> Result<Vec<String>> {
    page.remove::<Factor>("id", &factor.id)?;
    if factor.kind == RECOVERY {
        page.remove::<RecoveryCode>("user", &factor.user)?;
    }
    if !factor.is_whole() {
        return Ok(Vec::new());
    }
    let left: Vec<Factor> = page.find("user", &[Value::Text(factor.user.clone())])?;
    if !left.iter().any(Factor::is_whole) {
        page.remove::<RecoveryCode>("user", &factor.user)?;
        for set in left.iter().filter(|factor| factor.kind == RECOVERY) {
            page.remove::<Factor>("id", &set.id)?;
        }
        if let Some(own) = own.filter(|own| own.aal == AAL2) {
            step_up::step_down(page, own)?;
        }
    }
    let own = own.map(|own| own.id.as_str());
    session::end(page, &factor.user, own, Scope::Others, until)
}

/// Takes away everything that a user has beside a password, passkeys among it, and ends all
/// sessions: for an administrator who was asked by an owner without a device.
///
/// # Errors
/// When the store fails.
pub(in super::super) fn remove_all(
    page: &mut Page<'_, '_>,
    user: &str,
    until: Moment,
) -> Result<Vec<String>> {
    page.remove::<Factor>("user", user)?;
    page.remove::<RecoveryCode>("user", user)?;
    session::end(page, user, None, Scope::Global, until)
}

/// The refusal of what is not there, for administrators.
pub(in super::super) fn unknown(code: Code) -> Error {
    Error::new(code, "Factor not found")
}
