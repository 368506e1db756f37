//! The query string: split into pairs and decoded once, then each pair is given to the language
//! that it is written in.

use std::borrow::Cow;

use mainstay_base::{Code, Error, Result};
use percent_encoding::percent_decode_str;

use super::cursor::Cursor;
use super::filter::{self, Given, Node};
use super::order::{self, OrderItem};
use super::select::{self, Item};
use super::{Name, range};
use crate::limits;

/// Decoded keys and values, in order.
#[derive(Debug, Default)]
pub struct Pairs<'a>(pub Vec<(Cow<'a, str>, Cow<'a, str>)>);

/// What the query string says.
#[derive(Debug, Default)]
pub struct Query<'a> {
    /// `None`: not given, which means `*`.
    pub select: Option<Vec<Item<'a>>>,
    /// All must hold.
    pub filters: Vec<Node<'a>>,
    /// The values of the filters, in the order in which the tree names them.
    pub values: Vec<Given<'a>>,
    pub order: Vec<OrderItem<'a>>,
    pub limit: Option<i64>,
    pub offset: Option<i64>,
    pub columns: Option<Vec<Name<'a>>>,
    pub on_conflict: Option<Vec<Name<'a>>>,
}

impl<'a> Pairs<'a> {
    /// Splits and decodes: percent once, `+` is a space.
    ///
    /// # Errors
    /// `PGRST100` when the text is not UTF-8 or has too many parts.
    pub fn read(query: &'a str) -> Result<Self> {
        let parts = query.split('&').filter(|part| !part.is_empty());
        let pairs: Vec<_> = parts
            .map(|part| {
                let (key, value) = part.split_once('=').unwrap_or((part, ""));
                Ok((decode(key)?, decode(value)?))
            })
            .collect::<Result<_>>()?;
        if pairs.len() > limits::PARAMETERS {
            let message = format!("more than {} query parameters", limits::PARAMETERS);
            return Err(Error::new(Code::QueryUnreadable, message));
        }
        Ok(Self(pairs))
    }

    /// The value of a key that stands once or not at all.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
    }
}

fn decode(text: &str) -> Result<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Ok(Cow::Borrowed(text));
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| {
        Error::new(Code::QueryUnreadable, "the query string is not UTF-8 after percent-decoding")
    })?;
    Ok(Cow::Owned(decoded.into_owned()))
}

/// Reads the pairs into a query.
///
/// # Errors
/// `PGRST100`, and what the bounds of `limits` refuse.
pub fn read<'a>(pairs: &'a Pairs<'a>) -> Result<Query<'a>> {
    let mut query = Query::default();
    for (key, value) in &pairs.0 {
        match key.as_ref() {
            "select" => query.select = Some(select::read(value)?),
            "order" => order::read(value, &mut query.order)?,
            "limit" => query.limit = Some(range::number("limit", value)?),
            "offset" => query.offset = Some(range::number("offset", value)?),
            "columns" => query.columns = Some(names("columns parameter", value)?),
            "on_conflict" => query.on_conflict = Some(names("on_conflict parameter", value)?),
            "and" | "or" | "not.and" | "not.or" => {
                let node = filter::tree(key, value, &mut query.values)?;
                query.filters.push(node);
            }
            // The key of the gateway, not a column.
            "apikey" => {}
            _ => {
                let node = filter::top(key, value, &mut query.values)?;
                query.filters.push(node);
            }
        }
    }
    if query.values.len() > limits::FILTERS {
        let message = format!("more than {} filters", limits::FILTERS);
        return Err(Error::new(Code::QueryUnreadable, message));
    }
    Ok(query)
}

/// A comma-separated list of identifiers.
fn names<'a>(what: &'static str, text: &'a str) -> Result<Vec<Name<'a>>> {
    let mut cursor = Cursor::new(what, text);
    let mut names = Vec::new();
    if cursor.is_done() {
        return Ok(names);
    }
    loop {
        names.push(cursor.name()?);
        if cursor.is_done() {
            return Ok(names);
        }
        cursor.expect(",")?;
    }
}
