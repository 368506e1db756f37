//! One line while it is written: bytes put straight into one buffer, no tree of values, no format
//! machinery. Comes from `Log::line`, ends in the queue of `log`; `sink` adds the time.

use std::fmt::{Display, Write};

use crate::config::Style;
use crate::{Event, Level, Log, escape};

/// An event with its fields. Nothing is logged before `send`.
#[must_use = "a line is logged by `send`"]
#[derive(Debug)]
pub struct Line<'a> {
    log: &'a Log,
    event: &'static Event,
    level: Level,
    style: Style,
    /// Empty without allocation when the level is switched off.
    text: Vec<u8>,
    enabled: bool,
}

/// Enough for an access line with role and user, so that it is allocated once.
const TYPICAL_BYTES: usize = 384;

impl<'a> Line<'a> {
    pub(crate) fn new(log: &'a Log, event: &'static Event, level: Level, style: Style) -> Self {
        let enabled = level >= log.level();
        let mut text = Vec::new();
        if enabled {
            text.reserve_exact(TYPICAL_BYTES);
            opening(&mut text, style, level, event.name);
        }
        Self { log, event, level, style, text, enabled }
    }

    /// A text, escaped, and cut at `limits::FIELD_BYTES`.
    pub fn text(mut self, key: &'static str, value: &str) -> Self {
        if self.enabled {
            self.key(key);
            let (front, cut) = escape::fitting(value);
            match self.style {
                Style::Json => escape::json(&mut self.text, front),
                Style::Pretty { .. } => escape::pretty(&mut self.text, front),
            }
            if cut {
                self.key_suffix(key);
            }
        }
        self
    }

    /// A text that may be absent; then the field is, too.
    pub fn maybe(self, key: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(key, value),
            None => self,
        }
    }

    /// A whole number.
    pub fn number(mut self, key: &'static str, value: u64) -> Self {
        if self.enabled {
            self.key(key);
            push_number(&mut self.text, value);
        }
        self
    }

    /// Yes or no.
    pub fn flag(mut self, key: &'static str, value: bool) -> Self {
        if self.enabled {
            self.key(key);
            self.text.extend_from_slice(if value { b"true" } else { b"false" });
        }
        self
    }

    /// Anything that can be shown; it costs an allocation, so not for lines of the hot path.
    pub fn display(self, key: &'static str, value: impl Display) -> Self {
        if !self.enabled {
            return self;
        }
        let mut shown = String::new();
        let _ = write!(shown, "{value}");
        self.text(key, &shown)
    }

    /// Hands the line to the sink. Never waits: if the queue is full it is dropped and counted.
    pub fn send(self) {
        if self.enabled {
            self.log.push(self.level, self.text);
        }
    }

    fn key(&mut self, key: &'static str) {
        debug_assert!(
            self.event.fields.contains(&key),
            "{} declares no field {key}",
            self.event.name
        );
        match self.style {
            Style::Json => {
                self.text.extend_from_slice(b",\"");
                self.text.extend_from_slice(key.as_bytes());
                self.text.extend_from_slice(b"\":");
            }
            Style::Pretty { color } => {
                self.text.extend_from_slice(if color { b" \x1b[2m" } else { b" " });
                self.text.extend_from_slice(key.as_bytes());
                self.text.extend_from_slice(if color { b"=\x1b[0m" } else { b"=" });
            }
        }
    }

    /// Says that a value was cut, beside the value and not in it.
    fn key_suffix(&mut self, key: &'static str) {
        match self.style {
            Style::Json => {
                self.text.extend_from_slice(b",\"");
                self.text.extend_from_slice(key.as_bytes());
                self.text.extend_from_slice(b"_cut\":true");
            }
            Style::Pretty { .. } => self.text.extend_from_slice("…".as_bytes()),
        }
    }
}

fn opening(text: &mut Vec<u8>, style: Style, level: Level, name: &str) {
    match style {
        Style::Json => {
            text.extend_from_slice(b"\"level\":\"");
            text.extend_from_slice(level.text().as_bytes());
            text.extend_from_slice(b"\",\"event\":\"");
            text.extend_from_slice(name.as_bytes());
            text.push(b'"');
        }
        Style::Pretty { color } => {
            let (start, label, end): (&[u8], &[u8], &[u8]) = match (level, color) {
                (Level::Debug, true) => (b"\x1b[34m", b"DEBUG", b"\x1b[0m"),
                (Level::Debug, false) => (b"", b"DEBUG", b""),
                (Level::Info | Level::Off, true) => (b"\x1b[32m", b" INFO", b"\x1b[0m"),
                (Level::Info | Level::Off, false) => (b"", b" INFO", b""),
                (Level::Warn, true) => (b"\x1b[33m", b" WARN", b"\x1b[0m"),
                (Level::Warn, false) => (b"", b" WARN", b""),
                (Level::Error, true) => (b"\x1b[31m", b"ERROR", b"\x1b[0m"),
                (Level::Error, false) => (b"", b"ERROR", b""),
            };
            text.extend_from_slice(start);
            text.extend_from_slice(label);
            text.extend_from_slice(end);
            text.push(b' ');
            text.extend_from_slice(name.as_bytes());
        }
    }
}

/// Appends decimal digits; at most 20 of them.
fn push_number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}
