//! Literals: the text of a filter, a CSV cell or a default becomes a stored value, or an error
//! with PostgreSQL's code and words. Source: PostgreSQL 15, chapters 8 and 4.1.2.

use mainstay_base::{Code, Error, Result};

use super::{Value, array, number, time};
use crate::Type;

impl Type {
    /// Reads a literal. Leading and trailing white space is data for text, ignored elsewhere.
    ///
    /// # Errors
    /// `22P02`, `22003`, `22007` or `22008` when the literal does not fit the type.
    pub fn read_text(&self, text: &str) -> Result<Value> {
        match self {
            Self::Text => plain_text(text),
            Self::Enum(labels) => label(labels, text),
            Self::SmallInt => integer(self, text, i16::MIN.into(), i16::MAX.into()),
            Self::Integer => integer(self, text, i32::MIN.into(), i32::MAX.into()),
            Self::BigInt => integer(self, text, i64::MIN, i64::MAX),
            Self::Numeric(scale) => number::read(self, *scale, text),
            Self::Real => float(self, text, f64::from(f32::MAX)).map(through_f32),
            Self::Double => float(self, text, f64::MAX),
            Self::Boolean => boolean(self, text),
            Self::Uuid => uuid(self, text),
            Self::TimestampTz => time::timestamptz(self, text),
            Self::Timestamp => time::timestamp(self, text),
            Self::Date => time::date(self, text),
            Self::Time => time::time(self, text),
            Self::Json => Self::Json.read_json(text).map_err(|_| bad_literal(self, text)),
            Self::Bytes => bytes(self, text),
            Self::Array(element) => array::read_literal(self, element, text),
        }
    }
}

/// `22P02` in PostgreSQL's words.
pub(super) fn bad_literal(ty: &Type, text: &str) -> Error {
    let shown: String = text.chars().take(200).collect();
    let name = match ty {
        Type::Json => "json".to_owned(),
        other => other.sql_name(),
    };
    Error::new(Code::LiteralInvalid, format!("invalid input syntax for type {name}: \"{shown}\""))
}

/// `22003` in PostgreSQL's words.
pub(super) fn out_of_range(ty: &Type, text: &str) -> Error {
    let shown: String = text.chars().take(200).collect();
    let message = format!("value \"{shown}\" is out of range for type {}", ty.sql_name());
    Error::new(Code::NumberOutOfRange, message)
}

fn plain_text(text: &str) -> Result<Value> {
    if text.contains('\0') {
        let message = "a text cannot contain the character U+0000";
        return Err(Error::new(Code::LiteralInvalid, message));
    }
    Ok(Value::Text(text.to_owned()))
}

fn label(labels: &[String], text: &str) -> Result<Value> {
    if labels.iter().any(|label| label == text) {
        return Ok(Value::Text(text.to_owned()));
    }
    let shown: String = text.chars().take(200).collect();
    Err(Error::new(Code::LiteralInvalid, format!("invalid input value for enum: \"{shown}\""))
        .hint(format!("The values are {}.", labels.join(", "))))
}

fn integer(ty: &Type, text: &str, min: i64, max: i64) -> Result<Value> {
    let trimmed = text.trim();
    match trimmed.parse::<i64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(Value::Int(number)),
        Ok(_) => Err(out_of_range(ty, trimmed)),
        Err(_) => {
            let digits = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
            if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(out_of_range(ty, trimmed));
            }
            Err(bad_literal(ty, text))
        }
    }
}

fn float(ty: &Type, text: &str, largest: f64) -> Result<Value> {
    let trimmed = text.trim();
    let number = match trimmed.to_ascii_lowercase().as_str() {
        "infinity" | "+infinity" | "inf" | "+inf" => return Ok(Value::Real(f64::INFINITY)),
        "-infinity" | "-inf" => return Ok(Value::Real(f64::NEG_INFINITY)),
        "nan" => {
            return Err(bad_literal(ty, text)
                .hint("SQLite keeps no NaN; use null for a number that is not known."));
        }
        _ => trimmed.parse::<f64>().map_err(|_| bad_literal(ty, text))?,
    };
    if !number.is_finite() || number.abs() > largest {
        return Err(out_of_range(ty, trimmed));
    }
    Ok(Value::Real(number))
}

/// A `real` keeps what 32 bits can hold, so that what is read back equals what is compared.
fn through_f32(value: Value) -> Value {
    match value {
        #[allow(clippy::cast_possible_truncation)] // losing the extra digits is the type's meaning
        Value::Real(number) => Value::Real(f64::from(number as f32)),
        other => other,
    }
}

fn boolean(ty: &Type, text: &str) -> Result<Value> {
    let truth = match text.trim().to_ascii_lowercase().as_str() {
        "t" | "tr" | "tru" | "true" | "y" | "ye" | "yes" | "on" | "1" => true,
        "f" | "fa" | "fal" | "fals" | "false" | "n" | "no" | "of" | "off" | "0" => false,
        _ => return Err(bad_literal(ty, text)),
    };
    Ok(Value::Int(i64::from(truth)))
}

fn uuid(ty: &Type, text: &str) -> Result<Value> {
    let uuid = uuid::Uuid::try_parse(text.trim()).map_err(|_| bad_literal(ty, text))?;
    Ok(Value::Text(uuid.hyphenated().to_string()))
}

fn bytes(ty: &Type, text: &str) -> Result<Value> {
    let Some(hex) = text.strip_prefix("\\x") else {
        return match text.contains('\\') {
            true => Err(bad_literal(ty, text).hint("Bytes are written as \\x and hex digits.")),
            false => Ok(Value::Blob(text.as_bytes().to_vec())),
        };
    };
    if !hex.is_ascii() || hex.len() % 2 != 0 {
        return Err(bad_literal(ty, text));
    }
    (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16))
        .collect::<std::result::Result<Vec<u8>, _>>()
        .map(Value::Blob)
        .map_err(|_| bad_literal(ty, text))
}
