//! The path of a function: by `POST` always, by `GET` where it only reads.

use mainstay_schema::Type;
use mainstay_schema::model::FunctionResult;
use serde_json::{Map, Value, json};

use super::fixed::{empty, schema, shown};
use super::named::{self, NamedFunction, NamedModule};
use super::{parameters, responses, values};
use crate::describe::About;
use crate::plan::call::is_set;

const HEADERS: [&str; 7] = [
    "Content-Range",
    "Content-Location",
    "Content-Profile",
    "Preference-Applied",
    "ETag",
    "Idempotent-Replayed",
    "X-Request-Id",
];

/// What every call may be refused with.
const REFUSED: [&str; 17] = [
    "300", "400", "401", "403", "404", "405", "406", "408", "409", "414", "416", "431", "500",
    "503", "504", "4XX", "5XX",
];

pub(super) fn path(
    module: &NamedModule<'_>,
    function: &NamedFunction<'_>,
    about: &About<'_>,
) -> Value {
    let mut path = Map::new();
    path.insert("post".to_owned(), by_post(module, function, about));
    if function.seen.compiled.read_only {
        path.insert("get".to_owned(), by_get(module, function, about));
    }
    Value::Object(path)
}

fn by_post(module: &NamedModule<'_>, function: &NamedFunction<'_>, about: &About<'_>) -> Value {
    let mut taken = parameters::of(&[&format!("content.{}", module.tag)]);
    taken.extend(shaping(function));
    taken.extend(parameters::of(&["Prefer.write", "Idempotency-Key"]));
    let mut operation = operation(module, function, ("post", about), taken);
    let statuses = ["413", "415", "422", "507"];
    if let Some(known) = operation["responses"].as_object_mut() {
        known.extend(responses::of(&statuses));
    }
    let needed = function.seen.function.args.iter().any(|argument| argument.default.is_none());
    let arguments = schema(&format!("{}.arguments", function.key));
    operation["requestBody"] = json!({
        "required": needed,
        "content": {
            "application/json": { "schema": arguments },
            "application/x-www-form-urlencoded": { "schema": arguments },
        },
    });
    operation
}

fn by_get(module: &NamedModule<'_>, function: &NamedFunction<'_>, about: &About<'_>) -> Value {
    let mut taken = parameters::of(&[&format!("accept.{}", module.tag)]);
    taken.extend(function.seen.function.args.iter().map(|argument| {
        // In a query documents and lists are texts: `{"a":1}`, `{1,2}`.
        let schema = match argument.ty {
            Type::Json | Type::Array(_) => json!({ "type": "string" }),
            _ => values::of_type(&argument.ty, false),
        };
        json!({
            "name": argument.name,
            "in": "query",
            "required": argument.default.is_none(),
            "description": format!("An argument: {}.", argument.ty.sql_name()),
            "schema": schema,
        })
    }));
    taken.extend(shaping(function));
    taken.extend(parameters::of(&["Prefer.read", "If-None-Match"]));
    let mut operation = operation(module, function, ("get", about), taken);
    if let Some(known) = operation["responses"].as_object_mut() {
        known.extend(responses::of(&["304"]));
    }
    operation
}

/// What can be asked of the rows that come back.
fn shaping(function: &NamedFunction<'_>) -> Vec<Value> {
    let known = |name: &str| function.seen.function.args.iter().any(|one| one.name == name);
    let names: &[&str] = match function.seen.compiled.result {
        FunctionResult::Rows { set: true, .. } => &["select", "order", "limit", "offset"],
        FunctionResult::Rows { .. } => &["select"],
        FunctionResult::Scalar { set: true, .. } => &["limit", "offset"],
        _ => &[],
    };
    let names: Vec<&str> = names.iter().copied().filter(|name| !known(name)).collect();
    parameters::of(&names)
}

fn operation(
    module: &NamedModule<'_>,
    function: &NamedFunction<'_>,
    (method, about): (&str, &About<'_>),
    taken: Vec<Value>,
) -> Value {
    let doc = function.seen.function.doc.as_deref().unwrap_or_default();
    let most = match is_set(&function.seen.compiled.result) {
        true => format!("At most {} rows come in one answer.", about.config.max_rows),
        false => String::new(),
    };
    let description = format!("{doc}\n\n{most}");
    let mut operation = json!({
        "operationId": format!("{}.{method}", function.key),
        "tags": [module.tag],
        "summary": format!("Call {}", function.name()),
        "parameters": taken,
        "responses": answers(function),
    });
    let description = named::shared(description.trim(), &function.others);
    if !description.is_empty() {
        operation["description"] = description.into();
    }
    operation
}

fn answers(function: &NamedFunction<'_>) -> Map<String, Value> {
    let mut statuses = responses::of(&REFUSED);
    let result = &function.seen.compiled.result;
    if *result == FunctionResult::Void {
        statuses.insert("204".to_owned(), empty("Done.", &["X-Request-Id"]));
        return statuses;
    }
    let set = is_set(result);
    let one = schema(&format!("{}.result", function.key));
    statuses.insert("200".to_owned(), shown("The result.", &one, set, &HEADERS));
    if set {
        let partly = "The result, and there is more: it was counted.";
        statuses.insert("206".to_owned(), shown(partly, &one, set, &HEADERS));
    }
    statuses
}
