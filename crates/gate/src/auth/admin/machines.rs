//! Keys: those that machines bring, and those that sign tokens.

use mainstay_base::nearest;
use mainstay_base::{Code, Error, Result};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::super::Auth;
use super::super::answer::{Answer, time};
use super::super::asked::Asked;
use crate::accounts::Page;
use crate::accounts::journal::Deed;
use crate::accounts::record::Moment;
use crate::accounts::rows::MachineKey;
use crate::apikey::{ApiKey, Kind};
use crate::identity::{ANON, AUTHENTICATED, SERVICE};
use crate::machines::digest_text;
use mainstay_credentials::limits::KEY_NAME_CHARACTERS;
use mainstay_credentials::signing::Stage;

/// `GET /admin/keys`.
pub(super) async fn listed(auth: &Auth) -> Result<Answer> {
    auth.note_uses().await?;
    let keys: Vec<MachineKey> = auth.book.list("all_keys", &[]).await?;
    Ok(Answer::json(200, json!({ "keys": keys.iter().map(shown).collect::<Json>() })))
}

fn shown(key: &MachineKey) -> Json {
    json!({
        "id": key.id,
        "name": key.name,
        "type": key.kind,
        "prefix": key.shown,
        "role": key.role,
        "roles": key.roles,
        "created_at": time(key.created_at),
        "expires_at": key.ends_at.map(time),
        "last_used_at": key.last_used_at.map(time),
    })
}

/// `POST /admin/keys`: `{name, type?: publishable|secret, role?, roles?, expires_in?}`; the key
/// itself is in this answer and nowhere else.
pub(super) async fn added(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let name = asked.needed("name")?.to_owned();
    if name.chars().count() > KEY_NAME_CHARACTERS || name.chars().any(char::is_control) {
        let message = format!("A key's name has at most {KEY_NAME_CHARACTERS} plain characters");
        return Err(Error::new(Code::ValidationFailed, message));
    }
    let kind = match asked.text("type")?.unwrap_or("secret") {
        "secret" => Kind::Secret,
        "publishable" => Kind::Publishable,
        _ => {
            let message = "A key's type is `secret` or `publishable`";
            return Err(Error::new(Code::ValidationFailed, message));
        }
    };
    let (role, now) = (role(auth, asked, kind)?, auth.now());
    let key = ApiKey::make(kind)?;
    let row = MachineKey {
        id: Uuid::new_v4().to_string(),
        name,
        kind: if kind == Kind::Secret { "secret" } else { "publishable" }.to_owned(),
        digest: digest_text(&key.digest()),
        shown: key.shown(),
        role,
        roles: roles(auth, asked)?,
        created_at: now,
        ends_at: expiry(asked, now)?,
        last_used_at: None,
    };
    let mut body = shown(&row);
    body["key"] = key.text().into();
    let note = asked.note(Deed::KeyMade, None).with("name", row.name.as_str());
    let note = note.with("role", row.role.as_str());
    let work = move |page: &mut Page<'_, '_>| {
        if !page.offer(&row)? {
            return Ok(Err(Error::new(Code::KeyExists, "Another key has this name")));
        }
        page.note(note.clone(), now)?;
        Ok(Ok(()))
    };
    auth.book.write(work).await??;
    auth.follow_keys().await?;
    Ok(Answer::json(201, body))
}

/// The role that a key acts in. A publishable key is in programs that anybody reads.
fn role(auth: &Auth, asked: &Asked, kind: Kind) -> Result<String> {
    match (asked.text("role")?, kind) {
        (None, Kind::Secret) => Ok(SERVICE.to_owned()),
        (None | Some(ANON), Kind::Publishable) => Ok(ANON.to_owned()),
        (Some(_), Kind::Publishable) => {
            let message = "A publishable key acts as `anon`: anybody can read it";
            Err(Error::new(Code::ValidationFailed, message))
        }
        (Some(role), Kind::Secret) => known_role(auth, role),
    }
}

fn known_role(auth: &Auth, role: &str) -> Result<String> {
    let known = [SERVICE, AUTHENTICATED, ANON];
    let known = known.into_iter().chain(auth.config.roles.iter().map(String::as_str));
    match known.clone().any(|known| known == role) {
        true => Ok(role.to_owned()),
        false => {
            let message = format!("There is no role `{role}`");
            let near = nearest(role, known).map(|near| format!("Did you mean `{near}`?"));
            Err(Error::new(Code::ValidationFailed, message).hint_if(near))
        }
    }
}

fn roles(auth: &Auth, asked: &Asked) -> Result<Json> {
    let unfit = || Error::new(Code::ValidationFailed, "`roles` must be a list of roles");
    match asked.value("roles") {
        None => Ok(json!([])),
        Some(Json::Array(roles)) => {
            let role = |role: &Json| known_role(auth, role.as_str().ok_or_else(unfit)?);
            Ok(roles.iter().map(role).collect::<Result<Vec<_>>>()?.into())
        }
        Some(_) => Err(unfit()),
    }
}

/// `expires_in`, in seconds.
fn expiry(asked: &Asked, now: Moment) -> Result<Option<Moment>> {
    let unfit = || Error::new(Code::ValidationFailed, "`expires_in` must be seconds from 1 on");
    match asked.value("expires_in") {
        None => Ok(None),
        Some(seconds) => match seconds.as_i64().filter(|seconds| *seconds >= 1) {
            Some(seconds) => Ok(Some(now.after(seconds))),
            None => Err(unfit()),
        },
    }
}

/// `DELETE /admin/keys/{id}`, by id or by name.
pub(super) async fn revoked(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let (id, now) = (asked.id().to_owned(), auth.now());
    let note = asked.note(Deed::KeyRevoked, None);
    let work = move |page: &mut Page<'_, '_>| {
        let by_id = match Uuid::parse_str(&id) {
            Ok(id) => page.one::<MachineKey>("id", &id.to_string())?,
            Err(_) => None,
        };
        let found = match by_id {
            Some(key) => Some(key),
            None => page.one::<MachineKey>("name", &id)?,
        };
        let Some(key) = found else { return Ok(Err(unknown())) };
        page.remove::<MachineKey>("id", &key.id)?;
        page.note(note.clone().with("name", key.name.as_str()), now)?;
        Ok(Ok(key))
    };
    let key = auth.book.write(work).await??;
    auth.follow_keys().await?;
    Ok(Answer::json(200, shown(&key)))
}

fn unknown() -> Error {
    Error::new(Code::KeyUnknown, "There is no such key")
}

/// `GET /admin/signing-keys`: all of them, no private part.
pub(super) fn signing(auth: &Auth) -> Answer {
    let now = auth.now().seconds();
    let second = |second: i64| time(Moment(second.saturating_mul(1_000_000)));
    let keys = auth.issuer.ring().standings(now).into_iter().map(|standing| {
        json!({
            "kid": standing.kid,
            "stage": match standing.stage {
                Stage::Coming => "coming",
                Stage::Current => "current",
                Stage::Retired => "retired",
                Stage::Gone => "gone",
            },
            "created_at": second(standing.made_at),
            "signs_from": second(standing.current_from),
            "signs_until": standing.retired_at.map(second),
        })
    });
    Answer::json(200, json!({ "keys": keys.collect::<Json>() }))
}

/// `POST /admin/signing-keys`: a new key, which signs once it was published long enough.
pub(super) async fn rotated(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let now = auth.now().seconds();
    let note = asked.note(Deed::SigningKeyRotated, None);
    auth.change_ring(note, move |ring| ring.rotate(now)).await?;
    Ok(signing(auth))
}

/// `DELETE /admin/signing-keys/{kid}`: what it signed is refused from now on.
pub(super) async fn unsigned(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let (kid, now) = (asked.id().to_owned(), auth.now().seconds());
    let known = auth.issuer.ring().standings(now).iter().any(|standing| standing.kid == kid);
    if !known {
        return Err(unknown());
    }
    let note = asked.note(Deed::SigningKeyRevoked, None).with("kid", kid.as_str());
    auth.change_ring(note, move |ring| ring.revoke(&kid, now)).await?;
    Ok(signing(auth))
}
