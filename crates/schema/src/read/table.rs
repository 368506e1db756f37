//! A module and its tables: keys are known or noted, their values become sketches.

use super::node::{Field, Fields};
use super::sketch::{ColumnSketch, ModuleSketch, SearchSketch, TableSketch};
use super::{Reader, column, constraint, expectation, function};
use crate::limits::MAX_COLUMNS;
use crate::mistake::{Found, Mistake, Placed, Source};
use mainstay_base::duration;

/// What a module file holds.
pub(super) const MODULE_KEYS: &[&str] = &["doc", "tables", "functions", "views", "expect"];

const KEYS: &[&str] = &[
    "doc",
    "cache",
    "columns",
    "primary_key",
    "unique",
    "checks",
    "foreign_keys",
    "indexes",
    "search",
    "allow",
    "tenant",
    "adopted",
];

/// The module that `top` declares.
pub(super) fn module<'a>(
    name: Placed<String>,
    top: &Fields<'a>,
    source: &Source,
    reader: &mut Reader,
) -> ModuleSketch<'a> {
    let doc = top.get("doc").and_then(|node| node.text("`doc`", &mut reader.found));
    let tables = entries(top, "tables", reader);
    let functions = entries(top, "functions", reader);
    let views = entries(top, "views", reader);
    ModuleSketch {
        name,
        doc: doc.map(|doc| doc.value),
        tables: tables.iter().filter_map(|field| table(field, reader)).collect(),
        functions: functions.iter().filter_map(|field| function::function(field, reader)).collect(),
        views: views.iter().filter_map(|field| function::view(field, reader)).collect(),
        expectations: expectation::expectations(top, source, &mut reader.found),
    }
}

fn entries<'a>(top: &Fields<'a>, key: &str, reader: &mut Reader) -> Vec<Field<'a>> {
    let node = top.get(key);
    let fields = node.and_then(|node| node.entries(&format!("`{key}`"), &mut reader.found));
    fields.map(|fields| fields.list).unwrap_or_default()
}

fn table<'a>(field: &Field<'a>, reader: &mut Reader) -> Option<TableSketch<'a>> {
    let what = format!("table `{}`", field.name);
    let fields = field.node.entries(&what, &mut reader.found)?;
    refuse_unknown(&fields, &what, &mut reader.found);
    let columns = columns(&fields, &what, reader);
    let allow = reader.table_allow(&fields);
    let found = &mut reader.found;
    let doc = fields.get("doc").and_then(|node| node.text("`doc`", found));
    let adopted = fields.get("adopted").and_then(|node| node.flag("`adopted`", found));
    let adopted = adopted.unwrap_or(false);
    let key = fields.get("primary_key");
    let mut sketch = TableSketch {
        name: Placed::new(field.name.to_owned(), field.place),
        doc: doc.map(|doc| doc.value),
        columns,
        primary_key: key.and_then(|node| constraint::key(node, "`primary_key`", found)),
        uniques: list(&fields, "unique", |node| constraint::keys(node, "`unique`", found)),
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        indexes: Vec::new(),
        search: None,
        cache: cache(&fields, found),
        allow,
        tenant: fields.get("tenant").and_then(|node| node.filled_text("`tenant`", found)),
        adopted,
    };
    sketch.checks = list(&fields, "checks", |node| constraint::checks(node, found));
    sketch.foreign_keys =
        list(&fields, "foreign_keys", |node| constraint::foreign_keys(node, found));
    sketch.indexes = list(&fields, "indexes", |node| constraint::indexes(node, found));
    sketch.search = fields.get("search").and_then(|node| {
        let columns = node.texts("`search`", found)?;
        Some(SearchSketch { columns, place: node.place })
    });
    add_made_key(&mut sketch, key.is_some());
    Some(sketch)
}

fn list<T>(
    fields: &Fields<'_>,
    key: &str,
    read: impl FnOnce(super::node::Node<'_>) -> Vec<T>,
) -> Vec<T> {
    fields.get(key).map(read).unwrap_or_default()
}

/// A table that declares no key gets one, unless it was adopted and is kept as it was found.
fn add_made_key(sketch: &mut TableSketch<'_>, key_declared: bool) {
    let declared = key_declared
        || sketch.primary_key.is_some()
        || sketch.columns.iter().any(|column| column.primary_key.is_some());
    if !declared && !sketch.adopted {
        sketch.columns.insert(0, ColumnSketch::made_key(sketch.name.place));
    }
}

/// The usual slip is a column that stands beside `columns`, not in it.
fn refuse_unknown(fields: &Fields<'_>, what: &str, found: &mut Found) {
    for field in fields.list.iter().filter(|field| !KEYS.contains(&field.name)) {
        let message = format!("unknown key `{}` in {what}", field.name);
        let hint = format!("for a column write `columns.{} = …`", field.name);
        let mistake = Mistake::new(field.place, "unknown-key", message).hint(hint);
        found.add(mistake.nearest(field.name, KEYS.iter().copied()));
    }
}

fn columns<'a>(fields: &Fields<'a>, what: &str, reader: &mut Reader) -> Vec<ColumnSketch<'a>> {
    let Some(node) = fields.get("columns") else {
        return Vec::new();
    };
    let Some(entries) = node.entries("`columns`", &mut reader.found) else {
        return Vec::new();
    };
    if entries.list.len() > MAX_COLUMNS {
        let message =
            format!("{what} has {} columns, at most {MAX_COLUMNS} are taken", entries.list.len());
        reader.found.add(Mistake::new(entries.list[MAX_COLUMNS].place, "too-many", message));
    }
    entries.list.iter().take(MAX_COLUMNS).map(|field| column::column(field, reader)).collect()
}

fn cache(fields: &Fields<'_>, found: &mut Found) -> Option<std::time::Duration> {
    let node = fields.get("cache")?;
    let read = node.value.as_str().and_then(duration::parse);
    if read.is_none() {
        let message = match node.value.as_str() {
            Some(text) => format!("`cache` is no duration: `{text}`"),
            None => format!("`cache` must be a duration, not {}", node.kind()),
        };
        let hint = "write a number with its unit: \"60s\", \"5m\", \"1h\"";
        found.add(Mistake::new(node.place, "duration", message).hint(hint));
    }
    read
}
