//! What the data API tells about itself: how often a shape was known already.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mainstay_telemetry::Registry;

use crate::Rest;

mainstay_telemetry::measures! {
    PLAN_HITS = Counter "rest_plan_cache_hits_total" plans [],
        "Requests whose shape had been planned before.";
    PLAN_MISSES = Counter "rest_plan_cache_misses_total" plans [],
        "Requests whose shape was planned anew.";
}

/// Adds the measures of the plan cache.
#[allow(clippy::cast_precision_loss)] // a scrape needs no more than 52 bits
pub fn register(registry: &Registry, rest: &Arc<Rest>) {
    let (hits, misses) = (Arc::clone(rest), Arc::clone(rest));
    registry.observe(&PLAN_HITS, &[], move || hits.plans().observed.read().0 as f64);
    registry.observe(&PLAN_MISSES, &[], move || misses.plans().observed.read().1 as f64);
}

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
