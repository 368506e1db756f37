//! The real clock: the operating system's time, handed to every layer as `base::Clock`, so that
//! none of them asks for the time itself.

use std::time::{SystemTime, UNIX_EPOCH};

use mainstay_base::{Clock, Instant};

/// The operating system's time.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
        }
    }
}
