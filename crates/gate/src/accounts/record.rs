//! Rows of the accounts as values of ours: `record!` declares a struct by the columns of its table,
//! in their order, and both ways are made from that. What a column cannot hold is a fault of ours.

use mainstay_base::{Error, Instant, Result};
use mainstay_schema::Value;
use mainstay_schema::value::time;
use serde_json::Value as Json;

/// A row of one table, whole.
pub trait Record: Sized {
    /// The table's name.
    const TABLE: &'static str;
    /// Its columns, in the order of the declaration.
    const COLUMNS: &'static [&'static str];

    /// # Errors
    /// When a value is not of the column's kind.
    fn read(row: Vec<Value>) -> Result<Self>;

    fn values(&self) -> Vec<Value>;
}

/// A value of a column.
pub trait Field: Sized {
    fn read(value: Value) -> Option<Self>;
    fn value(&self) -> Value;
}

/// A point in time; microseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Instant);

impl Moment {
    #[must_use]
    pub fn after(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Whole seconds since the epoch.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
}

impl Field for Moment {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => time::moment(&text).map(Self),
            _ => None,
        }
    }

    fn value(&self) -> Value {
        time::format_utc(self.0).map_or(Value::Null, Value::Text)
    }
}

impl Field for String {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl Field for i64 {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Int(number) => Some(number),
            _ => None,
        }
    }

    fn value(&self) -> Value {
        Value::Int(*self)
    }
}

impl Field for bool {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Int(number) => Some(number != 0),
            _ => None,
        }
    }

    fn value(&self) -> Value {
        Value::Int(i64::from(*self))
    }
}

impl Field for Json {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => serde_json::from_str(&text).ok(),
            _ => None,
        }
    }

    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl<F: Field> Field for Option<F> {
    fn read(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => F::read(value).map(Some),
        }
    }

    fn value(&self) -> Value {
        self.as_ref().map_or(Value::Null, Field::value)
    }
}

/// The next value of a row.
///
/// # Errors
/// When it is missing, or not of this kind.
pub fn next<F: Field>(row: &mut std::vec::IntoIter<Value>, name: &str) -> Result<F> {
    let value = row.next().and_then(F::read);
    value.ok_or_else(|| Error::internal(format!("column {name} holds what it cannot hold")))
}

macro_rules! record {
    (
        $(#[$doc:meta])*
        $name:ident = $table:literal { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }

        impl $crate::accounts::record::Record for $name {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field),)*];

            fn read(row: Vec<mainstay_schema::Value>) -> mainstay_base::Result<Self> {
                let mut row = row.into_iter();
                Ok(Self {
                    $($field: $crate::accounts::record::next(&mut row, stringify!($field))?,)*
                })
            }

            fn values(&self) -> Vec<mainstay_schema::Value> {
                vec![$($crate::accounts::record::Field::value(&self.$field),)*]
            }
        }
    };
}

pub(crate) use record;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_what_does_not_fit_is_refused() {
        let moment = Moment(1_700_000_000_123_456);
        assert_eq!(Moment::read(moment.value()), Some(moment));
        let json = serde_json::json!({ "a": [1, null] });
        assert_eq!(Json::read(json.value()), Some(json));
        assert_eq!(Option::<String>::read(Value::Null), Some(None));
        assert_eq!(String::read(Value::Null), None);
        assert_eq!(bool::read(true.value()), Some(true));
        assert_eq!(i64::read(Value::Text("1".to_owned())), None);
        assert_eq!(moment.after(-1).seconds(), 1_699_999_999);
    }
}
