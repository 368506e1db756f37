//! Rules of tables, columns and functions, once all tables are known: every name in them is looked
//! up. Those of views wait until the engine has said which columns they have.

use std::sync::Arc;

use crate::Rule;
use crate::mistake::{Found, Mistake, Place};
use crate::model::{Allow, ColumnAllow, Function, Module, Table};
use crate::rule::bind::{Scope, Shape};
use crate::rule::{Extra, RuleFault};

const NO_NEW: &str = "rules of `read` and `delete` know the row as it is: `row`";
const NO_ROW: &str = "a row that is made has no row before it: `new` is what it will be";
const NO_ROWS: &str = "a column is there or not for all rows alike; what differs from row to row \
                       belongs into a table of its own, or into a view";
const CALLER: &str = "a function is called before any row is looked at";

/// What is wrong with one rule.
struct Wrong {
    what: String,
    place: Option<Place>,
    source: String,
    fault: RuleFault,
}

/// Binds the rules of a module's tables and functions.
pub(super) fn bind(tables: &mut [Table], functions: &mut [Function], found: &mut Found) {
    let known: Vec<Table> = tables.to_vec();
    let shapes: Vec<Shape<'_>> = known.iter().map(Shape::of).collect();
    let mut wrong = Vec::new();
    for (at, table) in tables.iter_mut().enumerate() {
        let links = links(&known, at);
        let extra = Extra { tenant: known[at].tenant, links: &links };
        let scopes = Scopes { tables: &shapes, row: &shapes[at] };
        scopes.allow(&mut table.allow, &extra, &mut wrong);
        for column in &mut table.columns {
            scopes.column(&column.name, &mut column.allow, &mut wrong);
        }
    }
    for function in functions {
        let scope = Scope { why_not: CALLER, ..Scope::CALLER };
        one(function.allow.as_mut(), "`allow`", &scope, &Extra::default(), &mut wrong);
    }
    wrong.into_iter().for_each(|wrong| found.add(wrong.into_mistake()));
}

/// Binds the rules of the views of a module that the engine has compiled.
pub(crate) fn bind_views(module: &mut Module, found: &mut Found) {
    let tables = module.tables.clone();
    let shapes: Vec<Shape<'_>> = tables.iter().map(|table| Shape::of(table)).collect();
    let mut wrong = Vec::new();
    for view in &mut module.views {
        let Some(compiled) = &mut view.compiled else { continue };
        let mut table = Table::clone(&compiled.table);
        let shape_of = Table::clone(&table);
        let shape = Shape {
            name: &shape_of.name,
            columns: &shape_of.columns,
            opens: compiled
                .origins
                .iter()
                .map(|origin| shapes[origin.as_ref()?.table].opens[origin.as_ref()?.column])
                .collect(),
        };
        let extra = Extra { tenant: table.tenant, links: &[] };
        let scopes = Scopes { tables: &shapes, row: &shape };
        scopes.allow(&mut table.allow, &extra, &mut wrong);
        for column in &mut table.columns {
            scopes.column(&column.name, &mut column.allow, &mut wrong);
        }
        compiled.table = Arc::new(table);
    }
    wrong.into_iter().for_each(|wrong| found.add(wrong.into_mistake()));
}

/// References to rows of tables with tenants, from one that has them too.
fn links(tables: &[Table], at: usize) -> Vec<(usize, usize, usize)> {
    let table = &tables[at];
    if table.tenant.is_none() {
        return Vec::new();
    }
    let keys = table.foreign_keys.iter().filter(|key| key.columns.len() == 1);
    keys.filter_map(|key| Some((key.columns[0], key.table, tables[key.table].tenant?))).collect()
}

struct Scopes<'s, 'm> {
    tables: &'s [Shape<'m>],
    row: &'s Shape<'m>,
}

impl<'s, 'm: 's> Scopes<'s, 'm> {
    fn scope(&self, sees_row: bool, sees_new: bool, why_not: &'static str) -> Scope<'_> {
        Scope { tables: self.tables, row: Some(self.row), sees_row, sees_new, why_not }
    }

    fn allow(&self, allow: &mut Allow, extra: &Extra<'_>, wrong: &mut Vec<Wrong>) {
        let row = self.scope(true, false, NO_NEW);
        let new = self.scope(false, true, NO_ROW);
        let both = self.scope(true, true, "");
        one(allow.read.as_mut(), "`allow.read`", &row, extra, wrong);
        one(allow.create.as_mut(), "`allow.create`", &new, extra, wrong);
        one(allow.update.as_mut(), "`allow.update`", &both, extra, wrong);
        one(allow.delete.as_mut(), "`allow.delete`", &row, extra, wrong);
    }

    fn column(&self, name: &str, allow: &mut ColumnAllow, wrong: &mut Vec<Wrong>) {
        let what = |action: &str| format!("`{action}` of column `{name}`");
        let none = Extra::default();
        one(allow.read.as_mut(), &what("read"), &self.scope(false, false, NO_ROWS), &none, wrong);
        one(allow.create.as_mut(), &what("create"), &self.scope(false, true, NO_ROW), &none, wrong);
        one(allow.update.as_mut(), &what("update"), &self.scope(true, true, ""), &none, wrong);
    }
}

fn one(
    rule: Option<&mut Rule>,
    what: &str,
    scope: &Scope<'_>,
    extra: &Extra<'_>,
    wrong: &mut Vec<Wrong>,
) {
    let Some(rule) = rule else { return };
    if let Err(fault) = rule.bind(scope, extra) {
        let (place, source) = (rule.place, rule.source.clone());
        wrong.push(Wrong { what: what.to_owned(), place, source, fault });
    }
}

impl Wrong {
    fn into_mistake(self) -> Mistake {
        let Self { what, place, source, fault } = self;
        let place = place.unwrap_or_default().inside(&source, fault.range);
        let mut mistake = Mistake::new(place, fault.code, format!("{what}: {}", fault.message));
        mistake.hint = fault.hint;
        mistake
    }
}
