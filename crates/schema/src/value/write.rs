//! The wire form: a stored value is written straight into the answer's buffer, without a value
//! tree in between. The forms are those that clients snapshot (see docs/types.md).

use super::{Stored, array};
use crate::Type;

impl Type {
    /// Appends the JSON form. A value of another storage class than the type's own (possible only
    /// in adopted tables) is written as what it is.
    pub fn write_json(&self, value: Stored<'_>, out: &mut Vec<u8>) {
        match value {
            Stored::Null => out.extend_from_slice(b"null"),
            Stored::Int(number) => self.write_int(number, out),
            Stored::Real(number) => self.write_real(number, out),
            Stored::Text(text) if self.is_raw_text() => out.extend_from_slice(text.as_bytes()),
            Stored::Text(text) => write_string(text, out),
            Stored::Blob(bytes) => write_hex(bytes, b"\"\\\\x", b"\"", out),
        }
    }

    /// Appends the unquoted text form, as CSV and casts show it: booleans as `t` and `f`, arrays as
    /// `{a,b}`.
    pub fn write_text(&self, value: Stored<'_>, out: &mut Vec<u8>) {
        match value {
            Stored::Null => {}
            Stored::Int(number) if *self == Self::Boolean => {
                out.push(if number == 0 { b'f' } else { b't' });
            }
            Stored::Int(number) if self.is_text() => push_int(number, out),
            Stored::Int(number) => self.write_int(number, out),
            Stored::Real(number) if number.is_finite() && self.is_text() => {
                out.extend_from_slice(ryu::Buffer::new().format_finite(number).as_bytes());
            }
            Stored::Real(number) if number.is_infinite() => {
                out.extend_from_slice(if number > 0.0 { b"Infinity" } else { b"-Infinity" });
            }
            Stored::Real(number) => self.write_real(number, out),
            Stored::Text(text) => match self {
                Self::Array(element) => array::write_literal(element, text, out),
                _ => out.extend_from_slice(text.as_bytes()),
            },
            Stored::Blob(bytes) => write_hex(bytes, b"\\x", b"", out),
        }
    }

    /// A number in it, which only an adopted table can hold, is shown as a text.
    fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Enum(_))
    }

    /// Text that is JSON already: documents, arrays, long decimals.
    fn is_raw_text(&self) -> bool {
        matches!(self, Self::Json | Self::Array(_) | Self::Numeric(_))
    }

    fn write_int(&self, number: i64, out: &mut Vec<u8>) {
        match self {
            Self::Boolean => {
                out.extend_from_slice(if number == 0 { b"false" } else { b"true" });
            }
            Self::Numeric(Some(scale)) if scale.scale > 0 => {
                push_int(number, out);
                out.push(b'.');
                out.extend(std::iter::repeat_n(b'0', usize::from(scale.scale)));
            }
            _ if self.is_text() => {
                out.push(b'"');
                push_int(number, out);
                out.push(b'"');
            }
            _ => push_int(number, out),
        }
    }

    fn write_real(&self, number: f64, out: &mut Vec<u8>) {
        match self {
            _ if !number.is_finite() => {
                out.extend_from_slice(if number > 0.0 {
                    b"\"Infinity\""
                } else {
                    b"\"-Infinity\""
                });
            }
            Self::Numeric(Some(scale)) if scale.precision <= 15 => {
                push_scaled(number, scale.scale, out);
            }
            // A number in a text column of an adopted table: as SQLite itself turns it into text.
            _ if self.is_text() => {
                out.push(b'"');
                out.extend_from_slice(ryu::Buffer::new().format_finite(number).as_bytes());
                out.push(b'"');
            }
            #[allow(clippy::cast_possible_truncation)] // stored from 32 bits, so nothing is lost
            Self::Real => push_float(ryu::Buffer::new().format_finite(number as f32), out),
            _ => push_float(ryu::Buffer::new().format_finite(number), out),
        }
    }
}

fn push_int(number: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// PostgreSQL writes `1`, not `1.0`.
fn push_float(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes());
}

/// A decimal of at most 15 digits at its scale: scaled to a whole number, which a double holds
/// exactly, then the point is put back.
fn push_scaled(number: f64, scale: u16, out: &mut Vec<u8>) {
    let scaled = (number * 10f64.powi(i32::from(scale))).round();
    if scaled.abs() >= 9e18 {
        push_float(ryu::Buffer::new().format_finite(number), out);
        return;
    }
    #[allow(clippy::cast_possible_truncation)] // bounded just above
    let whole = scaled as i64;
    if scale == 0 {
        push_int(whole, out);
        return;
    }
    if whole < 0 {
        out.push(b'-');
    }
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(whole.unsigned_abs()).as_bytes();
    let scale = usize::from(scale);
    match digits.len().checked_sub(scale).filter(|whole| *whole > 0) {
        Some(whole) => {
            out.extend_from_slice(&digits[..whole]);
            out.push(b'.');
            out.extend_from_slice(&digits[whole..]);
        }
        None => {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', scale - digits.len()));
            out.extend_from_slice(digits);
        }
    }
}

fn write_hex(bytes: &[u8], before: &[u8], after: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(before);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
    out.extend_from_slice(after);
}

/// Appends a JSON string. Runs without an escape are copied whole.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0x08 => b"\\b",
            0x0c => b"\\f",
            0..=0x1f => b"",
            _ => continue,
        };
        out.extend_from_slice(&bytes[start..at]);
        match escape {
            [] => write_hex(&[*byte], b"\\u00", b"", out),
            escape => out.extend_from_slice(escape),
        }
        start = at + 1;
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(ty: &str, value: Stored<'_>) -> String {
        let mut out = Vec::new();
        Type::parse(ty).unwrap().write_json(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_type_has_one_json_form() {
        for (ty, value, expect) in [
            ("boolean", Stored::Int(1), "true"),
            ("bigint", Stored::Int(i64::MAX), "9223372036854775807"),
            ("numeric(12,2)", Stored::Real(10.5), "10.50"),
            ("numeric(12,2)", Stored::Real(-0.05), "-0.05"),
            ("numeric(12,2)", Stored::Int(3), "3.00"),
            ("numeric(15,2)", Stored::Real(9_999_999_999_999.99), "9999999999999.99"),
            ("numeric(5,0)", Stored::Real(12.0), "12"),
            ("numeric", Stored::Text("1.50"), "1.50"),
            ("double", Stored::Real(1.0), "1"),
            ("double", Stored::Real(0.1), "0.1"),
            ("double", Stored::Real(f64::INFINITY), "\"Infinity\""),
            ("real", Stored::Real(f64::from(0.1f32)), "0.1"),
            ("text", Stored::Text("a\"\\\n\u{1}é"), "\"a\\\"\\\\\\n\\u0001é\""),
            ("json", Stored::Text("{\"a\":1}"), "{\"a\":1}"),
            ("text[]", Stored::Text("[\"a\"]"), "[\"a\"]"),
            ("bytes", Stored::Blob(b"hi"), "\"\\\\x6869\""),
            ("uuid", Stored::Null, "null"),
            ("text", Stored::Int(5), "\"5\""),
            ("text", Stored::Real(5.0), "\"5.0\""),
            ("text", Stored::Blob(b"hi"), "\"\\\\x6869\""),
        ] {
            assert_eq!(json(ty, value), expect, "{ty} {value:?}");
        }
    }

    #[test]
    fn every_short_decimal_survives_the_way_through_a_double() {
        let ty = Type::parse("numeric(15,4)").unwrap();
        for step in 0..200_000_i64 {
            let units = step * 4_999_999_993 % 1_000_000_000_000_000;
            let text = format!("{}.{:04}", units / 10_000, units % 10_000);
            let stored = ty.read_text(&text).unwrap();
            let mut out = Vec::new();
            ty.write_json(stored.as_stored(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
