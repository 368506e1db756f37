//! The first line of an HTTP/1 head: method, target, version, each in the one form that all readers
//! understand alike. Pure. Called by `framing`, which reads the headers after it.

use std::ops::Range;

use http::uri::Authority;
use mainstay_base::Code;
use memchr::memchr;

use crate::framing::Verdict;
use crate::limits::METHOD_BYTES;

/// What the headers have to agree with.
pub(crate) struct RequestLine {
    pub(crate) version_11: bool,
    /// Where in the line the target names a host, if it does.
    pub(crate) authority: Option<Range<usize>>,
}

impl RequestLine {
    /// `line` without its line end.
    pub(crate) fn read(line: &[u8], url_bytes: usize) -> Verdict<Self> {
        let bad = |message| Err((Code::BadRequest, message));
        let mut parts = line.split(|byte| *byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return bad("The request line is not method, target and version");
        };
        if method.is_empty() || method.len() > METHOD_BYTES || !method.iter().all(|b| is_token(*b))
        {
            return bad("The method is not a token");
        }
        let version_11 = match version {
            b"HTTP/1.1" => true,
            b"HTTP/1.0" => false,
            _ => return bad("The version is neither HTTP/1.1 nor HTTP/1.0"),
        };
        if target.len() > url_bytes {
            return Err((Code::UrlTooLong, "The path and query are too long"));
        }
        check_characters(target)?;
        let is_path = target.first() == Some(&b'/');
        let authority = if is_path || (target == b"*" && method == b"OPTIONS") {
            None
        } else {
            Some(authority(target, method.len() + 1)?)
        };
        Ok(Self { version_11, authority })
    }
}

/// Refused in each half of a target: what hyper would refuse, and `#`. A fragment stays with the
/// client; who sends one wants one of two readers to cut it off. `<`, `>`, `"` and other alphabets in a
/// query are what people type for JSON paths, quoted names and words of theirs; `escape_query`
/// writes them as every reader understands them.
fn check_characters(target: &[u8]) -> Verdict<()> {
    let mark = memchr(b'?', target).unwrap_or(target.len());
    let (path, query) = target.split_at(mark);
    let fits = |part: &[u8], refused: &[u8], more: bool| {
        let known = |byte: &u8| matches!(byte, 0x21..=0x7e) || (more && *byte >= 0x80);
        part.iter().all(|byte| known(byte) && !refused.contains(byte))
    };
    if !fits(path, b"#<>`", false) {
        return Err((Code::BadRequest, "The path has a character that has to be percent-encoded"));
    }
    if !fits(query, b"#", true) {
        return Err((Code::BadRequest, "The query has a character that has to be percent-encoded"));
    }
    Ok(())
}

/// Percent-encodes `<`, `>`, `"` and bytes of other alphabets in the query of a head's first line.
/// `None`: there are none.
pub(crate) fn escape_query(head: &[u8]) -> Option<Vec<u8>> {
    let line = memchr(b'\n', head)?;
    let mark = memchr(b'?', &head[..line])?;
    let (before, rest) = head.split_at(mark);
    let (query, rest) = rest.split_at(memchr(b' ', rest)?);
    let raw = |byte: &u8| matches!(byte, b'<' | b'>' | b'"' | 0x80..);
    if !query.iter().any(raw) {
        return None;
    }
    let mut escaped = Vec::with_capacity(head.len() + 32);
    escaped.extend_from_slice(before);
    for byte in query {
        match raw(byte) {
            true => escaped.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            false => escaped.push(*byte),
        }
    }
    escaped.extend_from_slice(rest);
    Some(escaped)
}

/// `http://host/path`: the authority has to agree with Host, or a proxy before us and we could each
/// believe another one. `offset` is where the target stands in the line.
fn authority(target: &[u8], offset: usize) -> Verdict<Range<usize>> {
    let scheme = [&b"http://"[..], b"https://"].into_iter().find(|scheme| {
        target.get(..scheme.len()).is_some_and(|front| front.eq_ignore_ascii_case(scheme))
    });
    let Some(scheme) = scheme else {
        return Err((Code::BadRequest, "The target is neither a path nor an http URL"));
    };
    let rest = &target[scheme.len()..];
    let end = rest.iter().position(|b| matches!(b, b'/' | b'?')).unwrap_or(rest.len());
    if !is_host(&rest[..end]) || Authority::try_from(&rest[..end]).is_err() {
        return Err((Code::BadRequest, "The host in the target is not valid"));
    }
    let start = offset + scheme.len();
    Ok(start..start + end)
}

/// The target in a request line that may be incomplete.
pub(crate) fn target_of(line: &[u8]) -> Option<&str> {
    let target = line.split(|byte| *byte == b' ').nth(1)?;
    std::str::from_utf8(&target[..target.len().min(64)]).ok()
}

pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

pub(crate) fn is_host(value: &[u8]) -> bool {
    !value.is_empty()
        && value.iter().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']')
        })
}
