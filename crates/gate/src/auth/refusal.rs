//! Errors as the dialect says them: clients of the dated version read a text in `code`, older ones
//! a number there and the text in `error_code`. Both have it in a header.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use mainstay_base::{Code, Error};
use serde_json::{Map, Value as Json, json};

use super::answer;

const CODE_HEADER: HeaderName = HeaderName::from_static("x-sb-error-code");

/// The answer to a request that was refused.
#[must_use]
pub fn response(error: &Error, dated: bool) -> Response<Bytes> {
    let (status, code) = (error.status(), text(error.code()));
    let mut body = Map::new();
    if error.code() == Code::RefreshTokenMissing {
        // As OAuth has it (RFC 6749, section 5.2): the one such answer of the dialect.
        body.insert("error".to_owned(), code.into());
        body.insert("error_description".to_owned(), error.message().into());
    } else if dated {
        body.insert("code".to_owned(), code.into());
        body.insert("message".to_owned(), error.message().into());
    } else {
        body.insert("code".to_owned(), status.into());
        body.insert("error_code".to_owned(), code.into());
        body.insert("msg".to_owned(), error.message().into());
    }
    if let Some(hint) = error.hint_text() {
        body.insert("hint".to_owned(), hint.into());
    }
    if error.code() == Code::PasswordWeak {
        let reasons = error.details_text().unwrap_or_default();
        let reasons: Vec<&str> = reasons.split(',').filter(|reason| !reason.is_empty()).collect();
        body.insert("weak_password".to_owned(), json!({ "reasons": reasons }));
    }
    let mut response = Response::new(Bytes::from(Json::Object(body).to_string()));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CODE_HEADER, HeaderValue::from_static(code));
    if let Some(seconds) = error.retry_after_seconds() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if dated {
        answer::mark(&mut response);
    }
    response
}

/// The dialect's word for a code; those of other parts have one that clients know.
pub(super) fn text(code: Code) -> &'static str {
    match code {
        Code::ApiKeyMissing => "no_authorization",
        Code::TokenInvalid | Code::TokenClaimsInvalid => "bad_jwt",
        Code::Internal => "unexpected_failure",
        other => other.text(),
    }
}
