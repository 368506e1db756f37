//! `POST /rest/v1/batch`: several requests of one module in one transaction.

use serde_json::{Map, Value, json};

use super::named::Named;
use super::{object, refer, responses};
use crate::limits;

pub(super) fn schemas() -> Map<String, Value> {
    let list = |name: &str, most: Option<usize>| {
        let mut list = json!({ "type": "array", "items": refer("schemas", name) });
        if let Some(most) = most {
            list["maxItems"] = most.into();
        }
        list
    };
    let holder = |name: &str, list: Value| json!({ "type": "object", "required": [name], "properties": { name: list } });
    let mut batch = holder("operations", list("BatchOperation", Some(limits::BATCH)));
    batch["additionalProperties"] = false.into();
    object([
        ("Batch", batch),
        ("BatchOperation", operation()),
        ("BatchResults", holder("results", list("BatchResult", None))),
        ("BatchResult", result()),
    ])
}

fn operation() -> Value {
    json!({
        "type": "object",
        "required": ["method", "path"],
        "additionalProperties": false,
        "properties": {
            "id": {
                "type": ["string", "null"],
                "description": "A name by which later operations mean its result.",
            },
            "method": { "enum": ["GET", "POST", "PATCH", "PUT", "DELETE"] },
            "path": {
                "type": "string",
                "pattern": "^/",
                "description": "What follows `/rest/v1`, with its query. `{first.0.id}` stands \
                                for a value of an earlier result.",
            },
            "headers": {
                "type": "object",
                "propertyNames": { "pattern": "^([Pp]refer|[Aa]ccept|[Rr]ange)$" },
                "additionalProperties": { "type": "string" },
            },
            "body": {
                "description": "Any JSON. `{\"$ref\": \"first.0.id\"}` stands for a value of an \
                                earlier result, anywhere in it.",
            },
        },
    })
}

fn result() -> Value {
    json!({
        "type": "object",
        "required": ["status"],
        "properties": {
            "id": { "type": ["string", "null"] },
            "status": { "type": "integer" },
            "headers": {
                "type": "object",
                "additionalProperties": { "type": "string" },
            },
            "body": { "description": "Any JSON." },
        },
    })
}

pub(super) fn path(named: &Named<'_>) -> Value {
    let mut statuses = responses::of(&[
        "300", "400", "401", "403", "404", "405", "406", "408", "409", "413", "414", "415", "416",
        "422", "431", "500", "503", "504", "507", "4XX", "5XX",
    ]);
    statuses.insert(
        "200".to_owned(),
        json!({
            "description": "Everything was done.",
            "headers": { "X-Request-Id": refer("headers", "X-Request-Id") },
            "content": { "application/json": { "schema": refer("schemas", "BatchResults") } },
        }),
    );
    let profiles: Vec<&str> = named.modules.iter().map(|module| module.name()).collect();
    json!({
        "post": {
            "operationId": "batch",
            "tags": [super::fixed::TAG],
            "summary": "Several requests in one transaction",
            "description": "All are done, or none: the answer of the first that fails is the \
                            answer of the batch, with its index in `details`.",
            "parameters": [
                {
                    "name": "Content-Profile",
                    "in": "header",
                    "description": "The module of all operations; the default one without it.",
                    "schema": { "type": "string", "enum": profiles },
                },
                refer("parameters", "Idempotency-Key"),
            ],
            "requestBody": {
                "required": true,
                "content": {
                    "application/json": {
                        "schema": refer("schemas", "Batch"),
                        "examples": { "a row and one that refers to it": { "value": {
                            "operations": [
                                {
                                    "id": "first",
                                    "method": "POST",
                                    "path": "/TABLE?select=id",
                                    "headers": { "Prefer": "return=representation" },
                                    "body": { "COLUMN": "a value" },
                                },
                                {
                                    "method": "POST",
                                    "path": "/OTHER_TABLE",
                                    "body": { "COLUMN": { "$ref": "first.0.id" } },
                                },
                            ],
                        } } },
                    },
                },
            },
            "responses": statuses,
        },
    })
}
