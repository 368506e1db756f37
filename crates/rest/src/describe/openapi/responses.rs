//! Answers that say why not, one for each status; operations refer to those that they can get.

use serde_json::{Map, Value, json};

use super::{headers, refer};

/// Status, name of the response, when it happens.
const ALL: &[(&str, &str, &str)] = &[
    ("300", "Ambiguous", "An embed can mean several relations; `details` lists them."),
    ("304", "NotModified", "The answer is the one that `If-None-Match` names."),
    ("400", "BadRequest", "The query, the headers or a value cannot be read or do not fit."),
    ("401", "Unauthorized", "No key, a token that does not hold, or signing in would help."),
    ("403", "Forbidden", "The caller may not do this."),
    ("404", "NotFound", "No such table, view, function, operator or path."),
    ("405", "MethodNotAllowed", "The resource does not know the method, used in this way."),
    ("406", "NotAcceptable", "No such module or media type, or not exactly one row."),
    ("408", "RequestTimeout", "The request was not received in time."),
    ("409", "Conflict", "A value that must be unique is there, or a reference does not hold."),
    ("413", "ContentTooLarge", "The body is larger than the limit."),
    ("414", "UriTooLong", "The path and query are longer than the limit."),
    ("415", "UnsupportedMediaType", "The body is of a type that is not read here."),
    ("416", "RangeNotSatisfiable", "The range lies outside of the result."),
    ("422", "Unprocessable", "The idempotency key was used for another request."),
    ("431", "HeadersTooLarge", "The headers are larger than the limit."),
    ("500", "InternalServerError", "A fault of the server, or a statement that takes too long."),
    ("503", "Unavailable", "Too many requests, or the database is not there; try again."),
    ("504", "GatewayTimeout", "The answer was not ready in time."),
    ("507", "InsufficientStorage", "The disk is full: nothing can be written."),
    ("4XX", "Refused", "What a function refuses with by `raise_error`."),
    ("5XX", "Failed", "What a function fails with by `raise_error`."),
];

/// All of them by name.
pub(super) fn all() -> Value {
    let one = |(status, name, description): &(&str, &str, &str)| {
        ((*name).to_owned(), response(status, description))
    };
    Value::Object(ALL.iter().map(one).collect())
}

fn response(status: &str, description: &str) -> Value {
    if status == "304" {
        let headers = headers::of(&["ETag", "X-Request-Id"]);
        return json!({ "description": description, "headers": headers });
    }
    let mut names = vec!["X-Request-Id", "Proxy-Status"];
    match status {
        "401" => names.push("WWW-Authenticate"),
        "503" => names.push("Retry-After"),
        _ => {}
    }
    json!({
        "description": description,
        "headers": headers::of(&names),
        "content": {
            "application/json": { "schema": refer("schemas", "Error") },
            "application/problem+json": { "schema": refer("schemas", "Problem") },
        },
    })
}

/// References to those of these statuses.
pub(super) fn of(statuses: &[&str]) -> Map<String, Value> {
    let known = ALL.iter().filter(|(status, _, _)| statuses.contains(status));
    known.map(|(status, name, _)| ((*status).to_owned(), refer("responses", name))).collect()
}
