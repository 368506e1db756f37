//! One connection while it runs statements: binds values, steps rows into a sink, counts them.

use mainstay_base::Result;
use mainstay_schema::Value;
use mainstay_schema::value::Stored;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql};

use super::failure::Failure;
use super::functions::stored;
use crate::plan::{Slot, Statement, Values};
use crate::{RowView, Sink};

/// A connection inside a transaction, or reading on its own.
pub(super) struct Session<'c> {
    pub connection: &'c Connection,
}

impl Session<'_> {
    /// Steps the statement to its end and gives every row to `sink`. Returns how many there were.
    pub fn rows(
        &self,
        statement: &Statement,
        values: Values<'_>,
        sink: &mut dyn Sink,
    ) -> Result<u64, Failure> {
        let mut prepared = self.connection.prepare_cached(&statement.sql)?;
        for (at, slot) in statement.slots.iter().enumerate() {
            let value = match slot {
                Slot::Fixed(value) => value,
                Slot::Given(given) => values.given.get(given.0).unwrap_or(&Value::Null),
                Slot::Rule(at) => values.rules.get(*at).unwrap_or(&Value::Null),
            };
            prepared.raw_bind_parameter(at + 1, Borrowed(value))?;
        }
        let mut rows = prepared.raw_query();
        let mut count = 0;
        while let Some(row) = rows.next()? {
            sink.row(&RowOf(row))?;
            count += 1;
        }
        Ok(count)
    }

    /// The first row's values, if there is a row.
    pub fn first(
        &self,
        statement: &Statement,
        values: Values<'_>,
    ) -> Result<Option<Vec<Value>>, Failure> {
        let mut first = First { columns: 0, values: None };
        let columns = self.connection.prepare_cached(&statement.sql)?.column_count();
        first.columns = columns;
        self.rows(statement, values, &mut first)?;
        Ok(first.values)
    }

    /// A whole number that the statement gives in its first row.
    pub fn number(&self, statement: &Statement, values: Values<'_>) -> Result<u64, Failure> {
        let row = self.first(statement, values)?;
        Ok(match row.as_deref() {
            Some([Value::Int(number), ..]) => u64::try_from(*number).unwrap_or(0),
            _ => 0,
        })
    }
}

struct First {
    columns: usize,
    values: Option<Vec<Value>>,
}

impl Sink for First {
    fn row(&mut self, row: &dyn RowView) -> Result<()> {
        if self.values.is_none() {
            let columns = 0..self.columns;
            let values: Result<Vec<Value>> =
                columns.map(|at| row.get(at).map(Stored::to_value)).collect();
            self.values = Some(values?);
        }
        Ok(())
    }

    fn restart(&mut self) {
        self.values = None;
    }
}

/// Binds without copying.
struct Borrowed<'a>(&'a Value);

impl ToSql for Borrowed<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Real(number) => ValueRef::Real(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

struct RowOf<'r, 's>(&'r Row<'s>);

impl RowView for RowOf<'_, '_> {
    fn get(&self, at: usize) -> Result<Stored<'_>> {
        self.0.get_ref(at).map(stored).map_err(mainstay_base::Error::internal)
    }
}
