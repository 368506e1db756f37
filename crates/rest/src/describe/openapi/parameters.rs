//! Parameters that operations share, and those that are made for a column or a module.

use serde_json::{Map, Value, json};

use super::named::{Named, NamedModule};
use super::{object, refer};
use crate::describe::seen::SeenColumn;
use crate::limits;

/// Names that mean something else in a query than a column.
const RESERVED: [&str; 9] =
    ["select", "order", "limit", "offset", "columns", "on_conflict", "and", "or", "apikey"];

pub(super) fn all(named: &Named<'_>) -> Value {
    let mut all = query();
    all.extend(header());
    for module in &named.modules {
        for (kind, name) in [("accept", "Accept-Profile"), ("content", "Content-Profile")] {
            all.insert(format!("{kind}.{}", module.tag), profile(module, name));
        }
    }
    Value::Object(all)
}

/// The module stands in a header; the default one may be left out.
fn profile(module: &NamedModule<'_>, name: &str) -> Value {
    let own = module.name();
    let schema = match module.seen.is_public && own != "public" {
        true => json!({ "type": "string", "enum": [own, "public"] }),
        false => json!({ "type": "string", "const": own }),
    };
    json!({
        "name": name,
        "in": "header",
        "required": !module.seen.is_default,
        "description": format!("The module `{own}`."),
        "schema": schema,
    })
}

fn at_least(mut parameter: Value, least: i64) -> Value {
    parameter["schema"]["minimum"] = least.into();
    parameter
}

fn query() -> Map<String, Value> {
    let text = |name: &str, description: &str| {
        json!({
            "name": name,
            "in": "query",
            "description": description,
            "schema": { "type": "string" },
        })
    };
    let number = |name: &str, description: &str| {
        json!({
            "name": name,
            "in": "query",
            "description": description,
            "schema": { "type": "integer", "format": "int64" },
        })
    };
    object([
        (
            "select",
            text(
                "select",
                "Columns, in order, with aliases `short:long_name`, casts `price::text`, JSON paths \
                 `data->a->>b`, and embeds `other(*)`.",
            ),
        ),
        ("order", text("order", "Columns with `.asc` or `.desc`, `.nullsfirst` or `.nullslast`.")),
        ("limit", at_least(number("limit", "Rows at the most."), 0)),
        (
            "offset",
            number("offset", "Rows to leave out at the beginning; a negative number means none."),
        ),
        ("and", text("and", "Conditions of which all hold: `(a.gt.1,b.is.null)`.")),
        ("or", text("or", "Conditions of which one holds: `(a.gt.1,b.is.null)`.")),
        (
            "columns",
            text("columns", "Columns that are taken from the body; others are left alone."),
        ),
        ("on_conflict", text("on_conflict", "Columns of the key by which a row is there already.")),
    ])
}

fn header() -> Map<String, Value> {
    let header = |name: &str, description: &str, example: &str| {
        json!({
            "name": name,
            "in": "header",
            "description": description,
            "schema": { "type": "string" },
            "example": example,
        })
    };
    object([
        (
            "Prefer.read",
            header(
                "Prefer",
                "`count=exact|planned|estimated`, `handling=strict|lenient`, `timezone=Area/City`.",
                "count=exact",
            ),
        ),
        (
            "Prefer.write",
            header(
                "Prefer",
                "`return=minimal|representation|headers-only`, `count=exact`, \
                 `resolution=merge-duplicates|ignore-duplicates`, `missing=default|null`, \
                 `max-affected=N` (with `handling=strict`), `timezone=Area/City`.",
                "return=representation",
            ),
        ),
        ("Range", header("Range", "Rows from and to, counted from 0.", "0-9")),
        ("If-None-Match", header("If-None-Match", "The `ETag` of an answer at hand.", "\"x\"")),
        (
            "Idempotency-Key",
            json!({
                "name": "Idempotency-Key",
                "in": "header",
                "description": "Chosen by the caller: who repeats a request with it within 24 \
                                hours gets the answer of the first, and nothing is done again.",
                "schema": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": limits::IDEMPOTENCY_KEY,
                },
                "example": "5f0c6f9a-8d3e-4d55-9d7d-0d4b8d1f3a11",
            }),
        ),
    ])
}

/// A filter for each column by which a query can ask.
pub(super) fn filters<'a>(
    columns: impl Iterator<Item = &'a SeenColumn<'a>>,
) -> impl Iterator<Item = Value> {
    let open = columns.filter(|seen| !RESERVED.contains(&seen.column.name.as_str()));
    open.map(|seen| {
        let column = seen.column;
        let doc = column.doc.as_ref().map_or(String::new(), |doc| format!(" {doc}"));
        json!({
            "name": column.name,
            "in": "query",
            "description": format!(
                "A condition on a {}: an operator and a value, such as `eq.VALUE`, `neq.VALUE`, \
                 `gt.VALUE`, `in.(A,B)`, `is.null`, `not.eq.VALUE`.{doc}",
                column.ty.sql_name()
            ),
            "schema": { "type": "string" },
        })
    })
}

/// References to some of the shared ones.
pub(super) fn of(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| refer("parameters", name)).collect()
}
