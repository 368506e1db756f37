//! Whether the default of a column is a value that a client could have sent: within its own bounds
//! and pattern. Called by `columns`, once both are known.

use std::cmp::Ordering;

use regex::Regex;

use crate::mistake::{Found, Mistake};
use crate::model::{Column, Default};
use crate::read::sketch::ColumnSketch;
use crate::types::Type;
use crate::value::{Value, number};

/// A constant default must be a value that a client could have sent.
pub(super) fn check(
    sketch: &ColumnSketch<'_>,
    column: &Column,
    pattern: Option<&Regex>,
    found: &mut Found,
) {
    let (Some(Default::Value(value)), Some(node)) = (&column.default, sketch.default) else {
        return;
    };
    let message = if let Some(length) = length(value, &column.ty) {
        if column.min_len.is_some_and(|min| length < min) {
            "`default` is shorter than `min`".to_owned()
        } else if column.max_len.is_some_and(|max| length > max) {
            "`default` is longer than `max`".to_owned()
        } else if let (Some(pattern), Value::Text(text)) = (pattern, value)
            && !pattern.is_match(text)
        {
            format!("`default` does not match `pattern` {}", pattern.as_str())
        } else {
            return;
        }
    } else {
        let mut text = Vec::new();
        column.ty.write_text(value.as_stored(), &mut text);
        let text = String::from_utf8_lossy(&text);
        let beyond = |bound: &Option<String>, order| {
            bound.as_ref().is_some_and(|bound| number::compare(&text, bound) == order)
        };
        if beyond(&column.min, Ordering::Less) {
            "`default` is below `min`".to_owned()
        } else if beyond(&column.max, Ordering::Greater) {
            "`default` is above `max`".to_owned()
        } else {
            return;
        }
    };
    found.add(Mistake::new(node.place, "default-bounds", message));
}

/// Characters, bytes or elements.
fn length(value: &Value, ty: &Type) -> Option<u64> {
    let length = match (ty, value) {
        (Type::Text, Value::Text(text)) => text.chars().count(),
        (Type::Bytes, Value::Blob(bytes)) => bytes.len(),
        (Type::Array(_), Value::Text(json)) => {
            serde_json::from_str::<Vec<serde::de::IgnoredAny>>(json).map_or(0, |items| items.len())
        }
        _ => return None,
    };
    u64::try_from(length).ok()
}
