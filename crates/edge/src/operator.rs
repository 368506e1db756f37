//! What the operator's address serves: health with reasons, and metrics. It is an app like any
//! other, behind the same stack. Before it: `stack`. After it: `telemetry`.

use std::convert::Infallible;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use mainstay_base::{Code, Error, Facts};
use mainstay_telemetry::{Answer, Audience, Telemetry};
use std::sync::Arc;
use tower::Service;

use crate::{CanonicalPath, refuse};

pub(crate) fn surface(
    telemetry: &Telemetry,
) -> impl Service<
    Request<Bytes>,
    Response = Response<Bytes>,
    Error = Infallible,
    Future = std::future::Ready<Result<Response<Bytes>, Infallible>>,
> + Clone
+ Send
+ Sync
+ 'static {
    let telemetry = telemetry.clone();
    tower::service_fn(move |request| std::future::ready(Ok(answer(&telemetry, &request))))
}

fn answer(telemetry: &Telemetry, request: &Request<Bytes>) -> Response<Bytes> {
    let (path, query) = (CanonicalPath::of(request), request.uri().query());
    let facts = request.extensions().get::<Arc<Facts>>();
    let id = facts.map_or("", |facts| facts.request_id.as_str());
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let error = Error::new(Code::MethodNotAllowed, "The operator's address is only read");
        return refuse::only_read(refuse::answer(&error, id, false));
    }
    match telemetry.answer(Audience::Operator, path, query) {
        Some(answer) => {
            if let Some(facts) = facts {
                facts.set_route(answer.route);
            }
            shown(answer)
        }
        None => {
            let error = Error::new(Code::NotFound, "Nothing answers at this path")
                .hint("Try /metrics, /livez or /readyz?verbose; /letters in development");
            refuse::answer(&error, id, false)
        }
    }
}

/// An answer of telemetry as an answer of HTTP.
pub(crate) fn shown(answer: Answer) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    headers.insert(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
