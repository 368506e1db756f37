//! The declared types. One type means one JSON form, one SQLite form and one PostgreSQL type;
//! `value` reads and writes the forms, this file names them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A declared column type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Type {
    Text,
    SmallInt,
    Integer,
    BigInt,
    /// Exact decimal. Without a precision: any number of digits (bounded by `value`).
    Numeric(Option<Scale>),
    /// 32-bit binary floating point.
    Real,
    /// 64-bit binary floating point.
    Double,
    Boolean,
    Uuid,
    TimestampTz,
    Timestamp,
    Date,
    Time,
    Json,
    Bytes,
    /// One of the listed labels.
    Enum(Vec<String>),
    /// A one-dimensional list; the element is never itself an array.
    Array(Box<Type>),
}

/// `numeric(precision, scale)`: digits in all, digits after the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scale {
    pub precision: u16,
    pub scale: u16,
}

impl Type {
    /// The spellings that a declaration may use, for hints.
    pub const NAMES: &[&str] = &[
        "text",
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "real",
        "double",
        "boolean",
        "uuid",
        "timestamptz",
        "timestamp",
        "date",
        "time",
        "json",
        "bytes",
        "enum",
    ];

    /// Reads a spelling such as `text`, `numeric(12,2)` or `uuid[]`. `enum` has no labels yet.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(element) = text.strip_suffix("[]") {
            let element = Self::parse(element)?;
            return (!matches!(element, Self::Array(_))).then(|| Self::Array(Box::new(element)));
        }
        Some(match text {
            "text" => Self::Text,
            "smallint" => Self::SmallInt,
            "integer" => Self::Integer,
            "bigint" => Self::BigInt,
            "numeric" => Self::Numeric(None),
            "real" => Self::Real,
            "double" => Self::Double,
            "boolean" => Self::Boolean,
            "uuid" => Self::Uuid,
            "timestamptz" => Self::TimestampTz,
            "timestamp" => Self::Timestamp,
            "date" => Self::Date,
            "time" => Self::Time,
            "json" => Self::Json,
            "bytes" => Self::Bytes,
            "enum" => Self::Enum(Vec::new()),
            _ => return Self::parse_numeric(text),
        })
    }

    fn parse_numeric(text: &str) -> Option<Self> {
        let inner = text.strip_prefix("numeric(")?.strip_suffix(')')?;
        let (precision, scale) = inner.split_once(',').unwrap_or((inner, "0"));
        let scale =
            Scale { precision: precision.trim().parse().ok()?, scale: scale.trim().parse().ok()? };
        let fits = (1..=1000).contains(&scale.precision) && scale.scale <= scale.precision;
        fits.then_some(Self::Numeric(Some(scale)))
    }

    /// PostgreSQL's name, as it stands in error messages and in OpenAPI's `format`.
    #[must_use]
    pub fn sql_name(&self) -> String {
        match self {
            Self::Text | Self::Enum(_) => "text".to_owned(),
            Self::SmallInt => "smallint".to_owned(),
            Self::Integer => "integer".to_owned(),
            Self::BigInt => "bigint".to_owned(),
            Self::Numeric(None) => "numeric".to_owned(),
            Self::Numeric(Some(s)) => format!("numeric({},{})", s.precision, s.scale),
            Self::Real => "real".to_owned(),
            Self::Double => "double precision".to_owned(),
            Self::Boolean => "boolean".to_owned(),
            Self::Uuid => "uuid".to_owned(),
            Self::TimestampTz => "timestamp with time zone".to_owned(),
            Self::Timestamp => "timestamp without time zone".to_owned(),
            Self::Date => "date".to_owned(),
            Self::Time => "time without time zone".to_owned(),
            Self::Json => "jsonb".to_owned(),
            Self::Bytes => "bytea".to_owned(),
            Self::Array(element) => format!("{}[]", element.sql_name()),
        }
    }

    /// A decimal that SQLite keeps as a number: up to 15 digits survive a double unchanged.
    #[must_use]
    pub fn is_short_numeric(&self) -> bool {
        matches!(self, Self::Numeric(Some(scale)) if scale.precision <= 15)
    }

    /// The type holds a number that `min` and `max` can bound.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(
            self,
            Self::SmallInt
                | Self::Integer
                | Self::BigInt
                | Self::Numeric(_)
                | Self::Real
                | Self::Double
        )
    }
}

impl fmt::Display for Type {
    /// The spelling of a declaration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Double => f.write_str("double"),
            Self::TimestampTz => f.write_str("timestamptz"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Time => f.write_str("time"),
            Self::Json => f.write_str("json"),
            Self::Bytes => f.write_str("bytes"),
            Self::Enum(_) => f.write_str("enum"),
            Self::Array(element) => write!(f, "{element}[]"),
            other => f.write_str(&other.sql_name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_read_back_as_it_is_written() {
        for name in Type::NAMES.iter().copied().chain(["numeric(12,2)", "uuid[]", "text[]"]) {
            let ty = Type::parse(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(ty.to_string(), name);
        }
        for wrong in ["strng", "numeric(0)", "numeric(2,3)", "text[][]", "numeric(1001)"] {
            assert_eq!(Type::parse(wrong), None, "{wrong}");
        }
    }
}
