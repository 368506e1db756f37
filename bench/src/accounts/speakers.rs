//! Who asks: for the next token of a chain, for new users until there are enough, or with a token
//! that was never brought before.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::load::{Ask, Random, Speaker};

use super::people::post;

/// Takes each token for the next, on and on.
pub struct Chain {
    pub headers: String,
    pub token: String,
    /// Writes the request that brings the token.
    pub write: fn(&str, &str) -> Vec<u8>,
    /// The name of the next token in the answer.
    pub next: &'static str,
}

impl Speaker for Chain {
    fn ask(&mut self, _random: &mut Random, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(&(self.write)(&self.headers, &self.token));
        true
    }

    fn hear(&mut self, status: u16, answer: &[u8]) -> std::io::Result<()> {
        let lost = || std::io::Error::other(format!("a chain of tokens ends with {status}"));
        self.token = text_of(answer, self.next).ok_or_else(lost)?.to_owned();
        Ok(())
    }
}

/// Makes users without an address, until there are enough, and keeps their access tokens.
pub struct Arrivals {
    pub headers: String,
    pub left: Arc<AtomicUsize>,
    pub tokens: Arc<Mutex<Vec<String>>>,
}

impl Speaker for Arrivals {
    fn ask(&mut self, _random: &mut Random, out: &mut Vec<u8>) -> bool {
        let less = |left: usize| left.checked_sub(1);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_err() {
            return false;
        }
        out.extend_from_slice(&post("/auth/v1/signup", &self.headers, "{}"));
        true
    }

    fn hear(&mut self, status: u16, answer: &[u8]) -> std::io::Result<()> {
        let refused = || std::io::Error::other(format!("a sign-up is answered with {status}"));
        let token = text_of(answer, "access_token").ok_or_else(refused)?.to_owned();
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).push(token);
        Ok(())
    }
}

/// Requests for the path, each with the next of the tokens.
pub fn each_token(headers: &str, path: &str, tokens: Arc<Vec<String>>) -> Arc<Ask> {
    let (headers, path, next) = (headers.to_owned(), path.to_owned(), AtomicUsize::new(0));
    Arc::new(move |_, out| {
        let token = &tokens[next.fetch_add(1, Ordering::Relaxed) % tokens.len()];
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}Authorization: Bearer {token}\r\n\r\n"
        );
        out.extend_from_slice(head.as_bytes());
    })
}

/// The text of this name in an answer, where it needs no escapes.
fn text_of<'a>(answer: &'a [u8], name: &str) -> Option<&'a str> {
    let text = std::str::from_utf8(answer).ok()?;
    let (_, rest) = text.split_once(&format!("\"{name}\":\""))?;
    rest.split_once('"').map(|(found, _)| found)
}

#[cfg(test)]
mod tests {
    use super::text_of;

    #[test]
    fn a_token_is_found_by_its_whole_name() {
        let answer = br#"{"access_token":"a","refresh_token":"b"}"#;
        assert_eq!(text_of(answer, "access_token"), Some("a"));
        assert_eq!(text_of(answer, "refresh_token"), Some("b"));
        assert_eq!(text_of(answer, "token"), None);
    }
}
