//! One column as TOML: what is as it would be anyway is left out.

use super::text::{Line, list, quoted};
use crate::model::{Action, Column, Default, ForeignKey, Identity, Module};
use crate::read::ACTIONS;
use crate::types::Type;
use crate::value::Value;

/// What the table knows of a column that is written at the column.
#[derive(Default)]
pub(super) struct Inline<'a> {
    pub key: bool,
    pub unique: bool,
    pub index: bool,
    pub tenant: bool,
    pub reference: Option<(&'a ForeignKey, bool)>,
}

/// `{ type = "text", … }`, or only `"text"`.
pub(super) fn column(module: &Module, column: &Column, inline: &Inline<'_>) -> String {
    let mut line = Line::new();
    match inline.reference {
        Some((reference, named)) => push_reference(module, reference, named, &mut line),
        None => push_type(&column.ty, &mut line),
    }
    let flags = [
        ("null", column.null),
        ("primary_key", inline.key),
        ("unique", inline.unique),
        ("index", inline.index),
    ];
    flags.iter().filter(|(_, set)| *set).for_each(|(key, _)| line.push(key, "true"));
    match column.identity {
        Some(Identity::ByDefault) => line.push("identity", "true"),
        Some(Identity::Always) => line.push("identity", "\"always\""),
        None => {}
    }
    // What a tenant column has unless something else is said is left out.
    let usual = |default: &&Default| !inline.tenant || **default != Default::AuthTenant;
    if let Some(default) = column.default.as_ref().filter(usual) {
        push_default(&column.ty, default, &mut line);
    }
    push_bounds(column, &mut line);
    if column.readonly != inline.tenant {
        line.push("readonly", if column.readonly { "true" } else { "false" });
    }
    if let Some(generated) = &column.generated {
        let sql = quoted(&generated.sql);
        match generated.stored {
            true => line.push("generated", &format!("{{ sql = {sql}, stored = true }}")),
            false => line.push("generated", &sql),
        }
    }
    push_allow(column, &mut line);
    if let Some(doc) = &column.doc {
        line.push("doc", &quoted(doc));
    }
    line.short("type")
}

fn push_allow(column: &Column, line: &mut Line) {
    let allow = &column.allow;
    for (key, rule) in [("read", &allow.read), ("create", &allow.create), ("update", &allow.update)]
    {
        if let Some(rule) = rule {
            line.push(key, &quoted(&rule.source));
        }
    }
}

/// The type, with the labels of an enum.
pub(super) fn push_type(ty: &Type, line: &mut Line) {
    line.push("type", &quoted(&ty.to_string()));
    let inner = if let Type::Array(element) = ty { element } else { ty };
    if let Type::Enum(labels) = inner {
        line.push("values", &list(labels.iter().map(String::as_str)));
    }
}

fn push_reference(module: &Module, reference: &ForeignKey, named: bool, line: &mut Line) {
    line.push("references", &target(module, reference));
    push_actions(reference, line);
    if named {
        line.push("name", &quoted(&reference.name));
    }
}

pub(super) fn push_actions(reference: &ForeignKey, line: &mut Line) {
    for (key, action) in [("on_delete", reference.on_delete), ("on_update", reference.on_update)] {
        if action != Action::NoAction
            && let Some((name, _)) = ACTIONS.iter().find(|(_, known)| *known == action)
        {
            line.push(key, &quoted(name));
        }
    }
}

/// `"users"`, `"users(username)"`, or a table where names would be misread.
pub(super) fn target(module: &Module, reference: &ForeignKey) -> String {
    let table = &module.tables[reference.table];
    let columns: Vec<&str> =
        reference.references.iter().map(|at| table.columns[*at].name.as_str()).collect();
    let odd = |name: &str| name.contains(['(', ')', ',']) || name.trim() != name;
    let to_key = reference.references == table.primary_key.columns;
    if odd(&table.name) || columns.iter().any(|name| odd(name)) {
        let (table, columns) = (quoted(&table.name), list(columns));
        return format!("{{ table = {table}, columns = {columns} }}");
    }
    match to_key {
        true => quoted(&table.name),
        false => quoted(&format!("{}({})", table.name, columns.join(", "))),
    }
}

fn push_default(ty: &Type, default: &Default, line: &mut Line) {
    match default {
        Default::Value(Value::Null) => {}
        Default::Value(value) => line.push("default", &constant(ty, value)),
        Default::Now => line.push("default", "\"now\""),
        Default::Uuid => line.push("default", "\"uuid\""),
        Default::AuthTenant => line.push("default", "\"auth.tenant\""),
        Default::AuthUid => line.push("default", "\"auth.uid\""),
        Default::Sql(sql) => line.push("default", &format!("{{ sql = {} }}", quoted(sql))),
    }
}

fn push_bounds(column: &Column, line: &mut Line) {
    let lengths = [("min", column.min_len), ("max", column.max_len)];
    for (key, length) in lengths {
        if let Some(length) = length {
            line.push(key, &length.to_string());
        }
    }
    for (key, bound) in [("min", &column.min), ("max", &column.max)] {
        if let Some(bound) = bound {
            line.push(key, &number(bound));
        }
    }
    for (key, text) in [("pattern", &column.pattern), ("collation", &column.collation)] {
        if let Some(text) = text {
            line.push(key, &quoted(text));
        }
    }
}

/// A stored value as a TOML constant of its type.
pub(super) fn constant(ty: &Type, value: &Value) -> String {
    let mut text = Vec::new();
    ty.write_text(value.as_stored(), &mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    match (ty, value) {
        (Type::Boolean, Value::Int(truth)) => (*truth != 0).to_string(),
        (ty, _) if ty.is_number() => number(&text),
        (Type::Array(_), _) => quoted(&text),
        // A word that would mean something else is marked as the constant that it is.
        (Type::Text | Type::Uuid, _) if crate::read::is_word(&text) => {
            format!("{{ value = {} }}", quoted(&text))
        }
        _ => quoted(&text),
    }
}

/// A number as it is where TOML can carry it, else in quotes.
fn number(text: &str) -> String {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let plain_whole = whole && (digits == "0" || !digits.starts_with('0'));
    match plain_whole && text.parse::<i64>().is_ok()
        || !whole && text.len() <= 24 && is_float(digits)
    {
        true => text.to_owned(),
        false => quoted(text),
    }
}

fn is_float(digits: &str) -> bool {
    digits.split_once('.').is_some_and(|(whole, fraction)| {
        let all = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        all(whole) && all(fraction) && (whole == "0" || !whole.starts_with('0'))
    })
}
