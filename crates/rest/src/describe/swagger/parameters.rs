//! Parameters that paths refer to: those of all tables, then a body and a filter by column.

use serde_json::{Map, Value, json};

use crate::describe::seen::SeenModule;

pub(super) fn all(module: &SeenModule<'_>) -> Value {
    let mut all = shared();
    for source in &module.sources {
        let table = &source.table.name;
        let mut body = json!({
            "name": table,
            "in": "body",
            "required": false,
            "schema": reference(table),
        });
        if let Some(doc) = &source.table.doc {
            body["description"] = doc.as_str().into();
        }
        all.insert(format!("body.{table}"), body);
        for column in &source.columns {
            let column = column.column;
            let mut filter =
                json!({ "name": column.name, "in": "query", "required": false, "type": "string" });
            if let Some(doc) = &column.doc {
                filter["description"] = doc.as_str().into();
            }
            all.insert(format!("rowFilter.{table}.{}", column.name), filter);
        }
    }
    Value::Object(all)
}

/// The object of a table.
pub(super) fn reference(table: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{}", pointer(table)) })
}

/// A part of a JSON pointer inside of a URL.
pub(super) fn pointer(name: &str) -> String {
    let escaped = name.replace('~', "~0").replace('/', "~1");
    percent_encoding::utf8_percent_encode(&escaped, super::super::UNSAFE).to_string()
}

fn shared() -> Map<String, Value> {
    let query = |name: &str, description: &str| {
        json!({
            "name": name,
            "description": description,
            "required": false,
            "in": "query",
            "type": "string",
        })
    };
    let prefer = |kinds: &[&str]| {
        json!({
            "name": "Prefer",
            "description": "Preference",
            "required": false,
            "in": "header",
            "type": "string",
            "enum": kinds,
        })
    };
    let returns = ["return=representation", "return=minimal", "return=headers-only"];
    let resolutions = ["resolution=ignore-duplicates", "resolution=merge-duplicates"];
    let counts = ["count=exact", "count=planned", "count=estimated"];
    let mut range = query("Range", "Limiting and Pagination");
    range["in"] = "header".into();
    let mut unit = query("Range-Unit", "Limiting and Pagination");
    unit["in"] = "header".into();
    unit["default"] = "items".into();
    let all = [
        ("preferReturn", prefer(&returns)),
        ("preferCount", prefer(&counts)),
        ("preferPost", prefer(&[&returns[..], &resolutions[..]].concat())),
        ("select", query("select", "Filtering Columns")),
        ("on_conflict", query("on_conflict", "On Conflict")),
        ("order", query("order", "Ordering")),
        ("range", range),
        ("rangeUnit", unit),
        ("offset", query("offset", "Limiting and Pagination")),
        ("limit", query("limit", "Limiting and Pagination")),
    ];
    all.into_iter().map(|(name, parameter)| (name.to_owned(), parameter)).collect()
}
