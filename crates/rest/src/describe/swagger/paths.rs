//! Paths: what can be asked of the root, of a table or view, and of a function.

use mainstay_schema::model::Argument;
use serde_json::{Map, Value, json};

use super::definitions;
use super::parameters::{pointer, reference};
use crate::describe::constants;
use crate::describe::seen::{SeenFunction, SeenSource};

pub(super) fn root() -> Value {
    json!({
        "get": {
            "tags": ["Introspection"],
            "summary": "OpenAPI description (this document)",
            "produces": ["application/openapi+json", "application/json"],
            "responses": { "200": { "description": "OK" } },
        },
    })
}

/// The methods that are open to the caller.
pub(super) fn source(source: &SeenSource<'_>) -> Value {
    let can = source.can;
    let body = format!("body.{}", source.table.name);
    let filters = || {
        source
            .columns
            .iter()
            .map(|column| format!("rowFilter.{}.{}", source.table.name, column.column.name))
    };
    let mut path = Map::new();
    if can.read {
        let page = ["select", "order", "range", "rangeUnit", "offset", "limit", "preferCount"];
        let names = filters().chain(page.map(str::to_owned));
        let rows = json!({ "type": "array", "items": reference(&source.table.name) });
        let responses = json!({
            "200": { "description": "OK", "schema": rows },
            "206": { "description": "Partial Content", "schema": rows },
        });
        path.insert("get".to_owned(), method(source, names, responses));
    }
    if can.create {
        let upsert = can.upsert.then_some("on_conflict");
        let names = [Some(body.as_str()), Some("select"), upsert, Some("preferPost")];
        let names = names.into_iter().flatten().map(str::to_owned);
        path.insert("post".to_owned(), method(source, names, answer("201", "Created")));
    }
    if can.update {
        let names = filters().chain([body, "preferReturn".to_owned()]);
        path.insert("patch".to_owned(), method(source, names, answer("204", "No Content")));
    }
    if can.delete {
        let names = filters().chain(["preferReturn".to_owned()]);
        path.insert("delete".to_owned(), method(source, names, answer("204", "No Content")));
    }
    Value::Object(path)
}

fn answer(status: &str, description: &str) -> Value {
    json!({ status: { "description": description } })
}

fn method(
    source: &SeenSource<'_>,
    parameters: impl Iterator<Item = String>,
    responses: Value,
) -> Value {
    let refers = |name: String| json!({ "$ref": format!("#/parameters/{}", pointer(&name)) });
    let mut method = json!({
        "tags": [source.table.name],
        "parameters": parameters.map(refers).collect::<Vec<_>>(),
        "responses": responses,
    });
    document(&mut method, source.table.doc.as_ref());
    method
}

/// A summary is the first line of what was declared, the description is the rest.
fn document(method: &mut Value, doc: Option<&String>) {
    if let Some(doc) = doc {
        let (first, rest) = doc.split_once('\n').unwrap_or((doc, ""));
        method["summary"] = first.into();
        if !rest.trim().is_empty() {
            method["description"] = rest.trim().into();
        }
    }
}

pub(super) fn function(seen: &SeenFunction<'_>) -> Value {
    let function = seen.function;
    let mut path = Map::new();
    if seen.compiled.read_only {
        let named = function.args.iter().map(|argument| {
            let mut parameter = argument_type(argument, true);
            parameter["name"] = argument.name.as_str().into();
            parameter["in"] = "query".into();
            parameter["required"] = argument.default.is_none().into();
            parameter
        });
        path.insert("get".to_owned(), call(seen, named.collect()));
    }
    let property = |argument: &Argument| (argument.name.clone(), argument_type(argument, false));
    let mut schema = json!({
        "type": "object",
        "properties": function.args.iter().map(property).collect::<Map<_, _>>(),
    });
    let required = function.args.iter().filter(|argument| argument.default.is_none());
    let required: Vec<&str> = required.map(|argument| argument.name.as_str()).collect();
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if let Some(doc) = &function.doc {
        schema["description"] = doc.as_str().into();
    }
    let body = json!({ "name": "args", "in": "body", "required": true, "schema": schema });
    path.insert("post".to_owned(), call(seen, vec![body]));
    Value::Object(path)
}

/// A parameter of a query has no JSON: documents come as text.
fn argument_type(argument: &Argument, in_query: bool) -> Value {
    let mut schema = definitions::of_type(&argument.ty);
    if in_query && (schema.get("type").is_none() || schema["type"] == "array") {
        schema["type"] = "string".into();
        schema.as_object_mut().map(|schema| schema.remove("items"));
    }
    let default =
        argument.default.as_ref().filter(|default| **default != mainstay_schema::Value::Null);
    if let Some(default) = default.and_then(|default| constants::shown(&argument.ty, default)) {
        schema["default"] = default;
    }
    schema
}

fn call(seen: &SeenFunction<'_>, parameters: Vec<Value>) -> Value {
    let void = seen.compiled.result == mainstay_schema::model::FunctionResult::Void;
    let responses = if void { answer("204", "No Content") } else { answer("200", "OK") };
    let mut method = json!({
        "tags": [format!("(rpc) {}", seen.function.name)],
        "produces": [
            "application/json",
            "application/vnd.pgrst.object+json;nulls=stripped",
            "application/vnd.pgrst.object+json",
        ],
        "parameters": parameters,
        "responses": responses,
    });
    document(&mut method, seen.function.doc.as_ref());
    method
}
