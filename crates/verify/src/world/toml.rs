//! A world as a declaration that Mainstay reads.

use std::fmt::Write;

use super::cell::string;
use super::domain::LABELS;
use super::{Column, Default, OnDelete, Table, World};
use crate::rule::{Expr, written};

/// The text of a one-file application.
#[must_use]
pub fn declaration(world: &World) -> String {
    let mut text = String::from("name = \"world\"\n");
    for table in &world.tables {
        push_table(&mut text, world, table);
    }
    text
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
    for column in table.columns.iter().skip(hidden_key) {
        push_column(text, world, column);
    }
    let allow = &table.allow;
    for (action, rule) in [
        ("read", &allow.read),
        ("create", &allow.create),
        ("update", &allow.update),
        ("delete", &allow.delete),
    ] {
        push_rule(text, world, &format!("allow.{action} = "), rule.as_ref(), "\n");
    }
}

fn push_column(text: &mut String, world: &World, column: &Column) {
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
    if column.kind == super::Kind::Enum {
        let labels: Vec<String> = LABELS.iter().map(|label| string(label)).collect();
        let _ = write!(text, ", values = [{}]", labels.join(", "));
    }
    if column.null {
        text.push_str(", null = true");
    }
    if column.readonly {
        text.push_str(", readonly = true");
    }
    if let Some(default) = &column.default {
        let _ = write!(text, ", default = {}", self::default(default));
    }
    for (action, rule) in
        [("read", &column.read), ("create", &column.create), ("update", &column.update)]
    {
        push_rule(text, world, &format!(", {action} = "), rule.as_ref(), "");
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

fn push_rule(text: &mut String, world: &World, before: &str, rule: Option<&Expr>, after: &str) {
    if let Some(rule) = rule {
        let _ = write!(text, "{before}{}{after}", string(&written(rule, &world.tables)));
    }
}
