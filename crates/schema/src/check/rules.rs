//! Rules of tables, columns and functions, once all tables are known: every name in them is looked
//! up. Those of views wait until the engine has said which columns they have.

use std::sync::Arc;

use crate::Rule;
use crate::mistake::{Found, Mistake, Place};
use crate::model::{
    Allow, ColumnAllow, CompiledView, ForeignKey, Function, Module, Origin, Table, View, ViewTenant,
};
use crate::rule::bind::{Scope, Shape};
use crate::rule::{Extra, Link, RuleFault};

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
        let tenants: Vec<usize> = known[at].tenant.into_iter().collect();
        let extra = Extra { tenants: &tenants, links: &links, judges: false };
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
        let Some(compiled) = &view.compiled else { continue };
        let tenants = view_tenants(view, compiled, &tables, found);
        let tenant = tenants.first().copied();
        let mut table = Table { tenant, ..Table::clone(&compiled.table) };
        inherit(&mut table, &compiled.origins, &tables);
        let opens = compiled.origins.iter().map(|origin| {
            let origin = origin.as_ref()?;
            shapes[origin.table].opens[origin.column]
        });
        let plain = compiled.table.clone();
        let (opens, indexed) = (opens.collect(), Vec::new());
        let shape = Shape { name: &plain.name, columns: &plain.columns, opens, indexed };
        let links = view_links(compiled, &tables);
        let extra = Extra { tenants: &tenants, links: &links, judges: false };
        Scopes { tables: &shapes, row: &shape }.allow(&mut table.allow, &extra, &mut wrong);
        // Through a view that shows the rows of all tenants nothing is written.
        let owned = |base: &usize| tables[*base].tenant.is_some() && tenant.is_none();
        let base = compiled.base.filter(|base| !owned(base));
        let compiled = CompiledView { table: Arc::new(table), base, ..compiled.clone() };
        view.compiled = Some(compiled);
    }
    wrong.into_iter().for_each(|wrong| found.add(wrong.into_mistake()));
}

/// A column that is shown unchanged is hidden from whom its table hides it.
fn inherit(view: &mut Table, origins: &[Option<Origin>], tables: &[Arc<Table>]) {
    for (column, origin) in view.columns.iter_mut().zip(origins) {
        if let Some(origin) = origin {
            column.allow.read.clone_from(&tables[origin.table].columns[origin.column].allow.read);
        }
    }
}

/// The columns of a view that say whose a row is: of every table with tenants that it reads.
fn view_tenants(
    view: &View,
    compiled: &CompiledView,
    tables: &[Arc<Table>],
    found: &mut Found,
) -> Vec<usize> {
    let Allow { read, create, update, delete } = &view.allow;
    // A view without rules is closed, so nobody sees anything through it.
    let Some(rule) = [read, create, update, delete].into_iter().flatten().next() else {
        return Vec::new();
    };
    let place = rule.place.unwrap_or_default();
    if view.tenant == ViewTenant::Open {
        return Vec::new();
    }
    let owned = compiled.reads.iter().copied().filter(|at| tables[*at].tenant.is_some());
    let mut shown: Vec<usize> = Vec::new();
    for table in owned {
        let column = tables[table].tenant.map(|column| Origin { table, column });
        match compiled.origins.iter().position(|origin| *origin == column) {
            Some(at) => shown.push(at),
            // Who names one column says that the others are joined to it tenant by tenant.
            None if view.tenant != ViewTenant::Unsaid => {}
            None => found.add(hidden_tenant(view, &tables[table], place)),
        }
    }
    if let ViewTenant::Column(name) = &view.tenant {
        let columns = &compiled.table.columns;
        match columns.iter().position(|column| column.name == *name) {
            Some(at) if shown.is_empty() || shown.contains(&at) => {
                shown.retain(|known| *known != at);
                shown.insert(0, at);
            }
            Some(_) => {
                let message = format!("`{name}` is not the column that says whose a row is");
                found.add(Mistake::new(place, "tenant-hidden", message));
            }
            None => {
                let message = format!("view `{}` has no column `{name}`", view.name);
                let names = columns.iter().map(|column| column.name.as_str());
                found.add(Mistake::new(place, "unknown-column", message).nearest(name, names));
            }
        }
    }
    shown
}

fn hidden_tenant(view: &View, table: &Table, place: Place) -> Mistake {
    let column = table.tenant.map_or("", |at| &table.columns[at].name);
    let message = format!(
        "view `{}` reads `{}`, whose rows have tenants, and does not show whose they are",
        view.name, table.name
    );
    Mistake::new(place, "tenant-hidden", message).hint(format!(
        "show its column `{column}`; or name the column that says it, `tenant = \"…\"`, if the tables \
         are joined tenant by tenant; or say `tenant = false` if everybody may see the rows of all"
    ))
}

/// References to rows of tables with tenants, from one that has them too.
fn links<T: std::borrow::Borrow<Table>>(tables: &[T], at: usize) -> Vec<Link> {
    let table: &Table = tables[at].borrow();
    if table.tenant.is_none() {
        return Vec::new();
    }
    let link = |key: &ForeignKey| {
        let pairs = key.columns.iter().copied().zip(key.references.iter().copied()).collect();
        let tenant = tables[key.table].borrow().tenant?;
        Some(Link { pairs, table: key.table, tenant })
    };
    table.foreign_keys.iter().filter_map(link).collect()
}

/// The references of the table behind a view, by the view's columns. One that the view does not
/// show cannot be written through it.
fn view_links(compiled: &CompiledView, tables: &[Arc<Table>]) -> Vec<Link> {
    let Some(base) = compiled.base else { return Vec::new() };
    let shown = |column: usize| {
        let origin = Some(Origin { table: base, column });
        compiled.origins.iter().position(|known| *known == origin)
    };
    let seen = |link: Link| {
        let pairs = link.pairs.iter().filter_map(|(own, there)| Some((shown(*own)?, *there)));
        let pairs: Vec<(usize, usize)> = pairs.collect();
        // What is shown in part cannot be checked, so nothing is written into it.
        let table = if pairs.len() == link.pairs.len() { link.table } else { usize::MAX };
        (!pairs.is_empty()).then_some(Link { pairs, table, ..link })
    };
    links(tables, base).into_iter().filter_map(seen).collect()
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
        let judging = Extra { judges: true, ..*extra };
        one(allow.create.as_mut(), "`allow.create`", &new, &judging, wrong);
        one(allow.update.as_mut(), "`allow.update`", &both, extra, wrong);
        one(allow.delete.as_mut(), "`allow.delete`", &row, extra, wrong);
    }

    fn column(&self, name: &str, allow: &mut ColumnAllow, wrong: &mut Vec<Wrong>) {
        let what = |action: &str| format!("`{action}` of column `{name}`");
        let judging = Extra { judges: true, ..Extra::default() };
        let caller = Scope { why_not: NO_ROWS, ..Scope::CALLER };
        one(allow.read.as_mut(), &what("read"), &caller, &Extra::default(), wrong);
        let (new, both) = (self.scope(false, true, NO_ROW), self.scope(true, true, ""));
        one(allow.create.as_mut(), &what("create"), &new, &judging, wrong);
        one(allow.update.as_mut(), &what("update"), &both, &judging, wrong);
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
