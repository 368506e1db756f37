//! How often something may be tried. Every try is counted before it is heard, in a transaction, so
//! five hundred at once are five hundred; a success forgives them. What is counted stands in the
//! store, so all processes count together.

use mainstay_base::{Code, Error, Result};

use super::book::Page;
use super::record::Moment;
use super::rows::Guesses;

/// So many years count as never.
const NEVER_SECONDS: i64 = 100 * 365 * 24 * 3_600;

/// A pace: some tries at once, then with growing pauses, and perhaps an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Tries that need not wait.
    pub free: i64,
    /// Seconds to wait after those; each further wait is twice as long.
    pub first_wait: i64,
    pub longest_wait: i64,
    /// After so many tries none is heard any more, until they are forgiven.
    pub end: Option<i64>,
    /// Seconds after the last try by which all is forgotten; with an `end`, never.
    pub memory: i64,
}

impl Pace {
    /// When the next try is heard, after so many. While tries are free, at any time: of two at once
    /// the one that began first may be counted last.
    fn open_at(&self, tries: i64, now: Moment) -> Moment {
        if self.end.is_some_and(|end| tries >= end) {
            return now.after(NEVER_SECONDS);
        }
        match tries - self.free {
            over @ 0.. => {
                let doubled = self.first_wait.saturating_mul(1_i64 << over.min(40));
                now.after(doubled.min(self.longest_wait))
            }
            _ => Moment(0),
        }
    }

    fn forgotten_at(&self, now: Moment) -> Moment {
        now.after(if self.end.is_some() { NEVER_SECONDS } else { self.memory })
    }
}

impl Page<'_, '_> {
    /// Counts a try of something, or says in how many seconds the next one is heard. What is not
    /// heard is not counted: nobody's wait is made longer by others who knock.
    ///
    /// # Errors
    /// When the store fails.
    pub fn count(&mut self, what: &str, pace: &Pace, now: Moment) -> Result<Option<i64>> {
        let known = self.one::<Guesses>("what", what)?.filter(|known| known.forgotten_at > now);
        if let Some(known) = &known
            && known.open_at > now
        {
            return Ok(Some((known.open_at.0 - now.0).div_euclid(1_000_000) + 1));
        }
        let tries = known.map_or(0, |known| known.tries) + 1;
        let (open_at, forgotten_at) = (pace.open_at(tries, now), pace.forgotten_at(now));
        self.put(&Guesses { what: what.to_owned(), tries, open_at, forgotten_at })?;
        Ok(None)
    }

    /// Counts all of them, or none.
    ///
    /// # Errors
    /// When the store fails.
    pub fn count_all(&mut self, all: &[(String, Pace)], now: Moment) -> Result<Option<i64>> {
        for (what, _) in all {
            let known = self.one::<Guesses>("what", what)?;
            let wait = known.filter(|known| known.forgotten_at > now && known.open_at > now);
            if let Some(known) = wait {
                return Ok(Some((known.open_at.0 - now.0).div_euclid(1_000_000) + 1));
            }
        }
        for (what, pace) in all {
            self.count(what, pace, now)?;
        }
        Ok(None)
    }

    /// Takes one counted try back: it was a good one.
    ///
    /// # Errors
    /// When the store fails.
    pub fn uncount(&mut self, what: &str, pace: &Pace, now: Moment) -> Result<()> {
        let Some(known) = self.one::<Guesses>("what", what)? else { return Ok(()) };
        let tries = known.tries - 1;
        if tries <= 0 {
            return self.remove::<Guesses>("what", what);
        }
        let open_at = pace.open_at(tries, now).min(known.open_at);
        self.put(&Guesses { tries, open_at, ..known })
    }
}

/// The refusal of a try that came too early.
#[must_use]
pub fn refused(code: Code, message: &'static str, seconds: i64) -> Error {
    let seconds = u32::try_from(seconds.clamp(1, 86_400)).unwrap_or(86_400);
    Error::new(code, message).retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_tries_are_free_and_then_each_wait_is_twice_as_long_up_to_the_longest_and_an_end() {
        let pace = Pace { free: 3, first_wait: 1, longest_wait: 60, end: Some(12), memory: 900 };
        let now = Moment(0);
        let waits: Vec<i64> = (1..=12).map(|tries| pace.open_at(tries, now).seconds()).collect();
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, NEVER_SECONDS]);
        let endless = Pace { end: None, ..pace };
        assert_eq!(endless.open_at(i64::MAX, now).seconds(), 60);
    }

    #[test]
    fn a_free_try_is_heard_though_one_that_began_later_was_counted_before_it() {
        let pace = Pace { free: 3, first_wait: 1, longest_wait: 60, end: None, memory: 900 };
        let (earlier, later) = (Moment(1_000_000), Moment(1_000_001));
        assert!(pace.open_at(2, later) <= earlier);
        assert!(pace.open_at(3, later) > earlier, "the control: it is to wait");
    }
}
