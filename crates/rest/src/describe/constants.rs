//! Declared constants and bounds as JSON values, and patterns in the dialect of JSON Schema.

use mainstay_schema::model::Default;
use mainstay_schema::{Column, Type, Value as Stored};
use serde_json::{Number, Value};

/// A constant in the form in which an answer shows it.
pub(super) fn shown(ty: &Type, constant: &Stored) -> Option<Value> {
    let mut json = Vec::new();
    ty.write_json(constant.as_stored(), &mut json);
    serde_json::from_slice(&json).ok()
}

/// A default that is a constant.
pub(super) fn default(column: &Column) -> Option<Value> {
    match &column.default {
        Some(Default::Value(constant)) => shown(&column.ty, constant),
        _ => None,
    }
}

/// A default that is found when a row is made, in words. SQL of an adopted table is not told: it
/// may name what the caller may not know.
pub(super) fn made(column: &Column) -> Option<&'static str> {
    if column.identity.is_some() {
        return Some("Numbered by the database.");
    }
    if column.generated.is_some() {
        return Some("Computed by the database.");
    }
    match &column.default {
        Some(Default::Now) => Some("Default: the time of the request."),
        Some(Default::Uuid) => Some("Default: a new uuid."),
        Some(Default::AuthUid) => Some("Default: the id of the caller."),
        Some(Default::AuthTenant) => Some("Default: the tenant of the caller."),
        Some(Default::Sql(_)) => Some("Default: made by the database."),
        Some(Default::Value(_)) | None => None,
    }
}

/// A bound of a number; one that no JSON number carries is left out.
pub(super) fn number(text: Option<&String>) -> Option<Value> {
    let text = text?;
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    text.parse().ok().and_then(Number::from_f64).map(Value::Number)
}

/// The pattern, where ECMA-262 reads it as Rust's `regex` does.
pub(super) fn pattern(column: &Column) -> Option<&str> {
    const OTHERWISE: [&str; 12] =
        ["(?", "[[", "&&", "--", "~~", "\\A", "\\z", "\\x{", "\\a", "\\<", "\\>", "\\U"];
    let pattern = column.pattern.as_deref()?;
    let escapes = pattern.as_bytes().windows(2).filter(|two| two[0] == b'\\');
    let plain = escapes
        .map(|two| two[1])
        .all(|escaped| escaped.is_ascii_alphanumeric() || b"^$\\.*+?()[]{}|/".contains(&escaped));
    (plain && !OTHERWISE.iter().any(|part| pattern.contains(part))).then_some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_the_number_that_was_declared() {
        let read = |text: &str| number(Some(&text.to_owned()));
        assert_eq!(read("10"), Some(10.into()));
        assert_eq!(read("0.5"), Some(serde_json::json!(0.5)));
        assert_eq!(read("ten"), None);
        assert_eq!(number(None), None);
    }
}
