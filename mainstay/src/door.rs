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
use mainstay_rest::{Rest, Route};
use parking_lot::RwLock;
use tower::Service;

/// Prefix of the data API.
const REST: &str = "/rest/v1";
/// What answers at the public address. `dev` replaces what is inside while it is served.
#[derive(Clone)]
pub struct Door(Arc<RwLock<Arc<Rest>>>);

impl Door {
    #[must_use]
    pub fn new(rest: Arc<Rest>) -> Self {
        Self(Arc::new(RwLock::new(rest)))
    }

    pub fn replace(&self, rest: Arc<Rest>) {
        *self.0.write() = rest;
    }

    pub fn current(&self) -> Arc<Rest> {
        Arc::clone(&self.0.read())
    }

    async fn answer(self, request: Request<Bytes>) -> Response<Bytes> {
        let facts = request.extensions().get::<Arc<Facts>>().cloned().unwrap_or_default();
        let path = CanonicalPath::of(&request);
        let below = path.strip_prefix(REST).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        match below {
            Some(below) => self.current().answer(&request, below, &facts).await,
            None if path == Route::Document.template() => self.document(&request, &facts),
            None => {
                let error = Error::new(Code::NotFound, "Nothing answers at this path")
                    .hint("The data API is below /rest/v1.");
                facts.set_failure(error.code(), None);
                refuse::answer(&error, &facts.request_id, false)
            }
        }
    }

    fn document(&self, request: &Request<Bytes>, facts: &Facts) -> Response<Bytes> {
        self.current().document(request, facts).unwrap_or_else(|error| {
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
