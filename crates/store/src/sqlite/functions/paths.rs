//! Steps into JSON documents, with PostgreSQL's meaning, and the order of documents. What is found
//! is given as it is written, so that nothing of a long number is lost.

use std::cmp::Ordering;
use std::fmt;

use mainstay_schema::value::number;
use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::ValueRef;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::document::Node;
use super::text;

/// `json -> step -> step`, or `->>` for the last step; NULL when there is no such place.
pub(super) fn step(context: &Context<'_>, as_text: bool) -> Result<Option<String>> {
    let Some(document) = text(context, 0)? else {
        return Ok(None);
    };
    let mut here: &str = document.trim();
    for at in 1..context.len() {
        let next = match context.get_raw(at) {
            ValueRef::Text(key) => std::str::from_utf8(key).ok().and_then(|key| member(here, key)),
            ValueRef::Integer(index) => element(here, index),
            _ => None,
        };
        match next {
            Some(found) => here = found,
            None => return Ok(None),
        }
    }
    Ok(match here.as_bytes().first() {
        Some(b'n') if as_text => None,
        Some(b'"') if as_text => serde_json::from_str(here).ok(),
        _ => Some(here.to_owned()),
    })
}

fn element(array: &str, index: i64) -> Option<&str> {
    if !array.starts_with('[') {
        return None;
    }
    let items: Vec<&RawValue> = serde_json::from_str(array).ok()?;
    let len = i64::try_from(items.len()).ok()?;
    let at = usize::try_from(if index < 0 { len + index } else { index }).ok()?;
    items.get(at).map(|item| item.get())
}

/// The last of equal keys counts.
fn member<'a>(object: &'a str, key: &str) -> Option<&'a str> {
    if !object.starts_with('{') {
        return None;
    }
    serde_json::Deserializer::from_str(object).deserialize_map(Member(key)).ok()?
}

struct Member<'k>(&'k str);

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(
        self,
        mut map: A,
    ) -> std::result::Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some((key, value)) = map.next_entry::<std::borrow::Cow<'de, str>, &RawValue>()? {
            if key == self.0 {
                found = Some(value.get());
            }
        }
        Ok(found)
    }
}

/// `jsonb`'s order: null, string, number, boolean, array, object; longer arrays and objects after
/// shorter ones. Source: PostgreSQL 15, section 8.14.4.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    match (Node::parse(left), Node::parse(right)) {
        (Some(left), Some(right)) => order(&left, &right),
        _ => left.cmp(right),
    }
}

/// The order of arrays: element by element, then the shorter one first; NULL is the largest
/// element.
/// Source: PostgreSQL 15, section 9.19.
pub(super) fn compare_arrays(left: &str, right: &str) -> Ordering {
    let (Some(Node::Array(left)), Some(Node::Array(right))) =
        (Node::parse(left), Node::parse(right))
    else {
        return left.cmp(right);
    };
    let item = |(left, right): (&Node<'_>, &Node<'_>)| match (left, right) {
        (Node::Null, Node::Null) => Ordering::Equal,
        (Node::Null, _) => Ordering::Greater,
        (_, Node::Null) => Ordering::Less,
        (left, right) => order(left, right),
    };
    let differs = left.iter().zip(&right).map(item).find(|order| order.is_ne());
    differs.unwrap_or_else(|| left.len().cmp(&right.len()))
}

fn order(left: &Node<'_>, right: &Node<'_>) -> Ordering {
    let rank = |node: &Node<'_>| match node {
        Node::Null => 0,
        Node::Text(_) => 1,
        Node::Number(_) => 2,
        Node::Bool(_) => 3,
        Node::Array(_) => 4,
        Node::Object(_) => 5,
    };
    match (left, right) {
        (Node::Text(left), Node::Text(right)) => left.cmp(right),
        (Node::Number(left), Node::Number(right)) => number::compare(left, right),
        (Node::Bool(left), Node::Bool(right)) => left.cmp(right),
        (Node::Array(left), Node::Array(right)) => left.len().cmp(&right.len()).then_with(|| {
            let mut pairs = left.iter().zip(right);
            pairs
                .find_map(|(left, right)| Some(order(left, right)).filter(|order| order.is_ne()))
                .unwrap_or(Ordering::Equal)
        }),
        (Node::Object(left), Node::Object(right)) => left.len().cmp(&right.len()).then_with(|| {
            let mut pairs = left.iter().zip(right);
            let differs = pairs.find_map(|((left_key, left), (right_key, right))| {
                let order = left_key.cmp(right_key).then_with(|| order(left, right));
                order.is_ne().then_some(order)
            });
            differs.unwrap_or(Ordering::Equal)
        }),
        _ => rank(left).cmp(&rank(right)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_find_what_is_written() {
        let document =
            r#"{"a": {"b c": [1, 12345678901234567890.10, "x\"y", null]}, "a": {"z": 1.50}}"#;
        assert_eq!(member(document, "a"), Some(r#"{"z": 1.50}"#), "the last of equal keys counts");
        assert_eq!(member(r#"{"a\u0062":1}"#, "ab"), Some("1"));
        assert_eq!(element("[1, 12345678901234567890.10]", 1), Some("12345678901234567890.10"));
        assert_eq!(element("[1,2]", -2), Some("1"));
        for (array, at) in [("[1,2]", -3), ("[1,2]", 2), ("{}", 0), ("1", 0)] {
            assert_eq!(element(array, at), None, "{array} {at}");
        }
        assert_eq!(member("[1]", "a"), None);
    }

    #[test]
    fn arrays_are_ordered_by_their_elements() {
        let sorted = ["[]", "[1]", "[1,1]", "[2]", "[2,5]", "[10]", "[10,null]", "[null]"];
        for pair in sorted.windows(2) {
            assert_eq!(compare_arrays(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(compare_arrays("[1.0]", "[1]"), Ordering::Equal);
    }

    #[test]
    fn documents_are_ordered_as_jsonb_is() {
        let sorted = [
            "null",
            "\"a\"",
            "\"b\"",
            "-1",
            "1",
            "1.5",
            "12345678901234567890.10",
            "12345678901234567890.11",
            "false",
            "true",
            "[]",
            "[9]",
            "[1,1]",
            "[1,2]",
            "{}",
            "{\"a\":2}",
            "{\"b\":1}",
            "{\"a\":1,\"b\":1}",
        ];
        for pair in sorted.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert_eq!(compare("1.0", "1"), Ordering::Equal);
    }
}
