//! From the edge to the layer that answers: the routes of the public address.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{ALLOW, HeaderValue, WWW_AUTHENTICATE};
use http::{Request, Response};
use mainstay_base::{Code, Error, Facts};
use mainstay_edge::{CanonicalPath, refuse};
use mainstay_gate::auth::Auth;
use mainstay_rest::{Rest, Route};
use parking_lot::RwLock;
use tower::Service;

use crate::application::Application;

/// Prefix of the data API.
const REST: &str = "/rest/v1";
/// Prefix of accounts and sessions.
const AUTH: &str = "/auth/v1";

/// What answers at the public address. `dev` replaces what is inside while it is served.
#[derive(Clone)]
pub struct Door(Arc<RwLock<Arc<Rooms>>>);

/// The layers behind the door.
pub struct Rooms {
    pub rest: Arc<Rest>,
    pub auth: Arc<Auth>,
}

impl Door {
    #[must_use]
    pub fn new(application: &Application) -> Self {
        Self(Arc::new(RwLock::new(Self::rooms(application))))
    }

    pub fn replace(&self, application: &Application) {
        *self.0.write() = Self::rooms(application);
    }

    fn rooms(application: &Application) -> Arc<Rooms> {
        let (rest, auth) = (Arc::clone(&application.rest), Arc::clone(&application.auth));
        Arc::new(Rooms { rest, auth })
    }

    pub fn current(&self) -> Arc<Rooms> {
        Arc::clone(&self.0.read())
    }

    async fn answer(self, request: Request<Bytes>) -> Response<Bytes> {
        let facts = request.extensions().get::<Arc<Facts>>().cloned().unwrap_or_default();
        let path = CanonicalPath::of(&request);
        let below = |prefix: &str| {
            let below = path.strip_prefix(prefix);
            below.filter(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match (below(REST), below(AUTH)) {
            (Some(below), _) => self.current().rest.answer(&request, below, &facts).await,
            (_, Some(below)) => self.current().auth.answer(&request, below, &facts).await,
            _ if path == Route::Document.template() => self.document(&request, &facts),
            _ => {
                let error = Error::new(Code::NotFound, "Nothing answers at this path")
                    .hint("The data API is below /rest/v1, accounts are below /auth/v1.");
                facts.set_failure(error.code(), None);
                refuse::answer(&error, &facts.request_id, false)
            }
        }
    }

    fn document(&self, request: &Request<Bytes>, facts: &Facts) -> Response<Bytes> {
        self.current().rest.document(request, facts).unwrap_or_else(|error| {
            facts.set_failure(error.code(), error.cause().map(ToString::to_string));
            let mut response = refuse::answer(&error, &facts.request_id, false);
            let more = match error.code().status() {
                401 => Some((WWW_AUTHENTICATE, "Bearer")),
                405 => Some((ALLOW, "OPTIONS,GET,HEAD")),
                _ => None,
            };
            if let Some((name, value)) = more {
                response.headers_mut().insert(name, HeaderValue::from_static(value));
            }
            response
        })
    }
}

impl Service<Request<Bytes>> for Door {
    type Response = Response<Bytes>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let door = self.clone();
        Box::pin(async move { Ok(door.answer(request).await) })
    }
}
