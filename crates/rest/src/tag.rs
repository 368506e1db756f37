//! Conditional requests: every read carries an `ETag` of its body, and a client that has the same
//! body already is told so with `304` and gets none. Source: RFC 9110, section 13.

use std::hash::Hasher;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue};
use http::{Response, StatusCode};
use rustc_hash::FxHasher;

use crate::parse::Verb;
use crate::work::Ask;

/// Tags the answer of a read and leaves its body out when the client has it.
#[must_use]
pub fn conditional(ask: &Ask<'_>, mut response: Response<Bytes>) -> Response<Bytes> {
    let reads = ask.intent.verb == Verb::Read { head: false };
    if !reads || !response.status().is_success() {
        return response;
    }
    let tag = tag(response.body());
    let known = ask.intent.if_none_match.is_some_and(|listed| is_listed(listed, &tag));
    if let Ok(value) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(ETAG, value);
    }
    if known && response.status() == StatusCode::OK {
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
