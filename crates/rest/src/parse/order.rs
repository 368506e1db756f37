//! `order=`: `column[->path][.asc|.desc][.nullsfirst|.nullslast]`, comma-separated.

use mainstay_base::{Code, Error, Result};

use super::cursor::Cursor;
use super::filter::{Field, field};
use crate::limits;

/// One key of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem<'a> {
    pub field: Field<'a>,
    pub descending: bool,
    /// Unless said: nulls come last when ascending, first when descending.
    pub nulls_first: bool,
}

/// Appends the keys that `text` lists.
///
/// # Errors
/// `PGRST100`; `PGRST127` for an order by an embed.
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
    let field = field(cursor)?;
    if cursor.peek() == Some('(') {
        let message = format!("Ordering by '{}' needs an embed", field.name);
        return Err(Error::new(Code::NotImplemented, message)
            .hint("Order by a column of the table itself."));
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
    Ok(OrderItem { field, descending, nulls_first })
}
