//! Users and sessions as the dialect's JSON.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY,
};
use http::{HeaderMap, Response, StatusCode};
use mainstay_base::Result;
use serde_json::{Map, Value as Json, json};

use super::Auth;
use crate::accounts::record::{Field, Moment};
use crate::accounts::rows::{Factor, Identity, Session, User};

const VERSION_HEADER: HeaderName = HeaderName::from_static("x-supabase-api-version");
/// The version of the dialect in which errors have a text for their code.
const VERSION: &str = "2024-01-01";

/// The client speaks the version of the dialect that has a date.
#[must_use]
pub fn is_dated(headers: &HeaderMap) -> bool {
    headers.get(VERSION_HEADER).is_some_and(|version| version.as_bytes() >= VERSION.as_bytes())
}

/// What is answered.
#[derive(Debug, Default)]
pub struct Answer {
    status: u16,
    body: Option<Json>,
    /// Seconds for which anybody may keep it.
    seconds: Option<u32>,
    /// A page for a browser, in place of JSON.
    page: Option<String>,
    headers: Vec<(HeaderName, String)>,
}

impl Answer {
    #[must_use]
    pub fn json(status: u16, body: Json) -> Self {
        Self { status, body: Some(body), ..Self::default() }
    }

    #[must_use]
    pub fn nothing() -> Self {
        Self { status: 204, ..Self::default() }
    }

    /// Sends a browser elsewhere by GET.
    #[must_use]
    pub fn redirect(status: u16, url: String) -> Self {
        Self { status, headers: vec![(LOCATION, url)], ..Self::default() }
    }

    /// A page of HTML, which loads nothing and is shown in no frame. Its forms lead to this server
    /// and from there to `onward` (sources of CSP level 3): browsers hold a policy of forms against
    /// redirects, too.
    #[must_use]
    pub fn page(html: String, onward: &[String]) -> Self {
        let policy = format!(
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' {}; \
             frame-ancestors 'none'; base-uri 'none'",
            onward.join(" ")
        );
        let headers = vec![(CONTENT_SECURITY_POLICY, policy)];
        Self { status: 200, page: Some(html), headers, ..Self::default() }
    }

    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Anybody may keep it for so many seconds.
    #[must_use]
    pub fn kept_for(self, seconds: u32) -> Self {
        Self { seconds: Some(seconds), ..self }
    }

    #[must_use]
    pub fn response(self, dated: bool) -> Response<Bytes> {
        let kind = match (&self.page, &self.body) {
            (Some(_), _) => Some("text/html; charset=utf-8"),
            (None, Some(_)) => Some("application/json"),
            (None, None) => None,
        };
        let body = self.page.or_else(|| self.body.map(|body| body.to_string()));
        let mut response = Response::new(body.map_or_else(Bytes::new, Bytes::from));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or_default();
        let headers = response.headers_mut();
        let kept = match self.seconds {
            None => HeaderValue::from_static("no-store"),
            Some(seconds) => HeaderValue::from_str(&format!("public, max-age={seconds}"))
                .unwrap_or(HeaderValue::from_static("no-store")),
        };
        headers.insert(CACHE_CONTROL, kept);
        if let Some(kind) = kind {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        // A link with a token in it is nobody else's business.
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.append(name, value);
            }
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

    /// A user with the identities and factors that are kept now.
    pub(super) async fn user(&self, user: &User) -> Result<Json> {
        let identities = self.book.find::<Identity>("user", &[user.id.value()]).await?;
        let mut factors = self.book.find::<Factor>("user", &[user.id.value()]).await?;
        factors.retain(Factor::is_second);
        Ok(body(user, &identities, &factors))
    }
}

/// A user as the dialect shows it: an address is always there, what else is unset is left out.
#[must_use]
pub fn body(user: &User, identities: &[Identity], factors: &[Factor]) -> Json {
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
    if !factors.is_empty() {
        set("factors", factors.iter().map(factor).collect());
    }
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

/// A factor as the dialect shows it: nothing of its secret.
pub(super) fn factor(factor: &Factor) -> Json {
    let mut shown = json!({
        "id": factor.id,
        "created_at": time(factor.created_at),
        "updated_at": time(factor.updated_at),
        "status": if factor.verified { "verified" } else { "unverified" },
        "factor_type": factor.kind,
    });
    if let Json::Object(shown) = &mut shown {
        let name = factor.name.as_deref().map(Json::from);
        shown.extend(name.map(|name| ("friendly_name".to_owned(), name)));
        let asked = factor.last_challenged_at.map(time);
        shown.extend(asked.map(|asked| ("last_challenged_at".to_owned(), asked)));
    }
    shown
}

/// RFC 3339 with `Z`, which is how the dialect writes times.
pub(super) fn time(moment: Moment) -> Json {
    match moment.value() {
        mainstay_schema::Value::Text(text) => text.replace("+00:00", "Z").into(),
        _ => Json::Null,
    }
}
