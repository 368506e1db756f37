//! What may be set about the door, as plain values with their defaults. `mainstay` reads files,
//! variables and flags and fills it in; nothing here parses or looks around.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::limits;

/// Settings of both addresses.
#[derive(Clone, Debug)]
pub struct EdgeConfig {
    /// Where requests come in. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where metrics and health are served to the operator. Port 0 takes a free one.
    pub admin_listen: SocketAddr,
    /// Whether clients reach us by https: then browsers are told to insist on it (HSTS).
    pub https: bool,
    /// Which web pages of other origins may read answers.
    pub cors: Cors,
    /// Whether answers are compressed when the client asks.
    pub compression: bool,
    /// Proxies in front of us: the bound per client does not apply to them, who stand for many.
    pub trusted_proxies: Vec<IpAddr>,
    pub max_connections: usize,
    pub max_connections_per_client: usize,
    pub max_requests_in_flight: usize,
    pub max_url_bytes: usize,
    pub max_header_bytes: usize,
    pub max_body_bytes: usize,
    pub head_timeout: Duration,
    pub idle_timeout: Duration,
    pub body_timeout: Duration,
    pub write_timeout: Duration,
    pub request_deadline: Duration,
    /// Between readiness going false and not accepting any more, so that balancers notice first.
    pub drain_pause: Duration,
    /// From not accepting any more to cutting what is still at work.
    pub grace: Duration,
}

impl Default for EdgeConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            admin_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)),
            https: false,
            cors: Cors::AnyOrigin,
            compression: true,
            trusted_proxies: Vec::new(),
            max_connections: limits::CONNECTIONS,
            max_connections_per_client: limits::CONNECTIONS_PER_CLIENT,
            max_requests_in_flight: limits::REQUESTS_IN_FLIGHT,
            max_url_bytes: limits::URL_BYTES,
            max_header_bytes: limits::HEADER_BYTES,
            max_body_bytes: limits::BODY_BYTES,
            head_timeout: limits::HEAD_TIMEOUT,
            idle_timeout: limits::IDLE_TIMEOUT,
            body_timeout: limits::BODY_TIMEOUT,
            write_timeout: limits::WRITE_TIMEOUT,
            request_deadline: limits::REQUEST_DEADLINE,
            drain_pause: Duration::ZERO,
            grace: limits::GRACE,
        }
    }
}

/// Which origins may read answers in a browser. Credentials (cookies) are never allowed: callers
/// prove who they are by headers, so the answer to every allowed origin is the same.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Cors {
    /// `*`.
    AnyOrigin,
    /// Exactly these, such as `https://shop.example`. `null` never matches.
    Origins(Vec<String>),
    /// None: no CORS header is ever sent.
    Off,
}

impl Cors {
    /// From the list that people write: `["*"]` is everybody, `[]` nobody.
    #[must_use]
    pub fn from_list(origins: &[String]) -> Self {
        if origins.iter().any(|origin| origin == "*") {
            Self::AnyOrigin
        } else if origins.is_empty() {
            Self::Off
        } else {
            Self::Origins(origins.to_vec())
        }
    }
}
