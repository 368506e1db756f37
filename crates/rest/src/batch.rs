//! `POST /rest/v1/batch`: several requests to one module in one transaction. All of them happen, or
//! none; each may use what the ones before it gave. Every part is permitted, bounded and planned
//! as if it came alone.

mod refer;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, Uri};
use mainstay_base::{Code, Error, Result};
use mainstay_schema::value::write_string;
use mainstay_store::Transaction;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::parse::{self, Pairs, Resource};
use crate::work::{self, Ask};
use crate::{Rest, limits};

pub use refer::Results;

/// The body of a batch.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    operations: Vec<Operation>,
}

/// One request of a batch.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// The name by which later ones speak of its result; its number does, too.
    pub id: Option<String>,
    pub method: String,
    /// Below `/rest/v1`, with the query.
    pub path: String,
    #[serde(default)]
    pub headers: std::collections::BTreeMap<String, String>,
    pub body: Option<Box<RawValue>>,
}

/// Headers that a part may carry: the rest is the batch's own.
const HEADERS: [&str; 3] = ["prefer", "accept", "range"];

/// Reads the body.
///
/// # Errors
/// `PGRST102` for what is no batch or has too many parts.
pub fn read(body: &[u8]) -> Result<Vec<Operation>> {
    let unreadable = |why: String| {
        Error::new(Code::BodyUnreadable, "The body is not a batch").details(why).hint(
            "Send {\"operations\": [{\"method\": \"POST\", \"path\": \"/table\", \"body\": {…}}]}.",
        )
    };
    let body: Body = serde_json::from_slice(body).map_err(|error| unreadable(error.to_string()))?;
    if body.operations.len() > limits::BATCH {
        return Err(unreadable(format!("more than {} operations", limits::BATCH)));
    }
    for (at, operation) in body.operations.iter().enumerate() {
        let wrong = operation
            .headers
            .keys()
            .find(|name| !HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known)));
        if let Some(name) = wrong {
            return Err(unreadable(format!("operation {at} may not have the header `{name}`")));
        }
    }
    Ok(body.operations)
}

/// Runs all parts, one after the other, and gives their answers as one.
///
/// # Errors
/// The error of the first part that fails, with its number; nothing has happened then.
pub fn run(
    rest: &Rest,
    ask: &Ask<'_>,
    operations: &[Operation],
    transaction: &mut Transaction<'_>,
) -> Result<Response<Bytes>> {
    let mut results = Results::default();
    let mut json = Vec::from(*b"{\"results\":[");
    for (at, operation) in operations.iter().enumerate() {
        let response = part(rest, ask, operation, &results, transaction)
            .map_err(|error| error.at_operation(at, operation.id.as_deref()))?;
        if at > 0 {
            json.extend_from_slice(b",\n ");
        }
        write(operation, &response, &mut json);
        if json.len() > limits::ANSWER_BYTES {
            let message = format!("the answer is larger than {} bytes", limits::ANSWER_BYTES);
            return Err(Error::new(Code::StatementTooComplex, message));
        }
        results.push(operation.id.clone(), response.into_body());
    }
    json.extend_from_slice(b"]}");
    let mut response = Response::new(json.into());
    let content_type = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, content_type);
    Ok(response)
}

fn part(
    rest: &Rest,
    batch: &Ask<'_>,
    operation: &Operation,
    results: &Results,
    transaction: &mut Transaction<'_>,
) -> Result<Response<Bytes>> {
    let wrong = |why: &str| Error::new(Code::BodyUnreadable, why.to_owned());
    if operation.path.contains(['#', ' ']) || operation.path.chars().any(char::is_control) {
        return Err(wrong("the path of an operation is percent-encoded and has no `#`"));
    }
    let path = results.in_path(&operation.path)?;
    let body = match &operation.body {
        Some(raw) => results.in_body(raw.get())?,
        None => String::new(),
    };
    let method = Method::from_bytes(operation.method.to_ascii_uppercase().as_bytes())
        .map_err(|_| wrong("the method of an operation is not readable"))?;
    let uri: Uri = format!("/rest/v1{path}")
        .parse()
        .map_err(|_| wrong("the path of an operation is not a path with a query"))?;
    if !path.starts_with('/') {
        return Err(wrong("the path of an operation starts with `/`"));
    }
    let headers = headers(operation)?;
    let name = percent_encoding::percent_decode_str(uri.path()).decode_utf8();
    let name = name.map_err(|_| wrong("the path of an operation is not UTF-8"))?;
    let pairs = Pairs::read(uri.query().unwrap_or_default())?;
    let below = name.strip_prefix("/rest/v1").unwrap_or_default();
    let mut intent = parse::intent(&method, below, &headers, &pairs)?;
    if intent.resource == Resource::Root || batches(&intent.resource) {
        return Err(wrong("an operation addresses a table, a view or a function"));
    }
    // All parts are about the module of the batch: a transaction is one file's.
    intent.profile = batch.intent.profile;
    intent.prefer.tx = None;
    let ask = Ask {
        method: &method,
        uri: &uri,
        path: below,
        headers: batch.headers,
        body: body.as_bytes(),
        intent: &intent,
        identity: batch.identity,
    };
    work::run(rest, &ask, transaction)
}

fn batches(resource: &Resource<'_>) -> bool {
    *resource == Resource::Table("batch")
}

fn headers(operation: &Operation) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in &operation.headers {
        let name = HeaderName::try_from(name.as_str()).map_err(Error::internal)?;
        let value = HeaderValue::try_from(value.as_str()).map_err(|_| {
            Error::new(Code::BodyUnreadable, "a header of an operation is not readable text")
        })?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// `{"id","status","headers","body"}`: a body that is JSON stands as it is, others as a text.
fn write(operation: &Operation, response: &Response<Bytes>, json: &mut Vec<u8>) {
    json.extend_from_slice(b"{\"id\":");
    match &operation.id {
        Some(id) => write_string(id, json),
        None => json.extend_from_slice(b"null"),
    }
    json.extend_from_slice(
        format!(",\"status\":{},\"headers\":{{", response.status().as_u16()).as_bytes(),
    );
    let told = ["content-range", "location", "preference-applied"];
    let mut first = true;
    for (name, value) in response.headers() {
        if let (true, Ok(value)) = (told.contains(&name.as_str()), value.to_str()) {
            json.extend_from_slice(if first { b"" } else { b"," });
            first = false;
            write_string(name.as_str(), json);
            json.push(b':');
            write_string(value, json);
        }
    }
    json.extend_from_slice(b"},\"body\":");
    let kind = response.headers().get(http::header::CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| !kind.as_bytes().starts_with(b"text/"));
    match response.body() {
        body if body.is_empty() => json.extend_from_slice(b"null"),
        body if is_json => json.extend_from_slice(body),
        body => write_string(&String::from_utf8_lossy(body), json),
    }
    json.push(b'}');
}
