//! From HTTP to an intent: what the caller wants, in our own types, before any name is looked up.
//! Pure. `query` splits the query string, `grammar` reads its little languages, `prefer`,
//! `accept` and `range` read headers.

pub mod accept;
pub mod cursor;
pub mod filter;
pub mod key;
pub mod object;
pub mod operator;
pub mod order;
pub mod prefer;
pub mod query;
pub mod range;
pub mod select;

use std::borrow::Cow;

use http::{HeaderMap, Method};
use mainstay_base::{Code, Error, Result};

pub use accept::Media;
pub use filter::{Condition, Field, Node};
pub use operator::{Each, Given, Operator};
pub use order::OrderItem;
pub use prefer::Prefer;
pub use query::{Pairs, Part, Query};
pub use range::Page;
pub use select::Item;

/// What is addressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource<'a> {
    Root,
    Table(&'a str),
    Function(&'a str),
}

/// What is to be done with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Read { head: bool },
    Create,
    Update,
    Put,
    Delete,
    Options,
}

/// A request to the data API, read.
#[derive(Debug)]
pub struct Intent<'a> {
    pub resource: Resource<'a>,
    pub verb: Verb,
    /// The module that a profile header names.
    pub profile: Option<&'a str>,
    pub query: Query<'a>,
    /// Arguments of a function that is called by `GET`.
    pub arguments: Vec<(&'a str, &'a str)>,
    pub page: Page,
    pub prefer: Prefer,
    pub media: Media,
    pub body_kind: BodyKind,
    /// Tags of bodies that the client has.
    pub if_none_match: Option<&'a str>,
}

impl Intent<'static> {
    /// Rows to be added, without a request around them.
    #[must_use]
    pub fn create(body_kind: BodyKind) -> Self {
        Self {
            resource: Resource::Root,
            verb: Verb::Create,
            profile: None,
            query: Query::default(),
            arguments: Vec::new(),
            page: Page::default(),
            prefer: Prefer::default(),
            media: Media::default(),
            body_kind,
            if_none_match: None,
        }
    }
}

/// How the body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    Json,
    Csv,
    Form,
}

/// Reads everything but the body. `pairs` is the decoded query string, which the intent borrows.
///
/// # Errors
/// `PGRST100` for the query, `PGRST103` for ranges, `PGRST107` for `Accept`, `PGRST117` and
/// `PGRST125` for method and path, `PGRST122` for preferences under `handling=strict`.
pub fn intent<'a>(
    method: &Method,
    path: &'a str,
    headers: &'a HeaderMap,
    pairs: &'a Pairs<'a>,
) -> Result<Intent<'a>> {
    let resource = resource(path)?;
    let verb = verb(method, &resource)?;
    let reads = matches!(verb, Verb::Read { .. });
    let calls = reads && matches!(resource, Resource::Function(_));
    let is_argument = |key: &str, value: &str| calls && is_argument(key, value);
    let query = query::read(pairs, is_argument)?;
    let arguments = pairs.0.iter().filter(|(key, value)| is_argument(key, value));
    let page = match reads {
        true => Page::read(&query, headers)?,
        false => Page::of_query(&query)?,
    };
    let media = match resource {
        Resource::Root => accept::document(headers)?,
        _ => accept::read(headers)?,
    };
    Ok(Intent {
        resource,
        verb,
        profile: text(headers, if reads { "accept-profile" } else { "content-profile" })?,
        page,
        prefer: Prefer::read(headers)?,
        media,
        body_kind: body_kind(verb, headers)?,
        arguments: arguments.map(|(key, value)| (key.as_ref(), value.as_ref())).collect(),
        query,
        if_none_match: headers.get("if-none-match").and_then(|value| value.to_str().ok()),
    })
}

/// On a call by `GET` what does not start with an operator is an argument.
fn is_argument(key: &str, value: &str) -> bool {
    const RESERVED: [&str; 11] = [
        "select",
        "columns",
        "on_conflict",
        "apikey",
        "order",
        "limit",
        "offset",
        "and",
        "or",
        "not.and",
        "not.or",
    ];
    let below = key.rsplit_once('.').is_some_and(|(_, last)| RESERVED.contains(&last));
    !below && !RESERVED.contains(&key) && !operator::starts(value)
}

/// `path` is what follows `/rest/v1`.
fn resource(path: &str) -> Result<Resource<'_>> {
    let rest = path.strip_prefix('/').unwrap_or(path);
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    match rest.split_once('/') {
        None if rest.is_empty() => Ok(Resource::Root),
        None => Ok(Resource::Table(rest)),
        Some(("rpc", name)) if !name.is_empty() && !name.contains('/') => {
            Ok(Resource::Function(name))
        }
        Some(_) => Err(Error::new(Code::PathInvalid, "Invalid path specified in request URL")),
    }
}

fn verb(method: &Method, resource: &Resource<'_>) -> Result<Verb> {
    Ok(match (method.as_str(), resource) {
        ("GET", _) => Verb::Read { head: false },
        ("HEAD", _) => Verb::Read { head: true },
        ("OPTIONS", _) => Verb::Options,
        ("POST", Resource::Table(_) | Resource::Function(_)) => Verb::Create,
        ("PATCH", Resource::Table(_)) => Verb::Update,
        ("PUT", Resource::Table(_)) => Verb::Put,
        ("DELETE", Resource::Table(_)) => Verb::Delete,
        (_, Resource::Function(_)) => {
            let message = format!("Cannot use the {method} method on RPC");
            return Err(Error::new(Code::FunctionMethodWrong, message));
        }
        _ => {
            let message = format!("Unsupported HTTP method: {method}");
            return Err(Error::new(Code::MethodUnsupported, message));
        }
    })
}

fn body_kind(verb: Verb, headers: &HeaderMap) -> Result<BodyKind> {
    if !matches!(verb, Verb::Create | Verb::Update | Verb::Put) {
        return Ok(BodyKind::Json);
    }
    if let Some(coding) = text(headers, "content-encoding")?
        && !coding.eq_ignore_ascii_case("identity")
    {
        let message = format!("Content-Encoding not acceptable: {coding}");
        return Err(Error::new(Code::BodyTypeUnsupported, message).hint("Send the body as it is."));
    }
    let Some(given) = text(headers, "content-type")? else {
        return Ok(BodyKind::Json);
    };
    let essence = given.split(';').next().unwrap_or_default().trim();
    let is = |name: &str| essence.eq_ignore_ascii_case(name);
    if is("application/json") || essence.ends_with("+json") || is("text/plain") || is("*/*") {
        Ok(BodyKind::Json)
    } else if is("text/csv") {
        Ok(BodyKind::Csv)
    } else if is("application/x-www-form-urlencoded") {
        Ok(BodyKind::Form)
    } else {
        let message = format!("Content-Type not acceptable: {essence}");
        Err(Error::new(Code::BodyTypeUnsupported, message)
            .hint("Send application/json, text/csv or application/x-www-form-urlencoded."))
    }
}

/// A header that stands once, as text.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>> {
    headers.get(name).map(|value| value.to_str()).transpose().map_err(|_| {
        Error::new(Code::BadRequest, format!("The header {name} is not readable text"))
    })
}

/// A name as it came, or unescaped.
pub type Name<'a> = Cow<'a, str>;
