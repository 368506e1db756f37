//! Values of columns as the slow evaluator keeps them, and their forms: on the wire, in a filter,
//! for the interpreter of rules. Written from docs/types.md, not from the code that it checks.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use cel::objects::{Key, Map};
use chrono::{DateTime, NaiveDate, TimeDelta};
use serde_json::Value as Json;

/// A value of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Null,
    Int(i64),
    /// `numeric(12,2)`, in hundredths.
    Cents(i64),
    Double(f64),
    Bool(bool),
    /// `text`, `enum` and `uuid`.
    Text(String),
    /// Microseconds since the epoch.
    Moment(i64),
    /// Days since the epoch.
    Date(i64),
    Json(Json),
    Texts(Vec<Option<String>>),
}

impl Cell {
    #[must_use]
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// As it stands in the JSON of an answer.
    #[must_use]
    pub fn wire(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(truth) => truth.to_string(),
            Self::Text(_) | Self::Moment(_) | Self::Date(_) => string(&self.plain()),
            Self::Json(json) => json.to_string(),
            Self::Texts(items) => {
                let one = |item: &Option<String>| item.as_deref().map_or("null".into(), string);
                format!("[{}]", items.iter().map(one).collect::<Vec<_>>().join(","))
            }
            Self::Int(_) | Self::Cents(_) | Self::Double(_) => self.plain(),
        }
    }

    /// As it stands in a filter or in the details of an error.
    #[must_use]
    pub fn plain(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Int(number) => number.to_string(),
            Self::Cents(cents) => {
                let sign = if *cents < 0 { "-" } else { "" };
                let cents = cents.unsigned_abs();
                format!("{sign}{}.{:02}", cents / 100, cents % 100)
            }
            Self::Double(number) => number.to_string(),
            Self::Bool(true) => "t".to_owned(),
            Self::Bool(false) => "f".to_owned(),
            Self::Text(text) => text.clone(),
            Self::Moment(micros) => moment(*micros),
            Self::Date(days) => date(*days).to_string(),
            Self::Json(json) => json.to_string(),
            Self::Texts(items) => {
                let one = |item: &Option<String>| match item {
                    Some(text) => quoted(text),
                    None => "NULL".to_owned(),
                };
                format!("{{{}}}", items.iter().map(one).collect::<Vec<_>>().join(","))
            }
        }
    }

    /// How two values of one column stand to each other; nulls and documents do not.
    #[must_use]
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(left), Self::Int(right))
            | (Self::Cents(left), Self::Cents(right))
            | (Self::Moment(left), Self::Moment(right))
            | (Self::Date(left), Self::Date(right)) => Some(left.cmp(right)),
            (Self::Double(left), Self::Double(right)) => left.partial_cmp(right),
            (Self::Bool(left), Self::Bool(right)) => Some(left.cmp(right)),
            (Self::Text(left), Self::Text(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
            _ => None,
        }
    }

    /// As the rules see it.
    #[must_use]
    pub fn to_cel(&self) -> cel::Value {
        match self {
            Self::Null => cel::Value::Null,
            Self::Int(number) => cel::Value::Int(*number),
            #[allow(clippy::cast_precision_loss)] // the domain is small
            Self::Cents(cents) => cel::Value::Float(*cents as f64 / 100.0),
            Self::Double(number) => cel::Value::Float(*number),
            Self::Bool(truth) => cel::Value::Bool(*truth),
            Self::Text(text) => text_to_cel(text),
            Self::Moment(micros) => DateTime::from_timestamp_micros(*micros)
                .map_or(cel::Value::Null, |moment| cel::Value::Timestamp(moment.fixed_offset())),
            Self::Date(days) => Self::Moment(days * 86_400_000_000).to_cel(),
            Self::Json(json) => json_to_cel(json),
            Self::Texts(items) => {
                let one = |item: &Option<String>| match item {
                    Some(text) => text_to_cel(text),
                    None => cel::Value::Null,
                };
                cel::Value::List(Arc::new(items.iter().map(one).collect()))
            }
        }
    }
}

/// A JSON string.
#[must_use]
pub fn string(text: &str) -> String {
    Json::String(text.to_owned()).to_string()
}

/// An element of an array literal.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn text_to_cel(text: &str) -> cel::Value {
    cel::Value::String(Arc::new(text.to_owned()))
}

fn date(days: i64) -> NaiveDate {
    NaiveDate::default() + TimeDelta::days(days)
}

/// `2024-01-31T10:20:30.5+00:00`: zeros at the end of a fraction are left out.
fn moment(micros: i64) -> String {
    let Some(moment) = DateTime::from_timestamp_micros(micros) else { return String::new() };
    let whole = moment.format("%Y-%m-%dT%H:%M:%S");
    match micros.rem_euclid(1_000_000) {
        0 => format!("{whole}+00:00"),
        fraction => {
            let digits = format!("{fraction:06}");
            format!("{whole}.{}+00:00", digits.trim_end_matches('0'))
        }
    }
}

/// Whole numbers are `int`, others `double`.
#[must_use]
pub fn json_to_cel(json: &Json) -> cel::Value {
    match json {
        Json::Null => cel::Value::Null,
        Json::Bool(truth) => cel::Value::Bool(*truth),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => cel::Value::Int(whole),
            None => cel::Value::Float(number.as_f64().unwrap_or(0.0)),
        },
        Json::String(text) => text_to_cel(text),
        Json::Array(items) => cel::Value::List(Arc::new(items.iter().map(json_to_cel).collect())),
        Json::Object(fields) => {
            let fields = fields.iter();
            map(fields.map(|(name, value)| (name.clone(), json_to_cel(value))))
        }
    }
}

/// A map with names as keys.
pub fn map(fields: impl Iterator<Item = (String, cel::Value)>) -> cel::Value {
    let fields: HashMap<Key, cel::Value> =
        fields.map(|(name, value)| (Key::String(Arc::new(name)), value)).collect();
    cel::Value::Map(Map { map: Arc::new(fields) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_the_form_of_the_documents() {
        for (cell, wire, plain) in [
            (Cell::Null, "null", "null"),
            (Cell::Cents(-5), "-0.05", "-0.05"),
            (Cell::Cents(1050), "10.50", "10.50"),
            (Cell::Double(1.0), "1", "1"),
            (Cell::Double(-0.5), "-0.5", "-0.5"),
            (Cell::Bool(true), "true", "t"),
            (
                Cell::Moment(1_706_696_430_500_000),
                "\"2024-01-31T10:20:30.5+00:00\"",
                "2024-01-31T10:20:30.5+00:00",
            ),
            (Cell::Date(19_753), "\"2024-01-31\"", "2024-01-31"),
            (Cell::Text("a\"b".into()), "\"a\\\"b\"", "a\"b"),
            (Cell::Texts(vec![Some("a".into()), None]), "[\"a\",null]", "{\"a\",NULL}"),
        ] {
            assert_eq!((cell.wire().as_str(), cell.plain().as_str()), (wire, plain));
        }
    }
}
