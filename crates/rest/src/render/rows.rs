//! Rows into bytes: the sink that the store drives. Each value goes from the database's memory
//! straight into the answer's buffer.

use std::sync::Arc;

use bytes::Bytes;
use mainstay_base::{Code, Error, Result};
use mainstay_schema::Type;
use mainstay_schema::value::Stored;
use mainstay_store::shown::strip_nulls;
use mainstay_store::{RowView, Sink};

use crate::limits;
use crate::parse::Media;
use crate::parse::accept::Form;
use crate::plan::Output;

/// How the rows stand in the body, where it is JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// An array of objects.
    #[default]
    Rows,
    /// The first row, or null.
    Row,
    /// An array of the values of the only column.
    Values,
    /// The only column of the first row, or null.
    Value,
}

/// Writes rows as JSON or CSV.
#[derive(Debug)]
pub struct JsonRows {
    outputs: Arc<[Output]>,
    media: Media,
    layout: Layout,
    out: Vec<u8>,
    /// Rows that came, and rows that were written.
    seen: u64,
    written: u64,
    skip: u64,
    most: u64,
}

impl JsonRows {
    /// Shows at most `most` rows.
    #[must_use]
    pub fn new(outputs: Arc<[Output]>, media: Media, most: u64) -> Self {
        let mut rows = Self {
            outputs,
            media,
            layout: Layout::default(),
            out: Vec::with_capacity(512),
            seen: 0,
            written: 0,
            skip: 0,
            most,
        };
        rows.open();
        rows
    }

    /// Shows the rows behind the first `skip`.
    #[must_use]
    pub fn skipping(mut self, skip: u64) -> Self {
        self.skip = skip;
        self
    }

    #[must_use]
    pub fn laid_out(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self.restart();
        self
    }

    /// The rows are elements of an array.
    fn is_list(&self) -> bool {
        let single = matches!(self.layout, Layout::Row | Layout::Value);
        matches!(self.media.form, Form::Json | Form::Array) && !single
    }

    /// What stands before the first row.
    fn open(&mut self) {
        match self.media.form {
            Form::Json | Form::Array if self.is_list() => self.out.push(b'['),
            Form::Json | Form::Array | Form::Object => {}
            Form::Csv => {
                for at in 0..self.outputs.len() {
                    if at > 0 {
                        self.out.push(b',');
                    }
                    let name = self.outputs[at].name.as_bytes().to_vec();
                    push_csv(&name, &mut self.out);
                }
            }
        }
    }

    /// Rows that stand in the body.
    #[must_use]
    pub fn shown(&self) -> u64 {
        self.written
    }

    /// The whole body.
    #[must_use]
    pub fn finish(mut self) -> Bytes {
        if self.is_list() {
            self.out.push(b']');
        } else if self.written == 0 && self.media.form != Form::Csv {
            self.out.extend_from_slice(b"null");
        }
        self.out.into()
    }

    /// Names and texts of a single row's values, read back from its JSON.
    #[must_use]
    pub fn first_row(self) -> Option<Vec<(String, String)>> {
        let json: serde_json::Value = serde_json::from_slice(&self.finish()).ok()?;
        let row = json.get(0).or(json.is_object().then_some(&json))?.as_object()?;
        let text = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some(row.iter().map(|(name, value)| (name.clone(), text(value))).collect())
    }

    fn object(&mut self, row: &dyn RowView) -> Result<()> {
        self.out.push(b'{');
        let mut first = true;
        for (at, output) in self.outputs.iter().enumerate() {
            let value = row.get(at)?;
            if self.media.strip_nulls && value == Stored::Null {
                continue;
            }
            if !first {
                self.out.push(b',');
            }
            first = false;
            self.out.extend_from_slice(&output.key);
            match (self.media.strip_nulls, &output.ty, value) {
                (true, Type::Json, Stored::Text(json)) if output.cast.is_none() => {
                    strip_nulls(json.as_bytes(), &mut self.out);
                }
                _ => output.write_json(value, &mut self.out)?,
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    fn record(&mut self, row: &dyn RowView) -> Result<()> {
        self.out.push(b'\n');
        let mut cell = Vec::new();
        for (at, output) in self.outputs.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            cell.clear();
            let value = row.get(at)?;
            output.write_text(value, &mut cell)?;
            // An empty text is quoted, so that it differs from a null.
            match cell.is_empty() && value != Stored::Null {
                true => self.out.extend_from_slice(b"\"\""),
                false => push_csv(&cell, &mut self.out),
            }
        }
        Ok(())
    }
}

impl Sink for JsonRows {
    fn row(&mut self, row: &dyn RowView) -> Result<()> {
        self.seen += 1;
        let lone =
            self.media.form == Form::Object || matches!(self.layout, Layout::Row | Layout::Value);
        let single = lone && self.written > 0;
        if self.seen <= self.skip || self.written >= self.most || single {
            return Ok(());
        }
        match self.media.form {
            Form::Csv => self.record(row)?,
            _ => {
                if self.written > 0 {
                    self.out.extend_from_slice(b",\n ");
                }
                match (self.layout, self.outputs.first()) {
                    (Layout::Value | Layout::Values, Some(output)) => {
                        output.write_json(row.get(0)?, &mut self.out)?;
                    }
                    _ => self.object(row)?,
                }
            }
        }
        self.written += 1;
        if self.out.len() > limits::ANSWER_BYTES {
            let message = format!("the answer is larger than {} bytes", limits::ANSWER_BYTES);
            return Err(Error::new(Code::StatementTooComplex, message)
                .hint("Ask for fewer rows or columns."));
        }
        Ok(())
    }

    fn restart(&mut self) {
        self.out.clear();
        (self.seen, self.written) = (0, 0);
        self.open();
    }
}

/// Quotes a cell only when it needs it.
fn push_csv(cell: &[u8], out: &mut Vec<u8>) {
    let special = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    if !cell.iter().any(special) {
        out.extend_from_slice(cell);
        return;
    }
    out.push(b'"');
    for byte in cell {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}
