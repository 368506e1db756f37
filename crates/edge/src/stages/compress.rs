//! Makes large text answers smaller when the client asks. Who does not ask pays one look at a
//! header. Answers carry no cookies, so nobody's secret stands beside a text that others choose.
//! After `deadline`, before `deliver`.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, VARY,
};
use http::{HeaderMap, HeaderValue, Method};

use crate::limits::{COMPRESS_ASIDE_BYTES, COMPRESS_FROM_BYTES};
use crate::stack::{Next, Request, Response, Stage};
use crate::visit::Visit;

pub(crate) struct Compress;

impl Stage for Compress {
    const NAME: &'static str = "compression";

    async fn pass<N: Next>(&self, visit: &Visit, request: Request, next: &N) -> Response {
        let wanted = visit.door.config.compression
            && request.headers().get(ACCEPT_ENCODING).is_some_and(accepts_gzip)
            && request.method() != Method::HEAD;
        let mut response = next.run(visit, request).await;
        if response.body().len() < COMPRESS_FROM_BYTES || !is_compressible(response.headers()) {
            return response;
        }
        response.headers_mut().append(VARY, HeaderValue::from_static("Accept-Encoding"));
        if wanted && let Some(smaller) = smaller(response.body()).await {
            *response.body_mut() = smaller;
            let headers = response.headers_mut();
            headers.remove(CONTENT_LENGTH);
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            weaken(headers);
        }
        response
    }
}

/// The compressed bytes, if they are fewer. Large bodies are done beside the workers.
async fn smaller(body: &Bytes) -> Option<Bytes> {
    let compressed = if body.len() < COMPRESS_ASIDE_BYTES {
        gzip(body)
    } else {
        let body = body.clone();
        tokio::task::spawn_blocking(move || gzip(&body)).await.ok()?
    };
    compressed.ok().filter(|compressed| compressed.len() < body.len()).map(Bytes::from)
}

/// The fastest level: JSON shrinks to a fifth already, and the rest costs more than it saves.
fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}

fn accepts_gzip(value: &HeaderValue) -> bool {
    value.to_str().is_ok_and(|value| {
        value.split(',').any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
            let refused = parts.any(|part| {
                part.strip_prefix("q=").is_some_and(|q| q.parse().is_ok_and(|q: f32| q <= 0.0))
            });
            gzip && !refused
        })
    })
}

/// Text that is not compressed, not a piece of a file, and may be changed on the way.
fn is_compressible(headers: &HeaderMap) -> bool {
    let has = |name, part: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|v| v.contains(part))
    };
    let text =
        headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.starts_with("text/")
                || kind.ends_with("json")
                || kind.ends_with("xml")
                || kind.ends_with("javascript")
        });
    text && !headers.contains_key(CONTENT_ENCODING)
        && !has(CONTENT_RANGE, "bytes")
        && !has(CACHE_CONTROL, "no-transform")
}

/// The bytes are no longer those that a strong tag stands for.
fn weaken(headers: &mut HeaderMap) {
    if let Some(tag) = headers.get(ETAG)
        && !tag.as_bytes().starts_with(b"W/")
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
    {
        headers.insert(ETAG, weak);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_used_only_where_it_is_asked_for_by_name() {
        for (value, expect) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0", false),
            ("identity", false),
            ("*", false),
            ("x-gzip", false),
            ("", false),
        ] {
            assert_eq!(accepts_gzip(&HeaderValue::from_static(value)), expect, "{value}");
        }
    }
}
