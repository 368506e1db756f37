//! Users and sessions as the dialect's JSON.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use mainstay_base::Result;
use serde_json::{Map, Value as Json, json};

use super::Auth;
use crate::accounts::record::{Field, Moment};
use crate::accounts::rows::{Identity, Session, User};

const VERSION_HEADER: HeaderName = HeaderName::from_static("x-supabase-api-version");
/// The version of the dialect in which errors have a text for their code.
const VERSION: &str = "2024-01-01";

/// The client speaks the version of the dialect that has a date.
#[must_use]
pub fn is_dated(headers: &HeaderMap) -> bool {
    headers.get(VERSION_HEADER).is_some_and(|version| version.as_bytes() >= VERSION.as_bytes())
}

/// What is answered.
#[derive(Debug)]
pub struct Answer {
    status: u16,
    body: Option<Json>,
    seconds: Option<u32>,
}

impl Answer {
    #[must_use]
    pub fn json(status: u16, body: Json) -> Self {
        Self { status, body: Some(body), seconds: None }
    }

    #[must_use]
    pub fn nothing() -> Self {
        Self { status: 204, body: None, seconds: None }
    }

    /// Anybody may keep it for so many seconds.
    #[must_use]
    pub fn kept_for(self, seconds: u32) -> Self {
        Self { seconds: Some(seconds), ..self }
    }

    #[must_use]
    pub fn response(self, dated: bool) -> Response<Bytes> {
        let body = self.body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or_default();
        let headers = response.headers_mut();
        let kept = match self.seconds {
            None => HeaderValue::from_static("no-store"),
            Some(seconds) => HeaderValue::from_str(&format!("public, max-age={seconds}"))
                .unwrap_or(HeaderValue::from_static("no-store")),
        };
        headers.insert(CACHE_CONTROL, kept);
        if self.status != 204 {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if dated {
            headers.insert(VERSION_HEADER, HeaderValue::from_static(VERSION));
        }
        response
    }
}

pub(super) fn mark(response: &mut Response<Bytes>) {
    response.headers_mut().insert(VERSION_HEADER, HeaderValue::from_static(VERSION));
}

impl Auth {
    /// Everything that a client keeps of a session.
    pub(super) async fn session(&self, user: &User, session: &Session) -> Result<Json> {
        let now = self.now();
        let life = self.config.life.access;
        let mut body = Map::new();
        body.insert("access_token".to_owned(), self.issuer.token(user, session, now)?.into());
        body.insert("token_type".to_owned(), "bearer".into());
        body.insert("expires_in".to_owned(), life.into());
        body.insert("expires_at".to_owned(), now.after(life).seconds().into());
        body.insert("refresh_token".to_owned(), self.pepper.token(session)?.into());
        body.insert("user".to_owned(), self.user(user).await?);
        Ok(Json::Object(body))
    }

    /// A user with the identities that are kept now.
    pub(super) async fn user(&self, user: &User) -> Result<Json> {
        let identities = self.book.find::<Identity>("user", &[user.id.value()]).await?;
        Ok(body(user, &identities))
    }
}

/// A user as the dialect shows it: an address is always there, what else is unset is left out.
#[must_use]
pub fn body(user: &User, identities: &[Identity]) -> Json {
    let mut body = Map::new();
    let mut set = |name: &str, value: Json| {
        body.insert(name.to_owned(), value);
    };
    set("id", user.id.as_str().into());
    set("aud", "authenticated".into());
    set("role", user.role.as_str().into());
    set("email", user.email.as_deref().unwrap_or_default().into());
    set("phone", user.phone.as_deref().unwrap_or_default().into());
    set("app_metadata", user.app_metadata.clone());
    set("user_metadata", user.user_metadata.clone());
    set("identities", identities.iter().map(identity).collect());
    set("is_anonymous", user.is_anonymous.into());
    set("created_at", time(user.created_at));
    set("updated_at", time(user.updated_at));
    let confirmed = [user.email_confirmed_at, user.phone_confirmed_at];
    for (name, moment) in [
        ("email_confirmed_at", user.email_confirmed_at),
        ("phone_confirmed_at", user.phone_confirmed_at),
        ("confirmed_at", confirmed.into_iter().flatten().min()),
        ("invited_at", user.invited_at),
        ("confirmation_sent_at", user.confirmation_sent_at),
        ("recovery_sent_at", user.recovery_sent_at),
        ("email_change_sent_at", user.email_change_sent_at),
        ("phone_change_sent_at", user.phone_change_sent_at),
        ("reauthentication_sent_at", user.reauthentication_sent_at),
        ("last_sign_in_at", user.last_sign_in_at),
        ("banned_until", user.banned_until),
        ("deleted_at", user.deleted_at),
    ] {
        moment.into_iter().for_each(|moment| set(name, time(moment)));
    }
    for (name, text) in [("new_email", &user.new_email), ("new_phone", &user.new_phone)] {
        text.iter().for_each(|text| set(name, text.as_str().into()));
    }
    Json::Object(body)
}

fn identity(identity: &Identity) -> Json {
    json!({
        "identity_id": identity.id,
        "id": identity.provider_id,
        "user_id": identity.user,
        "identity_data": identity.data,
        "provider": identity.provider,
        "last_sign_in_at": identity.last_sign_in_at.map(time),
        "created_at": time(identity.created_at),
        "updated_at": time(identity.updated_at),
        "email": identity.email,
    })
}

/// RFC 3339 with `Z`, which is how the dialect writes times.
fn time(moment: Moment) -> Json {
    match moment.value() {
        mainstay_schema::Value::Text(text) => text.replace("+00:00", "Z").into(),
        _ => Json::Null,
    }
}
