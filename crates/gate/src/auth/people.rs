//! Users and identities as they are made, and what users say of themselves.

use mainstay_base::{Code, Error, Result};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::asked::Asked;
use crate::accounts::Page;
use crate::accounts::record::{Field, Moment};
use crate::accounts::rows::{Factor, Flow, Identity, Proof, RecoveryCode, User};
use crate::accounts::session::{self, Scope, is_banned};
use crate::identity::AUTHENTICATED;
use crate::limits::METADATA_CHARACTERS;

/// A user of nothing but an id.
#[must_use]
pub fn new_user(data: Map<String, Json>, now: Moment) -> User {
    User {
        id: Uuid::new_v4().to_string(),
        email: None,
        phone: None,
        password: None,
        role: crate::identity::AUTHENTICATED.to_owned(),
        app_metadata: json!({ "provider": "email", "providers": ["email"] }),
        user_metadata: Json::Object(data),
        is_anonymous: false,
        email_confirmed_at: None,
        phone_confirmed_at: None,
        invited_at: None,
        confirmation_sent_at: None,
        recovery_sent_at: None,
        new_email: None,
        email_change_sent_at: None,
        email_change_proofs: 0,
        new_phone: None,
        phone_change_sent_at: None,
        reauthentication_sent_at: None,
        last_sign_in_at: None,
        banned_until: None,
        deleted_at: None,
        self_made: true,
        created_at: now,
        updated_at: now,
    }
}

/// The user with what the server says of it among what it says of itself, over which it stands.
#[must_use]
pub fn with_claims(user: User, verified: bool) -> User {
    let said = claims(&user, verified);
    let mut user = user;
    if let (Json::Object(data), Json::Object(said)) = (&mut user.user_metadata, said) {
        data.extend(said);
    }
    user
}

fn claims(user: &User, verified: bool) -> Json {
    json!({
        "sub": user.id,
        "email": user.email.as_deref().unwrap_or_default(),
        "email_verified": verified,
        "phone_verified": user.phone_confirmed_at.is_some(),
    })
}

/// The identity of a user by address: its name there is the user's id.
#[must_use]
pub fn email_identity(user: &User, verified: bool, now: Moment) -> Identity {
    Identity {
        id: Uuid::new_v4().to_string(),
        user: user.id.clone(),
        provider: "email".to_owned(),
        provider_id: user.id.clone(),
        data: claims(user, verified),
        email: user.email.clone(),
        last_sign_in_at: Some(now),
        created_at: now,
        updated_at: now,
    }
}

/// The identity of a user by telephone.
#[must_use]
pub fn phone_identity(user: &User, now: Moment) -> Identity {
    let data = json!({
        "sub": user.id,
        "phone": user.phone.as_deref().unwrap_or_default(),
        "phone_verified": user.phone_confirmed_at.is_some(),
        "email_verified": false,
    });
    Identity { provider: "phone".to_owned(), data, email: None, ..email_identity(user, false, now) }
}

/// The user of an address, as this transaction sees it; one that was removed is none.
///
/// # Errors
/// When the store fails.
pub fn by_email(page: &mut Page<'_, '_>, email: Option<&str>) -> Result<Option<User>> {
    match email {
        None => Ok(None),
        Some(email) => page.one("email", email),
    }
}

/// Whether an account has nothing that anybody proved or anybody else gave: then it makes room for
/// whoever comes next with its address.
///
/// # Errors
/// When the store fails.
pub fn yields(page: &mut Page<'_, '_>, user: &User, now: Moment) -> Result<bool> {
    let bare = user.self_made
        && user.email_confirmed_at.is_none()
        && user.phone_confirmed_at.is_none()
        && user.invited_at.is_none()
        && user.deleted_at.is_none()
        && !user.is_anonymous
        && !is_banned(user, now)
        && user.role == AUTHENTICATED
        && user.app_metadata == json!({ "provider": "email", "providers": ["email"] });
    if !bare {
        return Ok(false);
    }
    let identities: Vec<Identity> = page.find("user", &[user.id.value()])?;
    Ok(identities.iter().all(|identity| identity.provider == "email"))
}

/// The account without anything by which somebody else could come in: whoever made it before its
/// address was proven was perhaps not the owner. Its id, role and `app_metadata` stay.
///
/// # Errors
/// When the store fails.
pub fn vacated(page: &mut Page<'_, '_>, user: User, until: Moment) -> Result<(User, Vec<String>)> {
    let ended = session::end(page, &user.id, None, Scope::Global, until)?;
    page.remove::<Factor>("user", &user.id)?;
    page.remove::<RecoveryCode>("user", &user.id)?;
    page.remove::<Proof>("user", &user.id)?;
    page.remove::<Flow>("user", &user.id)?;
    let user = User {
        password: None,
        phone: None,
        phone_confirmed_at: None,
        new_email: None,
        email_change_sent_at: None,
        email_change_proofs: 0,
        new_phone: None,
        phone_change_sent_at: None,
        ..user
    };
    Ok((user, ended))
}

/// The user of an id.
///
/// # Errors
/// `user_not_found`; when the store fails.
pub fn by_id(page: &mut Page<'_, '_>, id: &str) -> Result<User> {
    let user = page.one::<User>("id", id)?.filter(|user| user.deleted_at.is_none());
    user.ok_or_else(|| Error::new(Code::UserUnknown, "User not found"))
}

/// Puts the address of mail to the user's proven ones: the identity says so, too.
///
/// # Errors
/// When the store fails.
pub fn confirm_email(page: &mut Page<'_, '_>, user: User, now: Moment) -> Result<User> {
    let fresh = user.email_confirmed_at.is_none() || user.is_anonymous;
    let mut user = user;
    user.email_confirmed_at = user.email_confirmed_at.or(Some(now));
    user.is_anonymous = false;
    if !fresh {
        return Ok(user);
    }
    let mut user = with_claims(user, true);
    let values = [mainstay_schema::Value::Text(user.id.clone())];
    let known: Vec<Identity> = page.find("user", &values)?;
    let own = known.into_iter().find(|identity| identity.provider == "email");
    let own = match own {
        Some(own) => Identity {
            data: claims(&user, true),
            email: user.email.clone(),
            updated_at: now,
            ..own
        },
        None => email_identity(&user, true, now),
    };
    page.put(&own)?;
    add_provider(&mut user, "email");
    user.updated_at = now;
    Ok(user)
}

/// Says in the user's `app_metadata` that there is an identity of this provider.
pub fn add_provider(user: &mut User, provider: &str) {
    let Json::Object(about) = &mut user.app_metadata else { return };
    about.entry("provider").or_insert_with(|| provider.into());
    let known = about.entry("providers").or_insert_with(|| json!([]));
    if let Json::Array(known) = known
        && !known.iter().any(|name| name == provider)
    {
        known.push(provider.into());
    }
}

/// What a user says of itself: `data` of a request.
///
/// # Errors
/// `validation_failed` when it is no object, or larger than every token should carry.
pub fn data(asked: &Asked) -> Result<Option<Map<String, Json>>> {
    let data = asked.object("data")?.cloned();
    if let Some(data) = &data {
        bounded("data", &Json::Object(data.clone()))?;
    }
    Ok(data)
}

/// Refuses data that every token would have to carry.
///
/// # Errors
/// `validation_failed`
pub fn bounded(name: &str, data: &Json) -> Result<()> {
    match data.to_string().len() <= METADATA_CHARACTERS {
        true => Ok(()),
        false => {
            let message = format!("`{name}` is larger than {METADATA_CHARACTERS} characters");
            Err(Error::new(Code::ValidationFailed, message))
        }
    }
}

/// Puts new data over what is there; `null` removes a name.
pub fn merge(known: &mut Json, data: &Map<String, Json>) {
    if !known.is_object() {
        *known = json!({});
    }
    if let Json::Object(known) = known {
        for (name, value) in data {
            match value {
                Json::Null => drop(known.remove(name)),
                value => drop(known.insert(name.clone(), value.clone())),
            }
        }
    }
}
