//! The query string: split into pairs and decoded once, then each pair is given to the language
//! that it is written in.

use std::borrow::Cow;

use mainstay_base::{Code, Error, Result};
use percent_encoding::percent_decode_str;

use super::cursor::Cursor;
use super::filter::{self, Node};
use super::key::{self, Key, Tail};
use super::operator::Given;
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
    /// What is wanted of the resource itself.
    pub part: Part<'a>,
    /// The values of all filters; each condition knows its place.
    pub values: Vec<Given<'a>>,
    pub columns: Option<Vec<Name<'a>>>,
    pub on_conflict: Option<Vec<Name<'a>>>,
}

/// What is wanted of the resource, or of one embed in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part<'a> {
    /// `None`: not given, which means `*`.
    pub select: Option<Vec<Item<'a>>>,
    /// All must hold.
    pub filters: Vec<Node<'a>>,
    pub order: Vec<OrderItem<'a>>,
    pub limit: Option<i64>,
    pub offset: Option<i64>,
}

impl<'a> Part<'a> {
    /// Its embeds, in order.
    pub fn embeds(&self) -> impl Iterator<Item = &select::Embed<'a>> {
        self.select.iter().flatten().filter_map(|item| match item {
            Item::Embed(embed) => Some(&**embed),
            _ => None,
        })
    }

    #[must_use]
    pub fn has_embeds(&self) -> bool {
        self.embeds().next().is_some()
    }

    /// Rows are grouped here, or in an embed whose columns stand among those of this part.
    #[must_use]
    pub fn aggregates(&self) -> bool {
        self.select.iter().flatten().any(|item| match item {
            Item::Star => false,
            Item::Column(column) => column.aggregate.is_some(),
            Item::Embed(embed) => embed.spread && embed.part.aggregates(),
        })
    }

    /// The part that a path of embeds leads to. An alias is meant before the name of a relation.
    fn at(&mut self, path: &[Name<'_>]) -> Result<&mut Self> {
        let Some((first, rest)) = path.split_first() else {
            return Ok(self);
        };
        let named = |aliased: bool| {
            self.embeds().position(|embed| match aliased {
                true => embed.name() == first,
                false => embed.relation == *first,
            })
        };
        let found = named(true).or_else(|| named(false));
        let embeds = self.select.iter_mut().flatten().filter_map(|item| match item {
            Item::Embed(embed) => Some(embed),
            _ => None,
        });
        match found.and_then(|at| embeds.into_iter().nth(at)) {
            Some(embed) => embed.part.at(rest),
            None => Err(not_embedded(first)),
        }
    }
}

fn not_embedded(name: &str) -> Error {
    let message = format!("'{name}' is not an embedded resource in this request");
    Error::new(Code::EmbedFilterUnselected, message)
        .hint(format!("Verify that '{name}' is included in the 'select' query parameter."))
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

/// Reads the pairs into a query. `arguments` says which keys are none of its business.
///
/// # Errors
/// `PGRST100`, and what the bounds of `limits` refuse; `PGRST108` for an embed that `select` lacks.
pub fn read<'a>(
    pairs: &'a Pairs<'a>,
    is_argument: impl Fn(&str, &str) -> bool,
) -> Result<Query<'a>> {
    let mut query = Query::default();
    // What is selected is known before anything else speaks of its embeds.
    for (_, value) in pairs.0.iter().filter(|(key, _)| key == "select") {
        query.part.select = Some(select::read(value)?);
    }
    for (key, value) in &pairs.0 {
        match key.as_ref() {
            // `apikey` is the key of the gateway, not a column.
            "select" | "apikey" => {}
            "columns" => query.columns = Some(names("columns parameter", value)?),
            "on_conflict" => query.on_conflict = Some(names("on_conflict parameter", value)?),
            key if is_argument(key, value) => {}
            key => take(&mut query, key::read(key)?, value)?,
        }
    }
    if query.values.len() > limits::FILTERS {
        let message = format!("more than {} filters", limits::FILTERS);
        return Err(Error::new(Code::QueryUnreadable, message));
    }
    Ok(query)
}

/// Puts what a key says where it belongs.
fn take<'a>(query: &mut Query<'a>, key: Key<'a>, value: &'a str) -> Result<()> {
    let values = &mut query.values;
    let part = query.part.at(&key.path)?;
    match key.tail {
        Tail::Order => order::read(value, &mut part.order)?,
        Tail::Limit => part.limit = Some(range::number("limit", value)?),
        Tail::Offset => part.offset = Some(range::number("offset", value)?),
        Tail::Logic { not, any } => part.filters.push(filter::tree(not, any, value, values)?),
        Tail::Field(field) => part.filters.push(filter::top(field, value, values)?),
    }
    Ok(())
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
