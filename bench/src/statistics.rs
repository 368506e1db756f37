//! Whether two sets of measurements differ: medians, the rank sum of Mann and Whitney, and the t of
//! Welch. `equality` and `constant` ask.

/// The middle value.
pub fn median(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.len(), sorted.len() % 2) {
        (0, _) => 0.0,
        (_, 0) => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

/// What the rank sum says.
#[derive(Clone, Copy, Debug)]
pub struct RankSum {
    /// Pairs in which the first is the greater one, ties as halves.
    pub u: f64,
    /// `u` in standard deviations from what chance would give.
    pub z: f64,
}

/// Mann and Whitney's test of two independent samples; the normal approximation, ties corrected.
#[allow(clippy::cast_precision_loss)] // counts of samples
pub fn rank_sum(a: &[f64], b: &[f64]) -> RankSum {
    let (first, second) = (a.len() as f64, b.len() as f64);
    let mut all: Vec<(f64, bool)> =
        a.iter().map(|x| (*x, true)).chain(b.iter().map(|x| (*x, false))).collect();
    all.sort_by(|x, y| x.0.total_cmp(&y.0));
    let (mut ranks, mut ties, mut below) = (0.0, 0.0, 0.0);
    for group in all.chunk_by(|x, y| x.0.total_cmp(&y.0).is_eq()) {
        let size = group.len() as f64;
        let members = group.iter().filter(|(_, of_first)| *of_first).count() as f64;
        // All of a group have the rank of its middle.
        ranks += members * (below + f64::midpoint(size, 1.0));
        ties += size.powi(3) - size;
        below += size;
    }
    let u = ranks - first * (first + 1.0) / 2.0;
    let all = first + second;
    let spread = first * second / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    let z = if spread > 0.0 { (u - first * second / 2.0) / spread.sqrt() } else { 0.0 };
    RankSum { u, z }
}

/// Mean and variance, taken in one value at a time (Welford's way).
#[derive(Clone, Copy, Debug, Default)]
pub struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    pub fn add(&mut self, value: f64) {
        self.count += 1.0;
        let off = value - self.mean;
        self.mean += off / self.count;
        self.squares += off * (value - self.mean);
    }

    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The variance of the mean.
    fn error(&self) -> f64 {
        if self.count < 2.0 { 0.0 } else { self.squares / (self.count - 1.0) / self.count }
    }
}

/// Welch's t of two samples whose variances may differ.
pub fn welch(a: &Moments, b: &Moments) -> f64 {
    let error = (a.error() + b.error()).sqrt();
    if error > 0.0 { (a.mean - b.mean) / error } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expect: f64) {
        assert!((found - expect).abs() < 1e-9, "{found} is not {expect}");
    }

    #[test]
    fn the_median_is_the_middle_or_between_the_two_in_the_middle() {
        for (given, expect) in
            [(vec![], 0.0), (vec![7.0], 7.0), (vec![3.0, 1.0, 2.0], 2.0), (vec![4.0, 1.0], 2.5)]
        {
            near(median(&given), expect);
        }
    }

    #[test]
    fn the_rank_sum_is_that_of_a_worked_example() {
        // Mann and Whitney's tortoise and hare: the hares are 1, 7 to 11, the tortoises 2 to 6, 12.
        let hares = [1.0, 7.0, 8.0, 9.0, 10.0, 11.0];
        let tortoises = [2.0, 3.0, 4.0, 5.0, 6.0, 12.0];
        let found = rank_sum(&hares, &tortoises);
        near(found.u, 25.0);
        near(found.z, 7.0 / 39.0_f64.sqrt());
        near(rank_sum(&tortoises, &hares).u, 11.0);
    }

    #[test]
    fn ties_count_as_halves_and_equal_samples_do_not_differ() {
        let found = rank_sum(&[1.0, 2.0], &[2.0, 3.0]);
        near(found.u, 0.5);
        // The variance is 2 * 2 / 12 * (5 - 6 / 12), of which 6 is what the one tie takes.
        near(found.z, -1.5 / 1.5_f64.sqrt());
        let same = rank_sum(&[5.0; 9], &[5.0; 9]);
        near(same.u, 40.5);
        near(same.z, 0.0);
    }

    #[test]
    fn the_t_of_welch_is_that_of_a_worked_example() {
        let moments = |values: &[f64]| {
            let mut moments = Moments::default();
            values.iter().for_each(|value| moments.add(*value));
            moments
        };
        // Means 3 and 6, variances 2.5 and 10, five each: -3 / sqrt(2.5 / 5 + 10 / 5).
        let (a, b) = (moments(&[1.0, 2.0, 3.0, 4.0, 5.0]), moments(&[2.0, 4.0, 6.0, 8.0, 10.0]));
        near(welch(&a, &b), -3.0 / 2.5_f64.sqrt());
        near(a.mean(), 3.0);
    }
}
