//! Answers as they arrive on a connection: read whole, whether their length is said ahead or they
//! come in chunks.

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Where the end of an answer is known from.
enum Frame {
    /// All of it has this many bytes.
    Length(usize),
    /// The line with the size of the next chunk starts here.
    Chunks(usize),
}

/// Reads one answer whole into `buffer` and gives its status.
pub async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<u16> {
    buffer.clear();
    let mut frame = None;
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::Error::other("the server closed the connection"));
        }
        if frame.is_none() {
            frame = head_end(buffer).map(|end| Frame::of(&buffer[..end]));
        }
        if let Some(frame) = &mut frame
            && frame.complete(buffer)?
        {
            let status =
                std::str::from_utf8(&buffer[9..12]).ok().and_then(|text| text.parse().ok());
            return Ok(status.unwrap_or(0));
        }
    }
}

impl Frame {
    fn of(head: &[u8]) -> Self {
        match field(head, "transfer-encoding") {
            Some("chunked") => Self::Chunks(head.len()),
            _ => {
                let body = field(head, "content-length").and_then(|text| text.parse().ok());
                Self::Length(head.len() + body.unwrap_or(0))
            }
        }
    }

    /// Whether all has arrived. Chunks that have are not looked at again.
    fn complete(&mut self, buffer: &[u8]) -> std::io::Result<bool> {
        let at = match self {
            Self::Length(all) => return Ok(buffer.len() >= *all),
            Self::Chunks(at) => at,
        };
        while let Some((size, start)) = chunk(buffer, *at)? {
            let end = start + size + 2;
            if buffer.len() < end {
                break;
            }
            if size == 0 {
                return Ok(true);
            }
            *at = end;
        }
        Ok(false)
    }
}

/// The size of the chunk whose line starts at `at`, and where its bytes start, once that is known.
fn chunk(buffer: &[u8], at: usize) -> std::io::Result<Option<(usize, usize)>> {
    let rest = buffer.get(at..).unwrap_or_default();
    let Some(line) = rest.windows(2).position(|two| two == b"\r\n") else {
        return Ok(None);
    };
    let size = std::str::from_utf8(&rest[..line]).ok();
    match size.and_then(|text| usize::from_str_radix(text, 16).ok()) {
        Some(size) => Ok(Some((size, at + line + 2))),
        None => Err(std::io::Error::other("a chunk without its size")),
    }
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// The value of a header field; `name` in small letters.
pub fn field<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    let lines = head.split(|byte| *byte == b'\n');
    let named = |line: &&[u8]| {
        line.len() > name.len()
            && line[name.len()] == b':'
            && line[..name.len()].eq_ignore_ascii_case(name.as_bytes())
    };
    let value = lines.filter(named).map(|line| &line[name.len() + 1..]).next()?;
    std::str::from_utf8(value).ok().map(str::trim)
}

/// The head and the body of a whole answer, chunks joined.
pub fn parts(answer: &[u8]) -> std::io::Result<(&[u8], Vec<u8>)> {
    let end = head_end(answer).unwrap_or(answer.len());
    let head = &answer[..end];
    let Frame::Chunks(mut at) = Frame::of(head) else {
        return Ok((head, answer[end..].to_vec()));
    };
    let mut body = Vec::with_capacity(answer.len());
    while let Some((size, start)) = chunk(answer, at)?
        && size > 0
    {
        body.extend_from_slice(&answer[start..start + size]);
        at = start + size + 2;
    }
    Ok((head, body))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Frame, head_end, parts};

    #[test]
    fn an_answer_ends_where_its_frame_says() {
        let cases: [(&[u8], Option<&[u8]>); 7] = [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", Some(b"[]")),
            (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n[]", None),
            (b"HTTP/1.1 204 No Content\r\n\r\n", Some(b"")),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n1\r\n]\r\n0\r\n\r\n",
                Some(b"[1]"),
            ),
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
                Some(b"0123456789"),
            ),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n1\r\n]\r\n", None),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n0\r\n", None),
        ];
        for (given, expect) in cases {
            let shown = String::from_utf8_lossy(given);
            let mut frame = Frame::of(&given[..head_end(given).unwrap()]);
            assert_eq!(frame.complete(given).unwrap(), expect.is_some(), "{shown}");
            if let Some(expect) = expect {
                assert_eq!(parts(given).unwrap().1, expect, "{shown}");
            }
        }
    }

    #[test]
    fn the_end_is_found_however_the_bytes_arrive() {
        let given =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n1\r\n]\r\n0\r\n\r\n";
        let mut frame = Frame::of(&given[..head_end(given).unwrap()]);
        for length in head_end(given).unwrap()..given.len() {
            assert!(!frame.complete(&given[..length]).unwrap(), "{length} bytes");
        }
        assert!(frame.complete(given).unwrap());
    }
}
