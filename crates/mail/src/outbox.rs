//! When a letter that was not taken is tried again. Pure: a durable table, which is somebody
//! else's, drives it and survives restarts.

use std::time::Duration;

use mainstay_base::Instant;

/// The schedule of tries: each wait is three times the one before, up to the longest.
#[derive(Clone, Copy, Debug)]
pub struct Outbox {
    /// After the first failure.
    pub first_wait: Duration,
    pub longest_wait: Duration,
    /// From the writing of the letter to the last try.
    pub give_up_after: Duration,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_secs(10),
            longest_wait: Duration::from_secs(1_800),
            give_up_after: Duration::from_secs(24 * 3_600),
        }
    }
}

impl Outbox {
    /// When to try again after `tries` failures of the passing kind, or `None` to give up.
    /// `written_at` is when the letter came into the outbox. `dice` is any random number: it moves
    /// the wait by up to a quarter either way, so that what failed together does not return
    /// together.
    #[must_use]
    pub fn next_try(
        &self,
        tries: u32,
        written_at: Instant,
        now: Instant,
        dice: u32,
    ) -> Option<Instant> {
        let factor = 3_u32.saturating_pow(tries.saturating_sub(1).min(20));
        let wait = self.first_wait.saturating_mul(factor).min(self.longest_wait);
        let part = 0.75 + 0.5 * f64::from(dice) / f64::from(u32::MAX);
        let next = now.saturating_add(micros(wait.mul_f64(part)));
        (next <= written_at.saturating_add(micros(self.give_up_after))).then_some(next)
    }
}

fn micros(time: Duration) -> Instant {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    const MIDDLE: u32 = u32::MAX / 2;

    fn waits(dice: u32) -> Vec<i64> {
        (1..=7)
            .map(|tries| Outbox::default().next_try(tries, 0, 0, dice).unwrap().div_euclid(SECOND))
            .collect()
    }

    #[test]
    fn waits_grow_threefold_up_to_the_longest() {
        assert_eq!(waits(MIDDLE), [9, 29, 89, 269, 809, 1_799, 1_799]);
    }

    #[test]
    fn the_dice_move_a_wait_by_a_quarter_and_no_more() {
        assert_eq!(waits(0)[..2], [7, 22]);
        assert_eq!(waits(u32::MAX)[..2], [12, 37]);
    }

    #[test]
    fn a_letter_is_given_up_a_day_after_it_was_written() {
        let outbox = Outbox::default();
        let day = 24 * 3_600 * SECOND;
        assert!(outbox.next_try(60, 0, day - 1_801 * SECOND, MIDDLE).is_some());
        assert!(outbox.next_try(60, 0, day - 1_799 * SECOND, MIDDLE).is_none());
        assert!(outbox.next_try(1, 0, day, 0).is_none());
    }

    #[test]
    fn a_letter_that_keeps_failing_is_tried_for_a_day_and_not_forever() {
        let (mut now, mut tries) = (0, 0);
        while let Some(next) = Outbox::default().next_try(tries + 1, 0, now, tries * 7_919_777) {
            assert!(next > now);
            (now, tries) = (next, tries + 1);
        }
        assert!((40..=75).contains(&tries), "{tries}");
        assert!(now > 22 * 3_600 * SECOND);
    }

    #[test]
    fn extremes_do_not_overflow() {
        assert!(Outbox::default().next_try(u32::MAX, i64::MAX, i64::MAX, u32::MAX).is_some());
        assert!(Outbox::default().next_try(0, i64::MIN, i64::MAX, 0).is_none());
    }
}
