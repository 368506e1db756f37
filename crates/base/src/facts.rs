//! What becomes known about one request while it travels. The edge makes it, the layers fill it
//! in, and the access log and the metrics read it when the answer leaves.

use std::net::IpAddr;
use std::sync::OnceLock;

use crate::Code;

/// Facts of one request. Each is written at most once; a second write is ignored.
#[derive(Debug, Default)]
pub struct Facts {
    /// The id that travels in `X-Request-Id`, at most 64 characters.
    pub request_id: String,
    route: OnceLock<&'static str>,
    role: OnceLock<String>,
    user: OnceLock<String>,
    code: OnceLock<Code>,
    cause: OnceLock<String>,
    client: OnceLock<IpAddr>,
}

impl Facts {
    #[must_use]
    pub fn new(request_id: String) -> Self {
        Self { request_id, ..Self::default() }
    }

    /// The route as a template (`/rest/v1/{table}`): a label of metrics, so never a raw path.
    pub fn set_route(&self, template: &'static str) {
        let _ = self.route.set(template);
    }

    pub fn set_role(&self, role: &str) {
        let _ = self.role.set(role.to_owned());
    }

    pub fn set_user(&self, user: &str) {
        let _ = self.user.set(user.to_owned());
    }

    /// From where the request came: past the proxies that are trusted, and no further.
    pub fn set_client(&self, client: IpAddr) {
        let _ = self.client.set(client);
    }

    /// The code of the error that the caller got, and the hidden cause for the log.
    pub fn set_failure(&self, code: Code, cause: Option<String>) {
        let _ = self.code.set(code);
        if let Some(cause) = cause {
            let _ = self.cause.set(cause);
        }
    }

    #[must_use]
    pub fn route(&self) -> &'static str {
        self.route.get().copied().unwrap_or("unmatched")
    }

    #[must_use]
    pub fn client(&self) -> Option<IpAddr> {
        self.client.get().copied()
    }

    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.role.get().map(String::as_str)
    }

    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.get().map(String::as_str)
    }

    #[must_use]
    pub fn code(&self) -> Option<Code> {
        self.code.get().copied()
    }

    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.cause.get().map(String::as_str)
    }
}
