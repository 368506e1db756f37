//! Sums and averages against PostgreSQL's rules, and against a sum made digit by digit.

use super::*;

fn total(values: &[&str]) -> Total {
    let mut total = Total::default();
    for value in values {
        total.add(Stored::Text(value), None).unwrap();
    }
    total
}

#[test]
fn sums_keep_the_largest_scale_and_averages_have_sixteen_digits() {
    let nines = "9".repeat(38);
    for (values, sum, average) in [
        (&["1", "2"][..], "3", "1.5000000000000000"),
        (&["1"], "1", "1.00000000000000000000"),
        (&["0", "1"], "1", "0.50000000000000000000"),
        (&["0", "0"], "0", "0.00000000000000000000"),
        (&["1", "1", "2"], "4", "1.3333333333333333"),
        (&["1", "2", "2"], "5", "1.6666666666666667"),
        (&["-1", "-2", "-2"], "-5", "-1.6666666666666667"),
        (&["1.10", "2.2"], "3.30", "1.6500000000000000"),
        (&["10000"], "10000", "10000.0000000000000000"),
        (&["20000"], "20000", "20000.000000000000"),
        (&["100000", "100001"], "200001", "100000.500000000000"),
        (&["0.00001", "-0.00001"], "0.00000", "0.00000000000000000000"),
        (&["0.00000000000000000000000001"], "0.00000000000000000000000001", ""),
        (&["1e3", "-.5"], "999.5", "499.7500000000000000"),
        (&[&nines, &nines, "2"], "200000000000000000000000000000000000000", ""),
        (&[&nines, "0.1"], "99999999999999999999999999999999999999.1", ""),
    ] {
        let total = total(values);
        assert_eq!(total.sum(), sum, "{values:?}");
        if !average.is_empty() {
            assert_eq!(total.average().as_deref(), Some(average), "{values:?}");
        }
    }
    assert_eq!(Total::default().average(), None);
}

#[test]
fn doubles_are_read_at_their_declared_scale() {
    let mut total = Total::with_scale(2);
    for _ in 0..10 {
        total.add(Stored::Real(0.1), Some(2)).unwrap();
    }
    total.add(Stored::Null, Some(2)).unwrap();
    total.add(Stored::Int(3), Some(2)).unwrap();
    assert_eq!((total.sum().as_str(), total.count()), ("4.00", 11));
    total.add(Stored::Real(1e300), Some(2)).unwrap();
    assert_eq!(total.sum().len(), 301 + 3);
    for value in
        [Stored::Text("ten"), Stored::Text(""), Stored::Real(f64::INFINITY), Stored::Blob(b"1")]
    {
        assert_eq!(total.add(value, None).unwrap_err().code().text(), "22P02", "{value:?}");
    }
}

#[test]
fn whole_sums_are_told_while_they_fit() {
    let mut total = Total::default();
    total.add(Stored::Int(i64::MAX), None).unwrap();
    assert_eq!(total.whole(), Some(i64::MAX));
    total.add(Stored::Int(1), None).unwrap();
    assert_eq!(total.whole(), None);
    assert_eq!(total.sum(), "9223372036854775808");
    assert_eq!(total.average().as_deref(), Some("4611686018427387904"));
}

/// Signed decimals at a fixed scale, one decimal digit per place, lowest first.
#[derive(Default)]
struct Slow {
    places: Vec<i64>,
}

const SLOW_SCALE: usize = 60;

impl Slow {
    /// Adds every digit to its place; carries are settled at the end.
    fn add(&mut self, text: &str) {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let places = fraction.bytes().rev().chain(whole.bytes().rev());
        for (at, digit) in places.enumerate() {
            let at = at + SLOW_SCALE - fraction.len();
            if self.places.len() <= at {
                self.places.resize(at + 1, 0);
            }
            self.places[at] += sign * i64::from(digit - b'0');
        }
    }

    /// Sign and digits, highest first.
    fn settle(&self) -> (bool, Vec<u8>) {
        let settled = |sign: i64| {
            let (mut carry, mut digits) = (0, Vec::new());
            for place in self.places.iter().copied().chain([0; 30]) {
                let sum = place * sign + carry;
                digits.push(u8::try_from(sum.rem_euclid(10)).unwrap());
                carry = sum.div_euclid(10);
            }
            (carry == 0).then_some(digits)
        };
        let (negative, mut digits) =
            settled(1).map_or_else(|| (true, settled(-1).unwrap()), |digits| (false, digits));
        digits.reverse();
        (negative, digits)
    }

    /// The sum divided by long division, at a scale, rounded half away from zero.
    fn divided(&self, by: u64, scale: usize) -> String {
        let (negative, mut digits) = self.settle();
        digits.resize(digits.len() + 1001 - SLOW_SCALE, 0);
        let mut rest = 0;
        let mut quotient: Vec<u8> = digits
            .iter()
            .map(|digit| {
                let here = rest * 10 + u64::from(*digit);
                rest = here % by;
                u8::try_from(here / by).unwrap()
            })
            .collect();
        let end = quotient.len() - 1001 + scale;
        let mut up = quotient[end] >= 5;
        quotient.truncate(end);
        for digit in quotient.iter_mut().rev() {
            if up {
                up = *digit == 9;
                *digit = if up { 0 } else { *digit + 1 };
            }
        }
        let point = quotient.len() - scale;
        let text: String = quotient.iter().map(|digit| char::from(b'0' + digit)).collect();
        let whole = text[..point].trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let zero = quotient.iter().all(|digit| *digit == 0);
        let sign = if negative && !zero { "-" } else { "" };
        match scale {
            0 => format!("{sign}{whole}"),
            _ => format!("{sign}{whole}.{}", &text[point..]),
        }
    }
}

/// A fixed sequence that looks like chance.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn decimal(&mut self, longest: u64) -> String {
        let mut text = String::from(if self.below(2) == 0 { "-" } else { "" });
        for _ in 0..=self.below(longest) {
            text.push(char::from(b'0' + u8::try_from(self.below(10)).unwrap()));
        }
        let fraction = self.below(1 + longest.min(SLOW_SCALE as u64));
        if fraction > 0 {
            text.push('.');
        }
        for _ in 0..fraction {
            text.push(char::from(b'0' + u8::try_from(self.below(10)).unwrap()));
        }
        text
    }
}

#[test]
fn any_sum_and_average_is_what_digit_by_digit_gives() {
    let mut chance = Chance(20_240_131);
    for round in 0..3000 {
        let longest = [3, 12, 45, 120][round % 4];
        let (mut total, mut slow) = (Total::default(), Slow::default());
        let count = 1 + chance.below(if round % 7 == 0 { 400 } else { 9 });
        for _ in 0..count {
            let value = chance.decimal(longest);
            total.add(Stored::Text(&value), None).unwrap();
            slow.add(&value);
        }
        assert_eq!(total.sum(), slow.divided(1, total.scale), "{round}");
        let average = total.average().unwrap();
        let scale = average.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        assert!(scale >= total.scale);
        assert_eq!(average, slow.divided(count, scale), "{round}");
    }
}
