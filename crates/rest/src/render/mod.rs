//! From an answer to a response: status, headers, and the rows that the sink has written already.
//! Pure. `rows` writes JSON and CSV, `headers` the ranges and preferences.

pub mod headers;
pub mod rows;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Response, StatusCode};
use mainstay_base::{Code, Error, Result};
use mainstay_store::Answer;

use crate::parse::accept::Form;
use crate::parse::prefer::Returning;
use crate::parse::{Intent, range};
use crate::plan::Target;
use crate::tag;

pub use rows::JsonRows;

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// `counted_only` is the limit of a read that asked for no rows.
    Read {
        head: bool,
        counted_only: Option<u64>,
    },
    Created,
    Put,
    Changed,
    /// An update that set nothing.
    Unchanged,
    Deleted,
    Options {
        allow: &'static str,
    },
    /// A function that gives a value or rows.
    Called {
        head: bool,
        set: bool,
    },
    /// A function that gives nothing.
    Nothing,
}

/// The response of an answer; work that needed no store has none.
///
/// # Errors
/// `PGRST103` beyond the end, `PGRST116` for a single object that is not single.
pub fn finish(
    head: &Head<'_>,
    finish: Finish,
    answer: Option<Answer<JsonRows>>,
) -> Result<Response<Bytes>> {
    match (finish, answer) {
        (Finish::Read { head: is_head, counted_only }, Some(answer)) => {
            read(head, answer, is_head, counted_only)
        }
        (Finish::Created, Some(answer)) => Ok(created(head, answer)),
        (Finish::Put, Some(answer)) => Ok(put(head, answer)),
        (Finish::Changed, Some(answer)) => Ok(changed(head, answer)),
        (Finish::Deleted, Some(answer)) => Ok(deleted(head, answer)),
        (Finish::Unchanged, _) => unchanged(head),
        (Finish::Options { allow }, _) => Ok(options(allow)),
        (Finish::Called { head: is_head, set: true }, Some(answer)) => {
            read(head, answer, is_head, None)
        }
        (Finish::Called { head: is_head, set: false }, Some(answer)) => {
            let mut response = head.rows(StatusCode::OK, Bytes::new());
            tagged(&mut response, answer.sink.finish(), is_head);
            Ok(response)
        }
        (Finish::Nothing, Some(_)) => Ok(head.empty(StatusCode::NO_CONTENT)),
        (_, None) => Err(Error::internal("work without an answer")),
    }
}

/// What every answer's headers are made from.
pub struct Head<'a> {
    pub uri: &'a http::Uri,
    pub intent: &'a Intent<'a>,
    pub target: &'a Target<'a>,
}

impl Head<'_> {
    fn response(&self, status: StatusCode, body: Bytes) -> Response<Bytes> {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        headers::common(self, response.headers_mut());
        response
    }

    /// Rows, with their content type.
    fn rows(&self, status: StatusCode, body: Bytes) -> Response<Bytes> {
        let mut response = self.response(status, body);
        let content_type = HeaderValue::from_static(self.intent.media.form.content_type());
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        response
    }

    /// No rows: no content type, length 0.
    fn empty(&self, status: StatusCode) -> Response<Bytes> {
        let mut response = self.response(status, Bytes::new());
        if status != StatusCode::NO_CONTENT {
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        response
    }
}

/// A read: 200, 206 when a counted result goes on, 416 beyond its end. `counted_only` is the limit
/// of a read that asked for no rows: as many as that would have been sent.
///
/// # Errors
/// `PGRST103` beyond the end, `PGRST116` for a single object that is not single.
fn read(
    head: &Head<'_>,
    answer: Answer<JsonRows>,
    is_head: bool,
    counted_only: Option<u64>,
) -> Result<Response<Bytes>> {
    let offset = head.intent.page.offset;
    let rows = match counted_only {
        Some(limit) => answer.total.unwrap_or(0).min(limit),
        None => answer.rows,
    };
    if head.intent.media.form == Form::Object && rows != 1 {
        return Err(not_singular(rows));
    }
    if let Some(total) = answer.total
        && offset > 0
        && offset > total
    {
        return Err(range::unsatisfiable(format!(
            "An offset of {offset} was requested, but there are only {total} rows."
        )));
    }
    let status = match answer.total {
        Some(total) if rows < total => StatusCode::PARTIAL_CONTENT,
        _ => StatusCode::OK,
    };
    let mut response = head.rows(status, Bytes::new());
    if counted_only.is_none() {
        tagged(&mut response, answer.sink.finish(), is_head);
    }
    headers::content_range(response.headers_mut(), Some((offset, rows)), answer.total);
    headers::content_location(head, response.headers_mut());
    Ok(response)
}

/// Puts the body in, and its tag; a `HEAD` gets the tag alone.
fn tagged(response: &mut Response<Bytes>, body: Bytes, is_head: bool) {
    tag::put(response.headers_mut(), &body);
    if !is_head {
        *response.body_mut() = body;
    }
}

/// A create: 201; 200 when an upsert added nothing.
fn created(head: &Head<'_>, answer: Answer<JsonRows>) -> Response<Bytes> {
    let prefer = &head.intent.prefer;
    let merged = prefer.resolution == Some(crate::parse::prefer::Resolution::Merge)
        && answer.inserted == 0
        && answer.rows > 0;
    let status = if merged { StatusCode::OK } else { StatusCode::CREATED };
    let total = prefer.count.map(|_| answer.rows);
    let mut response = match prefer.returning {
        Some(Returning::Representation) => head.rows(status, answer.sink.finish()),
        Some(Returning::HeadersOnly) => {
            let mut response = head.empty(status);
            if answer.rows == 1
                && let Some(location) = headers::location(head, answer.sink)
            {
                response.headers_mut().insert(LOCATION, location);
            }
            response
        }
        _ => head.empty(status),
    };
    headers::content_range(response.headers_mut(), None, total);
    response
}

/// A put: as a create with rows, 204 without.
fn put(head: &Head<'_>, answer: Answer<JsonRows>) -> Response<Bytes> {
    if !head.intent.prefer.represents() {
        return head.empty(StatusCode::NO_CONTENT);
    }
    let status = if answer.inserted > 0 { StatusCode::CREATED } else { StatusCode::OK };
    head.rows(status, answer.sink.finish())
}

/// An update: 200 with rows, 204 without; no match is not an error.
fn changed(head: &Head<'_>, answer: Answer<JsonRows>) -> Response<Bytes> {
    let total = head.intent.prefer.count.map(|_| answer.rows);
    let rows = match head.intent.prefer.represents() {
        true => answer.sink.shown(),
        false => answer.rows,
    };
    let range = Some((0, rows));
    let mut response = match head.intent.prefer.represents() {
        true => head.rows(StatusCode::OK, answer.sink.finish()),
        false => head.empty(StatusCode::NO_CONTENT),
    };
    headers::content_range(response.headers_mut(), range, total);
    response
}

/// An update that sets nothing.
///
/// # Errors
/// `PGRST116` when a single object was asked for.
fn unchanged(head: &Head<'_>) -> Result<Response<Bytes>> {
    if head.intent.media.form == Form::Object {
        return Err(not_singular(0));
    }
    let mut response = match head.intent.prefer.represents() {
        true => head.rows(StatusCode::OK, Bytes::from_static(b"[]")),
        false => head.empty(StatusCode::NO_CONTENT),
    };
    let total = head.intent.prefer.count.map(|_| 0);
    headers::content_range(response.headers_mut(), Some((0, 0)), total);
    Ok(response)
}

/// A delete: 200 with rows, 204 without.
fn deleted(head: &Head<'_>, answer: Answer<JsonRows>) -> Response<Bytes> {
    let total = head.intent.prefer.count.map(|_| answer.rows);
    let mut response = match head.intent.prefer.represents() {
        true => head.rows(StatusCode::OK, answer.sink.finish()),
        false => head.empty(StatusCode::NO_CONTENT),
    };
    headers::content_range(response.headers_mut(), None, total);
    response
}

/// What a resource can be asked to do.
fn options(allow: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}

fn not_singular(rows: u64) -> Error {
    Error::new(Code::NotSingular, "Cannot coerce the result to a single JSON object")
        .details(format!("The result contains {rows} rows"))
}
