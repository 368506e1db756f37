//! `order=`: `column[->path][.asc|.desc][.nullsfirst|.nullslast]`, comma-separated. The column may
//! be one of an embed that is at most one row: `relation(column)`.

use mainstay_base::{Code, Error, Result};

use super::Name;
use super::cursor::Cursor;
use super::filter::{Field, field};
use crate::limits;

/// One key of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem<'a> {
    /// The embed whose column it is.
    pub relation: Option<Name<'a>>,
    pub field: Field<'a>,
    pub descending: bool,
    /// Unless said: nulls come last when ascending, first when descending.
    pub nulls_first: bool,
}

/// Appends the keys that `text` lists.
///
/// # Errors
/// `PGRST100`
pub fn read<'a>(text: &'a str, order: &mut Vec<OrderItem<'a>>) -> Result<()> {
    let mut cursor = Cursor::new("order parameter", text);
    if cursor.is_done() {
        return Ok(());
    }
    loop {
        order.push(item(&mut cursor)?);
        if order.len() > limits::ORDER_ITEMS {
            let message = format!("order has more than {} keys", limits::ORDER_ITEMS);
            return Err(Error::new(Code::QueryUnreadable, message));
        }
        if cursor.is_done() {
            return Ok(());
        }
        cursor.expect(",")?;
    }
}

fn item<'a>(cursor: &mut Cursor<'a>) -> Result<OrderItem<'a>> {
    let mut field = self::field(cursor)?;
    let mut relation = None;
    if field.path.is_empty() && cursor.take("(") {
        relation = Some(field.name);
        field = self::field(cursor)?;
        cursor.expect(")")?;
    }
    let descending = if cursor.take(".asc") { false } else { cursor.take(".desc") };
    let nulls_first = if cursor.take(".nullsfirst") {
        true
    } else if cursor.take(".nullslast") {
        false
    } else {
        descending
    };
    if !cursor.is_done() && cursor.peek() != Some(',') {
        return Err(cursor.error("expecting \"asc\", \"desc\", \"nullsfirst\" or \"nullslast\""));
    }
    Ok(OrderItem { relation, field, descending, nulls_first })
}
