//! Exact decimals: reading, rounding to a declared scale, comparing. Up to 15 digits are stored
//! as a number (a double carries 15 digits unchanged), longer ones as canonical text.

use std::cmp::Ordering;

use mainstay_base::{Code, Error, Result};

use super::Value;
use super::read::{bad_literal, out_of_range};
use crate::{Scale, Type};

/// Digits that a `numeric` without precision may have, before and after the point.
pub const MAX_DIGITS: usize = 1000;

/// A decimal as digits: no sign, no point, and how many of them stand after the point.
#[derive(Debug, PartialEq)]
pub(super) struct Decimal {
    pub negative: bool,
    /// ASCII digits, at least one, no leading zero beyond what the scale needs.
    pub digits: Vec<u8>,
    pub scale: usize,
}

/// Reads a decimal and rounds it to `scale` as PostgreSQL does (half away from zero).
///
/// # Errors
/// `22P02` when it is no number, `22003` when it has more digits than the type.
pub fn read(ty: &Type, scale: Option<Scale>, text: &str) -> Result<Value> {
    let trimmed = text.trim();
    let mut decimal = parse(trimmed).ok_or_else(|| bad_literal(ty, text))?;
    if let Some(limit) = scale {
        round(&mut decimal, usize::from(limit.scale));
        if decimal.digits.len() > usize::from(limit.precision) && !is_zero(&decimal) {
            return Err(overflow(limit));
        }
    }
    if decimal.digits.len() > 2 * MAX_DIGITS {
        return Err(out_of_range(ty, trimmed));
    }
    let canonical = format(&decimal);
    match ty.is_short_numeric() {
        true => canonical.parse().map(Value::Real).map_err(|_| bad_literal(ty, text)),
        false => Ok(Value::Text(canonical)),
    }
}

fn overflow(limit: Scale) -> Error {
    let details = format!(
        "A field with precision {}, scale {} must round to an absolute value less than 10^{}.",
        limit.precision,
        limit.scale,
        limit.precision - limit.scale
    );
    Error::new(Code::NumberOutOfRange, "numeric field overflow").details(details)
}

/// Orders two canonical decimals by value; text that is no number sorts bytewise behind numbers.
#[must_use]
pub fn compare(left: &str, right: &str) -> Ordering {
    match (parse(left), parse(right)) {
        (Some(left), Some(right)) => compare_decimals(&left, &right),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => left.cmp(right),
    }
}

fn compare_decimals(left: &Decimal, right: &Decimal) -> Ordering {
    match (is_zero(left), is_zero(right), left.negative, right.negative) {
        (true, true, ..) => Ordering::Equal,
        (true, false, _, negative) => {
            if negative {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, true, negative, _) => {
            if negative {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (false, false, true, false) => Ordering::Less,
        (false, false, false, true) => Ordering::Greater,
        (false, false, negative, _) => {
            let order = compare_magnitudes(left, right);
            if negative { order.reverse() } else { order }
        }
    }
}

fn compare_magnitudes(left: &Decimal, right: &Decimal) -> Ordering {
    let whole = |decimal: &Decimal| {
        let split = decimal.digits.len() - decimal.scale.min(decimal.digits.len());
        let start = decimal.digits[..split].iter().take_while(|digit| **digit == b'0').count();
        (start, split)
    };
    let ((left_start, left_split), (right_start, right_split)) = (whole(left), whole(right));
    let lengths = (left_split - left_start).cmp(&(right_split - right_start));
    lengths.then_with(|| {
        let digits = left.digits.len().max(right.digits.len()) + left.scale.max(right.scale);
        let at = |decimal: &Decimal, index: usize| decimal.digits.get(index).copied();
        for step in 0..digits {
            let (a, b) = (at(left, left_start + step), at(right, right_start + step));
            if a.is_none() && b.is_none() {
                break;
            }
            let order = a.unwrap_or(b'0').cmp(&b.unwrap_or(b'0'));
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    })
}

fn is_zero(decimal: &Decimal) -> bool {
    decimal.digits.iter().all(|digit| *digit == b'0')
}

/// Accepts `[+-]digits[.digits][e[+-]digits]`, one digit at least.
pub(super) fn parse(text: &str) -> Option<Decimal> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], rest[at + 1..].parse::<i32>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    let scale = i64::try_from(fraction.len()).ok()? - i64::from(exponent);
    let bound = 2 * i64::try_from(MAX_DIGITS).ok()?;
    if scale.abs() > bound || digits.len() > 8 * MAX_DIGITS {
        return None;
    }
    if scale < 0 {
        digits.resize(digits.len() + usize::try_from(-scale).ok()?, b'0');
    }
    let mut decimal = Decimal { negative, digits, scale: usize::try_from(scale.max(0)).ok()? };
    trim_leading(&mut decimal);
    Some(decimal)
}

/// Leaves no leading zero in front of the digits that the scale needs.
pub(super) fn trim_leading(decimal: &mut Decimal) {
    if decimal.digits.len() < decimal.scale {
        let missing = decimal.scale - decimal.digits.len();
        decimal.digits.splice(0..0, std::iter::repeat_n(b'0', missing));
    }
    let zeros = decimal.digits.iter().take_while(|digit| **digit == b'0').count();
    let spare = decimal.digits.len().saturating_sub(decimal.scale.max(1));
    decimal.digits.drain(..zeros.min(spare));
    // A whole part of zero is not written down as a digit: `0.5` has precision 1.
    if decimal.scale > 0 && decimal.digits.len() > decimal.scale {
        let whole = decimal.digits.len() - decimal.scale;
        if decimal.digits[..whole].iter().all(|digit| *digit == b'0') {
            decimal.digits.drain(..whole);
        }
    }
}

pub(super) fn round(decimal: &mut Decimal, scale: usize) {
    if decimal.scale <= scale {
        decimal.digits.resize(decimal.digits.len() + scale - decimal.scale, b'0');
        decimal.scale = scale;
        trim_leading(decimal);
        return;
    }
    let cut = decimal.scale - scale;
    while decimal.digits.len() < cut + 1 {
        decimal.digits.insert(0, b'0');
    }
    let keep = decimal.digits.len() - cut;
    let up = decimal.digits[keep] >= b'5';
    decimal.digits.truncate(keep);
    decimal.scale = scale;
    if up {
        increment(&mut decimal.digits);
    }
    trim_leading(decimal);
}

fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}

pub(super) fn format(decimal: &Decimal) -> String {
    let mut text = String::with_capacity(decimal.digits.len() + 3);
    if decimal.negative && !is_zero(decimal) {
        text.push('-');
    }
    let whole = decimal.digits.len() - decimal.scale.min(decimal.digits.len());
    if whole == 0 {
        text.push('0');
    }
    for (at, digit) in decimal.digits.iter().enumerate() {
        if at == whole {
            text.push('.');
        }
        text.push(char::from(*digit));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_rounded_and_kept_exactly() {
        let money = Type::parse("numeric(12,2)").unwrap();
        let wide = Type::parse("numeric(30,10)").unwrap();
        let free = Type::Numeric(None);
        let text = |value: &str| Value::Text(value.to_owned());
        for (ty, given, expect) in [
            (&money, "10.5", Value::Real(10.5)),
            (&money, "10.505", Value::Real(10.51)),
            (&money, "-0.005", Value::Real(-0.01)),
            (&money, "1e3", Value::Real(1000.0)),
            (&money, "0", Value::Real(0.0)),
            (&money, "0.004", Value::Real(0.0)),
            (&wide, "12345678901234567890.5", text("12345678901234567890.5000000000")),
            (&free, "1.50", text("1.50")),
            (&free, "-.5", text("-0.5")),
            (&free, "007", text("7")),
            (&free, "1.5e-3", text("0.0015")),
            (&free, "-0", text("0")),
        ] {
            assert_eq!(ty.read_text(given).unwrap(), expect, "{ty} {given}");
        }
        for (ty, given, code) in [
            (&money, "10000000000", "22003"),
            (&money, "9999999999.995", "22003"),
            (&money, "ten", "22P02"),
            (&money, "", "22P02"),
            (&money, ".", "22P02"),
            (&free, "1e999999999", "22P02"),
            (&free, "NaN", "22P02"),
        ] {
            assert_eq!(ty.read_text(given).unwrap_err().code().text(), code, "{ty} {given}");
        }
    }

    #[test]
    fn decimals_compare_by_value_not_by_text() {
        use Ordering::{Equal, Greater, Less};
        for (left, right, order) in [
            ("1.5", "1.50", Equal),
            ("9", "10", Less),
            ("-9", "-10", Greater),
            ("0.1", "0.09", Greater),
            ("-1", "1", Less),
            ("0", "-0.0", Equal),
            ("12345678901234567890.1", "12345678901234567890.2", Less),
            ("0.5", "1", Less),
            ("100", "99.99", Greater),
            ("0.05", "0.5", Less),
        ] {
            assert_eq!(compare(left, right), order, "{left} {right}");
        }
    }
}
