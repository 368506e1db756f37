//! Where one HTTP/1 request ends and the next begins, checked before anything else reads it. Every
//! head passes here first, and what two readers could understand differently is refused, never
//! repaired. Pure: bytes in, verdict out. Before it: `wire`. After it: hyper, which parses again.

use std::ops::Range;

use mainstay_base::Code;
use memchr::memchr;

use crate::limits::{HEADER_LINES, METHOD_BYTES};
use crate::request_line::{RequestLine, is_host, is_token, target_of};

/// Bounds of a head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) url_bytes: usize,
    pub(crate) header_bytes: usize,
}

/// Why a head was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) message: &'static str,
    /// Whether the target began like one of the dialects that have their own error bodies.
    pub(crate) dialect: bool,
}

/// A head that may pass.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Framed {
    /// Bytes of the head, its empty line included.
    pub(crate) bytes: usize,
    pub(crate) body: Body,
}

/// What follows the head.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Body {
    Sized(u64),
    Chunked,
}

pub(crate) type Verdict<T> = Result<T, (Code, &'static str)>;

/// One head while it arrives.
#[derive(Debug, Default)]
pub(crate) struct Head {
    /// Where the line begins that is not complete yet.
    line: usize,
    /// Where the header lines begin, once the request line is complete.
    headers: usize,
    lines: usize,
    version_11: bool,
    dialect: bool,
    authority: Option<Range<usize>>,
    host: Option<Range<usize>>,
    length: Option<u64>,
    chunked: bool,
}

impl Head {
    /// `bytes` is all that came since the head began; call again when there are more.
    pub(crate) fn read(&mut self, bytes: &[u8], bounds: Bounds) -> Result<Option<Framed>, Refusal> {
        self.advance(bytes, bounds).map_err(|(code, message)| Refusal {
            code,
            message,
            dialect: self.dialect,
        })
    }

    /// Whether any byte of the head has been seen.
    pub(crate) fn has_begun(&self) -> bool {
        self.lines > 0 || self.line > 0
    }

    fn advance(&mut self, bytes: &[u8], bounds: Bounds) -> Verdict<Option<Framed>> {
        if bytes.first().is_some_and(|first| !is_token(*first)) {
            return Err((Code::BadRequest, "The request does not begin with a method"));
        }
        while let Some(length) = bytes.get(self.line..).and_then(|rest| memchr(b'\n', rest)) {
            let (start, end) = (self.line, self.line + length);
            let Some(line) = bytes[start..end].strip_suffix(b"\r") else {
                return Err((
                    Code::BadRequest,
                    "A line of the head ends without a carriage return",
                ));
            };
            self.line = end + 1;
            self.lines += 1;
            if self.lines == 1 {
                self.request_line(line, bounds)?;
                self.headers = self.line;
            } else if line.is_empty() {
                self.within(self.line, bounds)?;
                return self.complete(bytes).map(Some);
            } else {
                self.header_line(line, start)?;
            }
        }
        if self.lines == 0 {
            self.dialect = target_of(bytes).is_some_and(crate::refuse::is_dialect);
        }
        self.within(bytes.len(), bounds).map(|()| None)
    }

    /// Whether what came so far, up to `end`, is within the bounds.
    fn within(&self, end: usize, bounds: Bounds) -> Verdict<()> {
        // The request line has a method, two spaces and a version besides the target.
        if self.lines == 0 && end > bounds.url_bytes + METHOD_BYTES + 16 {
            return Err((Code::UrlTooLong, "The path and query are too long"));
        }
        if self.lines > 0 && end - self.headers > bounds.header_bytes {
            return Err((Code::HeadersTooLarge, "The headers are too large"));
        }
        if self.lines > HEADER_LINES + 2 {
            return Err((Code::HeadersTooLarge, "There are too many headers"));
        }
        Ok(())
    }

    fn request_line(&mut self, line: &[u8], bounds: Bounds) -> Verdict<()> {
        self.dialect = target_of(line).is_some_and(crate::refuse::is_dialect);
        let line = RequestLine::read(line, bounds.url_bytes)?;
        (self.version_11, self.authority) = (line.version_11, line.authority);
        Ok(())
    }

    fn header_line(&mut self, line: &[u8], start: usize) -> Verdict<()> {
        let bad = |message| Err((Code::BadRequest, message));
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return bad("A header is folded over several lines");
        }
        let Some(colon) = memchr(b':', line) else {
            return bad("A header has no colon");
        };
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
            return bad("The name of a header is not a token");
        }
        if value.iter().any(|byte| matches!(byte, 0..=8 | 10..=31 | 127)) {
            return bad("The value of a header has a control character");
        }
        let before = value.len() - value.trim_ascii_start().len();
        self.known_header(name, value.trim_ascii(), start + colon + 1 + before)
    }

    /// The headers that decide about framing. `place` is where the value stands in the head.
    fn known_header(&mut self, name: &[u8], value: &[u8], place: usize) -> Verdict<()> {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        let problem = match name.len() {
            4 if is(b"host") => {
                if self.host.replace(place..place + value.len()).is_some() {
                    Some("There are several Host headers")
                } else {
                    (!is_host(value)).then_some("The Host header is not valid")
                }
            }
            6 if is(b"expect") => (!value.eq_ignore_ascii_case(b"100-continue"))
                .then_some("Expect asks for something other than 100-continue"),
            14 if is(b"content-length") => {
                let again = self.length.replace(content_length(value)?).is_some();
                again.then_some("There are several Content-Length headers")
            }
            17 if is(b"transfer-encoding") => {
                let again = std::mem::replace(&mut self.chunked, true);
                (again || !value.eq_ignore_ascii_case(b"chunked"))
                    .then_some("Transfer-Encoding is not exactly `chunked`")
            }
            _ => None,
        };
        problem.map_or(Ok(()), |message| Err((Code::BadRequest, message)))
    }

    fn complete(&self, bytes: &[u8]) -> Verdict<Framed> {
        let bad = |message| Err((Code::BadRequest, message));
        if self.chunked && self.length.is_some() {
            return bad("There are both Transfer-Encoding and Content-Length");
        }
        if self.chunked && !self.version_11 {
            return bad("Transfer-Encoding is not part of HTTP/1.0");
        }
        if self.version_11 && self.host.is_none() {
            return bad("The Host header is missing");
        }
        if let (Some(authority), Some(host)) = (self.authority.clone(), self.host.clone())
            && !bytes[authority].eq_ignore_ascii_case(&bytes[host])
        {
            return bad("The target names another host than the Host header");
        }
        let body = if self.chunked { Body::Chunked } else { Body::Sized(self.length.unwrap_or(0)) };
        Ok(Framed { bytes: self.line, body })
    }
}

/// Digits only, and few enough not to overflow anywhere.
fn content_length(value: &[u8]) -> Verdict<u64> {
    if value.is_empty() || value.len() > 15 || !value.iter().all(u8::is_ascii_digit) {
        return Err((Code::BadRequest, "Content-Length is not a plain number"));
    }
    Ok(value.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { url_bytes: 8192, header_bytes: 16384 };

    fn read(text: &str) -> Result<Option<Framed>, Refusal> {
        Head::default().read(text.as_bytes(), BOUNDS)
    }

    #[test]
    fn a_head_is_understood_the_same_in_one_piece_and_byte_by_byte() {
        let text = "POST /a?b=c HTTP/1.1\r\nHost: h\r\nContent-Length: 42\r\nX: \t y \r\n\r\nrest";
        let whole = read(text).unwrap().unwrap();
        assert_eq!(whole, Framed { bytes: text.len() - 4, body: Body::Sized(42) });
        let mut head = Head::default();
        for end in 0..whole.bytes {
            assert_eq!(head.read(&text.as_bytes()[..end], BOUNDS), Ok(None), "{end}");
        }
        assert_eq!(head.read(&text.as_bytes()[..whole.bytes], BOUNDS), Ok(Some(whole)));
    }

    #[test]
    fn every_form_of_target_that_servers_must_accept_passes() {
        for target in ["/", "/a%20b?x=(1,2)&y=a|b\\c", "http://h/a", "HTTP://H?q", "http://h"] {
            let head = format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n");
            assert!(read(&head).unwrap().is_some(), "{target}");
        }
        assert!(read("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").unwrap().is_some());
        assert!(read("GET / HTTP/1.0\r\n\r\n").unwrap().is_some());
    }

    #[test]
    fn the_bounds_hold_at_the_limit_and_not_one_byte_beyond() {
        let bounds = Bounds { url_bytes: 10, header_bytes: 20 };
        let ask = |target: usize, value: usize| {
            let (target, value) = ("a".repeat(target - 1), "v".repeat(value));
            let text = format!("GET /{target} HTTP/1.1\r\nHost: h\r\nX: {value}\r\n\r\n");
            Head::default().read(text.as_bytes(), bounds).map(|framed| framed.is_some())
        };
        // "Host: h", "X: ", three line ends: 16 bytes.
        assert_eq!(ask(10, 4), Ok(true));
        assert_eq!(ask(11, 4).unwrap_err().code, Code::UrlTooLong);
        assert_eq!(ask(10, 5).unwrap_err().code, Code::HeadersTooLarge);
    }
}
