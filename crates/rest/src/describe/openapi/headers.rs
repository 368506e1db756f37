//! Headers of answers: each is described once, and answers refer to those that they have.
//! Pure.

use serde_json::{Map, Value, json};

use super::refer;

const ALL: &[(&str, &str, &str)] = &[
    ("X-Request-Id", "string", "The id of the request, as it stands in the log."),
    ("Content-Range", "string", "`first-last/total`; `*` for what is not there or not counted."),
    ("Content-Location", "string", "The path and query with its parts sorted."),
    ("Content-Profile", "string", "The module, where one was asked for."),
    ("Preference-Applied", "string", "The preferences that were honoured."),
    ("ETag", "string", "Changes with the answer; for `If-None-Match`."),
    ("Location", "string", "Where the new row is, with `return=headers-only`."),
    ("Idempotent-Replayed", "string", "`true`: the answer is that of an earlier request."),
    ("Retry-After", "integer", "Seconds to wait."),
    ("WWW-Authenticate", "string", "How to say who asks."),
    ("Proxy-Status", "string", "The code of the error."),
];

/// All headers by name.
pub(super) fn all() -> Value {
    let one = |(name, ty, description): &(&str, &str, &str)| {
        ((*name).to_owned(), json!({ "description": description, "schema": { "type": ty } }))
    };
    Value::Object(ALL.iter().map(one).collect())
}

/// References to some of them.
pub(super) fn of(names: &[&str]) -> Map<String, Value> {
    names.iter().map(|name| ((*name).to_owned(), refer("headers", name))).collect()
}
