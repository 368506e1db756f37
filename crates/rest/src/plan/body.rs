//! Bodies: JSON, CSV and forms become rows of stored values, read once, straight into the types of
//! their columns.

use std::cell::RefCell;
use std::fmt;

use mainstay_base::{Code, Error, Result};
use mainstay_schema::Value;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Target, resolve};
use crate::limits;
use crate::parse::object::Key;
use crate::parse::{BodyKind, Pairs};

/// One row: columns in the order in which the body names them.
pub type Cells = Vec<(usize, Value)>;

/// The rows of a body.
#[derive(Debug, Default, PartialEq)]
pub struct Rows {
    pub rows: Vec<Cells>,
    /// The body was an array, or a table: the answer to nothing is nothing.
    pub many: bool,
}

/// Reads a body. With `only`, other columns are passed over.
///
/// # Errors
/// `PGRST102` for what does not parse, `PGRST204` for unknown columns, and the codes of the types.
pub fn read(
    target: &Target<'_>,
    kind: BodyKind,
    body: &[u8],
    only: Option<&[usize]>,
) -> Result<Rows> {
    match kind {
        BodyKind::Json => json(target, body, only),
        BodyKind::Csv => csv(target, body, only),
        BodyKind::Form => form(target, body, only),
    }
}

fn json(target: &Target<'_>, body: &[u8], only: Option<&[usize]>) -> Result<Rows> {
    let refused = RefCell::new(None);
    let seed = Body { target, only, refused: &refused };
    let mut input = serde_json::Deserializer::from_slice(body);
    let done = seed.deserialize(&mut input).and_then(|rows| {
        input.end()?;
        Ok(rows)
    });
    done.map_err(|error| {
        refused.borrow_mut().take().unwrap_or_else(|| {
            let message = match body.is_empty() {
                true => "Empty or invalid json",
                false => "The body does not parse as JSON",
            };
            Error::new(Code::BodyUnreadable, message).details(error.to_string())
        })
    })
}

/// An object, or an array of objects.
struct Body<'t> {
    target: &'t Target<'t>,
    only: Option<&'t [usize]>,
    /// The error that ended the reading, since serde cannot carry it.
    refused: &'t RefCell<Option<Error>>,
}

impl<'de> DeserializeSeed<'de> for Body<'_> {
    type Value = Rows;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> std::result::Result<Rows, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Body<'_> {
    type Value = Rows;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object or an array of JSON objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> std::result::Result<Rows, A::Error> {
        let row = Row { body: &self, capacity: 8 }.visit_map(map)?;
        Ok(Rows { rows: vec![row], many: false })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Rows, A::Error> {
        let mut rows: Vec<Cells> = Vec::new();
        loop {
            let capacity = rows.last().map_or(8, Vec::len);
            let Some(row) = seq.next_element_seed(Row { body: &self, capacity })? else {
                return Ok(Rows { rows, many: true });
            };
            rows.push(row);
            if rows.len() > limits::BULK_ROWS {
                let message = format!("more than {} rows in one request", limits::BULK_ROWS);
                *self.refused.borrow_mut() = Some(Error::new(Code::BodyUnreadable, message));
                return Err(A::Error::custom("too many rows"));
            }
        }
    }
}

struct Row<'b, 't> {
    body: &'b Body<'t>,
    capacity: usize,
}

impl<'de> DeserializeSeed<'de> for Row<'_, '_> {
    type Value = Cells;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> std::result::Result<Cells, D::Error> {
        input.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_, '_> {
    type Value = Cells;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Cells, A::Error> {
        let Body { target, only, refused } = self.body;
        let mut cells = Cells::with_capacity(self.capacity);
        while let Some(Key(name)) = map.next_key::<Key<'de>>()? {
            let raw = map.next_value::<&'de RawValue>()?;
            match cell(target, *only, &cells, &name, |ty| ty.read_json(raw.get())) {
                Ok(Some(cell)) => cells.push(cell),
                Ok(None) => {}
                Err(error) => {
                    *refused.borrow_mut() = Some(error);
                    return Err(A::Error::custom("refused"));
                }
            }
        }
        Ok(cells)
    }
}

/// One cell; `None` for a column that is passed over.
fn cell(
    target: &Target<'_>,
    only: Option<&[usize]>,
    before: &Cells,
    name: &str,
    read: impl FnOnce(&mainstay_schema::Type) -> Result<Value>,
) -> Result<Option<(usize, Value)>> {
    let Some(at) = place(target, only, name)? else { return Ok(None) };
    if before.iter().any(|(known, _)| *known == at) {
        return Err(twice(name));
    }
    let column = &target.table.columns[at];
    Ok(Some((at, read(&column.ty)?)))
}

/// Which column a body means; `None` for one that is passed over.
fn place(target: &Target<'_>, only: Option<&[usize]>, name: &str) -> Result<Option<usize>> {
    if let Some(only) = only {
        // What is not listed is not looked at, even if there is no such column.
        let listed = target.index.columns.get(name).is_some_and(|at| only.contains(at));
        if !listed {
            return Ok(None);
        }
    }
    resolve::body_column(target, name).map(Some)
}

fn twice(name: &str) -> Error {
    Error::new(Code::BodyUnreadable, format!("the key '{name}' stands twice in one object"))
}

/// A header row, then rows; a bare `NULL` is a null.
fn csv(target: &Target<'_>, body: &[u8], only: Option<&[usize]>) -> Result<Rows> {
    let unreadable = |error: csv::Error| {
        Error::new(Code::BodyUnreadable, "The body does not parse as CSV")
            .details(error.to_string())
    };
    let mut reader = csv::ReaderBuilder::new().from_reader(body);
    let places = header(target, reader.headers().map_err(unreadable)?, only)?;
    let mut rows = Rows { rows: Vec::new(), many: true };
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let mut cells = Cells::with_capacity(places.len());
        for (at, text) in places.iter().zip(&record) {
            let Some(at) = *at else { continue };
            let value = match text {
                "NULL" => Value::Null,
                text => target.table.columns[at].ty.read_text(text)?,
            };
            cells.push((at, value));
        }
        rows.rows.push(cells);
        if rows.rows.len() > limits::BULK_ROWS {
            let message = format!("more than {} rows in one request", limits::BULK_ROWS);
            return Err(Error::new(Code::BodyUnreadable, message));
        }
    }
    Ok(rows)
}

/// The column of each field. Looked at once, so that a wrong name is refused without rows, too.
fn header(
    target: &Target<'_>,
    names: &csv::StringRecord,
    only: Option<&[usize]>,
) -> Result<Vec<Option<usize>>> {
    if names.is_empty() {
        return Err(Error::new(Code::BodyUnreadable, "The body does not parse as CSV")
            .details("there is no header row")
            .hint("The first line names the columns."));
    }
    let mut places: Vec<Option<usize>> = Vec::with_capacity(names.len());
    for name in names {
        let at = place(target, only, name)?;
        if at.is_some() && places.contains(&at) {
            return Err(twice(name));
        }
        places.push(at);
    }
    Ok(places)
}

/// `a=1&b=x`: one row.
fn form(target: &Target<'_>, body: &[u8], only: Option<&[usize]>) -> Result<Rows> {
    let text = std::str::from_utf8(body)
        .map_err(|_| Error::new(Code::BodyUnreadable, "The form is not UTF-8"))?;
    let mut cells = Cells::new();
    for (name, value) in &Pairs::read(text)?.0 {
        cells.extend(cell(target, only, &cells, name, |ty| ty.read_text(value))?);
    }
    Ok(Rows { rows: vec![cells], many: false })
}
