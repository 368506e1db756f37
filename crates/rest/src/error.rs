//! Errors in the dialect's form: `{"code","details","hint","message"}`.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, Response, StatusCode};
use mainstay_base::{Code, Error};
use mainstay_schema::value::write_string;

/// The response for an error.
#[must_use]
pub fn response(error: &Error) -> Response<Bytes> {
    let mut response = Response::new(body(error));
    *response.status_mut() =
        StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    let status = format!("PostgREST; error={}", error.code_text());
    if let Ok(status) = HeaderValue::try_from(status) {
        headers.insert(HeaderName::from_static("proxy-status"), status);
    }
    if let Some(seconds) = error.retry_after_seconds() {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if error.status() == 401 {
        let challenge = match error.code() {
            Code::TokenInvalid | Code::TokenClaimsInvalid => {
                format!("Bearer error=\"invalid_token\", error_description=\"{}\"", error.message())
            }
            _ => "Bearer".to_owned(),
        };
        if let Ok(challenge) = HeaderValue::try_from(challenge) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
    }
    response
}

fn body(error: &Error) -> Bytes {
    let mut json = Vec::with_capacity(160);
    field("code", Some(error.code_text()), &mut json);
    match (error.code(), error.details_text()) {
        // These details are JSON themselves: an object for each relation.
        (Code::RelationAmbiguous, Some(details)) => {
            json.extend_from_slice(b",\"details\":");
            json.extend_from_slice(details.as_bytes());
        }
        (_, details) => field("details", details, &mut json),
    }
    field("hint", error.hint_text(), &mut json);
    field("message", Some(error.message()), &mut json);
    if let Some((at, id)) = error.operation() {
        json.extend_from_slice(format!(",\"operation\":{{\"at\":{at}").as_bytes());
        field("id", id, &mut json);
        json.push(b'}');
    }
    json.push(b'}');
    json.into()
}

fn field(name: &str, value: Option<&str>, json: &mut Vec<u8>) {
    json.push(if json.is_empty() { b'{' } else { b',' });
    write_string(name, json);
    json.push(b':');
    match value {
        Some(text) => write_string(text, json),
        None => json.extend_from_slice(b"null"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_was_raised_answers_with_its_own_code_and_status() {
        let error = Error::raised_as("PT409", 409, "sold out").hint("come back");
        let response = response(&error);
        assert_eq!(response.status(), 409);
        assert_eq!(response.headers()["proxy-status"], "PostgREST; error=PT409");
        let body = r#"{"code":"PT409","details":null,"hint":"come back","message":"sold out"}"#;
        assert_eq!(response.body(), body);
        assert!(
            super::response(&Error::raised_as("PT401", 401, ""))
                .headers()
                .contains_key(WWW_AUTHENTICATE)
        );
    }
}
