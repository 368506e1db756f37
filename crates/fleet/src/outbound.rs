//! Calls to other servers: one question, one bounded answer. Redirects are not followed, proxies of
//! the environment not asked, certificates always verified.

use std::error::Error as _;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use mainstay_base::Result;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::Semaphore;

use crate::connect::{Connector, Resolve, Way, system};
use crate::trust::tls;
use crate::{limits, target};

/// Unreserved characters (RFC 3986) stand for themselves; a space is `%20`, as all readers know it.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How far calls may reach.
#[derive(Clone)]
pub struct Settings {
    /// Hosts, by name or literal address, that may stand at addresses that are not public.
    pub allowed: Vec<String>,
    /// PEM of the authorities that certificates must come from, in place of this machine's.
    pub authorities: Option<String>,
    /// Until a connection stands.
    pub connect: Duration,
    /// From the call to the last byte of its answer.
    pub whole: Duration,
    /// Bytes of an answer.
    pub body_bytes: usize,
    /// Asked in place of the system's resolver.
    pub resolve: Option<Resolve>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            allowed: Vec::new(),
            authorities: None,
            connect: limits::CONNECT,
            whole: limits::WHOLE,
            body_bytes: limits::BODY_BYTES,
            resolve: None,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Settings(allowed {:?})", self.allowed)
    }
}

/// One question.
#[derive(Clone)]
pub struct Call {
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Bytes,
}

impl fmt::Debug for Call {
    /// Address, headers and body may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({})", self.method)
    }
}

impl Call {
    #[must_use]
    pub fn get(url: &str) -> Self {
        let (url, body) = (url.to_owned(), Bytes::new());
        Self { method: Method::GET, url, headers: HeaderMap::new(), body }
    }

    /// With a body of the kind that `media` names.
    #[must_use]
    pub fn post(url: &str, media: &'static str, body: Bytes) -> Self {
        let call = Self { method: Method::POST, body, ..Self::get(url) };
        call.header(CONTENT_TYPE, HeaderValue::from_static(media))
    }

    /// With fields, as a browser sends a form.
    #[must_use]
    pub fn form(url: &str, fields: &[(&str, &str)]) -> Self {
        let part = |text: &str| utf8_percent_encode(text, FORM).to_string();
        let pairs = fields.iter().map(|(name, value)| format!("{}={}", part(name), part(value)));
        let body = pairs.collect::<Vec<String>>().join("&");
        Self::post(url, "application/x-www-form-urlencoded", body.into())
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Asks for JSON.
    #[must_use]
    pub fn json(self) -> Self {
        self.header(ACCEPT, HeaderValue::from_static("application/json"))
    }

    /// With credentials; what cannot stand in a header is refused when it is sent.
    #[must_use]
    pub fn authorized(self, scheme: &str, credentials: &str) -> Self {
        match HeaderValue::from_str(&format!("{scheme} {credentials}")) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.header(AUTHORIZATION, value)
            }
            Err(_) => Self { url: String::new(), ..self },
        }
    }
}

/// What came back, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Nothing came back. The reason is for the log; it repeats nothing of what was sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Failed {
    /// We do not call there.
    Refused(String),
    /// The other side did not answer, or not as HTTP.
    Away(String),
    /// The answer was not there in time.
    Late,
    /// The answer was longer than it may be.
    Long,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => write!(f, "the call was refused: {why}"),
            Self::Away(why) => write!(f, "the other server gave no answer: {why}"),
            Self::Late => f.write_str("the other server's answer was not there in time"),
            Self::Long => f.write_str("the other server's answer is too long"),
        }
    }
}

impl std::error::Error for Failed {}

/// Calls other servers. Cheap to clone; all clones share connections.
#[derive(Clone)]
pub struct Outbound {
    client: Client<Connector, Full<Bytes>>,
    places: Arc<Semaphore>,
    whole: Duration,
    body_bytes: usize,
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound").finish_non_exhaustive()
    }
}

impl Outbound {
    /// Makes no connection yet.
    ///
    /// # Errors
    /// When the authorities are no certificates, or this machine has none.
    pub fn new(settings: Settings) -> Result<Self> {
        let Settings { allowed, authorities, connect, whole, body_bytes, resolve } = settings;
        let tls = Arc::new(tls(authorities.as_deref())?);
        let way = Way { allowed, resolve: resolve.unwrap_or_else(system), tls, deadline: connect };
        let mut builder: Builder = Client::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(limits::IDLE)
            .pool_max_idle_per_host(limits::IDLE_CONNECTIONS)
            .http1_max_buf_size(limits::HEAD_BYTES);
        let client = builder.build(way.connector());
        Ok(Self { client, places: Arc::new(Semaphore::new(limits::CALLS)), whole, body_bytes })
    }

    /// Asks, and waits for the whole answer. A redirect is an answer like any other.
    ///
    /// # Errors
    /// When none came, or it may not be asked there.
    pub async fn send(&self, call: Call) -> Result<Answer, Failed> {
        let Call { method, url, headers, body } = call;
        let uri = target::read(&url).map_err(|why| Failed::Refused(why.to_owned()))?;
        let mut request = Request::new(Full::new(body));
        (*request.method_mut(), *request.uri_mut()) = (method, uri);
        *request.headers_mut() = headers;
        let agent = HeaderValue::from_static("mainstay");
        request.headers_mut().entry(USER_AGENT).or_insert(agent);
        tokio::time::timeout(self.whole, self.answer(request)).await.map_err(|_| Failed::Late)?
    }

    async fn answer(&self, request: Request<Full<Bytes>>) -> Result<Answer, Failed> {
        let place = self.places.acquire().await;
        let _place = place.map_err(|_| Failed::Away("calls have ended".to_owned()))?;
        let response = self.client.request(request).await.map_err(|error| failure(&error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, self.body_bytes).collect().await.map_err(|error| {
            match error.is::<LengthLimitError>() {
                true => Failed::Long,
                false => Failed::Away("the answer broke off".to_owned()),
            }
        })?;
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.to_bytes() })
    }
}

/// The last cause says why; one of ours says that we refused.
fn failure(error: &hyper_util::client::legacy::Error) -> Failed {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        said = next.to_string();
        let refused = next
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied);
        if refused {
            return Failed::Refused(said);
        }
        cause = next.source();
    }
    Failed::Away(said)
}
