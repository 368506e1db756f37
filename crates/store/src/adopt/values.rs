//! What a column really holds. SQLite takes any value in any column, so the declared type is only
//! the first of several candidates: the first one that shows every stored value unchanged wins.
//! One pass over each table; `column` asks for the outcome.

use mainstay_schema::value::{Stored, Value};
use mainstay_schema::{Scale, Type};

/// The types that a column may get, best first, and what its values say to them.
#[derive(Debug)]
pub(super) struct Evidence {
    candidates: Vec<Candidate>,
    /// The first candidate is what the declaration asks for.
    is_declared: bool,
    /// Values that are not NULL.
    pub values: u64,
    pub nulls: u64,
    /// Characters of the longest text.
    pub longest: usize,
}

#[derive(Debug)]
struct Candidate {
    ty: Type,
    /// The first value that it does not show unchanged.
    misfit: Option<String>,
}

impl Evidence {
    pub fn new(declared: &str) -> Self {
        let mut types = wanted(declared);
        let is_declared = !types.is_empty();
        for ty in [Type::BigInt, Type::Double, Type::Text, Type::Bytes] {
            if !types.contains(&ty) {
                types.push(ty);
            }
        }
        let candidates = types.into_iter().map(|ty| Candidate { ty, misfit: None }).collect();
        Self { candidates, is_declared, values: 0, nulls: 0, longest: 0 }
    }

    pub fn see(&mut self, value: Stored<'_>) {
        match value {
            Stored::Null => {
                self.nulls += 1;
                return;
            }
            Stored::Text(text) => self.longest = self.longest.max(text.chars().count()),
            _ => {}
        }
        self.values += 1;
        for candidate in &mut self.candidates {
            if candidate.misfit.is_none() && !shows(&candidate.ty, value) {
                candidate.misfit = Some(sample(value));
            }
        }
    }

    /// The type that the declaration asks for; none when it leaves that to the values.
    pub fn wanted(&self) -> Option<&Type> {
        self.candidates.first().filter(|_| self.is_declared).map(|candidate| &candidate.ty)
    }

    /// A value that the wanted type cannot show.
    pub fn misfit(&self) -> Option<&str> {
        self.candidates.first()?.misfit.as_deref()
    }

    /// The first type that shows every value; `None` when there is no such type.
    pub fn fitting(&self) -> Option<&Type> {
        let mut fitting = self.candidates.iter().filter(|candidate| candidate.misfit.is_none());
        fitting.next().map(|candidate| &candidate.ty)
    }
}

/// The value as a message can show it.
fn sample(value: Stored<'_>) -> String {
    let mut text = Vec::new();
    Type::Text.write_text(value, &mut text);
    let text = String::from_utf8_lossy(&text);
    let short: String = text.chars().take(32).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    match value {
        Stored::Text(_) => format!("'{short}{more}'"),
        _ => format!("{short}{more}"),
    }
}

/// Whether a value comes back unchanged as this type.
fn shows(ty: &Type, value: Stored<'_>) -> bool {
    match (ty, value) {
        (Type::BigInt, Stored::Int(_))
        | (Type::Boolean, Stored::Int(0 | 1))
        | (Type::Double, Stored::Int(_) | Stored::Real(_))
        | (Type::Text, Stored::Text(_))
        | (Type::Bytes, Stored::Blob(_)) => true,
        (Type::Numeric(_), Stored::Int(_) | Stored::Real(_)) => shows_decimal(ty, value),
        (Type::Json, Stored::Text(text)) => {
            ty.read_json(text).is_ok_and(|read| read != Value::Null)
        }
        (
            Type::Uuid | Type::Date | Type::Time | Type::Timestamp | Type::TimestampTz,
            Stored::Text(text),
        ) => matches!(ty.read_text(text), Ok(Value::Text(read)) if read == text),
        _ => false,
    }
}

/// Written at its scale and read again, it is the same number.
#[allow(clippy::cast_precision_loss)] // compared as a double, which is what the column keeps
fn shows_decimal(ty: &Type, value: Stored<'_>) -> bool {
    let mut text = Vec::new();
    ty.write_text(value, &mut text);
    let read = std::str::from_utf8(&text).ok().and_then(|text| ty.read_text(text).ok());
    match (read, value) {
        (Some(Value::Real(read)), Stored::Real(number)) => read.to_bits() == number.to_bits(),
        (Some(Value::Real(read)), Stored::Int(number)) => read == number as f64,
        _ => false,
    }
}

/// The affinity that SQLite gives a column. Source: "Datatypes In SQLite", section 3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

pub(super) fn affinity(declared: &str) -> Affinity {
    let upper = declared.to_ascii_uppercase();
    let has = |parts: &[&str]| parts.iter().any(|part| upper.contains(part));
    if has(&["INT"]) {
        Affinity::Integer
    } else if has(&["CHAR", "CLOB", "TEXT"]) {
        Affinity::Text
    } else if upper.is_empty() || has(&["BLOB"]) || upper == "ANY" {
        Affinity::Blob
    } else if has(&["REAL", "FLOA", "DOUB"]) {
        Affinity::Real
    } else {
        Affinity::Numeric
    }
}

/// The types that a declaration asks for, best first.
fn wanted(declared: &str) -> Vec<Type> {
    let upper = declared.trim().to_ascii_uppercase();
    let name = upper.split('(').next().unwrap_or_default().trim();
    match name {
        "BOOL" | "BOOLEAN" => vec![Type::Boolean],
        "UUID" | "GUID" | "UNIQUEIDENTIFIER" => vec![Type::Uuid],
        "JSON" | "JSONB" => vec![Type::Json],
        "DATE" => vec![Type::Date],
        "TIME" | "TIME WITHOUT TIME ZONE" => vec![Type::Time],
        "TIMESTAMPTZ" | "TIMESTAMP WITH TIME ZONE" | "DATETIMEOFFSET" => {
            vec![Type::TimestampTz, Type::Timestamp]
        }
        "DATETIME"
        | "DATETIME2"
        | "SMALLDATETIME"
        | "TIMESTAMP"
        | "TIMESTAMP WITHOUT TIME ZONE" => vec![Type::Timestamp, Type::TimestampTz],
        "NUMERIC" | "DECIMAL" | "DEC" | "NUMBER" => match scale(&upper) {
            Some(scale) => vec![Type::Numeric(Some(scale)), Type::Double],
            None => vec![Type::Double],
        },
        _ => match affinity(&upper) {
            Affinity::Integer => vec![Type::BigInt],
            Affinity::Text => vec![Type::Text],
            Affinity::Blob if upper.contains("BLOB") => vec![Type::Bytes],
            // Without a declared type, the values alone decide.
            Affinity::Blob => Vec::new(),
            Affinity::Real => vec![Type::Double],
            Affinity::Numeric => vec![Type::BigInt, Type::Double],
        },
    }
}

/// `(p, s)` where a double carries that many digits unchanged.
fn scale(declared: &str) -> Option<Scale> {
    let (_, rest) = declared.split_once('(')?;
    let inner = rest.split(')').next()?;
    let (precision, scale) = inner.split_once(',').unwrap_or((inner, "0"));
    let scale =
        Scale { precision: precision.trim().parse().ok()?, scale: scale.trim().parse().ok()? };
    let fits = (1..=15).contains(&scale.precision) && scale.scale <= scale.precision;
    fits.then_some(scale)
}

/// The length that `VARCHAR(n)` and its kind allow.
pub(super) fn declared_length(declared: &str) -> Option<usize> {
    let (name, rest) = declared.split_once('(')?;
    let length = rest.split(')').next()?.trim().parse().ok()?;
    (affinity(name) == Affinity::Text && length > 0).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(declared: &str, values: &[Stored<'_>]) -> String {
        let mut evidence = Evidence::new(declared);
        values.iter().for_each(|value| evidence.see(*value));
        evidence.fitting().map_or_else(|| "none".to_owned(), ToString::to_string)
    }

    #[test]
    fn the_first_type_that_shows_every_value_unchanged_is_taken() {
        use Stored::{Blob, Int, Null, Real, Text};
        for (declared, values, expect) in [
            ("INTEGER", &[Int(i64::MAX), Null][..], "bigint"),
            ("INTEGER", &[Int(1), Real(1.5)], "double"),
            ("INTEGER", &[Int(1), Text("x")], "none"),
            ("NVARCHAR(5)", &[Text("longer than it says")], "text"),
            ("NUMERIC(10,2)", &[Real(0.99), Int(3)], "numeric(10,2)"),
            ("NUMERIC(10,2)", &[Real(0.999)], "double"),
            ("NUMERIC(4,2)", &[Int(100)], "double"),
            ("DECIMAL(20,2)", &[Real(0.5)], "double"),
            ("NUMERIC(10,2)", &[Text("1.50x")], "text"),
            ("BOOLEAN", &[Int(0), Int(1), Null], "boolean"),
            ("BOOLEAN", &[Int(2)], "bigint"),
            ("BOOLEAN", &[Text("true")], "text"),
            ("DATETIME", &[Text("2009-01-01 00:00:00")], "text"),
            ("DATETIME", &[Text("2009-01-01T00:00:00")], "timestamp"),
            ("DATETIME", &[Text("2009-01-01T00:00:00.5+00:00")], "timestamptz"),
            ("DATETIME", &[Int(1_700_000_000)], "bigint"),
            ("DATE", &[Text("2009-01-31")], "date"),
            ("DATE", &[Text("2009-02-31")], "text"),
            ("TIME", &[Text("10:20:30")], "time"),
            ("UUID", &[Text("0192f0c1-0000-7000-8000-00000000000a")], "uuid"),
            ("UUID", &[Text("0192F0C1-0000-7000-8000-00000000000A")], "text"),
            ("JSON", &[Text("{ \"a\": [1] }")], "json"),
            ("JSON", &[Text("{a}")], "text"),
            ("BLOB", &[Blob(b"x")], "bytes"),
            ("BLOB", &[Text("x")], "text"),
            ("", &[], "bigint"),
            ("", &[Real(0.5)], "double"),
            ("", &[Blob(b"x"), Int(1)], "none"),
            ("MEDIUMINT UNSIGNED", &[Int(7)], "bigint"),
            ("FLOAT", &[Int(1), Real(f64::INFINITY)], "double"),
            ("MONEY", &[Real(9.5)], "double"),
        ] {
            assert_eq!(outcome(declared, values), expect, "{declared} {values:?}");
        }
    }

    #[test]
    fn lengths_are_those_of_texts_only() {
        assert_eq!(declared_length("NVARCHAR(160)"), Some(160));
        assert_eq!(declared_length("VARCHAR(MAX)"), None);
        assert_eq!(declared_length("NUMERIC(10,2)"), None);
        assert_eq!(declared_length("INT(11)"), None);
    }
}
