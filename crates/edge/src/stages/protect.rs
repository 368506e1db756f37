//! The headers that keep browsers from doing harm with an answer. An app that serves pages may set
//! its own; then it knows better. After `account`, before `framed`.

use http::HeaderValue;
use http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

use crate::stack::{Next, Request, Response, Stage};
use crate::visit::Visit;

/// For every answer.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    // The type that we say is the type, whatever the bytes look like.
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // For browsers that do not know frame-ancestors.
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    // Data, opened as a page, may load and run nothing.
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    // URLs of an API hold filters and keys; no other site learns them.
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// Only over https, where browsers heed it: a year, as preload lists ask.
const INSIST: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

pub(crate) struct Protect;

impl Stage for Protect {
    const NAME: &'static str = "security headers";

    async fn pass<N: Next>(&self, visit: &Visit, request: Request, next: &N) -> Response {
        let mut response = next.run(visit, request).await;
        let headers = response.headers_mut();
        for (name, value) in HEADERS {
            headers.entry(name).or_insert(value);
        }
        if visit.door.config.https {
            headers.entry(STRICT_TRANSPORT_SECURITY).or_insert(INSIST);
        }
        response
    }
}
