//! The plainest statement that a caller can send, with the rules in it: as SQL, with what it is
//! bound to.

use std::sync::Arc;

use mainstay_gate::{Action, Closed};
use mainstay_schema::rule::Residual;
use mainstay_schema::{Table, Value};
use mainstay_store::Statement;
use mainstay_store::plan::Slot;
use mainstay_store::query::{
    Delete, Expr, Filter, Given, Operand, Rows, Ruled, Select, Source, Update,
};
use mainstay_store::sql::{sqlite, sqlite_write};

/// The plainest statement of this kind, with everything in it that the caller may name. Rows are
/// made without one that asks, and what a view writes is more than one statement.
pub(super) fn statement(
    action: Action,
    source: Source,
    rows: &[Arc<Residual>],
    closed: &Closed,
) -> Option<Statement> {
    let filter = filter(rows);
    let is_table = source.rows == Rows::Stored;
    let table = Arc::clone(&source.table);
    match action {
        Action::Read => {
            let is_open = |at: &usize| !closed.read.contains(at);
            let outputs = (0..table.columns.len()).filter(is_open).map(Expr::Column).collect();
            Some(sqlite::select(&Select { filter, ..Select::all(source, outputs) }))
        }
        Action::Update if is_table => {
            let set = vec![(written(&table, closed)?, Operand::Given(Given(0)))];
            Some(sqlite_write::update(&Update { table, set, filter, returning: Vec::new() }))
        }
        Action::Delete if is_table => {
            Some(sqlite_write::delete(&Delete { table, filter, returning: Vec::new() }))
        }
        _ => None,
    }
}

fn filter(rows: &[Arc<Residual>]) -> Filter {
    let mut filter = Filter::NONE;
    let mut first = 0;
    for residual in rows {
        filter = filter.and(Filter::Rule(Ruled { residual: Arc::clone(residual), first }));
        first += residual.values.len();
    }
    filter
}

/// A column that the caller may change.
fn written(table: &Table, closed: &Closed) -> Option<usize> {
    (0..table.columns.len()).find(|at| {
        let column = &table.columns[*at];
        !table.primary_key.columns.contains(at)
            && !closed.update.contains(at)
            && column.generated.is_none()
            && !column.readonly
    })
}

/// What the parameters are bound to, in order.
pub(super) fn values(statement: &Statement, rows: &[Arc<Residual>]) -> Vec<String> {
    let bound: Vec<&Value> = rows.iter().flat_map(|rows| &rows.values).collect();
    let shown = |value: &Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Real(number) => format!("{number:?}"),
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
    };
    let slots = statement.slots.iter().map(|slot| match slot {
        Slot::Fixed(value) => shown(value),
        Slot::Given(_) => "a value of the request".to_owned(),
        Slot::Rule(at) => bound.get(*at).map_or_else(String::new, |value| shown(value)),
    });
    slots.collect()
}
