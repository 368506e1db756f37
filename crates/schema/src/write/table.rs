//! One table as TOML. What concerns one column is written at the column, as long as reading it
//! back gives the same order; the rest stands at the table.

use std::ops::Range;

use super::column::{self, Inline};
use super::inline::{
    has_made_key, inline_indexes, inline_references, inline_uniques, is_named, key_is_unnamed,
    written_indexes,
};
use super::text::{Line, key, list, quoted};
use crate::model::{Allow, Index, Module, Table};
use mainstay_base::duration;

pub(super) fn write(module: &Module, at: usize, out: &mut String) {
    let table = &module.tables[at];
    super::head("tables", &table.name, table.doc.as_deref(), out);
    if let Some(cache) = table.cache {
        out.push_str(&format!("cache = \"{}\"\n", duration::format(cache)));
    }
    let made = has_made_key(table);
    let inline_key = !made && table.primary_key.columns.len() == 1 && key_is_unnamed(table);
    if !made && !inline_key {
        write_key(table, out);
    }
    let references = inline_references(module, at);
    let uniques = inline_uniques(table);
    let indexes = inline_indexes(table);
    let written = written_indexes(table);
    write_uniques(table, uniques, out);
    write_checks(table, out);
    write_foreign_keys(module, table, references, out);
    write_indexes(table, indexes..written, out);
    if !table.search.is_empty() {
        out.push_str(&format!("search = {}\n", list(names(table, &table.search))));
    }
    if let Some(tenant) = table.tenant {
        out.push_str(&format!("tenant = {}\n", quoted(&table.columns[tenant].name)));
    }
    if table.adopted {
        out.push_str("adopted = true\n");
    }
    write_allow(&table.allow, out);
    let made = usize::from(made);
    let inline = (inline_key, references, uniques, indexes);
    write_columns(module, table, made, inline, out);
}

pub(super) fn write_allow(allow: &Allow, out: &mut String) {
    let actions = [
        ("read", &allow.read),
        ("create", &allow.create),
        ("update", &allow.update),
        ("delete", &allow.delete),
    ];
    for (action, rule) in actions {
        if let Some(rule) = rule {
            out.push_str(&format!("allow.{action} = {}\n", quoted(&rule.source)));
        }
    }
}

/// Each column with the key, references, unique constraints and indexes that are written there.
fn write_columns(
    module: &Module,
    table: &Table,
    first: usize,
    (inline_key, references, uniques, indexes): (bool, usize, usize, usize),
    out: &mut String,
) {
    let columns = first..table.columns.len();
    if !columns.is_empty() {
        out.push_str(&format!("\n[tables.{}.columns]\n", key(&table.name)));
    }
    for column in columns {
        let inline = Inline {
            key: inline_key && table.primary_key.columns == [column],
            unique: table.uniques[..uniques].iter().any(|unique| unique.columns == [column]),
            tenant: table.tenant == Some(column),
            index: table.indexes[..indexes].iter().any(|index| index.columns[0].column == column),
            reference: table.foreign_keys[..references]
                .iter()
                .find(|reference| reference.columns == [column])
                .map(|reference| (reference, is_named(table, &reference.name, &[column], "fkey"))),
        };
        let column = &table.columns[column];
        let text = column::column(module, column, &inline);
        out.push_str(&format!("{} = {text}\n", key(&column.name)));
    }
}

fn names<'t>(table: &'t Table, columns: &'t [usize]) -> impl Iterator<Item = &'t str> {
    columns.iter().map(|at| table.columns[*at].name.as_str())
}

fn write_key(table: &Table, out: &mut String) {
    let columns = list(names(table, &table.primary_key.columns));
    match key_is_unnamed(table) {
        true => out.push_str(&format!("primary_key = {columns}\n")),
        false => {
            let name = quoted(&table.primary_key.name);
            out.push_str(&format!("primary_key = {{ columns = {columns}, name = {name} }}\n"));
        }
    }
}

fn write_list(name: &str, entries: &[String], out: &mut String) {
    match entries {
        [] => {}
        [one] => out.push_str(&format!("{name} = [{one}]\n")),
        many => out.push_str(&format!("{name} = [\n  {},\n]\n", many.join(",\n  "))),
    }
}

fn write_uniques(table: &Table, inline: usize, out: &mut String) {
    let entries: Vec<String> = table.uniques[inline..]
        .iter()
        .map(|unique| {
            let columns = list(names(table, &unique.columns));
            match is_named(table, &unique.name, &unique.columns, "key") {
                true => format!("{{ columns = {columns}, name = {} }}", quoted(&unique.name)),
                false => columns,
            }
        })
        .collect();
    write_list("unique", &entries, out);
}

fn write_checks(table: &Table, out: &mut String) {
    let entries: Vec<String> = table
        .checks
        .iter()
        .map(|check| match is_named(table, &check.name, &[], "check") {
            true => format!("{{ sql = {}, name = {} }}", quoted(&check.sql), quoted(&check.name)),
            false => quoted(&check.sql),
        })
        .collect();
    write_list("checks", &entries, out);
}

fn write_foreign_keys(module: &Module, table: &Table, inline: usize, out: &mut String) {
    let entries: Vec<String> = table.foreign_keys[inline..]
        .iter()
        .map(|reference| {
            let mut line = Line::new();
            line.push("columns", &list(names(table, &reference.columns)));
            line.push("references", &column::target(module, reference));
            column::push_actions(reference, &mut line);
            if is_named(table, &reference.name, &reference.columns, "fkey") {
                line.push("name", &quoted(&reference.name));
            }
            line.braced()
        })
        .collect();
    write_list("foreign_keys", &entries, out);
}

fn write_indexes(table: &Table, range: Range<usize>, out: &mut String) {
    let entries: Vec<String> =
        table.indexes[range].iter().map(|index| index_text(table, index)).collect();
    write_list("indexes", &entries, out);
}

fn index_text(table: &Table, index: &Index) -> String {
    let columns: Vec<usize> = index.columns.iter().map(|part| part.column).collect();
    let parts: Vec<String> = names(table, &columns)
        .zip(&index.columns)
        .map(|(name, part)| if part.descending { format!("{name} desc") } else { name.to_owned() })
        .collect();
    let mut line = Line::new();
    line.push("columns", &list(parts.iter().map(String::as_str)));
    if index.unique {
        line.push("unique", "true");
    }
    if let Some(filter) = &index.filter {
        line.push("where", &quoted(filter));
    }
    if is_named(table, &index.name, &columns, "idx") {
        line.push("name", &quoted(&index.name));
    }
    line.short("columns")
}
