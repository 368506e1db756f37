//! Lets web pages of other origins read answers, as configured, and answers their preflights.
//! Never with credentials, so what an allowed origin can read, anybody with its key can read.
//! After `path`: a preflight is answered only for a request that is sound.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderName, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method};

use crate::Cors;
use crate::limits::CORS_HEADER_BYTES;
use crate::stack::{Next, Request, Response, Stage};
use crate::visit::Visit;

const METHODS: HeaderValue =
    HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

/// What scripts may read besides the few headers that they always may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Content-Range, Content-Location, Content-Type, Location, Range-Unit, Preference-Applied, \
     X-Request-Id",
);

const DAY: HeaderValue = HeaderValue::from_static("86400");

const VARY_ORIGIN: HeaderValue = HeaderValue::from_static("Origin");

pub(crate) struct CrossOrigin;

impl Stage for CrossOrigin {
    const NAME: &'static str = "cors";

    async fn pass<N: Next>(&self, visit: &Visit, request: Request, next: &N) -> Response {
        let rule = &visit.door.config.cors;
        if *rule == Cors::Off {
            return next.run(visit, request).await;
        }
        let allowed = request.headers().get(ORIGIN).and_then(|origin| allowed(rule, origin));
        let mut response = if is_preflight(&request) {
            visit.facts.set_route("preflight");
            preflight(request.headers(), allowed.is_some())
        } else {
            let mut response = next.run(visit, request).await;
            if allowed.is_some() {
                response.headers_mut().insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            }
            response
        };
        let headers = response.headers_mut();
        if let Some(origin) = allowed {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
        // Also without an Origin, or a cache would give that answer to a page that has one.
        headers.append(VARY, VARY_ORIGIN);
        response
    }
}

/// What to answer to an origin, if it may read.
fn allowed(rule: &Cors, origin: &HeaderValue) -> Option<HeaderValue> {
    match rule {
        Cors::AnyOrigin => Some(HeaderValue::from_static("*")),
        Cors::Off => None,
        // Sandboxed frames and local files of anybody are `null`: it proves nothing.
        Cors::Origins(_) if origin == "null" => None,
        Cors::Origins(list) => list
            .iter()
            .any(|allowed| allowed.as_bytes() == origin.as_bytes())
            .then(|| origin.clone()),
    }
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(asked: &HeaderMap, allowed: bool) -> Response {
    let mut response = Response::default();
    if !allowed {
        return response;
    }
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, DAY);
    if let Some(names) = asked.get(ACCESS_CONTROL_REQUEST_HEADERS)
        && are_header_names(names)
    {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        headers.append(
            VARY,
            HeaderValue::from_name(HeaderName::from_static("access-control-request-headers")),
        );
    }
    response
}

/// Whether a value can be echoed: nothing but names of headers, and not too many.
fn are_header_names(value: &HeaderValue) -> bool {
    value.len() <= CORS_HEADER_BYTES
        && value
            .as_bytes()
            .split(|byte| *byte == b',')
            .all(|name| HeaderName::from_bytes(name.trim_ascii()).is_ok())
}
