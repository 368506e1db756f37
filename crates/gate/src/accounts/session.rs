//! Sessions and their refresh tokens. A refresh token names its session and its turn and is sealed
//! with a key that only the session and the application together make, so nothing of it is stored:
//! of a session one number is kept, the turn that is not spent.
//!
//! What was spent is taken again for a moment, for clients that lost an answer or have several
//! tabs: they all get the same successor. Later it means that somebody has a copy, and the session
//! ends. Sources: RFC 9700, section 4.14; ASVS 5.0, V10.4.5.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mainstay_base::{Code, Error, Result};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::book::Page;
use super::record::Moment;
use super::rows::{Session, User};
use mainstay_credentials::secret;

/// Bytes of a refresh token: session, turn, seal.
const TOKEN_BYTES: usize = 16 + 8 + 32;

/// How long sessions live.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    /// Seconds of an access token.
    pub access: i64,
    /// Seconds within which a spent refresh token is still answered.
    pub grace: i64,
    /// Seconds without a refresh after which a session is over.
    pub idle: Option<i64>,
    /// Seconds after which it is over in any case.
    pub whole: Option<i64>,
}

impl Default for Life {
    fn default() -> Self {
        Self { access: 3_600, grace: 10, idle: None, whole: None }
    }
}

/// From where somebody signs in.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    pub address: Option<String>,
    pub agent: Option<String>,
}

/// The application's part of the key that seals refresh tokens.
pub struct Pepper(hmac::Key);

impl Pepper {
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = hmac::sign(&key, b"mainstay refresh tokens");
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    fn seal(&self, session: &Session, id: Uuid, turn: i64) -> [u8; 32] {
        let own = hmac::sign(&self.0, session.secret.as_bytes());
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()));
        context.update(id.as_bytes());
        context.update(&turn.to_be_bytes());
        let mut seal = [0; 32];
        seal.copy_from_slice(context.sign().as_ref());
        seal
    }

    /// Whether the session and the application together have made this token.
    #[must_use]
    pub fn has_sealed(&self, session: &Session, brought: Brought) -> bool {
        secret::same(&self.seal(session, brought.id, brought.turn), &brought.seal)
    }

    /// The refresh token that is not spent.
    ///
    /// # Errors
    /// When the session has no proper id.
    pub fn token(&self, session: &Session) -> Result<String> {
        let id = Uuid::parse_str(&session.id).map_err(Error::internal)?;
        let seal = self.seal(session, id, session.turn);
        let turn = session.turn.to_be_bytes();
        Ok(URL_SAFE_NO_PAD.encode([id.as_bytes().as_slice(), &turn, &seal].concat()))
    }
}

/// A refresh token as it was brought: nothing of it is proven.
#[derive(Clone, Copy, Debug)]
pub struct Brought {
    id: Uuid,
    turn: i64,
    seal: [u8; 32],
}

impl Brought {
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; TOKEN_BYTES] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (turn, seal) = rest.split_first_chunk::<8>()?;
        let seal = seal.try_into().ok()?;
        Some(Self { id: Uuid::from_bytes(*id), turn: i64::from_be_bytes(*turn), seal })
    }
}

/// How somebody has signed in: an entry of the token's `amr`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    name: String,
    provider: Option<String>,
}

impl Method {
    #[must_use]
    pub fn of(name: &str, provider: Option<&str>) -> Self {
        Self { name: name.to_owned(), provider: provider.map(ToOwned::to_owned) }
    }

    /// As the dialect has it.
    #[must_use]
    pub fn entry(&self, now: Moment) -> Json {
        let mut entry = json!({ "method": self.name, "timestamp": now.seconds() });
        if let Some(provider) = &self.provider {
            entry["provider"] = provider.as_str().into();
        }
        entry
    }
}

/// A new session of a user, at the first level of assurance.
///
/// # Errors
/// When the store or the operating system's randomness fails.
pub fn open(
    page: &mut Page<'_, '_>,
    user: &User,
    method: &Method,
    origin: &Origin,
    now: Moment,
    life: &Life,
) -> Result<Session> {
    let session = Session {
        id: Uuid::new_v4().to_string(),
        user: user.id.clone(),
        secret: secret::token()?,
        turn: 1,
        aal: "aal1".to_owned(),
        amr: json!([method.entry(now)]),
        factor: None,
        address: origin.address.clone(),
        agent: origin.agent.clone(),
        created_at: now,
        refreshed_at: now,
        ends_at: life.whole.map(|seconds| now.after(seconds)),
    };
    page.put(&session)?;
    Ok(session)
}

/// What became of a refresh token.
#[derive(Debug)]
pub enum Refreshed {
    /// The session with its token that is not spent, and its user.
    Goes(Box<(Session, User)>),
    /// A spent token came back too late: somebody has a copy, and the session has ended.
    Reused { user: String, session: String },
    /// Refused; what it did to the session is kept.
    Refused(Code),
}

/// Takes a refresh token for its successor.
///
/// # Errors
/// When the store fails.
pub fn refresh(
    page: &mut Page<'_, '_>,
    pepper: &Pepper,
    brought: Brought,
    now: Moment,
    life: &Life,
) -> Result<Refreshed> {
    let found: Option<Session> = page.one("id", &brought.id.to_string())?;
    let Some(mut session) = found else { return Ok(Refreshed::Refused(Code::SessionLost)) };
    if !pepper.has_sealed(&session, brought) || brought.turn > session.turn {
        return Ok(Refreshed::Refused(Code::RefreshTokenUnknown));
    }
    let Some(user) = page.one::<User>("id", &session.user)? else {
        return Ok(Refreshed::Refused(Code::UserGone));
    };
    if is_banned(&user, now) {
        return Ok(Refreshed::Refused(Code::UserBanned));
    }
    if is_over(&session, now, life) {
        page.end(&session, now.after(life.access))?;
        return Ok(Refreshed::Refused(Code::SessionExpired));
    }
    if brought.turn == session.turn {
        session.turn += 1;
        session.refreshed_at = now;
        page.put(&session)?;
    } else if brought.turn + 1 != session.turn || now > session.refreshed_at.after(life.grace) {
        page.end(&session, now.after(life.access))?;
        return Ok(Refreshed::Reused { user: session.user, session: session.id });
    }
    Ok(Refreshed::Goes(Box::new((session, user))))
}

#[must_use]
pub fn is_banned(user: &User, now: Moment) -> bool {
    user.banned_until.is_some_and(|until| until > now)
}

/// It has lived longer than it may, or nobody has come for longer than it waits.
#[must_use]
pub fn is_over(session: &Session, now: Moment, life: &Life) -> bool {
    let lived = session.ends_at.is_some_and(|end| end <= now);
    let idle = life.idle.is_some_and(|idle| session.refreshed_at.after(idle) <= now);
    lived || idle
}

/// Which sessions a user ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    Global,
    /// The one that asks.
    Local,
    /// All but the one that asks.
    Others,
}

/// Ends sessions of a user; their access tokens are refused from now on.
///
/// # Errors
/// When the store fails.
pub fn end(
    page: &mut Page<'_, '_>,
    user: &str,
    own: Option<&str>,
    scope: Scope,
    until: Moment,
) -> Result<Vec<String>> {
    let all: Vec<Session> = page.find("user", &[mainstay_schema::Value::Text(user.to_owned())])?;
    let mut ended = Vec::new();
    for session in all {
        let is_own = own == Some(session.id.as_str());
        let meant = match scope {
            Scope::Global => true,
            Scope::Local => is_own,
            Scope::Others => !is_own,
        };
        if meant {
            page.end(&session, until)?;
            ended.push(session.id);
        }
    }
    Ok(ended)
}

/// The claims of an access token, beside `iss`, `aud`, `iat` and `exp`.
#[must_use]
pub fn claims(user: &User, session: &Session) -> Map<String, Json> {
    let text = |text: &Option<String>| Json::from(text.as_deref().unwrap_or_default());
    let claims = [
        ("sub", user.id.as_str().into()),
        ("role", user.role.as_str().into()),
        ("email", text(&user.email)),
        ("phone", text(&user.phone)),
        ("app_metadata", user.app_metadata.clone()),
        ("user_metadata", user.user_metadata.clone()),
        ("aal", session.aal.as_str().into()),
        ("amr", session.amr.clone()),
        ("session_id", session.id.as_str().into()),
        ("is_anonymous", user.is_anonymous.into()),
    ];
    claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
