//! Values in the form in which they are stored, and the way in and out of it: `read` takes
//! literals (filters, CSV, forms), `json` takes bodies, `write` makes the wire form again.

pub mod array;
mod big;
mod cast;
mod json;
pub mod number;
mod read;
pub mod time;
mod total;
mod write;
mod zone;

use serde::{Deserialize, Serialize};

pub use json::MAX_DEPTH;
pub use total::Total;
pub use write::write_string;
pub use zone::Zone;

/// A value as the database keeps it (see `Type` for which type uses which form).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    Null,
    /// Whole numbers; booleans as 0 and 1.
    Int(i64),
    /// Binary floating point, and `numeric` of up to 15 digits.
    Real(f64),
    /// Everything that has a text form: text, uuid, times, json, arrays, long `numeric`.
    Text(String),
    Blob(Vec<u8>),
}

/// A borrowed value, as a row gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stored<'a> {
    Null,
    Int(i64),
    Real(f64),
    Text(&'a str),
    Blob(&'a [u8]),
}

impl Value {
    #[must_use]
    pub fn as_stored(&self) -> Stored<'_> {
        match self {
            Self::Null => Stored::Null,
            Self::Int(number) => Stored::Int(*number),
            Self::Real(number) => Stored::Real(*number),
            Self::Text(text) => Stored::Text(text),
            Self::Blob(bytes) => Stored::Blob(bytes),
        }
    }
}

impl Stored<'_> {
    #[must_use]
    pub fn to_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Int(number) => Value::Int(number),
            Self::Real(number) => Value::Real(number),
            Self::Text(text) => Value::Text(text.to_owned()),
            Self::Blob(bytes) => Value::Blob(bytes.to_vec()),
        }
    }
}
