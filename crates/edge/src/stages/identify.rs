//! Gives the request its facts and the answer its id, and carries out what other stages decided
//! about the connection. First of the stack; `visit` has made the id already.

use std::sync::Arc;

use http::HeaderValue;
use http::header::{CONNECTION, TRANSFER_ENCODING};

use crate::identity::REQUEST_ID;
use crate::stack::{Next, Request, Response, Stage};
use crate::visit::Visit;

pub(crate) struct Identify;

impl Stage for Identify {
    const NAME: &'static str = "request id";

    async fn pass<N: Next>(&self, visit: &Visit, mut request: Request, next: &N) -> Response {
        request.extensions_mut().insert(Arc::clone(&visit.facts));
        if request.headers().contains_key(TRANSFER_ENCODING) {
            // Only hyper knows where a chunked body ends, so `wire` cannot check a head after it.
            visit.close();
        }
        let mut response = next.run(visit, request).await;
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, visit.id.clone());
        if visit.closes() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
