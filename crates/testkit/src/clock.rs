//! Time that only moves when a test says so.

use std::sync::atomic::{AtomicI64, Ordering};

use mainstay_base::{Clock, Instant};

/// A clock that stands still until it is set.
#[derive(Debug)]
pub struct FakeClock(AtomicI64);

impl FakeClock {
    /// `seconds` since the Unix epoch.
    #[must_use]
    pub fn at(seconds: i64) -> Self {
        Self(AtomicI64::new(seconds * 1_000_000))
    }

    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Instant {
        self.0.load(Ordering::SeqCst)
    }
}
