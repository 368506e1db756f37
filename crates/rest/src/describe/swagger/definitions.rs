//! Definitions: one object for each table and view, with the marks of keys that generators of
//! types look for.

use mainstay_schema::Type;
use serde_json::{Map, Value, json};

use crate::describe::constants;
use crate::describe::seen::{SeenColumn, SeenModule, SeenSource};

pub(super) fn all(module: &SeenModule<'_>) -> Value {
    let one = |source: &SeenSource<'_>| (source.table.name.clone(), definition(source));
    Value::Object(module.sources.iter().map(one).collect())
}

fn definition(source: &SeenSource<'_>) -> Value {
    let columns = &source.columns;
    let property = |column: &SeenColumn<'_>| (column.column.name.clone(), property(source, column));
    let mut definition = json!({
        "type": "object",
        "properties": columns.iter().map(property).collect::<Map<_, _>>(),
    });
    let required: Vec<&str> = columns
        .iter()
        .filter(|column| !column.column.null)
        .map(|column| column.column.name.as_str())
        .collect();
    if !required.is_empty() {
        definition["required"] = json!(required);
    }
    if let Some(doc) = &source.table.doc {
        definition["description"] = doc.as_str().into();
    }
    definition
}

fn property(source: &SeenSource<'_>, seen: &SeenColumn<'_>) -> Value {
    let column = seen.column;
    let mut property = of_type(&column.ty);
    if let Some(description) = description(source, seen) {
        property["description"] = description.into();
    }
    if let Some(default) = default(seen) {
        property["default"] = default;
    }
    if let Some(most) = seen.bounds.max_len.filter(|_| column.ty == Type::Text) {
        property["maxLength"] = most.into();
    }
    property
}

/// The dialect tells a default that is made with the name of what makes it in PostgreSQL.
fn default(seen: &SeenColumn<'_>) -> Option<Value> {
    use mainstay_schema::model::Default;
    match &seen.bounds.default {
        Some(Default::Now) => Some("now()".into()),
        Some(Default::Uuid) => Some("uuidv7()".into()),
        Some(Default::AuthUid) => Some("auth.uid()".into()),
        _ => constants::default(seen.bounds),
    }
}

/// What was declared, then the notes.
fn description(source: &SeenSource<'_>, seen: &SeenColumn<'_>) -> Option<String> {
    let column = seen.column;
    let mut notes = Vec::new();
    if seen.is_key {
        notes.push("This is a Primary Key.<pk/>".to_owned());
    }
    let leads = |columns: &[&str]| *columns == [column.name.as_str()];
    let tables = source.references.iter().filter(|reference| !reference.to_view);
    if let Some(reference) = tables.clone().find(|reference| leads(&reference.columns)) {
        let (table, there) = (reference.to, reference.to_columns.first().copied().unwrap_or("id"));
        notes.push(format!(
            "This is a Foreign Key to `{table}.{there}`.<fk table='{table}' column='{there}'/>"
        ));
    }
    if notes.is_empty() {
        return column.doc.clone();
    }
    let doc = column.doc.as_ref().map_or(String::new(), |doc| format!("{doc}\n\n"));
    Some(format!("{doc}Note:\n{}", notes.join("\n")))
}

/// A type by its name in SQL and, where it has one, its kind in JSON.
pub(super) fn of_type(ty: &Type) -> Value {
    let mut schema = json!({ "format": ty.sql_name() });
    if let Some(kind) = kind(ty) {
        schema["type"] = kind.into();
    }
    match ty {
        Type::Array(element) => {
            schema["items"] =
                kind(element).map_or_else(|| json!({}), |kind| json!({ "type": kind }));
        }
        Type::Enum(labels) => schema["enum"] = json!(labels),
        _ => {}
    }
    schema
}

fn kind(ty: &Type) -> Option<&'static str> {
    match ty {
        Type::SmallInt | Type::Integer | Type::BigInt => Some("integer"),
        Type::Numeric(_) | Type::Real | Type::Double => Some("number"),
        Type::Boolean => Some("boolean"),
        Type::Array(_) => Some("array"),
        Type::Json => None,
        _ => Some("string"),
    }
}
