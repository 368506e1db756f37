//! Recovery codes, for the day when the device is lost: a set of ten beside another factor, shown
//! once, each good for one step up. The set is a factor in the lists of the dialect; its codes are
//! kept as hashes.

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_credentials::factor::recovery::{self, CODES, Codes, Hash};
use mainstay_schema::Value;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::super::Auth;
use super::super::answer::Answer;
use super::super::asked::Asked;
use super::{Asker, RECOVERY, Seen, must_be_free, name, removal, tell};
use crate::accounts::Page;
use crate::accounts::journal::{Deed, Note};
use crate::accounts::record::Moment;
use crate::accounts::rows::{Factor, RecoveryCode};

/// The name of a set that its user gave none.
const NAME: &str = "Recovery codes";

/// `GET /factors/recovery-codes`: how many are left, never which.
pub(super) async fn shown(auth: &Auth, asker: Asker) -> Result<Answer> {
    let values = [Value::Text(asker.user.id.clone())];
    let factors: Vec<Factor> = auth.book.find("user", &values).await?;
    let set = factors.iter().find(|factor| factor.kind == RECOVERY).ok_or_else(none)?;
    let left: Vec<RecoveryCode> = auth.book.find("user", &values).await?;
    let (total, remaining) = (CODES, left.len());
    let body = json!({ "id": set.id, "type": RECOVERY, "total": total, "remaining": remaining });
    Ok(Answer::json(200, body))
}

/// `POST /factors/recovery-codes`, and with `again` its `/regenerate`: the same set of new codes.
pub(super) async fn made(auth: &Auth, asked: &Asked, asker: Asker, again: bool) -> Result<Answer> {
    let (now, name) = (auth.now(), name(asked)?.unwrap_or_else(|| NAME.to_owned()));
    let note = asker.note(asked, Deed::RecoveryCodesMade);
    let letters = Arc::clone(&auth.letters);
    let work = move |page: &mut Page<'_, '_>| {
        let seen = asker.seen(page)?;
        must_have_another(&seen)?;
        seen.must_be_raised("make recovery codes")?;
        let known = seen.factors.iter().find(|factor| factor.kind == RECOVERY);
        let set = match (known, again) {
            (Some(set), true) => Factor { updated_at: now, ..set.clone() },
            (None, true) => return Err(none()),
            (Some(_), false) => {
                let message = "A set of recovery codes exists already";
                let hint = "/factors/recovery-codes/regenerate replaces its codes.";
                return Err(Error::new(Code::FactorExists, message).hint(hint));
            }
            (None, false) => new_set(&seen, &name, now)?,
        };
        page.put(&set)?;
        let codes = replaced(page, &set.user)?;
        if !again {
            let about = (&seen.user, &set);
            tell(page, &letters, &note, Deed::FactorAdded, about, now)?;
        }
        let made = Note { deed: Deed::RecoveryCodesMade, ..note.clone() };
        page.note(made.with("factor", set.id.as_str()), now)?;
        Ok(body(&set, &codes))
    };
    Ok(Answer::json(200, auth.book.write(work).await?))
}

/// Codes on paper stand in for a factor that is lost; by themselves they would be a password.
fn must_have_another(seen: &Seen) -> Result<()> {
    match seen.factors.iter().any(Factor::is_whole) {
        true => Ok(()),
        false => {
            let message = "Recovery codes cannot be the only factor";
            Err(Error::new(Code::RecoveryAlone, message))
        }
    }
}

fn new_set(seen: &Seen, name: &str, now: Moment) -> Result<Factor> {
    must_be_free(&seen.factors, Some(name))?;
    Ok(Factor {
        id: Uuid::new_v4().to_string(),
        user: seen.user.id.clone(),
        kind: RECOVERY.to_owned(),
        verified: true,
        name: Some(name.to_owned()),
        secret: String::new(),
        credential: None,
        step: None,
        last_challenged_at: None,
        created_at: now,
        updated_at: now,
    })
}

/// New codes in place of all that there were.
fn replaced(page: &mut Page<'_, '_>, user: &str) -> Result<Codes> {
    page.remove::<RecoveryCode>("user", user)?;
    let codes = recovery::make()?;
    for hash in &codes.hashes {
        let id = Uuid::new_v4().to_string();
        page.put(&RecoveryCode { id, user: user.to_owned(), hash: String::from(*hash) })?;
    }
    Ok(codes)
}

/// In the form of the dialect: small letters, nothing between them.
fn body(set: &Factor, codes: &Codes) -> Json {
    let plain = codes.shown.iter().map(|code| code.replace('-', "").to_ascii_lowercase());
    json!({
        "id": set.id,
        "type": RECOVERY,
        "friendly_name": set.name,
        "total": codes.shown.len(),
        "codes": plain.collect::<Vec<String>>(),
    })
}

/// Takes a code out, if it is one of the user's.
///
/// # Errors
/// When the store fails.
pub(super) fn take(page: &mut Page<'_, '_>, user: &str, typed: &str) -> Result<bool> {
    let rows: Vec<RecoveryCode> = page.find("user", &[Value::Text(user.to_owned())])?;
    let hashes: Vec<Hash> = rows
        .iter()
        .map(|row| Hash::try_from(row.hash.clone()).map_err(Error::internal))
        .collect::<Result<_>>()?;
    match recovery::find(typed, &hashes) {
        None => Ok(false),
        Some(at) => page.remove::<RecoveryCode>("id", &rows[at].id).map(|()| true),
    }
}

/// `DELETE /factors/recovery-codes`.
pub(super) async fn removed(auth: &Auth, asked: &Asked, asker: Asker) -> Result<Answer> {
    let now = auth.now();
    let note = asker.note(asked, Deed::FactorRemoved);
    let letters = Arc::clone(&auth.letters);
    let work = move |page: &mut Page<'_, '_>| {
        let seen = asker.seen(page)?;
        let set = seen.factors.iter().find(|factor| factor.kind == RECOVERY).ok_or_else(none)?;
        seen.must_be_raised("unenroll recovery codes")?;
        removal::remove(page, set, Some(&seen.session), now)?;
        tell(page, &letters, &note, Deed::FactorRemoved, (&seen.user, set), now)?;
        Ok(set.id.clone())
    };
    let id = auth.book.write(work).await?;
    Ok(Answer::json(200, json!({ "id": id })))
}

fn none() -> Error {
    Error::new(Code::FactorUnknown, "There are no recovery codes")
}
