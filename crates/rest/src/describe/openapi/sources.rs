//! The path of a table or a view: the methods that are open to the caller, each with what it takes
//! and everything that it may answer.

use serde_json::{Map, Value, json};

use super::fixed::{empty, schema, shown};
use super::named::{self, NamedModule, NamedSource};
use super::{object, parameters, responses};
use crate::describe::About;
use crate::limits;

/// Headers of every answer with rows.
const ROWS: [&str; 6] = [
    "Content-Range",
    "Content-Location",
    "Content-Profile",
    "Preference-Applied",
    "ETag",
    "X-Request-Id",
];

/// Headers of an answer to a write.
const WRITTEN: [&str; 5] = [
    "Content-Range",
    "Content-Profile",
    "Preference-Applied",
    "Idempotent-Replayed",
    "X-Request-Id",
];

/// What every write may be refused with.
const REFUSED: [&str; 17] = [
    "300", "400", "401", "403", "404", "405", "406", "408", "409", "413", "414", "415", "422",
    "431", "500", "503", "504",
];

pub(super) fn path(module: &NamedModule<'_>, source: &NamedSource<'_>, about: &About<'_>) -> Value {
    let can = source.seen.can;
    let mut path = Map::new();
    let mut add = |method: &str, open: bool, make: &dyn Fn() -> Value| {
        if open {
            path.insert(method.to_owned(), make());
        }
    };
    add("get", can.read, &|| read(module, source, about));
    add("post", can.create, &|| create(module, source));
    add("patch", can.update, &|| update(module, source, about));
    add("put", can.put() && source.seen.columns.iter().any(|seen| seen.is_key), &|| {
        put(module, source)
    });
    add("delete", can.delete, &|| delete(module, source, about));
    Value::Object(path)
}

fn operation(
    module: &NamedModule<'_>,
    source: &NamedSource<'_>,
    (verb, summary, description): (&str, String, String),
    parameters: Vec<Value>,
    responses: Map<String, Value>,
) -> Value {
    let doc = source.seen.table.doc.as_deref().unwrap_or_default();
    let description = format!("{doc}\n\n{description}");
    let mut operation = json!({
        "operationId": format!("{}.{verb}", source.key),
        "tags": [module.tag],
        "summary": summary,
        "parameters": parameters,
        "responses": responses,
    });
    let description = named::shared(description.trim(), &source.others);
    if !description.is_empty() {
        operation["description"] = description.into();
    }
    operation
}

fn read(module: &NamedModule<'_>, source: &NamedSource<'_>, about: &About<'_>) -> Value {
    let mut taken = parameters::of(&[&format!("accept.{}", module.tag)]);
    taken.extend(parameters::filters(source.seen.columns.iter()));
    taken.extend(parameters::of(&[
        "select",
        "and",
        "or",
        "order",
        "limit",
        "offset",
        "Range",
        "Prefer.read",
        "If-None-Match",
    ]));
    let mut statuses = responses::of(&[
        "300", "304", "400", "401", "403", "404", "406", "408", "414", "416", "431", "500", "503",
        "504",
    ]);
    let one = schema(&source.key);
    statuses.insert("200".to_owned(), shown("Rows.", &one, true, &ROWS));
    let partly = "Rows, and there are more: they were counted.";
    statuses.insert("206".to_owned(), shown(partly, &one, true, &ROWS));
    let most = about.config.max_rows;
    let said = format!("At most {most} rows come in one answer.");
    operation(module, source, ("read", format!("Read {}", source.name()), said), taken, statuses)
}

fn create(module: &NamedModule<'_>, source: &NamedSource<'_>) -> Value {
    let can = source.seen.can;
    let mut taken = parameters::of(&[&format!("content.{}", module.tag), "columns"]);
    if can.upsert {
        taken.extend(parameters::of(&["on_conflict"]));
    }
    if can.read {
        taken.extend(parameters::of(&["select"]));
    }
    taken.extend(parameters::of(&["Prefer.write", "Idempotency-Key"]));
    let mut statuses = written(source, "201", "Added.", &["Location"]);
    if can.upsert {
        statuses.insert("200".to_owned(), answer(source, "All rows were there.", &WRITTEN));
    }
    let one = schema(&format!("{}.insert", source.key));
    let text = json!({ "schema": { "type": "string" } });
    let body = json!({
        "required": true,
        "content": {
            "application/json": { "schema": { "oneOf": [
                one,
                { "type": "array", "items": one, "maxItems": limits::BULK_ROWS },
            ] } },
            "text/csv": text,
            "application/x-www-form-urlencoded": { "schema": { "type": "object" } },
        },
    });
    let said = "One row, or several in one transaction.".to_owned();
    let words = ("create", format!("Add to {}", source.name()), said);
    with_body(operation(module, source, words, taken, statuses), body)
}

fn update(module: &NamedModule<'_>, source: &NamedSource<'_>, about: &About<'_>) -> Value {
    let taken = changing(module, source, &["columns", "select"]);
    let mut statuses = written(source, "200", "The rows, where they were asked for.", &[]);
    statuses.insert("204".to_owned(), empty("Done.", &WRITTEN));
    let body = json!({
        "required": true,
        "content": { "application/json": {
            "schema": schema(&format!("{}.update", source.key)),
        } },
    });
    let words = ("update", format!("Change {}", source.name()), guarded(about));
    with_body(operation(module, source, words, taken, statuses), body)
}

fn put(module: &NamedModule<'_>, source: &NamedSource<'_>) -> Value {
    let mut taken = parameters::of(&[&format!("content.{}", module.tag)]);
    let key = source.seen.columns.iter().filter(|seen| seen.is_key);
    taken.extend(parameters::filters(key).map(|mut filter| {
        filter["required"] = true.into();
        filter["schema"]["pattern"] = "^eq\\.".into();
        filter
    }));
    taken.extend(parameters::of(&["columns", "select", "Prefer.write"]));
    let mut statuses = written(source, "200", "The row that was put.", &[]);
    statuses.insert("201".to_owned(), answer(source, "The row that was added.", &WRITTEN));
    statuses.insert("204".to_owned(), empty("Done.", &WRITTEN));
    let one = schema(&format!("{}.insert", source.key));
    let body = json!({
        "required": true,
        "content": { "application/json": { "schema": { "oneOf": [
            one,
            { "type": "array", "items": one, "minItems": 1, "maxItems": 1 },
        ] } } },
    });
    let said = "The row of this key, whole, whether it is there or not.".to_owned();
    let words = ("put", format!("Put a row of {}", source.name()), said);
    with_body(operation(module, source, words, taken, statuses), body)
}

fn delete(module: &NamedModule<'_>, source: &NamedSource<'_>, about: &About<'_>) -> Value {
    let taken = changing(module, source, &["select"]);
    let mut statuses = written(source, "200", "The rows, where they were asked for.", &[]);
    statuses.insert("204".to_owned(), empty("Done.", &WRITTEN));
    let words = ("delete", format!("Delete from {}", source.name()), guarded(about));
    operation(module, source, words, taken, statuses)
}

/// What chooses the rows that are changed, and what comes back.
fn changing(module: &NamedModule<'_>, source: &NamedSource<'_>, more: &[&str]) -> Vec<Value> {
    let mut taken = parameters::of(&[&format!("content.{}", module.tag)]);
    taken.extend(parameters::filters(source.seen.columns.iter()));
    taken.extend(parameters::of(&["and", "or"]));
    taken.extend(parameters::of(more));
    taken.extend(parameters::of(&["Prefer.write", "Idempotency-Key"]));
    taken
}

fn guarded(about: &About<'_>) -> String {
    match about.config.safe_update {
        true => "Without a condition nothing is changed and the answer is 400.".to_owned(),
        false => "Without a condition it is about all rows.".to_owned(),
    }
}

/// The answer of a write with rows, and everything that it may be refused with.
fn written(
    source: &NamedSource<'_>,
    status: &'static str,
    description: &str,
    more: &[&str],
) -> Map<String, Value> {
    let mut statuses = responses::of(&REFUSED);
    statuses.extend(responses::of(&["507"]));
    let names = [&WRITTEN[..], more].concat();
    statuses.extend(object([(status, answer(source, description, &names))]));
    statuses
}

/// Rows come back only to who may read them.
fn answer(source: &NamedSource<'_>, description: &str, names: &[&str]) -> Value {
    match source.seen.can.read {
        true => shown(description, &schema(&source.key), true, names),
        false => empty(description, names),
    }
}

fn with_body(mut operation: Value, body: Value) -> Value {
    operation["requestBody"] = body;
    operation
}
