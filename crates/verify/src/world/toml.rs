//! A world as a declaration that Mainstay reads.

use std::fmt::Write;

use super::cell::string;
use super::domain::LABELS;
use super::{Allow, Column, Default, Function, Kind, OnDelete, Table, View, World};
use crate::rule::{Expr, written};

/// The text of a one-file application.
#[must_use]
pub fn declaration(world: &World) -> String {
    let mut text = String::from("name = \"world\"\n");
    for table in &world.tables {
        push_table(&mut text, world, table);
    }
    let sources = world.sources();
    for view in &world.views {
        push_view(&mut text, world, &sources, view);
    }
    for function in &world.functions {
        push_function(&mut text, world, function);
    }
    text
}

fn push_view(text: &mut String, world: &World, sources: &[Table], view: &View) {
    let table = &world.tables[view.table];
    let name = |at: &usize| table.columns[*at].name.as_str();
    let columns: Vec<&str> = view.columns.iter().map(name).collect();
    let filled =
        view.filled.map_or(String::new(), |at| format!(" where {} is not null", name(&at)));
    let sql = format!("select {} from {}{filled}", columns.join(", "), table.name);
    let _ = writeln!(text, "\n[views.{}]\nsql = {}", view.name, string(&sql));
    if let Some(tenant) = table.tenant {
        let _ = writeln!(text, "tenant = {}", string(name(&tenant)));
    }
    push_allow(text, sources, &view.allow);
}

fn push_function(text: &mut String, world: &World, function: &Function) {
    let table = &world.tables[function.table];
    let _ = writeln!(text, "\n[functions.{}]", function.name);
    let mut sql = format!("select * from {}", table.name);
    if let Some(by) = function.by {
        let column = &table.columns[by];
        let kind = if column.kind == Kind::Enum { Kind::Text } else { column.kind };
        let _ = writeln!(text, "args = {{ given = {} }}", string(kind.declared()));
        let _ = write!(sql, " where {} = :given", column.name);
    }
    let _ = writeln!(text, "sql = {}", string(&sql));
    let _ = writeln!(text, "returns = {}", string(&format!("setof {}", table.name)));
    if function.definer {
        text.push_str("security = \"definer\"\n");
    }
    push_rule(text, &world.tables, "allow = ", function.allow.as_ref(), "\n");
}

fn push_allow(text: &mut String, sources: &[Table], allow: &Allow) {
    for (action, rule) in [
        ("read", &allow.read),
        ("create", &allow.create),
        ("update", &allow.update),
        ("delete", &allow.delete),
    ] {
        push_rule(text, sources, &format!("allow.{action} = "), rule.as_ref(), "\n");
    }
}

fn push_table(text: &mut String, world: &World, table: &Table) {
    let name = |at: &usize| string(&table.columns[*at].name);
    let list = |columns: &[usize]| columns.iter().map(name).collect::<Vec<_>>().join(", ");
    let _ = writeln!(text, "\n[tables.{}]", table.name);
    if !table.made_key {
        let _ = writeln!(text, "primary_key = [{}]", list(&table.key));
    }
    if !table.uniques.is_empty() {
        let sets: Vec<String> =
            table.uniques.iter().map(|set| format!("[{}]", list(set))).collect();
        let _ = writeln!(text, "unique = [{}]", sets.join(", "));
    }
    if let Some(tenant) = table.tenant {
        let _ = writeln!(text, "tenant = {}", name(&tenant));
    }
    let hidden_key = usize::from(table.made_key);
    for (at, column) in table.columns.iter().enumerate().skip(hidden_key) {
        push_column(text, world, column, table.tenant == Some(at));
    }
    push_allow(text, &world.tables, &table.allow);
}

/// A tenant's column is filled and kept by the server without being said to.
fn push_column(text: &mut String, world: &World, column: &Column, tenant: bool) {
    let _ = write!(text, "columns.{} = {{ ", column.name);
    match column.reference {
        Some(reference) => {
            let _ = write!(text, "references = {}", string(&world.tables[reference.table].name));
            match reference.on_delete {
                OnDelete::NoAction => {}
                OnDelete::Cascade => text.push_str(", on_delete = \"cascade\""),
                OnDelete::SetNull => text.push_str(", on_delete = \"set null\""),
            }
        }
        None => {
            let _ = write!(text, "type = {}", string(column.kind.declared()));
        }
    }
    if column.kind == Kind::Enum {
        let labels: Vec<String> = LABELS.iter().map(|label| string(label)).collect();
        let _ = write!(text, ", values = [{}]", labels.join(", "));
    }
    if column.null {
        text.push_str(", null = true");
    }
    if column.readonly && !tenant {
        text.push_str(", readonly = true");
    }
    if let Some(default) = column.default.as_ref().filter(|_| !tenant) {
        let _ = write!(text, ", default = {}", self::default(default));
    }
    for (action, rule) in
        [("read", &column.read), ("create", &column.create), ("update", &column.update)]
    {
        push_rule(text, &world.tables, &format!(", {action} = "), rule.as_ref(), "");
    }
    text.push_str(" }\n");
}

fn default(default: &Default) -> String {
    match default {
        Default::Constant(cell) => match cell {
            super::Cell::Text(text) => format!("{{ value = {} }}", string(text)),
            cell => cell.wire(),
        },
        Default::Made => "\"uuid\"".to_owned(),
        Default::Now => "\"now\"".to_owned(),
        Default::Uid => "\"auth.uid\"".to_owned(),
        Default::Tenant => "\"auth.tenant\"".to_owned(),
    }
}

fn push_rule(text: &mut String, sources: &[Table], before: &str, rule: Option<&Expr>, after: &str) {
    if let Some(rule) = rule {
        let _ = write!(text, "{before}{}{after}", string(&written(rule, sources)));
    }
}
