//! Gathers rows as a JSON array of arrays, in the form in which they are stored, so that a further
//! statement can take them as one value.

use mainstay_base::Result;
use mainstay_schema::value::{Stored, write_string};
use mainstay_schema::{Type, Value};

use crate::{RowView, Sink};

pub(super) struct Gather {
    places: Vec<usize>,
    pub rows: u64,
    json: Vec<u8>,
}

impl Gather {
    /// The first columns of each row.
    pub fn new(width: usize) -> Self {
        Self::of((0..width).collect())
    }

    /// The columns at these places of each row.
    pub fn of(places: Vec<usize>) -> Self {
        Self { places, rows: 0, json: Vec::from(*b"[") }
    }

    pub fn finish(mut self) -> Value {
        self.json.push(b']');
        Value::Text(String::from_utf8_lossy(&self.json).into_owned())
    }
}

impl Sink for Gather {
    fn row(&mut self, row: &dyn RowView) -> Result<()> {
        self.rows += 1;
        self.json.extend_from_slice(if self.json.len() > 1 { b",[" } else { b"[" });
        for at in 0..self.places.len() {
            if at > 0 {
                self.json.push(b',');
            }
            match row.get(self.places[at])? {
                Stored::Text(text) => write_string(text, &mut self.json),
                // JSON has no bytes: they are hex digits until they are asked for.
                Stored::Blob(bytes) => {
                    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                    write_string(&digits, &mut self.json);
                }
                Stored::Real(number) if number.is_infinite() => {
                    let text: &[u8] = if number > 0.0 { b"9e999" } else { b"-9e999" };
                    self.json.extend_from_slice(text);
                }
                // Seventeen digits, so that nothing of a double is lost.
                Stored::Real(number) => {
                    self.json.extend_from_slice(format!("{number:?}").as_bytes());
                }
                other => Type::BigInt.write_json(other, &mut self.json),
            }
        }
        self.json.push(b']');
        Ok(())
    }

    fn restart(&mut self) {
        self.rows = 0;
        self.json.truncate(1);
    }
}
