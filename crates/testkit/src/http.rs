//! A connection that asks and waits, over and over: the client of the durability tests. It must
//! tell "refused" from "cut": a request whose answer never came may or may not have happened.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than any answer takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A kept-alive connection with fixed headers.
pub struct Connection {
    stream: TcpStream,
    headers: String,
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Connection {
    /// # Errors
    /// When nobody listens.
    pub fn open(address: SocketAddr, key: &str) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, headers: format!("Host: test\r\napikey: {key}\r\n") })
    }

    /// Sends a request below `/rest/v1` and waits for the whole answer.
    ///
    /// # Errors
    /// When the connection was cut: nothing is known of what the server did.
    pub fn ask(
        &mut self,
        method: &str,
        path: &str,
        prefer: &str,
        body: &str,
    ) -> std::io::Result<Answer> {
        self.send(method, &format!("/rest/v1{path}"), &format!("Prefer: {prefer}\r\n"), body)
    }

    /// Sends a request below `/auth/v1` and waits for the whole answer.
    ///
    /// # Errors
    /// As `ask`.
    pub fn ask_accounts(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
    ) -> std::io::Result<Answer> {
        self.send(method, &format!("/auth/v1{path}"), "", body)
    }

    fn send(
        &mut self,
        method: &str,
        path: &str,
        more: &str,
        body: &str,
    ) -> std::io::Result<Answer> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{}{more}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.headers,
            body.len()
        );
        self.stream.write_all(request.as_bytes())?;
        self.answer()
    }

    fn answer(&mut self) -> std::io::Result<Answer> {
        let mut bytes = Vec::new();
        let mut piece = [0; 16 * 1024];
        loop {
            let count = self.stream.read(&mut piece)?;
            if count == 0 {
                return Err(std::io::Error::other("the connection was cut"));
            }
            bytes.extend_from_slice(&piece[..count]);
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .map_or(0, |text| text.trim().parse().unwrap_or(0));
            if bytes.len() >= end + 4 + length {
                let status = head.get(9..12).and_then(|text| text.parse().ok()).unwrap_or(0);
                let body = String::from_utf8_lossy(&bytes[end + 4..end + 4 + length]).into_owned();
                return Ok(Answer { status, head, body });
            }
        }
    }
}
