//! Expectations against the tables they speak of: every name is one of the module's, and every
//! value fits its column. Views are compiled later, so only their names are known here.

use serde_json::Value as Json;

use crate::limits::MAX_EXPECTED_ROWS;
use crate::mistake::{Found, Mistake, Place, Placed};
use crate::model::{Column, Deed, Expectation, ExpectedRow, Table, View};
use crate::read::node::{Field, Node};
use crate::read::sketch::ExpectationSketch;
use crate::read::{constant, given, json};
use crate::types::Type;

/// The expectations that are free of mistakes.
pub(super) fn resolve(
    sketches: Vec<ExpectationSketch<'_>>,
    tables: &[Table],
    views: &[View],
    found: &mut Found,
) -> Vec<Expectation> {
    let known = Known { tables, views };
    sketches.into_iter().filter_map(|sketch| known.expectation(sketch, found)).collect()
}

struct Known<'t> {
    tables: &'t [Table],
    views: &'t [View],
}

impl Known<'_> {
    fn expectation(&self, sketch: ExpectationSketch<'_>, found: &mut Found) -> Option<Expectation> {
        let table = self.table(&sketch.source.value);
        if table.is_none() && !self.views.iter().any(|view| view.name == sketch.source.value) {
            let views = self.views.iter().map(|view| view.name.as_str());
            found.add(self.unknown(&sketch.source, "table or view", views));
        }
        let mut row = |node: Option<Node<'_>>, key: &str| {
            node.map_or_else(ExpectedRow::new, |node| self.row(table, node, key, found))
        };
        let (there, new) = (row(sketch.row, "`row`"), row(sketch.new, "`new`"));
        if let (Some(table), false) = (table, sketch.deed == Deed::Delete) {
            for name in &sketch.columns {
                known_column(table, &name.value, name.place, found);
            }
        }
        let given = sketch.given.map(|node| self.given(node, found));
        Some(Expectation {
            spot: sketch.spot,
            doc: sketch.doc,
            caller: sketch.caller,
            allowed: sketch.allowed,
            deed: sketch.deed,
            source: sketch.source.value,
            columns: sketch.columns.into_iter().map(|name| name.value).collect(),
            row: there,
            new,
            given: given.unwrap_or_default(),
        })
    }

    fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    fn unknown<'a>(
        &'a self,
        name: &Placed<String>,
        what: &str,
        more: impl Iterator<Item = &'a str>,
    ) -> Mistake {
        let message = format!("there is no {what} `{}` in this module", name.value);
        let names = self.tables.iter().map(|table| table.name.as_str()).chain(more);
        Mistake::new(name.place, "unknown-table", message).nearest(&name.value, names)
    }

    fn given(&self, node: Node<'_>, found: &mut Found) -> Vec<(String, ExpectedRow)> {
        let rows = given(node, found);
        if rows.len() > MAX_EXPECTED_ROWS {
            let message = format!("{} rows, at most {MAX_EXPECTED_ROWS} are taken", rows.len());
            found.add(Mistake::new(node.place, "too-many", message));
            return Vec::new();
        }
        let mut made = Vec::with_capacity(rows.len());
        for (name, row) in rows {
            let table = self.table(&name.value);
            if table.is_none() {
                found.add(self.unknown(&name, "table", std::iter::empty()));
            }
            made.push((name.value, self.row(table, row, "a row of `given`", found)));
        }
        made
    }

    /// Values by column. Those of a view are taken as they are, like those of a table that is
    /// unknown.
    fn row(
        &self,
        table: Option<&Table>,
        node: Node<'_>,
        what: &str,
        found: &mut Found,
    ) -> ExpectedRow {
        let Some(fields) = node.entries(what, found) else {
            return ExpectedRow::new();
        };
        let mut row = ExpectedRow::new();
        for field in &fields.list {
            let value = match table {
                Some(table) => known_column(table, field.name, field.place, found)
                    .and_then(|column| value(column, field, found)),
                None => json(field.node.value),
            };
            if let Some(value) = value {
                row.insert(field.name.to_owned(), value);
            }
        }
        row
    }
}

fn known_column<'t>(
    table: &'t Table,
    name: &str,
    place: Place,
    found: &mut Found,
) -> Option<&'t Column> {
    let column = table.columns.iter().find(|column| column.name == name);
    if column.is_none() {
        let names = table.columns.iter().map(|column| column.name.as_str());
        let message = format!("table `{}` has no column `{name}`", table.name);
        let hint =
            format!("its columns are {}", names.clone().take(20).collect::<Vec<_>>().join(", "));
        let mistake = Mistake::new(place, "unknown-column", message).hint(hint);
        found.add(mistake.nearest(name, names));
    }
    column
}

/// A value as the data API takes it; `{ null = true }` is NULL, for which TOML has no word.
fn value(column: &Column, field: &Field<'_>, found: &mut Found) -> Option<Json> {
    let what = format!("`{}`", field.name);
    if column.ty != Type::Json && is_null(field.node) {
        return Some(Json::Null);
    }
    let value = constant(field.node, &column.ty, &what, found)?;
    let mut text = Vec::new();
    column.ty.write_json(value.as_stored(), &mut text);
    serde_json::from_slice(&text).ok()
}

fn is_null(node: Node<'_>) -> bool {
    let only = node.value.as_table().filter(|table| table.len() == 1);
    only.and_then(|table| table.get("null"))
        .is_some_and(|null| null.get_ref().as_bool() == Some(true))
}
