//! How the columns of an answer are shown: their names, casts and time zones. The sink of a whole
//! answer and the SQL functions that make the JSON of embedded rows both write through this.

mod strip;

use std::borrow::Cow;

use mainstay_base::Result;
use mainstay_schema::Type;
use mainstay_schema::value::{Stored, write_string};
use serde_json::value::RawValue;

pub use mainstay_schema::value::Zone;
pub use strip::strip_nulls;

/// A column as it is shown: its name, the type of what is stored, what it is cast to.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub name: String,
    /// `"name":`, ready to be written.
    pub key: Vec<u8>,
    pub ty: Type,
    pub cast: Option<Type>,
    /// `timestamptz` are shown in this zone; in UTC without one.
    pub zone: Option<Zone>,
}

impl Shown {
    #[must_use]
    pub fn new(name: &str, ty: Type, cast: Option<Type>) -> Self {
        let mut key = Vec::with_capacity(name.len() + 3);
        write_string(name, &mut key);
        key.push(b':');
        Self { name: name.to_owned(), key, ty, cast, zone: None }
    }

    /// The same column with its moments in a zone.
    #[must_use]
    pub fn in_zone(mut self, zone: Option<Zone>) -> Self {
        self.zone = zone;
        self
    }

    /// Appends the JSON form, through the cast if there is one.
    ///
    /// # Errors
    /// As `Type::cast`.
    #[inline]
    pub fn write_json(&self, value: Stored<'_>, out: &mut Vec<u8>) -> Result<()> {
        // Nearly all columns are shown as they are.
        if self.cast.is_none() && self.zone.is_none() {
            self.ty.write_json(value, out);
            return Ok(());
        }
        self.shown(value, |ty, value| ty.write_json(value, out))
    }

    /// Appends the unquoted text form, as CSV shows it, through the cast if there is one.
    ///
    /// # Errors
    /// As `Type::cast`.
    pub fn write_text(&self, value: Stored<'_>, out: &mut Vec<u8>) -> Result<()> {
        self.shown(value, |ty, value| ty.write_text(value, out))
    }

    /// A moment is put into its zone before a cast, because its date and its text are those of
    /// the zone, and after it, when the cast made it.
    fn shown(&self, value: Stored<'_>, write: impl FnOnce(&Type, Stored<'_>)) -> Result<()> {
        let local = self.local(&self.ty, value);
        let value = local.as_deref().map_or(value, Stored::Text);
        let Some(cast) = &self.cast else {
            write(&self.ty, value);
            return Ok(());
        };
        let made = self.ty.cast(cast, value)?;
        let local = self.local(cast, made.as_stored());
        write(cast, local.as_deref().map_or(made.as_stored(), Stored::Text));
        Ok(())
    }

    /// The stored form with its moments in the zone, where there is something to change.
    fn local(&self, ty: &Type, value: Stored<'_>) -> Option<String> {
        let (Some(zone), Stored::Text(text)) = (&self.zone, value) else {
            return None;
        };
        match ty {
            Type::TimestampTz => {
                let mut out = String::with_capacity(32);
                zone.write(text, &mut out).then_some(out)
            }
            Type::Array(element) if **element == Type::TimestampTz => local_items(zone, text),
            _ => None,
        }
    }
}

fn local_items(zone: &Zone, text: &str) -> Option<String> {
    let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    let mut out = String::with_capacity(text.len() + 2);
    for item in items {
        out.push(if out.is_empty() { '[' } else { ',' });
        let raw = item.get();
        match raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) {
            Some(moment) => {
                out.push('"');
                if !zone.write(moment, &mut out) {
                    out.push_str(moment);
                }
                out.push('"');
            }
            None => out.push_str(raw),
        }
    }
    (!out.is_empty()).then(|| out + "]")
}

/// A row of columns. As a text it is what a SQL function takes as its first argument.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub columns: Vec<Shown>,
    /// Keys without a value are left out.
    pub strip_nulls: bool,
}

/// Name, type, cast and zone of a column in the text of a row.
type Spelled<'a> = (Cow<'a, str>, Cow<'a, str>, Option<Cow<'a, str>>, Option<Cow<'a, str>>);

impl Row {
    /// The labels of an `enum` are not part of the text: its values are only shown.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = Vec::from(if self.strip_nulls { *b"[1" } else { *b"[0" });
        for column in &self.columns {
            push_item(b",[", Some(&column.name), &mut out);
            push_item(b",", Some(&column.ty.to_string()), &mut out);
            push_item(b",", column.cast.as_ref().map(ToString::to_string).as_deref(), &mut out);
            push_item(b",", column.zone.as_ref().map(Zone::name), &mut out);
            out.push(b']');
        }
        out.push(b']');
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Reads what `to_text` wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&RawValue> = serde_json::from_str(text).ok()?;
        let (strip, columns) = parts.split_first()?;
        let columns: Option<Vec<Shown>> = columns.iter().map(|part| column(part.get())).collect();
        Some(Self { columns: columns?, strip_nulls: strip.get() == "1" })
    }

    /// Appends `{"name":value,...}`; `get` gives the value of the column at a place.
    ///
    /// # Errors
    /// As `get` and `Shown::write_json`.
    pub fn write_object<'a>(
        &self,
        get: impl Fn(usize) -> Result<Stored<'a>>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        out.push(b'{');
        let mut first = true;
        for (at, column) in self.columns.iter().enumerate() {
            let value = get(at)?;
            if self.strip_nulls && value == Stored::Null {
                continue;
            }
            if !first {
                out.push(b',');
            }
            first = false;
            out.extend_from_slice(&column.key);
            self.write_value(column, value, out)?;
        }
        out.push(b'}');
        Ok(())
    }

    /// Appends one value as JSON, without the nulls inside it when the row leaves them out.
    ///
    /// # Errors
    /// As `Shown::write_json`.
    pub fn write_value(&self, column: &Shown, value: Stored<'_>, out: &mut Vec<u8>) -> Result<()> {
        let shown = column.cast.as_ref().unwrap_or(&column.ty);
        let nests = match shown {
            Type::Json => true,
            Type::Array(element) => **element == Type::Json,
            _ => false,
        };
        if !self.strip_nulls || !nests {
            return column.write_json(value, out);
        }
        let mut whole = Vec::new();
        column.write_json(value, &mut whole)?;
        strip_nulls(&whole, out);
        Ok(())
    }
}

fn push_item(before: &[u8], text: Option<&str>, out: &mut Vec<u8>) {
    out.extend_from_slice(before);
    match text {
        Some(text) => write_string(text, out),
        None => out.extend_from_slice(b"null"),
    }
}

fn column(text: &str) -> Option<Shown> {
    let (name, ty, cast, zone): Spelled<'_> = serde_json::from_str(text).ok()?;
    let cast = match cast {
        Some(cast) => Some(Type::parse(&cast)?),
        None => None,
    };
    let zone = match zone {
        Some(zone) => Some(Zone::find(&zone)?),
        None => None,
    };
    Some(Shown::new(&name, Type::parse(&ty)?, cast).in_zone(zone))
}

#[cfg(test)]
mod tests;
