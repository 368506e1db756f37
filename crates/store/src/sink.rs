//! The place where rows go: the store drives it, the layer above decides what becomes of them.
//! Rows are handed over while they are still in the engine's memory, so nothing is copied twice.

use mainstay_base::Result;
use mainstay_schema::value::Stored;

/// One row of a running statement.
pub trait RowView {
    /// The value at this place of the select list.
    ///
    /// # Errors
    /// When the engine gives text that is not UTF-8.
    fn get(&self, at: usize) -> Result<Stored<'_>>;
}

/// Takes rows one by one.
pub trait Sink: Send + 'static {
    /// Takes a row. An error ends the statement and undoes a write.
    ///
    /// # Errors
    /// When the answer grows over its bound or a value cannot be shown as asked.
    fn row(&mut self, row: &dyn RowView) -> Result<()>;

    /// Forgets all rows: the statement will be run again from the start.
    fn restart(&mut self);
}

/// Takes nothing: for writes that return no rows.
impl Sink for () {
    fn row(&mut self, _: &dyn RowView) -> Result<()> {
        Ok(())
    }

    fn restart(&mut self) {}
}
