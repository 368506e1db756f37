//! CEL's operators on values whose kind only the data knows: JSON columns, lists, claims. Pure;
//! `reduce` and the store's SQL functions answer by them alike.

use std::cmp::Ordering;

use serde_json::Value;

use super::tree::Key;

/// The value that the steps lead to; `None` is an error: no such key, or nothing to step into.
#[must_use]
pub fn step<'v>(from: &'v Value, path: &[Key]) -> Option<&'v Value> {
    path.iter().try_fold(from, |value, key| match (value, key) {
        (Value::Object(fields), Key::Name(name)) => fields.get(name),
        (Value::Array(items), Key::At(at)) => items.get(usize::try_from(*at).ok()?),
        _ => None,
    })
}

/// Numbers are equal by their worth, all else by kind and content.
#[must_use]
pub fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => numbers(left, right) == Some(Ordering::Equal),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| equal(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            let same = |(key, value)| right.get(key).is_some_and(|other| equal(value, other));
            left.len() == right.len() && left.iter().all(same)
        }
        _ => left == right,
    }
}

/// `None` is an error: the two have no order.
#[must_use]
pub fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => numbers(left, right),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// One of a list's elements, or of a map's keys; `None` is an error.
#[must_use]
pub fn within(value: &Value, list: &Value) -> Option<bool> {
    match (list, value) {
        (Value::Array(items), _) => Some(items.iter().any(|item| equal(item, value))),
        (Value::Object(fields), Value::String(key)) => Some(fields.contains_key(key)),
        (Value::Object(_), Value::Number(_) | Value::Bool(_)) => Some(false),
        _ => None,
    }
}

/// Characters of a text, elements of a list, keys of a map.
#[must_use]
pub fn size(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(items) => Some(items.len()),
        Value::Object(fields) => Some(fields.len()),
        _ => None,
    }
}

/// What `exists` and `all` go through.
#[must_use]
pub fn items(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(items) => Some(items.clone()),
        Value::Object(fields) => Some(fields.keys().map(|key| key.as_str().into()).collect()),
        _ => None,
    }
}

fn numbers(left: &Value, right: &Value) -> Option<Ordering> {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        (Some(left), None) => whole(left, right.as_f64()?),
        (None, Some(right)) => whole(right, left.as_f64()?).map(Ordering::reverse),
        (None, None) => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

/// A whole number beside another, exactly, as SQLite compares them: the larger ones have no equal
/// among the doubles.
#[allow(clippy::cast_possible_truncation)] // the bounds are looked at before
fn whole(left: i64, right: f64) -> Option<Ordering> {
    if right.is_nan() {
        return None;
    }
    if right >= 9_223_372_036_854_775_808.0 {
        return Some(Ordering::Less);
    }
    if right < -9_223_372_036_854_775_808.0 {
        return Some(Ordering::Greater);
    }
    let beside = 0.0_f64.partial_cmp(&right.fract())?;
    Some(left.cmp(&(right.trunc() as i64)).then(beside))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_and_others_are_compared_exactly() {
        for (left, right, order) in [
            (json!(1), json!(1.0), Ordering::Equal),
            (json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992.0), Ordering::Greater),
            (json!(2), json!(2.5), Ordering::Less),
            (json!(-2), json!(-2.5), Ordering::Greater),
            (json!(i64::MAX), json!(9.3e18), Ordering::Less),
            (json!(i64::MIN), json!(-9.3e18), Ordering::Greater),
        ] {
            assert_eq!(super::order(&left, &right), Some(order), "{left} {right}");
            assert_eq!(super::order(&right, &left), Some(order.reverse()), "{right} {left}");
        }
        assert_eq!(super::order(&json!(1), &json!("1")), None);
        assert!(!equal(&json!(1), &json!("1")) && equal(&json!([1]), &json!([1.0])));
    }
}
