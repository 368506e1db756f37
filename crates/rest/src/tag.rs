//! Conditional requests: every read carries an `ETag` of its body, and a client that has the same
//! body already is told so with `304` and gets none. Source: RFC 9110, section 13.

use std::hash::Hasher;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use rustc_hash::FxHasher;

use crate::parse::Verb;
use crate::work::Ask;

/// Puts the tag of a body among the headers.
pub fn put(headers: &mut HeaderMap, body: &[u8]) {
    if let Ok(tag) = HeaderValue::try_from(tag(body)) {
        headers.insert(ETAG, tag);
    }
}

/// Leaves the body of a read out when the client has it.
#[must_use]
pub fn conditional(ask: &Ask<'_>, mut response: Response<Bytes>) -> Response<Bytes> {
    let tag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok());
    let (Some(tag), Some(listed)) = (tag, ask.intent.if_none_match) else {
        return response;
    };
    let reads = matches!(ask.intent.verb, Verb::Read { .. });
    if reads && response.status() == StatusCode::OK && is_listed(listed, tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Bytes::new();
        response.headers_mut().remove(CONTENT_TYPE);
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    response
}

/// Weak: the bytes may still be compressed on their way.
fn tag(body: &[u8]) -> String {
    let mut hasher = FxHasher::default();
    hasher.write(body);
    hasher.write_usize(body.len());
    format!("W/\"{:016x}\"", hasher.finish())
}

/// `If-None-Match`: a list of tags, compared weakly, or `*`.
fn is_listed(listed: &str, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let wanted = opaque(tag);
    listed.split(',').any(|one| one.trim() == "*" || opaque(one) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_compared_weakly_and_in_lists() {
        let tag = tag(b"[]");
        assert!(is_listed(&tag, &tag));
        assert!(is_listed(&format!("\"x\", {}", tag.trim_start_matches("W/")), &tag));
        assert!(is_listed("*", &tag));
        assert!(!is_listed("\"x\"", &tag));
        assert_ne!(super::tag(b"[]"), super::tag(b"[ ]"));
    }
}
