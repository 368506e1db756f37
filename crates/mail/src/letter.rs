//! One letter, whole: who gets it and what it says. Made by `templates`, kept by the caller's
//! outbox, sent by `smtp`. Its form on the wire (RFC 5322, 2045) is `lettre`'s work.

use std::fmt;
use std::time::{Duration, SystemTime};

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use mainstay_base::{Error, Instant, Result};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::address::Address;
use crate::{Kind, Written};

/// A letter as it waits to be sent. It holds what its reader needs to act, and so secrets: the
/// outbox forgets it when it is sent.
#[derive(Clone, Deserialize, Serialize)]
pub struct Letter {
    /// Stays the same over all tries, so that whoever gets a letter twice can see it.
    pub id: Uuid,
    pub kind: Kind,
    pub to: Address,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The link that it is about; the catcher shows it.
    pub link: Option<String>,
}

/// Nothing of what it says, and whom it goes to only masked.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, kind, to, .. } = self;
        write!(f, "Letter({id}, {}, {})", kind.name(), to.masked())
    }
}

impl Letter {
    #[must_use]
    pub fn new(kind: Kind, to: Address, written: Written, link: Option<String>) -> Self {
        let Written { subject, text, html } = written;
        Self { id: Uuid::now_v7(), kind, to, subject, text, html, link }
    }

    /// The envelope and the bytes that go over the wire. `now` is the date in the head.
    ///
    /// # Errors
    /// A fault of ours, when an address that we let in is none to the library.
    pub(super) fn sealed(&self, sender: &Sender, now: Instant) -> Result<(Envelope, Vec<u8>)> {
        let to = mailbox(None, &self.to)?;
        let date = SystemTime::UNIX_EPOCH + Duration::from_micros(now.max(0).unsigned_abs());
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let message = Message::builder()
            .from(sender.mailbox()?)
            .to(to)
            .subject(&self.subject)
            .date(date)
            .message_id(Some(format!("<{}@{}>", self.id, sender.address.domain())))
            // RFC 3834, section 5: nobody's holiday notice answers it.
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .multipart(MultiPart::alternative_plain_html(self.text.clone(), self.html.clone()))
            .map_err(Error::internal)?;
        Ok((message.envelope().clone(), message.formatted()))
    }
}

/// In whose name the letters go.
#[derive(Clone, Debug)]
pub struct Sender {
    name: Option<String>,
    address: Address,
}

impl Sender {
    /// `name` is what readers see beside the address. `None` when it has control characters.
    #[must_use]
    pub fn new(name: &str, address: Address) -> Option<Self> {
        if name.chars().any(char::is_control) {
            return None;
        }
        let name = name.trim();
        Some(Self { name: (!name.is_empty()).then(|| name.to_owned()), address })
    }

    /// The domain in whose name we speak.
    pub(super) fn domain(&self) -> &str {
        self.address.domain()
    }

    fn mailbox(&self) -> Result<Mailbox> {
        mailbox(self.name.clone(), &self.address)
    }
}

fn mailbox(name: Option<String>, address: &Address) -> Result<Mailbox> {
    Ok(Mailbox::new(name, address.as_str().parse().map_err(Error::internal)?))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn letter() -> Letter {
        let written = Written {
            subject: "Grüße".to_owned(),
            text: "Your code: 123456\n.\n".to_owned(),
            html: "<p>Your code: 123456</p>".to_owned(),
        };
        let link = Some("https://a.example/verify?token=x".to_owned());
        Letter::new(Kind::Confirm, Address::parse("ann@example.com").unwrap(), written, link)
    }

    pub(crate) fn sender() -> Sender {
        Sender::new("Shop, Inc.", Address::parse("no-reply@shop.example").unwrap()).unwrap()
    }

    fn text(letter: &Letter) -> String {
        String::from_utf8(letter.sealed(&sender(), 1_700_000_000_000_000).unwrap().1).unwrap()
    }

    #[test]
    fn a_letter_has_the_head_of_one_that_nobody_should_answer() {
        let letter = letter();
        let text = text(&letter);
        for line in [
            "From: =?utf-8?b?U2hvcCwgSW5jLg==?= <no-reply@shop.example>\r\n",
            "To: ann@example.com\r\n",
            "Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n",
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
            &format!("Message-ID: <{}@shop.example>\r\n", letter.id),
            "Auto-Submitted: auto-generated\r\n",
            "MIME-Version: 1.0\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Type: text/html; charset=utf-8\r\n",
        ] {
            assert!(text.contains(line), "{line:?} not in\n{text}");
        }
        assert!(text.is_ascii());
    }

    #[test]
    fn nothing_in_a_letter_makes_a_header() {
        let mut letter = letter();
        letter.subject = "x\r\nBcc: eve@example.com\r\n\r\nbody".to_owned();
        letter.text = "\r\nBcc: eve@example.com\r\n".to_owned();
        let text = text(&letter);
        let head = text.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{head}");
        assert!(head.contains("Auto-Submitted"), "the head was cut short:\n{head}");
        assert!(Sender::new("a\r\nBcc: b", Address::parse("a@b.example").unwrap()).is_none());
    }

    #[test]
    fn debug_output_tells_neither_the_reader_nor_the_content() {
        let shown = format!("{:?}", letter());
        assert!(shown.contains("confirm") && shown.contains("a***@example.com"), "{shown}");
        assert!(!shown.contains("123456") && !shown.contains("token="), "{shown}");
    }

    #[test]
    fn a_stored_letter_is_read_back_whole() {
        let letter = letter();
        let stored = serde_json::to_string(&letter).unwrap();
        let read: Letter = serde_json::from_str(&stored).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), stored);
        assert_eq!((read.id, read.kind, read.to), (letter.id, Kind::Confirm, letter.to));
    }
}
