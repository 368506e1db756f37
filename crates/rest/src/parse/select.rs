//! `select=`: which columns come back, under which names, as which types.

use mainstay_base::{Code, Error, Result};

use super::Name;
use super::cursor::Cursor;
use super::filter::{Field, field};
use crate::limits;

/// One item of a select list.
#[derive(Clone, Debug, PartialEq)]
pub enum Item<'a> {
    /// `*`
    Star,
    /// `[alias:]column[->path][::cast]`
    Column { alias: Option<Name<'a>>, field: Field<'a>, cast: Option<Name<'a>> },
}

/// Reads a select list. An empty one asks for empty objects.
///
/// # Errors
/// `PGRST100` for what does not parse, `PGRST123` for aggregates, `PGRST127` for embeds.
pub fn read(text: &str) -> Result<Vec<Item<'_>>> {
    let mut cursor = Cursor::new("select parameter", text);
    let mut items = Vec::new();
    if cursor.is_done() {
        return Ok(items);
    }
    loop {
        items.push(item(&mut cursor)?);
        if items.len() > limits::SELECT_ITEMS {
            let message = format!("select has more than {} items", limits::SELECT_ITEMS);
            return Err(Error::new(Code::QueryUnreadable, message));
        }
        if cursor.is_done() {
            return Ok(items);
        }
        cursor.expect(",")?;
    }
}

fn item<'a>(cursor: &mut Cursor<'a>) -> Result<Item<'a>> {
    if cursor.take("...") {
        let name = cursor.name()?;
        return Err(embed(&name));
    }
    if cursor.take("*") {
        return Ok(Item::Star);
    }
    let mut alias = None;
    let mut first = field(cursor)?;
    if first.path.is_empty() && cursor.rest().starts_with(':') && !cursor.rest().starts_with("::") {
        cursor.skip(1);
        alias = Some(first.name);
        first = field(cursor)?;
    }
    let cast = if cursor.take("::") { Some(cursor.name()?) } else { None };
    match cursor.peek() {
        Some('(' | '!') if first.name == "count" && cursor.rest().starts_with("()") => {
            Err(aggregate())
        }
        Some('(') if cast.is_some() => {
            Err(cursor.error("expecting the next column: a cast takes no digits"))
        }
        Some('(' | '!') => Err(embed(&first.name)),
        Some('.') if AGGREGATES.iter().any(|word| cursor.rest().starts_with(word)) => {
            Err(aggregate())
        }
        _ => Ok(Item::Column { alias, field: first, cast }),
    }
}

const AGGREGATES: [&str; 5] = [".count()", ".sum()", ".avg()", ".min()", ".max()"];

fn embed(name: &str) -> Error {
    let message = format!("Embedding '{name}' is not supported by this version");
    Error::new(Code::NotImplemented, message)
        .hint("Read the other table with a request of its own.")
}

fn aggregate() -> Error {
    Error::new(Code::AggregatesOff, "Use of aggregate functions is not allowed")
}
