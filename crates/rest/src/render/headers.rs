//! Headers of the dialect: which part of the result this is, where it can be had again, which
//! preferences were honoured.

use std::fmt::Write;

use http::header::{CONTENT_LOCATION, CONTENT_RANGE, HeaderValue};
use http::{HeaderMap, HeaderName};

use super::{Head, JsonRows};
use crate::parse::Verb;
use crate::parse::prefer::{Count, Handling, Prefer, Resolution, Returning, Tx};

/// Headers that every answer has: the profile, where one was asked for, and the preferences.
pub fn common(head: &Head<'_>, headers: &mut HeaderMap) {
    if head.intent.profile.is_some()
        && let Ok(module) = HeaderValue::try_from(head.target.module.name.as_str())
    {
        headers.insert(HeaderName::from_static("content-profile"), module);
    }
    let applied = applied(&head.intent.prefer, head.intent.verb);
    if !applied.is_empty()
        && let Ok(applied) = HeaderValue::try_from(applied)
    {
        headers.insert(HeaderName::from_static("preference-applied"), applied);
    }
}

/// `first-last/total`, `*` for what is not there or not counted.
pub fn content_range(headers: &mut HeaderMap, rows: Option<(u64, u64)>, total: Option<u64>) {
    let mut text = String::with_capacity(24);
    let _ = match rows {
        Some((offset, rows)) if rows > 0 => write!(text, "{offset}-{}", offset + rows - 1),
        _ => write!(text, "*"),
    };
    let _ = match total {
        Some(total) => write!(text, "/{total}"),
        None => write!(text, "/*"),
    };
    if let Ok(value) = HeaderValue::try_from(text) {
        headers.insert(CONTENT_RANGE, value);
    }
}

/// The path and the query with its parts sorted, less the key that proves who asked.
pub fn content_location(head: &Head<'_>, headers: &mut HeaderMap) {
    let path = head.uri.path().strip_prefix("/rest/v1").unwrap_or(head.uri.path());
    let query = head.uri.query().unwrap_or_default();
    let mut parts: Vec<&str> =
        query.split('&').filter(|part| !part.is_empty() && !part.starts_with("apikey=")).collect();
    parts.sort_unstable();
    let mut text = String::with_capacity(path.len() + query.len() + 1);
    text.push_str(path);
    for (at, part) in parts.iter().enumerate() {
        text.push(if at == 0 { '?' } else { '&' });
        text.push_str(part);
    }
    if let Ok(value) = HeaderValue::try_from(text) {
        headers.insert(CONTENT_LOCATION, value);
    }
}

/// `/table?key=eq.value`, made from the one row that holds the key.
#[must_use]
pub fn location(head: &Head<'_>, row: JsonRows) -> Option<HeaderValue> {
    let table = percent(&head.target.table.name);
    let mut text = format!("/{table}");
    let cells = row.first_row()?;
    for (at, (name, value)) in cells.iter().enumerate() {
        text.push(if at == 0 { '?' } else { '&' });
        let _ = write!(text, "{}=eq.{}", percent(name), percent(value));
    }
    HeaderValue::try_from(text).ok()
}

fn percent(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%2D", "-")
        .replace("%5F", "_")
        .replace("%2E", ".")
}

/// The preferences that were honoured, in the dialect's order.
fn applied(prefer: &Prefer, verb: Verb) -> String {
    let writes = !matches!(verb, Verb::Read { .. } | Verb::Options);
    let mut parts: Vec<String> = Vec::new();
    let mut add = |text: &str| parts.push(text.to_owned());
    if verb == Verb::Create {
        match prefer.resolution {
            Some(Resolution::Merge) => add("resolution=merge-duplicates"),
            Some(Resolution::Ignore) => add("resolution=ignore-duplicates"),
            None => {}
        }
    }
    if prefer.missing_default && matches!(verb, Verb::Create | Verb::Update) {
        add("missing=default");
    }
    match prefer.returning {
        Some(Returning::Minimal) if writes => add("return=minimal"),
        Some(Returning::HeadersOnly) if writes => add("return=headers-only"),
        Some(Returning::Representation) if writes => add("return=representation"),
        _ => {}
    }
    match prefer.count {
        Some(Count::Exact) => add("count=exact"),
        Some(Count::Planned) => add("count=planned"),
        Some(Count::Estimated) => add("count=estimated"),
        None => {}
    }
    match prefer.tx {
        Some(Tx::Commit) if prefer.tx_applied => add("tx=commit"),
        Some(Tx::Rollback) if prefer.tx_applied => add("tx=rollback"),
        _ => {}
    }
    match prefer.handling {
        Some(Handling::Strict) => add("handling=strict"),
        Some(Handling::Lenient) => add("handling=lenient"),
        None => {}
    }
    if let Some(zone) = &prefer.zone {
        parts.push(format!("timezone={}", zone.name()));
    }
    if let Some(most) = prefer.bound().filter(|_| writes) {
        parts.push(format!("max-affected={most}"));
    }
    parts.join(", ")
}
