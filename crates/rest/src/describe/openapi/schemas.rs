//! Schemas: rows, inserts and updates of each table and view, arguments and results of each
//! function, errors, and batches.

use mainstay_schema::model::FunctionResult;
use serde_json::{Map, Value, json};

use super::named::{Named, NamedFunction, NamedSource};
use super::{batch, values};
use crate::describe::constants;
use crate::describe::seen::SeenColumn;

pub(super) fn all(named: &Named<'_>) -> Value {
    let mut all = errors();
    all.extend(batch::schemas());
    for source in named.modules.iter().flat_map(|module| &module.sources) {
        let can = source.seen.can;
        if can.read {
            all.insert(source.key.clone(), row(source));
        }
        if can.create {
            all.insert(format!("{}.insert", source.key), insert(source));
        }
        if can.update {
            all.insert(format!("{}.update", source.key), update(source));
        }
    }
    for function in named.modules.iter().flat_map(|module| &module.functions) {
        all.insert(format!("{}.arguments", function.key), arguments(function));
        if function.seen.compiled.result != FunctionResult::Void {
            all.insert(format!("{}.result", function.key), result(function));
        }
    }
    Value::Object(all)
}

fn row(source: &NamedSource<'_>) -> Value {
    let columns = source.seen.columns.iter();
    let properties = columns.map(|seen| (seen.column.name.clone(), values::read(seen.column)));
    described(
        json!({ "type": "object", "properties": properties.collect::<Map<_, _>>() }),
        source.seen.table.doc.as_deref(),
    )
}

fn insert(source: &NamedSource<'_>) -> Value {
    let open: Vec<&SeenColumn<'_>> =
        source.seen.columns.iter().filter(|seen| seen.create).collect();
    let needed = open.iter().filter(|seen| seen.needed);
    let required: Vec<&str> = needed.map(|seen| seen.column.name.as_str()).collect();
    written(&open, &required, true)
}

fn update(source: &NamedSource<'_>) -> Value {
    let open: Vec<&SeenColumn<'_>> =
        source.seen.columns.iter().filter(|seen| seen.update).collect();
    written(&open, &[], false)
}

fn written(columns: &[&SeenColumn<'_>], required: &[&str], inserts: bool) -> Value {
    let property = |seen: &&SeenColumn<'_>| {
        (seen.column.name.clone(), values::written(seen.column, seen.bounds, inserts))
    };
    let mut schema = json!({
        "type": "object",
        "properties": columns.iter().map(property).collect::<Map<_, _>>(),
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn arguments(function: &NamedFunction<'_>) -> Value {
    let declared = &function.seen.function.args;
    let property = |argument: &mainstay_schema::model::Argument| {
        let null = argument.default == Some(mainstay_schema::Value::Null);
        let mut schema = values::of_type(&argument.ty, null);
        let default = argument.default.as_ref();
        if let Some(default) = default.and_then(|value| constants::shown(&argument.ty, value)) {
            schema["default"] = default;
        }
        (argument.name.clone(), schema)
    };
    let required = declared.iter().filter(|argument| argument.default.is_none());
    let required: Vec<&str> = required.map(|argument| argument.name.as_str()).collect();
    let mut schema = json!({
        "type": "object",
        "properties": declared.iter().map(property).collect::<Map<_, _>>(),
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// One value or one row of what a function gives. What is not a set answers `null` for no row.
fn result(function: &NamedFunction<'_>) -> Value {
    match &function.seen.compiled.result {
        FunctionResult::Rows { table, set, .. } => {
            let columns = table.columns.iter();
            let properties = columns.map(|column| (column.name.clone(), values::read(column)));
            let ty = if *set { json!("object") } else { json!(["object", "null"]) };
            json!({ "type": ty, "properties": properties.collect::<Map<_, _>>() })
        }
        FunctionResult::Scalar { ty, .. } => values::of_type(ty, true),
        FunctionResult::Void => json!({ "type": "null" }),
    }
}

fn described(mut schema: Value, doc: Option<&str>) -> Value {
    if let Some(doc) = doc {
        schema["description"] = doc.into();
    }
    schema
}

fn errors() -> Map<String, Value> {
    super::object([
        (
            "Error",
            json!({
                "type": "object",
                "description": "An error of the data API.",
                "required": ["code", "message"],
                "properties": {
                    "code": {
                        "type": "string",
                        "description": "Stable: an SQLSTATE, a `PGRST` code, or a word.",
                    },
                    "message": { "type": "string" },
                    "details": { "description": "A text, or JSON that a program can read." },
                    "hint": { "type": ["string", "null"] },
                },
                "examples": [{
                    "code": "PGRST205",
                    "details": null,
                    "hint": null,
                    "message": "Could not find the table 'NAME' in the schema cache",
                }],
            }),
        ),
        (
            "Problem",
            json!({
                "type": "object",
                "description": "An error outside of the data API (RFC 9457).",
                "required": ["type", "title", "status"],
                "properties": {
                    "type": { "type": "string", "format": "uri-reference" },
                    "title": { "type": "string" },
                    "status": { "type": "integer" },
                    "detail": { "type": "string" },
                    "code": { "type": "string" },
                    "hint": { "type": "string" },
                    "instance": { "type": "string", "description": "The id of the request." },
                },
            }),
        ),
    ])
}
