//! A place in a text that is being read, and the two things every little language here shares:
//! identifiers and quoted texts. Errors say what failed and where.

use std::borrow::Cow;

use mainstay_base::{Code, Error, Result};

use super::Name;

/// Reads a text from left to right.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// What is being read, for the error: `failed to parse <what> (<text>)`.
    what: &'static str,
}

impl<'a> Cursor<'a> {
    #[must_use]
    pub fn new(what: &'static str, text: &'a str) -> Self {
        Self { text, at: 0, what }
    }

    #[must_use]
    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    #[must_use]
    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    #[must_use]
    pub fn is_done(&self) -> bool {
        self.at == self.text.len()
    }

    /// Takes `token` if it stands here.
    pub fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Takes `token` or fails.
    pub fn expect(&mut self, token: &str) -> Result<()> {
        if self.take(token) {
            return Ok(());
        }
        Err(self.error(&format!("expecting \"{token}\"")))
    }

    /// Takes characters as long as `fits` says so.
    pub fn take_while(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let len = rest.find(|c| !fits(c)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    /// Takes everything that is left.
    pub fn take_rest(&mut self) -> &'a str {
        let rest = self.rest();
        self.at = self.text.len();
        rest
    }

    pub fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// `PGRST100` at this place, in the dialect's words.
    #[must_use]
    pub fn error(&self, expecting: &str) -> Error {
        let column = self.text[..self.at].chars().count() + 1;
        let shown: String = self.text.chars().take(200).collect();
        let message =
            format!("\"failed to parse {} ({shown})\" (line 1, column {column})", self.what);
        let unexpected = match self.peek() {
            Some(c) => format!("unexpected \"{c}\""),
            None => "unexpected end of input".to_owned(),
        };
        Error::new(Code::QueryUnreadable, message).details(format!("{unexpected} {expecting}"))
    }

    /// An identifier: quoted with anything in it, or letters, digits, `_`, `$`, spaces, inner `-`.
    pub fn name(&mut self) -> Result<Name<'a>> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let rest = self.rest();
        let mut end = 0;
        let mut chars = rest.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let inner_dash =
                c == '-' && at > 0 && chars.peek().is_some_and(|(_, next)| is_word(*next));
            if !is_word(c) && !inner_dash {
                break;
            }
            end = at + c.len_utf8();
        }
        let name = rest[..end].trim_matches(' ');
        if name.is_empty() {
            return Err(self.error("expecting field name (* or [a..z0..9_$])"));
        }
        self.at += end;
        Ok(Cow::Borrowed(name))
    }

    /// `"…"` with `\"` and `\\`.
    pub fn quoted(&mut self) -> Result<Name<'a>> {
        self.expect("\"")?;
        let rest = self.rest();
        let plain = rest.find(['"', '\\']).unwrap_or(rest.len());
        if rest[plain..].starts_with('"') {
            self.at += plain + 1;
            return Ok(Cow::Borrowed(&rest[..plain]));
        }
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return Err(self.error("expecting \"\\\"\" (end of quoted text)")),
                Some('"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(text));
                }
                Some('\\') => {
                    self.at += 1;
                    let Some(escaped) = self.peek() else { continue };
                    text.push(escaped);
                    self.at += escaped.len_utf8();
                }
                Some(c) => {
                    text.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | ' ')
}
