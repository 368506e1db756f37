//! Takes letters in development: keeps the last ones for the operator's surface and says a line
//! for each in the log, with the link, so that nobody needs a mail server to try an application.

use std::collections::VecDeque;
use std::fmt;

use mainstay_base::Instant;
use mainstay_telemetry::Log;
use parking_lot::Mutex;

use crate::limits::CAUGHT_LETTERS;
use crate::{Letter, observe};

/// The last letters, newest first.
pub struct Catcher {
    letters: Mutex<VecDeque<Caught>>,
    log: Log,
}

/// A letter that would have been sent.
#[derive(Clone, Debug)]
pub struct Caught {
    pub at: Instant,
    pub letter: Letter,
}

impl fmt::Debug for Catcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Catcher({} letters)", self.letters.lock().len())
    }
}

impl Catcher {
    #[must_use]
    pub fn new(log: Log) -> Self {
        Self { letters: Mutex::default(), log }
    }

    /// Keeps a letter; the oldest goes when there are `CAUGHT_LETTERS`.
    pub fn keep(&self, letter: Letter, at: Instant) {
        let (kind, to) = (letter.kind.name(), letter.to.masked());
        let line = self.log.line(&observe::CAUGHT).text("kind", kind).text("to", &to);
        line.maybe("link", letter.link.as_deref()).send();
        let mut letters = self.letters.lock();
        letters.truncate(CAUGHT_LETTERS - 1);
        letters.push_front(Caught { at, letter });
    }

    /// What was caught, newest first.
    #[must_use]
    pub fn letters(&self) -> Vec<Caught> {
        self.letters.lock().iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use mainstay_telemetry::{Capture, Format, Settings};
    use mainstay_testkit::FakeClock;

    use super::*;
    use crate::letter::tests::letter;

    #[test]
    fn the_last_hundred_letters_are_kept_newest_first() {
        let catcher = Catcher::new(Log::silent(Arc::new(FakeClock::at(0))));
        for at in 0..250 {
            catcher.keep(letter(), at);
        }
        let kept: Vec<i64> = catcher.letters().iter().map(|caught| caught.at).collect();
        assert_eq!(kept, (150..250).rev().collect::<Vec<_>>());
    }

    #[test]
    fn one_line_is_logged_for_a_letter_with_the_address_masked() {
        let capture = Capture::default();
        let settings =
            Settings { format: Format::Json, output: capture.output(), ..Settings::default() };
        let log = Log::start(settings, Arc::new(FakeClock::at(0))).unwrap();
        Catcher::new(log.clone()).keep(letter(), 0);
        assert!(log.flush(Duration::from_secs(10)));
        let text = capture.text();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("\"event\":\"mail.caught\"") && text.contains("\"confirm\""));
        assert!(text.contains("a***@example.com") && !text.contains("ann@example.com"), "{text}");
        assert!(text.contains("\"link\":\"https://a.example/verify?token=x\""), "{text}");
        assert!(!text.contains("123456"), "{text}");
    }
}
