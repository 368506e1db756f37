//! `POST /signup`: a new user, by address and password or without either.

use mainstay_base::{Code, Error, Result};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::answer::{Answer, body};
use super::asked::Asked;
use super::{Auth, user};
use crate::accounts::record::Moment;
use crate::accounts::rows::{Identity, User};
use crate::accounts::{Page, session};
use mainstay_mail::address::Address;

pub(super) async fn answer(auth: &Auth, asked: &Asked) -> Result<Answer> {
    if !auth.config.signup {
        let message = "Signups not allowed for this instance";
        return Err(Error::new(Code::SignupDisabled, message));
    }
    let data = asked.object("data")?.cloned().unwrap_or_default();
    let (email, password) = (asked.text("email")?, asked.text("password")?);
    if asked.text("phone")?.is_some() {
        return Err(Error::new(Code::PhoneDisabled, "Phone signups are disabled"));
    }
    match (email, password) {
        (None, None) => anonymous(auth, asked, data).await,
        (None, Some(_)) => {
            Err(Error::new(Code::ValidationFailed, "Sign up needs an address beside the password"))
        }
        (Some(_), None) => {
            Err(Error::new(Code::ValidationFailed, "Signup requires a valid password"))
        }
        (Some(email), Some(password)) => by_password(auth, asked, (email, password), data).await,
    }
}

async fn anonymous(auth: &Auth, asked: &Asked, data: Map<String, Json>) -> Result<Answer> {
    if !auth.config.anonymous {
        return Err(Error::new(Code::AnonymousDisabled, "Anonymous sign-ins are disabled"));
    }
    let now = auth.now();
    let new = User { is_anonymous: true, last_sign_in_at: Some(now), ..new_user(data, now) };
    let new = User { app_metadata: json!({}), ..new };
    let (origin, life) = (asked.origin.clone(), auth.config.life);
    let work = move |page: &mut Page<'_, '_>| {
        page.put(&new)?;
        let session = session::open(page, &new, "anonymous", &origin, now, &life)?;
        Ok((new.clone(), session))
    };
    let (user, session) = auth.book.write(work).await?;
    Ok(Answer::json(200, auth.session(&user, &session).await?))
}

/// What became of an attempt to add a user.
enum Added {
    New(Box<(User, Identity, Option<crate::accounts::rows::Session>)>),
    /// There is one with this address.
    Known,
}

async fn by_password(
    auth: &Auth,
    asked: &Asked,
    (email, password): (&str, &str),
    data: Map<String, Json>,
) -> Result<Answer> {
    let email = user::address(email)?;
    user::judge(auth, password, &email)?;
    // Before it is known whether there is such a user: both take the same time.
    let hash = auth.hasher.hash(password).await?;
    let now = auth.now();
    let confirmed = !auth.config.confirm_email;
    let (new, identity) = user_of(&email, hash, data, now, confirmed);
    let (origin, life) = (asked.origin.clone(), auth.config.life);
    let (made, own) = (new.clone(), identity.clone());
    let work = move |page: &mut Page<'_, '_>| {
        if page.one::<User>("email", email_of(&made))?.is_some() {
            return Ok(Added::Known);
        }
        page.put(&made)?;
        page.put(&own)?;
        let session = match confirmed {
            true => Some(session::open(page, &made, "password", &origin, now, &life)?),
            false => None,
        };
        Ok(Added::New(Box::new((made.clone(), own.clone(), session))))
    };
    match auth.book.write(work).await? {
        Added::New(added) => match *added {
            (user, _, Some(session)) => Ok(Answer::json(200, auth.session(&user, &session).await?)),
            (user, identity, None) => Ok(Answer::json(200, body(&user, &[identity]))),
        },
        Added::Known if confirmed => Err(Error::new(Code::UserExists, "User already registered")),
        // As if it were new, so that nobody learns who has an account; its owner hears of it.
        Added::Known => Ok(Answer::json(200, body(&new, &[]))),
    }
}

fn email_of(user: &User) -> &str {
    user.email.as_deref().unwrap_or_default()
}

/// A user of an address, with the identity that goes with it.
fn user_of(
    email: &Address,
    hash: String,
    data: Map<String, Json>,
    now: Moment,
    confirmed: bool,
) -> (User, Identity) {
    let mut data = data;
    let plain = new_user(Map::new(), now);
    let own = json!({
        "sub": plain.id,
        "email": email.as_str(),
        "email_verified": confirmed,
        "phone_verified": false,
    });
    if let Json::Object(own) = &own {
        // What the server says of a user stands over what the user says.
        data.extend(own.clone());
    }
    let user = User {
        email: Some(email.as_str().to_owned()),
        password: Some(hash),
        user_metadata: Json::Object(data),
        email_confirmed_at: confirmed.then_some(now),
        confirmation_sent_at: (!confirmed).then_some(now),
        last_sign_in_at: confirmed.then_some(now),
        ..plain
    };
    let identity = Identity {
        id: Uuid::new_v4().to_string(),
        user: user.id.clone(),
        provider: "email".to_owned(),
        provider_id: user.id.clone(),
        data: own,
        email: user.email.clone(),
        last_sign_in_at: Some(now),
        created_at: now,
        updated_at: now,
    };
    (user, identity)
}

/// A user of nothing but an id.
#[must_use]
pub(super) fn new_user(data: Map<String, Json>, now: Moment) -> User {
    User {
        id: Uuid::new_v4().to_string(),
        email: None,
        phone: None,
        password: None,
        role: "authenticated".to_owned(),
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
        created_at: now,
        updated_at: now,
    }
}
