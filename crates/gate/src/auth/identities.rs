//! `DELETE /user/identities/{id}`: one way in less. The last one stays, and an address that only
//! this identity held goes with it.

use mainstay_base::{Code, Error, Result};
use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::asked::Asked;
use super::{Auth, Caller, arrival, people};
use crate::accounts::Page;
use crate::accounts::journal::Deed;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Identity, Session, User};

/// # Errors
/// `manual_linking_disabled`
pub(super) fn allowed(auth: &Auth) -> Result<()> {
    match auth.config.manual_linking {
        true => Ok(()),
        false => Err(Error::new(Code::LinkingDisabled, "Manual linking is disabled")),
    }
}

pub(super) async fn unlinked(auth: &Auth, asked: &Asked, caller: Caller) -> Result<Answer> {
    allowed(auth)?;
    let now = auth.now();
    let until = now.after(auth.config.life.access);
    let own = caller.session.map(|session| session.id);
    let id = asked.id().to_ascii_lowercase();
    let note = asked.note(Deed::IdentityUnlinked, Some(&caller.user.id));
    let work = move |page: &mut Page<'_, '_>| {
        let user = people::by_id(page, &caller.user.id)?;
        let mut kept = arrival::identities(page, &user.id)?;
        let Some(at) = kept.iter().position(|identity| identity.id == id) else {
            return Ok(Err(Error::new(Code::IdentityUnknown, "Identity doesn't exist")));
        };
        if kept.len() == 1 {
            let message = "User must have at least 1 identity after unlinking";
            return Ok(Err(Error::new(Code::IdentitySingle, message)));
        }
        let gone = kept.swap_remove(at);
        let user = match without(page, user, &gone, &kept, now)? {
            Ok(user) => user,
            Err(error) => return Ok(Err(error)),
        };
        page.remove::<Identity>("id", &gone.id)?;
        page.put(&user)?;
        end_those(page, &user.id, &gone.provider, own.as_deref(), until)?;
        page.note(note.clone().with("provider", gone.provider.as_str()), now)?;
        Ok(Ok(()))
    };
    auth.book.write(work).await??;
    Ok(Answer::json(200, json!({})))
}

/// The user without what the identity stood for.
fn without(
    page: &mut Page<'_, '_>,
    user: User,
    gone: &Identity,
    kept: &[Identity],
    now: Moment,
) -> Result<Result<User>> {
    let mut user = user;
    match gone.provider.as_str() {
        "email" => user.password = None,
        "phone" => (user.phone, user.phone_confirmed_at) = (None, None),
        _ => {}
    }
    let held = kept.iter().any(|identity| {
        identity.provider == "email" || arrival::vouches(identity, user.email.as_deref())
    });
    if user.email.is_some() && !held {
        let next =
            kept.iter().find(|identity| arrival::vouches(identity, identity.email.as_deref()));
        let next = next.and_then(|identity| identity.email.clone());
        let others = people::by_email(page, next.as_deref())?;
        if others.is_some_and(|other| other.id != user.id) {
            let message = "Unable to unlink identity due to email conflict";
            return Ok(Err(Error::new(Code::IdentityConflict, message)));
        }
        user.email_confirmed_at = next.as_ref().map(|_| now);
        user.email = next;
    }
    providers(&mut user, kept);
    user.updated_at = now;
    Ok(Ok(user))
}

/// `app_metadata` names the identities that are left.
fn providers(user: &mut User, kept: &[Identity]) {
    let Json::Object(about) = &mut user.app_metadata else { return };
    let mut names: Vec<&str> = Vec::new();
    for identity in kept {
        if !names.contains(&identity.provider.as_str()) {
            names.push(&identity.provider);
        }
    }
    let first = about.get("provider").and_then(Json::as_str);
    if first.is_none_or(|first| !names.contains(&first)) {
        about.insert("provider".to_owned(), names.first().copied().into());
    }
    about.insert("providers".to_owned(), names.into());
}

/// Sessions that began with this provider are over, but the one that asks.
fn end_those(
    page: &mut Page<'_, '_>,
    user: &str,
    provider: &str,
    own: Option<&str>,
    until: Moment,
) -> Result<Vec<String>> {
    let all: Vec<Session> = page.find("user", &[mainstay_schema::Value::Text(user.to_owned())])?;
    let mut ended = Vec::new();
    for session in all {
        let entries = session.amr.as_array().into_iter().flatten();
        let began = entries.into_iter().any(|entry| entry["provider"] == provider);
        if began && own != Some(session.id.as_str()) {
            page.end(&session, until)?;
            ended.push(session.id);
        }
    }
    Ok(ended)
}
