//! JSON bodies: one JSON value becomes one stored value. A string, number or boolean is taken as
//! the literal it spells, as PostgreSQL's json_populate_record does.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use mainstay_base::{Code, Error, Result};
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::read::bad_literal;
use super::{Value, array};
use crate::Type;

/// Nesting that a JSON value may have.
pub const MAX_DEPTH: usize = 64;

impl Type {
    /// Reads one JSON value from its text.
    ///
    /// # Errors
    /// As `read_text`; `22P02` for a JSON value whose kind the type does not take.
    pub fn read_json(&self, raw: &str) -> Result<Value> {
        let raw = raw.trim_matches([' ', '\n', '\r', '\t']);
        if let Self::Json = self {
            return document(raw);
        }
        match raw.as_bytes().first() {
            Some(b'n') => Ok(Value::Null),
            Some(b'"') => self.read_text(&string(raw)?),
            Some(b'[') if matches!(self, Self::Array(_)) => self.read_elements(raw),
            Some(b'{' | b'[') if *self != Self::Text => Err(bad_literal(self, raw)),
            Some(b'{' | b'[') => document(raw),
            Some(_) => self.read_text(raw),
            None => Err(bad_literal(self, raw)),
        }
    }

    fn read_elements(&self, raw: &str) -> Result<Value> {
        let Self::Array(element) = self else {
            return Err(bad_literal(self, raw));
        };
        array::read_json(self, element, raw)
    }
}

/// The text of a JSON string; borrowed when nothing in it is escaped.
pub(super) fn string(raw: &str) -> Result<Cow<'_, str>> {
    if let Some(inner) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))
        && !inner.contains(['\\', '"'])
    {
        return Ok(Cow::Borrowed(inner));
    }
    serde_json::from_str::<String>(raw).map(Cow::Owned).map_err(|error| {
        Error::new(Code::BodyUnreadable, "a JSON string does not parse").details(error.to_string())
    })
}

/// A JSON document, compact, with the last of equal keys, as `jsonb` keeps it.
fn document(raw: &str) -> Result<Value> {
    if raw == "null" {
        return Ok(Value::Null);
    }
    let mut probe = serde_json::Deserializer::from_str(raw);
    let shape = probe.deserialize_any(Probe { depth: 0 }).and_then(|shape| {
        probe.end()?;
        Ok(shape)
    });
    let shape = shape.map_err(|error| bad_literal(&Type::Json, raw).details(error.to_string()))?;
    let kept = match shape.repeated_key {
        true => serde_json::from_str::<serde_json::Value>(raw)
            .map(|value| value.to_string())
            .map_err(|error| bad_literal(&Type::Json, raw).details(error.to_string()))?,
        false => compact(raw),
    };
    Ok(Value::Text(kept))
}

/// Drops white space between tokens; `raw` is known to be valid JSON.
pub(super) fn compact(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let (mut quoted, mut escaped) = (false, false);
    for c in raw.chars() {
        if quoted {
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if matches!(c, ' ' | '\n' | '\r' | '\t') {
            continue;
        } else {
            quoted = c == '"';
        }
        text.push(c);
    }
    text
}

/// Walks a document without building it: validates strings, bounds depth, finds repeated keys.
#[derive(Clone, Copy)]
struct Probe {
    depth: usize,
}

#[derive(Default)]
struct Shape {
    repeated_key: bool,
}

impl<'de> de::DeserializeSeed<'de> for Probe {
    type Value = Shape;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> std::result::Result<Shape, D::Error> {
        if self.depth > MAX_DEPTH {
            return Err(de::Error::custom(format!("nested deeper than {MAX_DEPTH}")));
        }
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Probe {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> std::result::Result<Shape, E> {
        Ok(Shape::default())
    }

    fn visit_i64<E>(self, _: i64) -> std::result::Result<Shape, E> {
        Ok(Shape::default())
    }

    fn visit_u64<E>(self, _: u64) -> std::result::Result<Shape, E> {
        Ok(Shape::default())
    }

    fn visit_f64<E>(self, _: f64) -> std::result::Result<Shape, E> {
        Ok(Shape::default())
    }

    fn visit_unit<E>(self) -> std::result::Result<Shape, E> {
        Ok(Shape::default())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<Shape, E> {
        match text.contains('\0') {
            true => Err(E::custom("a text cannot contain the character U+0000")),
            false => Ok(Shape::default()),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Shape, A::Error> {
        let mut shape = Shape::default();
        while let Some(inner) = seq.next_element_seed(Probe { depth: self.depth + 1 })? {
            shape.repeated_key |= inner.repeated_key;
        }
        Ok(shape)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Shape, A::Error> {
        let mut shape = Shape::default();
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let inner = map.next_value_seed(Probe { depth: self.depth + 1 })?;
            shape.repeated_key |= inner.repeated_key || !keys.insert(key);
        }
        Ok(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_values_become_what_their_column_keeps() {
        let text = |value: &str| Value::Text(value.to_owned());
        for (ty, given, expect) in [
            ("text", r#""hi""#, text("hi")),
            ("text", r#""a\u00e9\n""#, text("aé\n")),
            ("text", "12.50", text("12.50")),
            ("text", "true", text("true")),
            ("text", r#"{"a": 1}"#, text(r#"{"a":1}"#)),
            ("integer", "7", Value::Int(7)),
            ("integer", r#""7""#, Value::Int(7)),
            ("boolean", "true", Value::Int(1)),
            ("bigint", "9223372036854775807", Value::Int(i64::MAX)),
            ("integer", "null", Value::Null),
            ("json", r#"{ "a" : [1, 2.50, "x y"] }"#, text(r#"{"a":[1,2.50,"x y"]}"#)),
            ("json", r#"{"a":1,"a":2}"#, text(r#"{"a":2}"#)),
            ("json", "null", Value::Null),
            ("text[]", r#"["a", "b,c", null]"#, text(r#"["a","b,c",null]"#)),
            ("integer[]", r#""{1,2}""#, text("[1,2]")),
            ("bytes", r#""\\x6869""#, Value::Blob(b"hi".to_vec())),
        ] {
            let ty = Type::parse(ty).unwrap();
            assert_eq!(ty.read_json(given).unwrap(), expect, "{ty} {given}");
        }
    }

    #[test]
    fn json_that_does_not_fit_is_refused_with_the_right_code() {
        let deep = "[".repeat(70) + &"]".repeat(70);
        for (ty, given, code) in [
            ("integer", "1.5", "22P02"),
            ("integer", "3000000000", "22003"),
            ("smallint", "40000", "22003"),
            ("integer", "[1]", "22P02"),
            ("boolean", r#""maybe""#, "22P02"),
            ("uuid", r#""x""#, "22P02"),
            ("text", "\"a\\u0000b\"", "22P02"),
            ("json", r#"{"a":"\ud800"}"#, "22P02"),
            ("json", deep.as_str(), "22P02"),
            ("integer[]", r#"["a"]"#, "22P02"),
        ] {
            let ty = Type::parse(ty).unwrap();
            assert_eq!(ty.read_json(given).unwrap_err().code().text(), code, "{ty} {given}");
        }
    }
}
