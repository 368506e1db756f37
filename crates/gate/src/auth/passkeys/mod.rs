//! Passkeys: keys in devices that stand for address and password, and since the device verifies its
//! user, for a second factor too. `register` adds one to an account, `enter` signs in by one; here
//! they are listed, named and removed.

pub(super) mod enter;
mod register;

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_credentials::factor::passkey::RelyingParty;
use mainstay_schema::Value;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::answer::{Answer, time};
use super::asked::Asked;
use super::factors::{self, Asker, Seen, device, removal, tell};
use super::route::Route;
use super::{Auth, Caller, unanswered};
use crate::accounts::Page;
use crate::accounts::journal::Deed;
use crate::accounts::rows::Factor;

pub(super) async fn answer(
    auth: &Auth,
    route: Route,
    asked: &Asked,
    caller: Caller,
) -> Result<Answer> {
    let party = party(auth)?;
    let asker = Asker::of(caller)?;
    match route {
        Route::BeginPasskey => register::begun(auth, asker, party).await,
        Route::AddPasskey => register::added(auth, asked, asker, party).await,
        Route::Passkeys => listed(auth, asker).await,
        Route::RenamePasskey => renamed(auth, asked, asker).await,
        Route::RemovePasskey => removed(auth, asked, asker).await,
        _ => Err(unanswered()),
    }
}

impl Auth {
    /// Whether users may sign in by passkeys: they are switched on, and the page is at a domain.
    pub(super) fn has_passkeys(&self) -> bool {
        party(self).is_ok()
    }
}

/// # Errors
/// `passkey_disabled`
fn party(auth: &Auth) -> Result<RelyingParty> {
    match auth.config.passkeys {
        true => device::party(&auth.config, Code::PasskeysDisabled),
        false => Err(Error::new(Code::PasskeysDisabled, "Passkeys are disabled")),
    }
}

/// The challenge that a client names.
///
/// # Errors
/// `validation_failed` for what is no id.
fn challenge_id(asked: &Asked) -> Result<String> {
    let id = Uuid::parse_str(asked.needed("challenge_id")?);
    let unfit = |_| Error::new(Code::ValidationFailed, "`challenge_id` is no id of a challenge");
    id.map(|id| id.to_string()).map_err(unfit)
}

/// What the device has answered.
///
/// # Errors
/// `validation_failed` when nothing is there.
fn credential(asked: &Asked) -> Result<Json> {
    let credential = asked.object("credential")?.cloned().map(Json::Object);
    credential.ok_or_else(|| Error::new(Code::ValidationFailed, "`credential` is missing"))
}

/// A passkey as the dialect shows it.
pub(super) fn shown(passkey: &Factor) -> Json {
    let mut shown = json!({ "id": passkey.id, "created_at": time(passkey.created_at) });
    if let Some(name) = &passkey.name {
        shown["friendly_name"] = name.as_str().into();
    }
    if let Some(used) = passkey.last_challenged_at {
        shown["last_used_at"] = time(used);
    }
    shown
}

async fn listed(auth: &Auth, asker: Asker) -> Result<Answer> {
    let factors: Vec<Factor> = auth.book.find("user", &[Value::Text(asker.user.id)]).await?;
    let keys = factors.iter().filter(|factor| !factor.is_second());
    Ok(Answer::json(200, keys.map(shown).collect()))
}

/// The passkey that a path names, of the user who asks.
fn own(seen: &Seen, id: Option<Uuid>) -> Result<Factor> {
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    let own = seen.factors.iter().find(|factor| factor.id == id && !factor.is_second());
    own.cloned().ok_or_else(|| Error::new(Code::PasskeyUnknown, "Passkey not found"))
}

async fn renamed(auth: &Auth, asked: &Asked, asker: Asker) -> Result<Answer> {
    let name = factors::name(asked)?
        .ok_or_else(|| Error::new(Code::ValidationFailed, "`friendly_name` is missing"))?;
    let (id, now) = (Uuid::parse_str(asked.id()).ok(), auth.now());
    let work = move |page: &mut Page<'_, '_>| {
        let passkey = own(&asker.seen(page)?, id)?;
        let passkey = Factor { name: Some(name.clone()), updated_at: now, ..passkey };
        page.put(&passkey)?;
        Ok(shown(&passkey))
    };
    Ok(Answer::json(200, auth.book.write(work).await?))
}

/// A passkey raises sessions, so it is removed by a raised one.
async fn removed(auth: &Auth, asked: &Asked, asker: Asker) -> Result<Answer> {
    let (id, now) = (Uuid::parse_str(asked.id()).ok(), auth.now());
    let until = now.after(auth.config.life.access);
    let note = asker.note(asked, Deed::FactorRemoved);
    let letters = Arc::clone(&auth.letters);
    let work = move |page: &mut Page<'_, '_>| {
        let seen = asker.seen(page)?;
        let passkey = own(&seen, id)?;
        seen.must_be_raised("remove a passkey")?;
        removal::remove(page, &passkey, Some(&seen.session), until)?;
        tell(page, &letters, &note, Deed::FactorRemoved, (&seen.user, &passkey), now)?;
        Ok(())
    };
    auth.book.write(work).await?;
    Ok(Answer::nothing())
}
