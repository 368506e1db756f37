//! A client that sends what it is told, byte for byte, and shows everything that came back.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::server::PATIENCE;

/// A request in the making.
#[derive(Clone, Debug)]
pub struct Ask {
    address: String,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Ask {
    pub fn new(address: &str, method: &str, target: &str) -> Self {
        let (address, method, target) = (address.to_owned(), method.to_owned(), target.to_owned());
        Self { address, method, target, headers: Vec::new(), body: Vec::new() }
    }

    pub fn method(mut self, method: &str) -> Self {
        self.method = method.to_owned();
        self
    }

    /// Adds a header; one of the same name is replaced.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.also(name, value)
    }

    /// Adds a header beside those of the same name.
    pub fn also(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn prefer(self, value: &str) -> Self {
        self.also("Prefer", value)
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub fn json(self, body: &str) -> Self {
        self.body("application/json", body)
    }

    pub fn body(mut self, kind: &str, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self.header("Content-Type", kind)
    }

    pub fn send(self) -> Answer {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.headers.iter().any(|(name, _)| name == "Host") {
            head.push_str(&format!("Host: {}\r\n", self.address));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let has_body = !self.body.is_empty() || ["POST", "PATCH", "PUT"].contains(&&*self.method);
        if has_body {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("Connection: close\r\n\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        let raw = exchange(&self.address, &bytes);
        Answer::read(&raw)
            .unwrap_or_else(|| panic!("no answer to {} {}: {raw:?}", self.method, self.target))
    }
}

/// Sends bytes and reads until the other side closes.
pub fn exchange(address: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // A refusal may come before everything is sent; then the answer is what counts.
    let _ = stream.write_all(bytes);
    let mut raw = Vec::new();
    let _ = stream.read_to_end(&mut raw);
    raw
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    fn read(raw: &[u8]) -> Option<Self> {
        let end = raw.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&raw[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut body = raw[end + 4..].to_vec();
        if headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked") {
            body = joined(&body)?;
        }
        Some(Self { status, headers, body: String::from_utf8(body).ok()? })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The values of one column.
    pub fn column(&self, name: &str) -> Vec<Value> {
        let rows = self.json();
        let rows = rows.as_array().unwrap_or_else(|| panic!("no rows: {self:?}"));
        rows.iter().map(|row| row[name].clone()).collect()
    }

    /// The status and the code of the error.
    pub fn refusal(&self) -> (u16, String) {
        let body = self.json();
        (self.status, body["code"].as_str().unwrap_or_default().to_owned())
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// The whole error, in the dialect's form.
    #[track_caller]
    pub fn expect_error(
        &self,
        status: u16,
        code: &str,
        message: &str,
        details: Option<&str>,
        hint: Option<&str>,
    ) {
        let expected = serde_json::json!({
            "code": code, "details": details, "hint": hint, "message": message,
        });
        assert_eq!((self.status, self.json()), (status, expected));
        let proxy = format!("PostgREST; error={code}");
        assert_eq!(self.header("proxy-status"), Some(proxy.as_str()));
        assert_eq!(self.header("content-type"), Some("application/json; charset=utf-8"));
    }
}

fn joined(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&chunks[..end]).ok()?, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunks.get(end + 2..end + 2 + size)?);
        chunks = chunks.get(end + 2 + size + 2..)?;
    }
}
