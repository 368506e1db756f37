//! One path for everybody: decoded exactly once, here, and refused where two readers could see two
//! paths. Pure. Before it: framing. After it: probes, routes, rules and logs, which all read this.

use std::borrow::Cow;

use http::Request;

/// The decoded path, in the extensions of a request whose path has percent signs.
#[derive(Clone, Debug)]
pub struct CanonicalPath(pub String);

impl CanonicalPath {
    /// The one path by which a request is routed and judged.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> &str {
        match request.extensions().get::<Self>() {
            Some(Self(path)) => path,
            None => request.uri().path(),
        }
    }
}

/// The decoded form of `path`, or why it is ambiguous. Borrowed when there is nothing to decode.
pub(crate) fn canonical(path: &str) -> Result<Cow<'_, str>, &'static str> {
    let decoded = if path.contains('%') { Cow::Owned(decode(path)?) } else { Cow::Borrowed(path) };
    if !decoded.starts_with('/') {
        return Err("The path does not begin with a slash");
    }
    let mut before = 0;
    for byte in decoded.bytes() {
        match byte {
            b'/' if before == b'/' => return Err("The path has an empty segment"),
            b'\\' => return Err("The path has a backslash"),
            _ => before = byte,
        }
    }
    if decoded.contains("/.") && decoded.split('/').any(|part| part == "." || part == "..") {
        return Err("The path has a dot segment");
    }
    Ok(decoded)
}

fn decode(path: &str) -> Result<String, &'static str> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (Some(high), Some(low)) = (rest.next().and_then(digit), rest.next().and_then(digit))
        else {
            return Err("The path has an incomplete percent-encoding");
        };
        let byte = high << 4 | low;
        // What separates or ends something, or encodes once more, means one thing before decoding
        // and another after it.
        if matches!(byte, b'/' | b'\\' | b';' | b'%' | b'?' | b'#') {
            return Err("The path has an encoded separator");
        }
        bytes.push(byte);
    }
    let text = String::from_utf8(bytes).map_err(|_| "The path is not UTF-8")?;
    if text.chars().any(char::is_control) {
        return Err("The path has a control character");
    }
    Ok(text)
}

fn digit(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_everybody_reads_alike_are_decoded_once() {
        for (given, expect) in [
            ("/", "/"),
            ("/rest/v1/Track", "/rest/v1/Track"),
            ("/rest/v1/Order%20Details", "/rest/v1/Order Details"),
            ("/rest/v1/%C3%9Cber%e6%97%a5", "/rest/v1/Über日"),
            ("/a.b/..c/.d/e..", "/a.b/..c/.d/e.."),
            ("/a/", "/a/"),
            ("/a;b=1", "/a;b=1"),
        ] {
            assert_eq!(canonical(given), Ok(Cow::Borrowed(expect)), "{given}");
        }
        assert!(matches!(canonical("/plain"), Ok(Cow::Borrowed(_))), "nothing is copied");
    }

    #[test]
    fn paths_that_two_readers_could_see_differently_are_refused() {
        for path in [
            "",
            "a",
            "//",
            "/a//b",
            "/.",
            "/..",
            "/a/../b",
            "/a/./b",
            "/a/..",
            "/%2e%2e/b",
            "/%2E",
            "/a/.%2e/b",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/a%00b",
            "/a%3bb",
            "/a%25b",
            "/a%252fb",
            "/a%3fb",
            "/a%23b",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a%+1",
            "/a%ff",
            "/a%c0%af",
            "/a%0d%0ab",
            "/a%7f",
            "/a%c2%85",
            "/a%ed%a0%80",
        ] {
            assert!(canonical(path).is_err(), "{path}");
        }
    }
}
