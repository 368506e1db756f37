//! Keys, unique constraints, checks, references and indexes, as columns and tables declare them.
//! Names of columns and tables are looked up later, by `check`.

use super::node::{Fields, Node};
use super::sketch::{CheckSketch, IndexSketch, KeySketch, ReferenceSketch, Target};
use super::sql;
use crate::mistake::{Found, Mistake, Placed};
use crate::model::Action;

/// What `on_delete` and `on_update` may say, as SQL says it.
pub(crate) const ACTIONS: &[(&str, Action)] = &[
    ("no action", Action::NoAction),
    ("restrict", Action::Restrict),
    ("cascade", Action::Cascade),
    ("set null", Action::SetNull),
    ("set default", Action::SetDefault),
];

/// `["a", "b"]`, or `{ columns = […], name = "…" }`.
pub(super) fn key(node: Node<'_>, what: &str, found: &mut Found) -> Option<KeySketch> {
    if node.value.is_array() {
        let columns = node.texts(what, found)?;
        return Some(KeySketch { columns, name: None, place: node.place });
    }
    if !node.value.is_table() {
        node.wrong_kind(what, "a list of columns in [ ]", found);
        return None;
    }
    let fields = node.fields(what, &["columns", "name"], found)?;
    let columns = columns(node, &fields, what, found)?;
    Some(KeySketch { columns, name: name(&fields, found), place: node.place })
}

/// A list of keys: `[["a", "b"], { columns = ["c"], name = "…" }]`.
pub(super) fn keys(node: Node<'_>, what: &str, found: &mut Found) -> Vec<KeySketch> {
    let entry = format!("an entry of {what}");
    let list = node.list(what, found).unwrap_or_default();
    list.into_iter().filter_map(|node| key(node, &entry, found)).collect()
}

/// `"price > 0"`, or `{ sql = "…", name = "…" }`.
pub(super) fn check(node: Node<'_>, what: &str, found: &mut Found) -> Option<CheckSketch> {
    let (text, name) = if node.value.is_table() {
        let fields = node.fields(what, &["sql", "name"], found)?;
        let Some(text) = fields.get("sql") else {
            let message = format!("{what} has no `sql`");
            found.add(Mistake::new(node.place, "missing-key", message));
            return None;
        };
        (text.filled_text(what, found)?, name(&fields, found))
    } else {
        (node.filled_text(what, found)?, None)
    };
    sql::expression(&text, what, found)?;
    Some(CheckSketch { sql: text.value, name })
}

/// `checks` of a table.
pub(super) fn checks(node: Node<'_>, found: &mut Found) -> Vec<CheckSketch> {
    let list = node.list("`checks`", found).unwrap_or_default();
    list.into_iter().filter_map(|node| check(node, "a check", found)).collect()
}

/// `references` of a column, with `on_delete`, `on_update` and `name` beside it.
pub(super) fn inline_reference(
    node: Node<'_>,
    fields: &Fields<'_>,
    found: &mut Found,
) -> Option<ReferenceSketch> {
    Some(ReferenceSketch {
        columns: Vec::new(),
        target: target(node, found)?,
        on_delete: action(fields, "on_delete", found),
        on_update: action(fields, "on_update", found),
        name: name(fields, found),
        place: node.place,
    })
}

/// `foreign_keys` of a table.
pub(super) fn foreign_keys(node: Node<'_>, found: &mut Found) -> Vec<ReferenceSketch> {
    let known = ["columns", "references", "on_delete", "on_update", "name"];
    let list = node.list("`foreign_keys`", found).unwrap_or_default();
    let read = list.into_iter().filter_map(|node| {
        let what = "a foreign key";
        let fields = node.fields(what, &known, found)?;
        let columns = columns(node, &fields, what, found)?;
        let Some(references) = fields.get("references") else {
            let mistake =
                Mistake::new(node.place, "missing-key", "a foreign key has no `references`");
            found.add(mistake.hint("write `references = \"table(column, column)\"`"));
            return None;
        };
        Some(ReferenceSketch { columns, ..inline_reference(references, &fields, found)? })
    });
    read.collect()
}

fn target(node: Node<'_>, found: &mut Found) -> Option<Target> {
    if !node.value.is_table() {
        return node.filled_text("`references`", found).map(Target::Text);
    }
    let fields = node.fields("`references`", &["table", "columns"], found)?;
    let Some(table) = fields.get("table") else {
        found.add(Mistake::new(node.place, "missing-key", "`references` has no `table`"));
        return None;
    };
    let table = table.filled_text("`table`", found)?;
    let columns = fields.get("columns").and_then(|node| node.texts("`columns`", found));
    Some(Target::Parts { table, columns })
}

fn action(fields: &Fields<'_>, key: &str, found: &mut Found) -> Option<Placed<Action>> {
    let node = fields.get(key)?;
    let text = node.text(&format!("`{key}`"), found)?;
    let plain = text.value.to_lowercase().replace(['_', '-'], " ");
    let known = ACTIONS.iter().find(|(name, _)| *name == plain.trim());
    if known.is_none() {
        let names = ACTIONS.iter().map(|(name, _)| *name);
        let message = format!("`{key}` knows no `{}`", text.value);
        let hint = format!("it may be {}", names.clone().collect::<Vec<_>>().join(", "));
        let mistake = Mistake::new(node.place, "unknown-action", message).hint(hint);
        found.add(mistake.nearest(&plain, names));
    }
    known.map(|(_, action)| Placed::new(*action, node.place))
}

/// `["a", "price desc"]`, or `{ columns = […], where = "…", unique = true, name = "…" }`.
fn index(node: Node<'_>, found: &mut Found) -> Option<IndexSketch> {
    let what = "an index";
    if !node.value.is_table() {
        let parts = node.texts(what, found)?;
        return Some(IndexSketch {
            parts,
            unique: false,
            filter: None,
            name: None,
            place: node.place,
        });
    }
    let fields = node.fields(what, &["columns", "where", "unique", "name"], found)?;
    let parts = columns(node, &fields, what, found)?;
    let filter = fields.get("where").and_then(|node| node.filled_text("`where`", found));
    let filter = filter.filter(|text| sql::expression(text, "`where`", found).is_some());
    let unique = fields.get("unique").and_then(|node| node.flag("`unique`", found));
    Some(IndexSketch {
        parts,
        unique: unique.unwrap_or(false),
        filter: filter.map(|text| text.value),
        name: name(&fields, found),
        place: node.place,
    })
}

/// `indexes` of a table.
pub(super) fn indexes(node: Node<'_>, found: &mut Found) -> Vec<IndexSketch> {
    let list = node.list("`indexes`", found).unwrap_or_default();
    list.into_iter().filter_map(|node| index(node, found)).collect()
}

fn columns(
    node: Node<'_>,
    fields: &Fields<'_>,
    what: &str,
    found: &mut Found,
) -> Option<Vec<Placed<String>>> {
    let Some(columns) = fields.get("columns") else {
        let mistake = Mistake::new(node.place, "missing-key", format!("{what} has no `columns`"));
        found.add(mistake.hint("write `columns = [\"…\"]`"));
        return None;
    };
    columns.texts("`columns`", found)
}

fn name(fields: &Fields<'_>, found: &mut Found) -> Option<Placed<String>> {
    fields.get("name").and_then(|node| node.text("`name`", found))
}
