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

    #[test]
    fn steps_lead_through_names_and_places_and_nowhere_else() {
        let value = json!({ "a": [10, { "b": null }], "0": "zero" });
        let name = |name: &str| Key::Name(name.to_owned());
        for (path, expected) in [
            (vec![], Some(value.clone())),
            (vec![name("a"), Key::At(0)], Some(json!(10))),
            (vec![name("a"), Key::At(1), name("b")], Some(json!(null))),
            (vec![name("0")], Some(json!("zero"))),
            (vec![Key::At(0)], None),
            (vec![name("a"), Key::At(2)], None),
            (vec![name("a"), Key::At(-1)], None),
            (vec![name("a"), name("0")], None),
            (vec![name("c")], None),
            (vec![name("0"), name("length")], None),
        ] {
            assert_eq!(step(&value, &path), expected.as_ref(), "{path:?}");
        }
    }

    #[test]
    fn only_numbers_texts_and_booleans_have_an_order() {
        assert_eq!(order(&json!("Z"), &json!("a")), Some(Ordering::Less));
        assert_eq!(order(&json!(true), &json!(false)), Some(Ordering::Greater));
        for (left, right) in
            [(json!([1]), json!([2])), (json!(null), json!(null)), (json!({}), json!({}))]
        {
            assert_eq!(order(&left, &right), None, "{left} {right}");
        }
    }

    #[test]
    fn equality_looks_into_lists_and_maps() {
        for (left, right, expected) in [
            (json!([1, [2]]), json!([1.0, [2.0]]), true),
            (json!([1]), json!([1, 2]), false),
            (json!([1, 2]), json!([1]), false),
            (json!({ "a": 1 }), json!({ "a": 1.0 }), true),
            (json!({ "a": 1 }), json!({ "b": 1 }), false),
            (json!({ "a": 1 }), json!({ "a": 1, "b": 2 }), false),
            (json!(null), json!(null), true),
            (json!(false), json!(null), false),
            (json!(2.5), json!(3.5), false),
        ] {
            assert_eq!(equal(&left, &right), expected, "{left} {right}");
        }
    }

    #[test]
    fn membership_size_and_items_are_those_of_lists_maps_and_texts() {
        for (value, list, expected) in [
            (json!(2), json!([1, 2.0]), Some(true)),
            (json!(3), json!([1, 2]), Some(false)),
            (json!("a"), json!({ "a": 1 }), Some(true)),
            (json!("b"), json!({ "a": 1 }), Some(false)),
            (json!(1), json!({ "1": 1 }), Some(false)),
            (json!(true), json!({ "true": 1 }), Some(false)),
            (json!(null), json!({ "a": 1 }), None),
            (json!("a"), json!("abc"), None),
        ] {
            assert_eq!(within(&value, &list), expected, "{value} {list}");
        }
        let sizes = [json!("né"), json!([1, 2, 3]), json!({ "a": 1 }), json!(7), json!(null)];
        assert_eq!(sizes.each_ref().map(size), [Some(2), Some(3), Some(1), None, None]);
        assert_eq!(items(&json!([1, "a"])), Some(vec![json!(1), json!("a")]));
        assert_eq!(items(&json!({ "a": 1, "b": 2 })), Some(vec![json!("a"), json!("b")]));
        assert_eq!(items(&json!("ab")), None);
    }
}
