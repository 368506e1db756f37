//! Casts of a `select`: `price::text`, `created_at::date`. A value goes through its text form,
//! but for the few pairs where PostgreSQL converts by meaning.

use mainstay_base::Result;

use super::{Stored, Value};
use crate::{Scale, Type};

impl Type {
    /// The value as another type.
    ///
    /// # Errors
    /// As `read_text` of the other type.
    pub fn cast(&self, to: &Type, value: Stored<'_>) -> Result<Value> {
        if value == Stored::Null {
            return Ok(Value::Null);
        }
        match (self, to, value) {
            (_, Self::Boolean, Stored::Int(number)) => Ok(Value::Int(i64::from(number != 0))),
            // Halves go to the even neighbour from binary numbers, away from zero from decimals.
            (
                Self::Real | Self::Double,
                Self::SmallInt | Self::Integer | Self::BigInt,
                Stored::Real(number),
            ) => to.read_text(&format!("{:.0}", number.round_ties_even())),
            (_, Self::SmallInt | Self::Integer | Self::BigInt, Stored::Real(number)) => {
                to.read_text(&format!("{:.0}", number.round()))
            }
            (
                Self::Numeric(_),
                Self::SmallInt | Self::Integer | Self::BigInt,
                Stored::Text(text),
            ) => {
                let whole = Self::Numeric(Some(Scale { precision: 1000, scale: 0 }));
                match whole.read_text(text)? {
                    Value::Text(digits) => to.read_text(&digits),
                    other => Ok(other),
                }
            }
            (Self::Boolean, Self::SmallInt | Self::Integer | Self::BigInt, Stored::Int(number)) => {
                Ok(Value::Int(number))
            }
            (Self::Boolean, Self::Text, Stored::Int(number)) => {
                Ok(Value::Text(if number == 0 { "false" } else { "true" }.to_owned()))
            }
            (_, Self::Json, _) => {
                let mut json = Vec::new();
                self.write_json(value, &mut json);
                to.read_json(&String::from_utf8_lossy(&json))
            }
            _ => {
                let mut text = Vec::new();
                self.write_text(value, &mut text);
                to.read_text(&String::from_utf8_lossy(&text))
            }
        }
    }
}
