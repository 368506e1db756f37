//! What an answer must be, and how it differs from what came.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::real::Answered;

/// An answer that is right.
#[derive(Clone, Debug)]
pub enum Expected {
    Rows(Rows),
    /// No body.
    Empty {
        status: u16,
        content_range: Option<String>,
        location: Option<String>,
    },
    /// One of these.
    Refused(Vec<Refusal>),
    /// The operations of a batch.
    Batch(Vec<Expected>),
}

#[derive(Clone, Debug)]
pub struct Rows {
    pub status: u16,
    /// Each as it is written.
    pub rows: Vec<String>,
    /// They come in this order.
    pub ordered: bool,
    /// One object instead of a list.
    pub single: bool,
    pub content_range: Option<String>,
    /// `HEAD`: nothing but headers.
    pub head: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
    /// Compared where it is known.
    pub details: Option<Option<String>>,
    /// The operation of a batch that failed.
    pub operation: Option<usize>,
}

impl Refusal {
    #[must_use]
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: None, operation: None }
    }

    #[must_use]
    pub fn details(self, details: Option<String>) -> Self {
        Self { details: Some(details), ..self }
    }
}

impl Expected {
    /// What is wrong with an answer, if anything is.
    #[must_use]
    pub fn difference(&self, answered: &Answered) -> Option<String> {
        match self {
            Self::Rows(rows) => rows.difference(answered),
            Self::Empty { status, content_range, location } => {
                other("status", &status.to_string(), &answered.status.to_string())
                    .or_else(|| other("body", "", &answered.body))
                    .or_else(|| range(content_range.as_ref(), answered))
                    .or_else(|| header("location", location.as_ref(), answered))
            }
            Self::Refused(refusals) => {
                let found: Option<Vec<String>> =
                    refusals.iter().map(|refusal| refusal.difference(answered)).collect();
                found.map(|found| found.join("; or "))
            }
            Self::Batch(operations) => batch(operations, answered),
        }
    }

    /// As a person reads it.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Rows(rows) => {
                let range = rows.content_range.as_deref().unwrap_or("-");
                let order = if rows.ordered { "" } else { " in any order" };
                format!("{} [{range}]{order}\n[{}]", rows.status, rows.rows.join(",\n "))
            }
            Self::Empty { status, content_range, location } => {
                let range = content_range.as_deref().unwrap_or("-");
                format!("{status} [{range}] location {location:?}, no body")
            }
            Self::Refused(refusals) => {
                let one = |refusal: &Refusal| {
                    let Refusal { status, code, message, details, .. } = refusal;
                    format!("{status} {code} {message} {details:?}")
                };
                refusals.iter().map(one).collect::<Vec<_>>().join("\nor ")
            }
            Self::Batch(all) => {
                format!("batch of\n{}", all.iter().map(Self::shown).collect::<Vec<_>>().join("\n"))
            }
        }
    }
}

fn other(what: &str, expected: &str, found: &str) -> Option<String> {
    (expected != found).then(|| format!("{what}: expected {expected:?}, found {found:?}"))
}

fn header(name: &str, expected: Option<&String>, answered: &Answered) -> Option<String> {
    let (expected, found) = (expected.map(String::as_str), answered.header(name));
    other(name, expected.unwrap_or_default(), found.unwrap_or_default())
}

fn range(expected: Option<&String>, answered: &Answered) -> Option<String> {
    header("content-range", expected, answered)
}

impl Rows {
    fn difference(&self, answered: &Answered) -> Option<String> {
        other("status", &self.status.to_string(), &answered.status.to_string())
            .or_else(|| range(self.content_range.as_ref(), answered))
            .or_else(|| self.body_difference(&answered.body))
    }

    fn body_difference(&self, body: &str) -> Option<String> {
        if self.head {
            return other("body", "", body);
        }
        if self.single {
            return other("body", self.rows.first().map_or("null", |row| row), body);
        }
        if self.ordered {
            return other("body", &format!("[{}]", self.rows.join(",\n ")), body);
        }
        let found: Vec<&RawValue> = match serde_json::from_str(body) {
            Ok(found) => found,
            Err(error) => return Some(format!("body: no list: {error}: {body}")),
        };
        let mut found: Vec<&str> = found.iter().map(|row| row.get()).collect();
        let mut rows: Vec<&str> = self.rows.iter().map(String::as_str).collect();
        found.sort_unstable();
        rows.sort_unstable();
        (found != rows).then(|| format!("body: expected in any order {rows:?}, found {found:?}"))
    }
}

impl Refusal {
    fn difference(&self, answered: &Answered) -> Option<String> {
        let body: Json = serde_json::from_str(&answered.body).unwrap_or_default();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let details = match &self.details {
            None => None,
            Some(details) => {
                other("details", details.as_deref().unwrap_or_default(), &text("details"))
            }
        };
        let operation = self.operation.map(|at| at.to_string()).unwrap_or_default();
        let found = body["operation"]["at"].as_u64().map(|at| at.to_string()).unwrap_or_default();
        other("status", &self.status.to_string(), &answered.status.to_string())
            .or_else(|| other("code", self.code, &text("code")))
            .or_else(|| other("message", &self.message, &text("message")))
            .or(details)
            .or_else(|| other("operation", &operation, &found))
    }
}

fn batch(operations: &[Expected], answered: &Answered) -> Option<String> {
    if let Some(wrong) = other("status", "200", &answered.status.to_string()) {
        return Some(wrong);
    }
    #[derive(Debug)]
    struct Part {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    }
    let parts = || -> Option<Vec<Part>> {
        let whole: std::collections::BTreeMap<String, Vec<Box<RawValue>>> =
            serde_json::from_str(&answered.body).ok()?;
        let part = |raw: &RawValue| -> Option<Part> {
            let fields: std::collections::BTreeMap<String, Box<RawValue>> =
                serde_json::from_str(raw.get()).ok()?;
            let headers: std::collections::BTreeMap<String, String> =
                serde_json::from_str(fields.get("headers")?.get()).ok()?;
            let body = fields.get("body")?.get();
            Some(Part {
                status: fields.get("status")?.get().parse().ok()?,
                headers: headers.into_iter().collect(),
                body: if body == "null" { String::new() } else { body.to_owned() },
            })
        };
        whole.get("results")?.iter().map(|raw| part(raw)).collect()
    };
    let Some(parts) = parts() else {
        return Some(format!("no batch: {}", answered.body));
    };
    if parts.len() != operations.len() {
        return Some(format!("{} results for {} operations", parts.len(), operations.len()));
    }
    operations.iter().zip(parts).enumerate().find_map(|(at, (expected, part))| {
        let Part { status, headers, body } = part;
        let wrong = expected.difference(&Answered { status, headers, body })?;
        Some(format!("operation {at}: {wrong}"))
    })
}

/// Names that an answer may not hold: none of them stands in it.
#[must_use]
pub fn leaked(hidden: &BTreeSet<&str>, answered: &Answered) -> Option<String> {
    let texts = || {
        let headers = answered.headers.iter().map(|(_, value)| value.as_str());
        headers.chain([answered.body.as_str()])
    };
    hidden
        .iter()
        .find(|name| texts().any(|text| text.contains(**name)))
        .map(|name| format!("the answer tells the hidden name {name}"))
}
