//! Values that are known while a rule is reduced: from CEL's values, from stored ones, and into
//! the form in which they are bound. JSON keeps its text.

use std::cmp::Ordering;

use super::kind::Kind;
use super::{dynamic, facts};
use crate::value::time;
use crate::{Type, Value};

/// A value of CEL. Moments and lengths of time are microseconds.
#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Time(i64),
    Span(i64),
    /// Lists, maps, and everything from JSON columns.
    Json(serde_json::Value),
}

impl Const {
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Truth,
            Self::Int(_) => Kind::Int,
            Self::Double(_) => Kind::Double,
            Self::Text(_) => Kind::Text,
            Self::Bytes(_) => Kind::Bytes,
            Self::Time(_) => Kind::Time,
            Self::Span(_) => Kind::Span,
            Self::Json(_) => Kind::Any,
        }
    }

    /// From a value of the interpreter; `None` for what no rule can hold.
    pub(super) fn from_cel(value: &cel::Value) -> Option<Self> {
        Some(match value {
            cel::Value::Null => Self::Null,
            cel::Value::Bool(truth) => Self::Bool(*truth),
            cel::Value::Int(number) => Self::Int(*number),
            cel::Value::UInt(number) => Self::Int(i64::try_from(*number).ok()?),
            cel::Value::Float(number) => Self::Double(*number),
            cel::Value::String(text) => Self::Text(text.as_ref().clone()),
            cel::Value::Bytes(bytes) => Self::Bytes(bytes.as_ref().clone()),
            cel::Value::Timestamp(moment) => Self::Time(moment.timestamp_micros()),
            cel::Value::Duration(span) => Self::Span(span.num_microseconds()?),
            other => Self::Json(facts::to_json(other)?),
        })
    }

    /// From a value as it is stored in a column of this type.
    #[must_use]
    pub fn from_stored(value: &Value, ty: &Type) -> Option<Self> {
        Some(match (value, Kind::of(ty)) {
            (Value::Null, _) => Self::Null,
            (Value::Int(number), Kind::Truth) => Self::Bool(*number != 0),
            (Value::Int(number), Kind::Int) => Self::Int(*number),
            #[allow(clippy::cast_precision_loss)] // CEL has no decimals: its numbers are doubles
            (Value::Int(number), Kind::Double) => Self::Double(*number as f64),
            (Value::Real(number), Kind::Double) => Self::Double(*number),
            (Value::Text(digits), Kind::Double) => Self::Double(digits.parse().ok()?),
            (Value::Text(text), Kind::Text) => Self::Text(text.clone()),
            (Value::Text(text), Kind::Time) => Self::Time(time::moment(text)?),
            (Value::Blob(bytes), Kind::Bytes) => Self::Bytes(bytes.clone()),
            (Value::Text(json), Kind::Any | Kind::List) => {
                Self::Json(serde_json::from_str(json).ok()?)
            }
            _ => return None,
        })
    }

    /// As it is bound: in the form in which columns of its kind are stored.
    #[must_use]
    pub fn to_stored(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Int(i64::from(*truth)),
            Self::Int(number) | Self::Span(number) => Value::Int(*number),
            Self::Double(number) => Value::Real(*number),
            Self::Text(text) => Value::Text(text.clone()),
            Self::Bytes(bytes) => Value::Blob(bytes.clone()),
            Self::Time(micros) => time::format_utc(*micros).map_or(Value::Null, Value::Text),
            Self::Json(json) => Value::Text(json.to_string()),
        }
    }

    /// As JSON, where JSON has it.
    #[must_use]
    pub fn to_json(&self) -> Option<serde_json::Value> {
        Some(match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(truth) => (*truth).into(),
            Self::Int(number) => (*number).into(),
            Self::Double(number) => serde_json::Number::from_f64(*number)?.into(),
            Self::Text(text) => text.as_str().into(),
            Self::Json(json) => json.clone(),
            Self::Bytes(_) | Self::Time(_) | Self::Span(_) => return None,
        })
    }

    /// CEL's equality: values of different kinds are unequal, numbers are equal by their worth.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        match (self.to_json(), other.to_json()) {
            (Some(left), Some(right)) => dynamic::equal(&left, &right),
            _ => self == other,
        }
    }

    /// CEL's order, where the two have one.
    #[must_use]
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Time(left), Self::Time(right)) | (Self::Span(left), Self::Span(right)) => {
                Some(left.cmp(right))
            }
            (Self::Bytes(left), Self::Bytes(right)) => Some(left.cmp(right)),
            (Self::Bool(left), Self::Bool(right)) => Some(left.cmp(right)),
            _ => dynamic::order(&self.to_json()?, &other.to_json()?),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_stored_is_what_a_rule_sees_and_binds_again() {
        let text = |text: &str| Value::Text(text.to_owned());
        let moment = text("2023-11-14T22:13:20+00:00");
        for (stored, ty, expected) in [
            (Value::Null, Type::Text, Const::Null),
            (Value::Int(1), Type::Boolean, Const::Bool(true)),
            (Value::Int(0), Type::Boolean, Const::Bool(false)),
            (Value::Int(7), Type::Integer, Const::Int(7)),
            (Value::Real(1.5), Type::Double, Const::Double(1.5)),
            (text("a"), Type::Text, Const::Text("a".to_owned())),
            (moment.clone(), Type::TimestampTz, Const::Time(1_700_000_000_000_000)),
            (Value::Blob(vec![1]), Type::Bytes, Const::Bytes(vec![1])),
            (text(r#"{"a":[1]}"#), Type::Json, Const::Json(json!({ "a": [1] }))),
        ] {
            let seen = Const::from_stored(&stored, &ty);
            assert_eq!(seen.as_ref(), Some(&expected), "{ty:?}");
            assert_eq!(expected.to_stored(), stored, "{ty:?}");
        }
        assert_eq!(Const::from_stored(&Value::Int(2), &Type::Double), Some(Const::Double(2.0)));
        // A long numeric is kept as its digits.
        let long = Const::from_stored(&text("12.50"), &Type::Numeric(None));
        assert_eq!(long, Some(Const::Double(12.5)));
        for (stored, ty) in [
            (text("no time"), Type::TimestampTz),
            (text("{"), Type::Json),
            (text("7"), Type::Integer),
            (Value::Int(1), Type::Text),
        ] {
            assert_eq!(Const::from_stored(&stored, &ty), None, "{stored:?}");
        }
    }

    #[test]
    fn kinds_are_compared_as_cel_compares_them() {
        let text = |text: &str| Const::Text(text.to_owned());
        let bytes = |byte: u8| Const::Bytes(vec![byte]);
        for (left, right, equal, order) in [
            (Const::Int(1), Const::Double(1.0), true, Some(Ordering::Equal)),
            (Const::Int(1), text("1"), false, None),
            (Const::Bool(false), Const::Bool(true), false, Some(Ordering::Less)),
            (Const::Time(1), Const::Time(2), false, Some(Ordering::Less)),
            (Const::Span(2), Const::Span(1), false, Some(Ordering::Greater)),
            (Const::Time(1), Const::Span(1), false, None),
            (Const::Time(1), Const::Int(1), false, None),
            (bytes(1), bytes(2), false, Some(Ordering::Less)),
            (bytes(1), bytes(1), true, Some(Ordering::Equal)),
            (text("a"), text("a"), true, Some(Ordering::Equal)),
            (Const::Null, Const::Null, true, None),
            (Const::Null, Const::Bool(false), false, None),
            (Const::Double(f64::NAN), Const::Double(f64::NAN), false, None),
            (Const::Json(json!(["a"])), Const::Json(json!(["a"])), true, None),
        ] {
            assert_eq!(left.equals(&right), equal, "{left:?} {right:?}");
            assert_eq!(left.order(&right), order, "{left:?} {right:?}");
        }
    }
}
