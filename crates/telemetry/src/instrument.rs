//! The things that count: handles to atomics, resolved once and then free of locks and look-ups.
//! Made by `registry`; the histogram is ours because the library's takes a lock for each value.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// A number that only grows.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    pub fn increment(&self) {
        self.add(1);
    }

    pub fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A whole number that goes up and down.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicI64>);

impl Gauge {
    pub fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub fn add(&self, amount: i64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    #[must_use]
    pub fn value(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts values by size. Two atomic additions for each value.
#[derive(Clone, Debug)]
pub struct Histogram(Arc<Cells>);

#[derive(Debug)]
struct Cells {
    bounds: &'static [f64],
    /// One more than `bounds`: the last is for what exceeds all of them.
    counts: Box<[AtomicU64]>,
    /// The sum in millionths, so that adding is one atomic instruction. Wraps after 1.8e13 units.
    sum_millionths: AtomicU64,
}

impl Histogram {
    /// `bounds` ascending.
    #[must_use]
    pub fn new(bounds: &'static [f64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self(Arc::new(Cells { bounds, counts, sum_millionths: AtomicU64::new(0) }))
    }

    /// In the unit of the measure; negative values count as zero.
    pub fn observe(&self, value: f64) {
        let cells = &*self.0;
        let place = cells.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = cells.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        cells.sum_millionths.fetch_add((value * 1e6) as u64, Ordering::Relaxed);
    }

    /// For measures in seconds.
    pub fn observe_duration(&self, duration: Duration) {
        self.observe(duration.as_secs_f64());
    }

    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.counts.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    #[must_use]
    pub fn sum(&self) -> f64 {
        self.0.sum_millionths.load(Ordering::Relaxed) as f64 / 1e6
    }

    /// Upper bound and own count (not cumulated) of each bucket, `+Inf` last.
    #[must_use]
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = self.0.bounds.iter().copied().chain([f64::INFINITY]);
        bounds.zip(self.0.counts.iter().map(|count| count.load(Ordering::Relaxed))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_falls_into_the_first_bucket_whose_bound_it_does_not_exceed() {
        let histogram = Histogram::new(&[1.0, 2.0]);
        for value in [0.5, 1.0, 1.5, 2.0, 9.0] {
            histogram.observe(value);
        }
        assert_eq!(histogram.buckets(), [(1.0, 2), (2.0, 2), (f64::INFINITY, 1)]);
        assert_eq!((histogram.count(), histogram.sum()), (5, 14.0));
    }
}
