//! Arrays: `{a,b}` literals and JSON arrays become a compact JSON array of wire forms, which is
//! what is stored. Source: PostgreSQL 15, section 8.15.

use mainstay_base::Result;
use serde_json::value::RawValue;

use super::read::bad_literal;
use super::{Value, json};
use crate::Type;

/// Reads a JSON array whose elements are read as `element`.
///
/// # Errors
/// As the element type's `read_json`.
pub fn read_json(ty: &Type, element: &Type, raw: &str) -> Result<Value> {
    let parts: Vec<&RawValue> = serde_json::from_str(raw)
        .map_err(|error| bad_literal(ty, raw).details(error.to_string()))?;
    let nested = |part: &&RawValue| part.get().starts_with('[') && *element != Type::Json;
    if parts.iter().any(nested) {
        return Err(bad_literal(ty, raw).details("Arrays have one dimension."));
    }
    let values = parts.iter().map(|part| element.read_json(part.get()));
    join(element, values)
}

/// Reads PostgreSQL's `{a,"b c",NULL}`.
///
/// # Errors
/// `22P02` when braces or quotes do not match; as the element's `read_text` otherwise.
pub fn read_literal(ty: &Type, element: &Type, text: &str) -> Result<Value> {
    let items = items(text).ok_or_else(|| bad_literal(ty, text))?;
    let values = items.iter().map(|item| match item {
        None => Ok(Value::Null),
        Some(text) => element.read_text(text),
    });
    join(element, values)
}

fn join(element: &Type, values: impl Iterator<Item = Result<Value>>) -> Result<Value> {
    let mut json = Vec::from(*b"[");
    for (at, value) in values.enumerate() {
        if at > 0 {
            json.push(b',');
        }
        element.write_json(value?.as_stored(), &mut json);
    }
    json.push(b']');
    Ok(Value::Text(String::from_utf8_lossy(&json).into_owned()))
}

/// The items of a one-dimensional array literal; `None` stands for NULL.
#[must_use]
pub fn items(text: &str) -> Option<Vec<Option<String>>> {
    let inner = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut items = Vec::new();
    if inner.trim().is_empty() {
        return Some(items);
    }
    let mut rest = inner.chars().peekable();
    loop {
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        let mut item = String::new();
        let quoted = rest.next_if_eq(&'"').is_some();
        loop {
            match rest.peek().copied() {
                Some('\\') => {
                    rest.next();
                    item.push(rest.next()?);
                }
                Some('"') if quoted => {
                    rest.next();
                    break;
                }
                Some(',') | None if !quoted => break,
                Some('{' | '}' | '"') if !quoted => return None,
                Some(c) => {
                    rest.next();
                    item.push(c);
                }
                None => return None,
            }
        }
        match quoted {
            true => items.push(Some(item)),
            false => {
                let bare = item.trim_end();
                if bare.is_empty() {
                    return None;
                }
                items.push((!bare.eq_ignore_ascii_case("null")).then(|| bare.to_owned()));
            }
        }
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        match rest.next() {
            None => return Some(items),
            Some(',') => {}
            Some(_) => return None,
        }
    }
}

/// Appends a stored array as PostgreSQL's literal, quoting only what needs it.
pub fn write_literal(element: &Type, stored: &str, out: &mut Vec<u8>) {
    let items: Vec<&RawValue> = serde_json::from_str(stored).unwrap_or_default();
    out.push(b'{');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        match (element, item.get()) {
            (_, "null") => out.extend_from_slice(b"NULL"),
            (Type::Boolean, "true") => out.push(b't'),
            (Type::Boolean, "false") => out.push(b'f'),
            (_, raw) if raw.starts_with('"') => {
                write_item(&json::string(raw).unwrap_or_default(), out);
            }
            (_, raw) => write_item(raw, out),
        }
    }
    out.push(b'}');
}

fn write_item(text: &str, out: &mut Vec<u8>) {
    let special = |c: char| matches!(c, '"' | '\\' | '{' | '}' | ',') || c.is_whitespace();
    if !text.is_empty() && !text.eq_ignore_ascii_case("null") && !text.contains(special) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn array_literals_are_split_as_postgres_splits_them() {
        let some = |text: &str| Some(text.to_owned());
        for (given, expect) in [
            ("{}", Some(vec![])),
            ("{a,b}", Some(vec![some("a"), some("b")])),
            (r#"{ "x,y" , NULL,"NULL"}"#, Some(vec![some("x,y"), None, some("NULL")])),
            (r#"{"a\"b",c\,d}"#, Some(vec![some("a\"b"), some("c,d")])),
            ("{a,}", None),
            ("{a", None),
            ("a,b", None),
            (r#"{"a}"#, None),
            ("{{a}}", None),
        ] {
            assert_eq!(items(given), expect, "{given}");
        }
    }

    #[test]
    fn what_is_written_as_a_literal_is_read_back_as_it_was() {
        for (ty, stored, literal) in [
            (
                "text[]",
                r#"["a","b c","","null",null,"x,\"y\\"]"#,
                r#"{a,"b c","","null",NULL,"x,\"y\\"}"#,
            ),
            ("boolean[]", "[true,false]", "{t,f}"),
            ("numeric[]", "[12345678901234567890.10]", "{12345678901234567890.10}"),
            ("bytes[]", r#"["\\x6869"]"#, r#"{"\\x6869"}"#),
            ("integer[]", "[]", "{}"),
        ] {
            let ty = Type::parse(ty).unwrap();
            let value = Value::Text(stored.to_owned());
            let mut out = Vec::new();
            ty.write_text(value.as_stored(), &mut out);
            let written = String::from_utf8(out).unwrap();
            assert_eq!(written, literal);
            assert_eq!(ty.read_text(&written).unwrap(), value, "{literal}");
        }
    }
}
