//! What the data API tells about itself: how often a shape was known already.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of the plan cache.
#[derive(Debug, Default)]
pub struct Observed {
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Observed {
    pub(crate) fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn missed(&self) {
        self.misses.fetch_add(1, Ordering::Relaxed);
    }

    /// `(hits, misses)` since the start.
    #[must_use]
    pub fn read(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }
}
