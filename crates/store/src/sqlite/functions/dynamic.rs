//! CEL's operators on JSON values, for access rules: arguments and results are JSON text, NULL is
//! an error. What they mean is `mainstay_schema::rule::dynamic`'s matter.

use mainstay_schema::rule::dynamic;
use mainstay_schema::rule::tree::Key;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};
use serde_json::Value;

pub(super) fn register(connection: &Connection, pure: FunctionFlags) -> Result<()> {
    connection.create_scalar_function("mainstay_dyn", 2, pure, |c| {
        let found = json(c, 0)
            .zip(path(c))
            .and_then(|(from, path)| dynamic::step(&from, &path).map(Value::to_string));
        Ok(found)
    })?;
    connection.create_scalar_function("mainstay_dyn_equal", 2, pure, |c| {
        Ok(match (given(c, 0), given(c, 1)) {
            (Some(Given::Json(left)), Some(Given::Json(right))) => {
                Some(dynamic::equal(&left, &right))
            }
            (Some(_), Some(_)) => Some(false),
            _ => None,
        })
    })?;
    two(connection, pure, "mainstay_dyn_order", |left, right| {
        dynamic::order(left, right).map(|order| order as i64)
    })?;
    connection.create_scalar_function("mainstay_dyn_in", 2, pure, |c| {
        Ok(match (given(c, 0), json(c, 1)) {
            (Some(Given::Json(value)), Some(list)) => dynamic::within(&value, &list),
            (Some(Given::Other), Some(Value::Array(_))) => Some(false),
            _ => None,
        })
    })?;
    connection.create_scalar_function("mainstay_dyn_has", 2, pure, |c| {
        let Some(Value::Object(fields)) = json(c, 0) else { return Ok(None) };
        Ok(text(c, 1).map(|key| i64::from(fields.contains_key(key))))
    })?;
    connection.create_scalar_function("mainstay_dyn_truth", 1, pure, |c| {
        Ok(json(c, 0).and_then(|value| value.as_bool()).map(i64::from))
    })?;
    connection.create_scalar_function("mainstay_dyn_text", 1, pure, |c| match json(c, 0) {
        Some(Value::String(text)) => Ok(Some(text)),
        _ => Ok(None),
    })?;
    connection.create_scalar_function("mainstay_dyn_size", 1, pure, |c| {
        let size = json(c, 0).as_ref().and_then(dynamic::size);
        Ok(size.and_then(|size| i64::try_from(size).ok()))
    })?;
    // Each element as a text of JSON, from which `json_each` hands it on unchanged.
    connection.create_scalar_function("mainstay_dyn_items", 1, pure, |c| {
        let items = json(c, 0).as_ref().and_then(dynamic::items);
        let written = |items: Vec<Value>| {
            let texts = items.iter().map(|item| Value::String(item.to_string()));
            Value::Array(texts.collect()).to_string()
        };
        Ok(items.map(written))
    })
}

fn two(
    connection: &Connection,
    pure: FunctionFlags,
    name: &str,
    answer: fn(&Value, &Value) -> Option<i64>,
) -> Result<()> {
    connection.create_scalar_function(name, 2, pure, move |c| {
        Ok(json(c, 0).zip(json(c, 1)).and_then(|(left, right)| answer(&left, &right)))
    })
}

fn text<'a>(context: &'a Context<'_>, at: usize) -> Option<&'a str> {
    match context.get_raw(at) {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

/// A value of a kind that JSON has, or of another.
enum Given {
    Json(Value),
    Other,
}

fn given(context: &Context<'_>, at: usize) -> Option<Given> {
    match text(context, at)? {
        "#" => Some(Given::Other),
        json => serde_json::from_str(json).ok().map(Given::Json),
    }
}

/// An adopted column may hold what is no JSON: an error, so that it denies.
fn json(context: &Context<'_>, at: usize) -> Option<Value> {
    serde_json::from_str(text(context, at)?).ok()
}

fn path(context: &Context<'_>) -> Option<Vec<Key>> {
    let Value::Array(steps) = json(context, 1)? else { return None };
    steps
        .into_iter()
        .map(|step| match step {
            Value::String(name) => Some(Key::Name(name)),
            Value::Number(at) => at.as_i64().map(Key::At),
            _ => None,
        })
        .collect()
}
