//! How SQLite would run a statement on the tables of a module: asked of empty tables in memory, for
//! its planner decides by tables and indexes here, not by rows.

use std::sync::Arc;

use mainstay_base::{Clock, Error, Result};
use mainstay_schema::Module;

use super::{opened, tables};
use crate::plan::Statement;
use crate::sql::sqlite_view;

/// The steps of the plan, in order, each indented by its depth.
///
/// # Errors
/// When no database can be opened in memory, or SQLite does not take the statement.
pub fn explain(
    module: &Module,
    statement: &Statement,
    clock: &Arc<dyn Clock>,
) -> Result<Vec<String>> {
    let connection = opened(clock)?;
    tables(&connection, module);
    for view in sqlite_view::create_all(module) {
        connection.execute_batch(&view).map_err(Error::internal)?;
    }
    let sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
    let mut prepared = connection.prepare(&sql).map_err(Error::internal)?;
    let mut rows = prepared.raw_query();
    let mut depths: Vec<(i64, usize)> = Vec::new();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().map_err(Error::internal)? {
        let (id, parent): (i64, i64) =
            (row.get(0).map_err(Error::internal)?, row.get(1).map_err(Error::internal)?);
        let detail: String = row.get(3).map_err(Error::internal)?;
        let above = depths.iter().find(|(known, _)| *known == parent);
        let depth = above.map_or(0, |(_, depth)| depth + 1);
        depths.push((id, depth));
        steps.push(format!("{}{detail}", "  ".repeat(depth)));
    }
    Ok(steps)
}
