//! Errors as answers: RFC 9457 everywhere, except below the paths whose clients expect the data
//! API's own shape. Pure. Used by every stage that refuses, and by whoever answers beside the app.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use mainstay_base::Error;
use mainstay_telemetry::escape;

/// Paths whose error bodies are `{"code","message","details","hint"}`.
const DIALECTS: [&str; 2] = ["/rest/v1", "/auth/v1"];

/// Whether a path belongs to a surface with that shape of error.
#[must_use]
pub fn is_dialect(path: &str) -> bool {
    DIALECTS.iter().any(|prefix| {
        path.strip_prefix(prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    })
}

/// The answer for an error. Nothing of its cause is in it.
#[must_use]
pub fn answer(error: &Error, request_id: &str, dialect: bool) -> Response<Bytes> {
    let (body, content_type) = if dialect {
        (dialect_body(error), HeaderValue::from_static("application/json; charset=utf-8"))
    } else {
        (problem_body(error, request_id), HeaderValue::from_static("application/problem+json"))
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status(error);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    if let Some(seconds) = error.retry_after_seconds() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// What a 405 must say of a path that is only read.
pub(crate) fn only_read(mut refused: Response<Bytes>) -> Response<Bytes> {
    refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    refused
}

fn status(error: &Error) -> StatusCode {
    StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn dialect_body(error: &Error) -> Vec<u8> {
    let mut body = b"{\"code\":".to_vec();
    escape::json(&mut body, error.code_text());
    body.extend_from_slice(b",\"message\":");
    escape::json(&mut body, error.message());
    for (key, text) in [("details", error.details_text()), ("hint", error.hint_text())] {
        body.extend_from_slice(format!(",\"{key}\":").as_bytes());
        match text {
            Some(text) => escape::json(&mut body, text),
            None => body.extend_from_slice(b"null"),
        }
    }
    body.push(b'}');
    body
}

fn problem_body(error: &Error, request_id: &str) -> Vec<u8> {
    let status = status(error);
    let mut body = b"{\"type\":\"about:blank\",\"title\":".to_vec();
    escape::json(&mut body, status.canonical_reason().unwrap_or("Error"));
    body.extend_from_slice(format!(",\"status\":{}", status.as_u16()).as_bytes());
    let fields = [
        ("detail", Some(error.message())),
        ("code", Some(error.code_text())),
        ("hint", error.hint_text()),
        ("instance", Some(request_id)),
    ];
    for (key, text) in fields {
        if let Some(text) = text {
            body.extend_from_slice(format!(",\"{key}\":").as_bytes());
            escape::json(&mut body, text);
        }
    }
    body.push(b'}');
    body
}

/// A refusal for a connection that gets no engine at all, as bytes for the socket.
pub(crate) fn canned(error: &Error, request_id: &str) -> Vec<u8> {
    let body = problem_body(error, request_id);
    let status = status(error);
    let mut bytes = format!(
        "HTTP/1.1 {} {}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
         retry-after: {}\r\nx-request-id: {request_id}\r\nconnection: close\r\n\r\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or("Error"),
        body.len(),
        error.retry_after_seconds().unwrap_or(1),
    )
    .into_bytes();
    bytes.extend_from_slice(&body);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_base::Code;

    fn body(error: &Error, dialect: bool) -> String {
        String::from_utf8(answer(error, "id-1", dialect).into_body().to_vec()).unwrap()
    }

    #[test]
    fn an_error_has_the_shape_that_its_surface_promises() {
        let error = Error::new(Code::BodyTooLarge, "The \"body\" is too large").hint("Send less");
        assert_eq!(
            body(&error, true),
            r#"{"code":"body_too_large","message":"The \"body\" is too large","details":null,"hint":"Send less"}"#
        );
        assert_eq!(
            body(&error, false),
            r#"{"type":"about:blank","title":"Payload Too Large","status":413,"detail":"The \"body\" is too large","code":"body_too_large","hint":"Send less","instance":"id-1"}"#
        );
    }

    #[test]
    fn a_dialect_is_a_path_segment_and_not_a_prefix_of_text() {
        for path in ["/rest/v1", "/rest/v1/a", "/auth/v1?x", "/rest/v1/"] {
            assert!(is_dialect(path), "{path}");
        }
        for path in ["/rest/v12", "/rest", "/", "/x/rest/v1"] {
            assert!(!is_dialect(path), "{path}");
        }
    }
}
