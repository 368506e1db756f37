//! Whole numbers without a sign and without a bound, for sums that no machine integer holds: only
//! what `total` needs of them.

use std::cmp::Ordering;

/// Each limb holds nine decimal digits, so that digits are taken out and put in without division
/// of the whole.
const BASE: u64 = 1_000_000_000;
const LIMB_DIGITS: usize = 9;

/// Limbs, the lowest first, without zeros at the top.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Big(Vec<u32>);

impl Big {
    /// From ASCII digits.
    pub fn from_digits(digits: &[u8]) -> Self {
        let limb = |part: &[u8]| part.iter().fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0'));
        let mut big = Self(digits.rchunks(LIMB_DIGITS).map(limb).collect());
        big.trim();
        big
    }

    pub fn from_u128(mut number: u128) -> Self {
        let mut limbs = Vec::new();
        while number > 0 {
            limbs.push(low_limb(number));
            number /= u128::from(BASE);
        }
        Self(limbs)
    }

    /// ASCII digits without leading zeros, none for zero.
    pub fn digits(&self) -> Vec<u8> {
        let mut digits = Vec::with_capacity(self.0.len() * LIMB_DIGITS);
        for limb in self.0.iter().rev() {
            digits.extend_from_slice(format!("{limb:09}").as_bytes());
        }
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        digits.drain(..zeros);
        digits
    }

    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    pub fn add(&mut self, other: &Self) {
        let mut carry = 0;
        for at in 0..self.0.len().max(other.0.len()) {
            if at == self.0.len() {
                self.0.push(0);
            }
            let sum = u64::from(self.0[at]) + u64::from(other.limb(at)) + carry;
            self.0[at] = low_limb(u128::from(sum));
            carry = sum / BASE;
        }
        if carry > 0 {
            self.0.push(low_limb(u128::from(carry)));
        }
    }

    /// The difference of the two, and whether `self` was the smaller.
    pub fn difference(&self, other: &Self) -> (Self, bool) {
        let smaller = self.compare(other) == Ordering::Less;
        let (large, small) = if smaller { (other, self) } else { (self, other) };
        let mut left = large.clone();
        let mut borrowed = 0;
        for at in 0..left.0.len() {
            let taken = u64::from(small.limb(at)) + borrowed;
            let have = u64::from(left.0[at]);
            borrowed = u64::from(have < taken);
            left.0[at] = low_limb(u128::from(have + borrowed * BASE - taken));
        }
        left.trim();
        (left, smaller)
    }

    /// Multiplies with ten as often as told.
    pub fn shift(&mut self, digits: usize) {
        if self.is_zero() {
            return;
        }
        let factor = 10_u64.pow(u32::try_from(digits % LIMB_DIGITS).unwrap_or(0));
        let mut carry = 0;
        for limb in &mut self.0 {
            let product = u64::from(*limb) * factor + carry;
            *limb = low_limb(u128::from(product));
            carry = product / BASE;
        }
        if carry > 0 {
            self.0.push(low_limb(u128::from(carry)));
        }
        self.0.splice(0..0, std::iter::repeat_n(0, digits / LIMB_DIGITS));
    }

    /// The whole part of the quotient.
    pub fn divide(&mut self, by: u64) {
        let (by, mut rest) = (u128::from(by.max(1)), 0);
        for limb in self.0.iter_mut().rev() {
            let whole = rest * u128::from(BASE) + u128::from(*limb);
            *limb = low_limb(whole / by);
            rest = whole % by;
        }
        self.trim();
    }

    fn compare(&self, other: &Self) -> Ordering {
        let lengths = self.0.len().cmp(&other.0.len());
        lengths.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    fn limb(&self, at: usize) -> u32 {
        self.0.get(at).copied().unwrap_or(0)
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}

#[allow(clippy::cast_possible_truncation)] // the rest of a division by less than 2^32
fn low_limb(number: u128) -> u32 {
    (number % u128::from(BASE)) as u32
}
