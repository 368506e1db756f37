//! Exact sums and averages of decimals, printed as PostgreSQL prints them. Most sums fit 128 bits
//! and are made there; what does not goes on in numbers without a bound.

use mainstay_base::Result;

use super::big::Big;
use super::number::{self, Decimal};
use super::{Stored, read};
use crate::Type;

/// Digits that PostgreSQL's division gives at least, and the most that it shows behind the point.
/// Source: PostgreSQL 15, numeric.c, `select_div_scale`.
const SIGNIFICANT: i64 = 16;
const MOST_SCALE: i64 = 1000;
/// Decimal digits of one of PostgreSQL's own, by which the scale of a quotient is estimated.
const GROUP: usize = 4;

/// The sum and the count of the values that were added.
#[derive(Clone, Debug, Default)]
pub struct Total {
    count: u64,
    /// Digits behind the point of `small`, `positive` and `negative`: the most of any value.
    scale: usize,
    small: i128,
    /// What overflowed `small`, by sign.
    positive: Big,
    negative: Big,
}

impl Total {
    /// A total whose values have at least `scale` digits behind the point.
    #[must_use]
    pub fn with_scale(scale: u16) -> Self {
        Self { scale: usize::from(scale), ..Self::default() }
    }

    /// How many values were added.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds a value; a null is passed over. `scale` is the declared one, which a short `numeric`
    /// kept as a double needs to be read exactly.
    ///
    /// # Errors
    /// `22P02` when it is no number, which only an adopted table can hold.
    pub fn add(&mut self, value: Stored<'_>, scale: Option<u16>) -> Result<()> {
        match value {
            Stored::Null => return Ok(()),
            Stored::Int(number) => self.add_small(i128::from(number), 0),
            Stored::Real(number) => match scale.and_then(|scale| scaled(number, scale)) {
                Some(whole) => self.add_small(whole, scale.map_or(0, usize::from)),
                None => self.add_text(&number.to_string())?,
            },
            Stored::Text(text) => self.add_text(text)?,
            Stored::Blob(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                return Err(read::bad_literal(&Type::Numeric(None), &text));
            }
        }
        self.count += 1;
        Ok(())
    }

    fn add_text(&mut self, text: &str) -> Result<()> {
        if let Some((number, scale)) = short(text) {
            self.add_small(number, scale);
            return Ok(());
        }
        let decimal = number::parse(text.trim())
            .ok_or_else(|| read::bad_literal(&Type::Numeric(None), text))?;
        self.widen(decimal.scale);
        let mut big = Big::from_digits(&decimal.digits);
        big.shift(self.scale - decimal.scale);
        self.add_big(&big, decimal.negative);
        Ok(())
    }

    fn add_small(&mut self, number: i128, scale: usize) {
        self.widen(scale);
        let shift = self.scale - scale;
        match power_of_ten(shift).and_then(|power| number.checked_mul(power)) {
            Some(number) => match self.small.checked_add(number) {
                Some(sum) => self.small = sum,
                None => {
                    self.spill();
                    self.small = number;
                }
            },
            None => {
                let mut big = Big::from_u128(number.unsigned_abs());
                big.shift(shift);
                self.add_big(&big, number < 0);
            }
        }
    }

    fn add_big(&mut self, big: &Big, negative: bool) {
        if negative { self.negative.add(big) } else { self.positive.add(big) }
    }

    /// Empties `small` into the numbers without a bound.
    fn spill(&mut self) {
        let number = std::mem::take(&mut self.small);
        self.add_big(&Big::from_u128(number.unsigned_abs()), number < 0);
    }

    /// Makes place for more digits behind the point.
    fn widen(&mut self, scale: usize) {
        let Some(shift) = scale.checked_sub(self.scale).filter(|shift| *shift > 0) else {
            return;
        };
        match power_of_ten(shift).and_then(|power| self.small.checked_mul(power)) {
            Some(small) => self.small = small,
            None => self.spill(),
        }
        self.positive.shift(shift);
        self.negative.shift(shift);
        self.scale = scale;
    }

    /// The sum as a whole number, when it is one that fits.
    #[must_use]
    pub fn whole(&self) -> Option<i64> {
        let plain = self.scale == 0 && self.positive.is_zero() && self.negative.is_zero();
        if plain { i64::try_from(self.small).ok() } else { None }
    }

    /// The sum with as many digits behind the point as the value that had the most.
    #[must_use]
    pub fn sum(&self) -> String {
        if self.scale == 0 && self.positive.is_zero() && self.negative.is_zero() {
            return self.small.to_string();
        }
        let (magnitude, negative) = self.net();
        number::format(&decimal(&magnitude, self.scale, negative))
    }

    /// Sum by count, rounded half away from zero to the scale that PostgreSQL's division takes.
    /// `None` without a value.
    #[must_use]
    pub fn average(&self) -> Option<String> {
        if self.count == 0 {
            return None;
        }
        let (mut magnitude, negative) = self.net();
        let scale = self.quotient_scale(&magnitude);
        // One digit more than is shown decides about rounding.
        let kept = self.scale.max(scale + 1);
        magnitude.shift(kept - self.scale);
        magnitude.divide(self.count);
        let mut quotient = decimal(&magnitude, kept, negative);
        number::round(&mut quotient, scale);
        Some(number::format(&quotient))
    }

    fn net(&self) -> (Big, bool) {
        let mut whole = self.clone();
        whole.spill();
        whole.positive.difference(&whole.negative)
    }

    /// `select_div_scale`, which looks at the first groups of four digits of both numbers.
    fn quotient_scale(&self, sum: &Big) -> usize {
        let (sum_weight, sum_first) = leading_group(&sum.digits(), self.scale);
        let (count_weight, count_first) = leading_group(self.count.to_string().as_bytes(), 0);
        let estimate = sum_weight - count_weight - i64::from(sum_first <= count_first);
        let group = i64::try_from(GROUP).unwrap_or(0);
        let own = i64::try_from(self.scale).unwrap_or(MOST_SCALE);
        let scale = (SIGNIFICANT - estimate * group).max(own).clamp(0, MOST_SCALE);
        usize::try_from(scale).unwrap_or(0)
    }
}

/// The first group that is not zero and its weight: 0 is the group in front of the point.
fn leading_group(digits: &[u8], scale: usize) -> (i64, u32) {
    let signed = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
    if digits.is_empty() {
        return (0, 0);
    }
    // The place of the first digit, counted from the point: 0 is the units' place.
    let place = signed(digits.len()) - signed(scale) - 1;
    let weight = place.div_euclid(signed(GROUP));
    let width = usize::try_from(place.rem_euclid(signed(GROUP))).unwrap_or(0) + 1;
    let digit = |at: usize| digits.get(at).map_or(0, |byte| u32::from(byte - b'0'));
    (weight, (0..width).fold(0, |first, at| first * 10 + digit(at)))
}

fn decimal(magnitude: &Big, scale: usize, negative: bool) -> Decimal {
    let mut digits = magnitude.digits();
    if digits.is_empty() {
        digits.push(b'0');
    }
    let mut decimal = Decimal { negative, digits, scale };
    number::trim_leading(&mut decimal);
    decimal
}

fn power_of_ten(digits: usize) -> Option<i128> {
    10_i128.checked_pow(u32::try_from(digits).ok()?)
}

/// A double that holds a decimal of this scale, as a whole number of its last digits.
fn scaled(number: f64, scale: u16) -> Option<i128> {
    let scaled = (number * 10f64.powi(i32::from(scale))).round();
    #[allow(clippy::cast_possible_truncation)] // whole numbers up to 2^53 are exact
    (scaled.abs() <= 9_007_199_254_740_992.0).then_some(scaled as i128)
}

/// A plain decimal of up to 38 digits: its digits as a number, and how many are behind the point.
fn short(text: &str) -> Option<(i128, usize)> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if digits.is_empty() || digits.len() > 39 {
        return None;
    }
    let (mut number, mut scale, mut seen) = (0_i128, None, 0);
    for byte in digits.bytes() {
        match byte {
            b'0'..=b'9' if seen < 38 => {
                number = number * 10 + i128::from(byte - b'0');
                seen += 1;
                scale = scale.map(|scale| scale + 1);
            }
            b'.' if scale.is_none() => scale = Some(0),
            _ => return None,
        }
    }
    if seen == 0 {
        return None;
    }
    Some((if negative { -number } else { number }, scale.unwrap_or(0)))
}

#[cfg(test)]
mod tests;
