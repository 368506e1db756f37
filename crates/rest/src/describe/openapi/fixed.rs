//! Paths that every application has: the documents, batches, and the probes of the public address.

use serde_json::{Map, Value, json};

use super::named::Named;
use super::{batch, headers, object, refer, responses};

/// The tag of what belongs to no module.
pub(super) const TAG: &str = "server";

pub(super) fn paths(named: &Named<'_>) -> Map<String, Value> {
    object([
        ("/openapi.json", this(named)),
        ("/rest/v1", root(named)),
        ("/rest/v1/batch", batch::path(named)),
        ("/livez", probe("livez", "The process answers", false)),
        ("/readyz", probe("readyz", "It may get traffic", true)),
        ("/healthz", probe("healthz", "As readyz", true)),
    ])
}

fn this(named: &Named<'_>) -> Value {
    let mut statuses =
        responses::of(&["400", "401", "404", "406", "408", "414", "431", "500", "503", "504"]);
    statuses.insert("200".to_owned(), document("application/json"));
    json!({
        "get": {
            "operationId": "openapi",
            "tags": [TAG],
            "summary": "This document",
            "description": "OpenAPI 3.1 of what the caller may use.",
            "parameters": [{
                "name": "profile",
                "in": "query",
                "description": "A module that is to be documented alone.",
                "schema": { "type": "string", "enum": names(named) },
            }],
            "responses": statuses,
        },
    })
}

fn root(named: &Named<'_>) -> Value {
    let mut statuses =
        responses::of(&["400", "401", "404", "406", "408", "414", "431", "500", "503", "504"]);
    statuses.insert("200".to_owned(), document("application/openapi+json"));
    json!({
        "get": {
            "operationId": "swagger",
            "tags": [TAG],
            "summary": "The document of a module in the dialect's form",
            "description": "OpenAPI 2.0 of what the caller may use of one module.",
            "parameters": [{
                "name": "Accept-Profile",
                "in": "header",
                "description": "The module; the default one without it.",
                "schema": { "type": "string", "enum": names(named) },
            }],
            "responses": statuses,
        },
    })
}

fn names<'a>(named: &'a Named<'_>) -> Vec<&'a str> {
    named.modules.iter().map(|module| module.name()).collect()
}

fn document(media: &str) -> Value {
    json!({
        "description": "The document.",
        "headers": headers::of(&["X-Request-Id"]),
        "content": { media: { "schema": { "type": "object" } } },
    })
}

fn probe(name: &str, summary: &str, fails: bool) -> Value {
    let answer = |description: &str| {
        json!({
            "description": description,
            "content": { "text/plain": { "schema": { "type": "string" } } },
        })
    };
    // Whoever comes without a key gets an answer, too.
    let mut statuses = responses::of(&["414", "431"]);
    statuses.insert("200".to_owned(), answer("Yes."));
    if fails {
        statuses.insert("503".to_owned(), answer("No, or not now."));
    }
    json!({
        "get": {
            "operationId": name,
            "tags": [TAG],
            "summary": summary,
            "security": [{}],
            "responses": statuses,
        },
    })
}

/// A response that shows rows or a value in the forms that `Accept` chooses between.
pub(super) fn shown(description: &str, one: &Value, set: bool, names: &[&str]) -> Value {
    let many = json!({ "type": "array", "items": one });
    let mut content = Map::new();
    let json = if set { &many } else { one };
    content.insert("application/json".to_owned(), json!({ "schema": json }));
    if set {
        let object = "application/vnd.pgrst.object+json";
        content.insert(object.to_owned(), json!({ "schema": one }));
        content.insert("text/csv".to_owned(), json!({ "schema": { "type": "string" } }));
    }
    json!({ "description": description, "headers": headers::of(names), "content": content })
}

/// A response without a body.
pub(super) fn empty(description: &str, names: &[&str]) -> Value {
    json!({ "description": description, "headers": headers::of(names) })
}

/// A schema by its name.
pub(super) fn schema(name: &str) -> Value {
    refer("schemas", name)
}
