//! The factors and passkeys of users, as an administrator sees and removes them. What is removed
//! here was lost or stolen, so every session of the user ends.

use mainstay_base::{Code, Result};
use mainstay_schema::Value;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::super::answer::{self, Answer};
use super::super::asked::Asked;
use super::super::factors::removal;
use super::super::{Auth, passkeys};
use super::users::named;
use crate::accounts::Page;
use crate::accounts::journal::Deed;
use crate::accounts::rows::Factor;
use crate::accounts::session::{self, Scope};

async fn of(auth: &Auth, asked: &Asked) -> Result<Vec<Factor>> {
    let user = named(auth, asked).await?;
    auth.book.find("user", &[Value::Text(user.id)]).await
}

/// `GET /admin/users/{id}/factors`: a bare list, as the clients read it.
pub(super) async fn listed(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let factors = of(auth, asked).await?;
    let seconds = factors.iter().filter(|factor| factor.is_second());
    Ok(Answer::json(200, seconds.map(answer::factor).collect()))
}

/// `GET /admin/users/{id}/passkeys`.
pub(super) async fn passkeys(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let factors = of(auth, asked).await?;
    let keys = factors.iter().filter(|factor| !factor.is_second());
    Ok(Answer::json(200, keys.map(passkeys::shown).collect()))
}

/// `DELETE /admin/users/{id}/factors/{factor}`.
pub(super) async fn removed(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let id = take_one(auth, asked, Code::FactorUnknown, Factor::is_second).await?;
    Ok(Answer::json(200, json!({ "id": id })))
}

/// `DELETE /admin/users/{id}/passkeys/{passkey}`.
pub(super) async fn passkey_removed(auth: &Auth, asked: &Asked) -> Result<Answer> {
    take_one(auth, asked, Code::PasskeyUnknown, |factor| !factor.is_second()).await?;
    Ok(Answer::nothing())
}

async fn take_one(
    auth: &Auth,
    asked: &Asked,
    code: Code,
    is_meant: fn(&Factor) -> bool,
) -> Result<String> {
    let user = named(auth, asked).await?;
    let id = asked.ids.get(1).and_then(|id| Uuid::parse_str(id).ok());
    let id = id.ok_or_else(|| removal::unknown(code))?.to_string();
    let now = auth.now();
    let until = now.after(auth.config.life.access);
    let note = asked.note(Deed::FactorRemoved, Some(&user.id)).with("factor", id.as_str());
    let work = move |page: &mut Page<'_, '_>| {
        let found = page.one::<Factor>("id", &id)?;
        let found = found.filter(|factor| factor.user == user.id && is_meant(factor));
        let factor = found.ok_or_else(|| removal::unknown(code))?;
        removal::remove(page, &factor, None, until)?;
        session::end(page, &user.id, None, Scope::Global, until)?;
        page.note(note.clone().with("kind", factor.kind.as_str()), now)?;
        Ok(factor.id)
    };
    let id = auth.book.write(work).await?;
    Ok(id)
}

/// `DELETE /admin/users/{id}/factors`: everything but the password. How many there were.
pub(super) async fn all_removed(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let user = named(auth, asked).await?;
    let now = auth.now();
    let until = now.after(auth.config.life.access);
    let note = asked.note(Deed::FactorRemoved, Some(&user.id)).with("kind", "all");
    let work = move |page: &mut Page<'_, '_>| {
        let factors: Vec<Factor> = page.find("user", &[Value::Text(user.id.clone())])?;
        removal::remove_all(page, &user.id, until)?;
        page.note(note.clone().with("count", Json::from(factors.len())), now)?;
        Ok(factors.len())
    };
    let count = auth.book.write(work).await?;
    Ok(Answer::json(200, json!({ "removed": count })))
}
