//! What the store tells about itself: counters and gauges that the metrics read when they are
//! scraped. Names, units and meanings are in `telemetry`'s catalogue through `mainstay`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets for times, in microseconds.
pub const TIME_BUCKETS: [u64; 12] =
    [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000, 500_000, 2_500_000];

/// Upper bounds of the buckets for the number of writes in one commit.
pub const SIZE_BUCKETS: [u64; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// A histogram with fixed bounds; the last cell counts what is beyond them.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    bounds: [u64; N],
    cells: [AtomicU64; N],
    beyond: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> Histogram<N> {
    const fn new(bounds: [u64; N]) -> Self {
        Self {
            bounds,
            cells: [const { AtomicU64::new(0) }; N],
            beyond: AtomicU64::new(0),
            sum: AtomicU64::new(0),
        }
    }

    fn add(&self, value: u64) {
        let cell = self.bounds.iter().position(|bound| value <= *bound);
        cell.map_or(&self.beyond, |at| &self.cells[at]).fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// `(upper bound, observations up to it)` for each bucket, then sum and count.
    #[must_use]
    pub fn read(&self) -> (Vec<(u64, u64)>, u64, u64) {
        let mut count = 0;
        let buckets = self
            .bounds
            .iter()
            .zip(&self.cells)
            .map(|(bound, cell)| {
                count += cell.load(Ordering::Relaxed);
                (*bound, count)
            })
            .collect();
        (buckets, self.sum.load(Ordering::Relaxed), count + self.beyond.load(Ordering::Relaxed))
    }
}

/// What all modules share.
#[derive(Debug)]
pub struct Observed {
    /// Microseconds that reads waited for a reader thread.
    pub reader_wait: Histogram<12>,
    /// Writes in one commit.
    pub group_size: Histogram<9>,
    /// Microseconds from the first statement of a group to its commit on disk.
    pub commit_time: Histogram<12>,
    /// Times that a database had to be opened again after the disk failed.
    pub reopened: AtomicU64,
}

impl Default for Observed {
    fn default() -> Self {
        Self {
            reader_wait: Histogram::new(TIME_BUCKETS),
            group_size: Histogram::new(SIZE_BUCKETS),
            commit_time: Histogram::new(TIME_BUCKETS),
            reopened: AtomicU64::new(0),
        }
    }
}

impl Observed {
    pub(crate) fn reader_waited(&self, waited: Duration) {
        self.reader_wait.add(micros(waited));
    }

    pub(crate) fn committed(&self, writes: usize, took: Duration) {
        self.group_size.add(writes as u64);
        self.commit_time.add(micros(took));
    }

    pub(crate) fn reopened(&self) {
        self.reopened.fetch_add(1, Ordering::Relaxed);
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// The state of one module's file when it is looked at.
#[derive(Clone, Debug)]
pub struct ModuleState {
    pub module: String,
    /// Writes that wait for the writer.
    pub queued: usize,
    pub database_bytes: u64,
    pub wal_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_up_to_each_bound() {
        let histogram = Histogram::new([10, 100]);
        for value in [1, 10, 11, 1000] {
            histogram.add(value);
        }
        assert_eq!(histogram.read(), (vec![(10, 2), (100, 3)], 1022, 4));
    }
}
