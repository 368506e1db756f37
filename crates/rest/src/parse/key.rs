//! Keys of the query string: a reserved word or a column, perhaps behind the path of an embed
//! (`a.b.order`, `a.column`, `a.not.or`).

use mainstay_base::Result;

use super::Name;
use super::cursor::Cursor;
use super::filter::{Field, field};

/// What a key speaks of.
#[derive(Clone, Debug, PartialEq)]
pub struct Key<'a> {
    /// The embeds that lead there.
    pub path: Vec<Name<'a>>,
    pub tail: Tail<'a>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Tail<'a> {
    Order,
    Limit,
    Offset,
    Logic { not: bool, any: bool },
    Field(Field<'a>),
}

/// Reads a key.
///
/// # Errors
/// `PGRST100`
pub fn read(text: &str) -> Result<Key<'_>> {
    let mut cursor = Cursor::new("field name", text);
    let mut path = Vec::new();
    loop {
        if let Some(tail) = reserved(cursor.rest()) {
            return Ok(Key { path, tail });
        }
        let field = field(&mut cursor)?;
        if cursor.is_done() {
            return Ok(Key { path, tail: Tail::Field(field) });
        }
        if !field.path.is_empty() || !cursor.take(".") {
            return Err(cursor.error("expecting end of field name"));
        }
        path.push(field.name);
    }
}

fn reserved(word: &str) -> Option<Tail<'static>> {
    Some(match word {
        "order" => Tail::Order,
        "limit" => Tail::Limit,
        "offset" => Tail::Offset,
        "and" => Tail::Logic { not: false, any: false },
        "or" => Tail::Logic { not: false, any: true },
        "not.and" => Tail::Logic { not: true, any: false },
        "not.or" => Tail::Logic { not: true, any: true },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_path_and_what_it_leads_to() {
        let path = |text| read(text).map(|key| key.path.join("/"));
        let tail = |text| read(text).map(|key| key.tail).ok();
        for (text, expect) in [
            ("id", ""),
            ("a.id", "a"),
            ("a.b.order", "a/b"),
            ("a.not.or", "a"),
            ("\"x.y\".z", "x.y"),
        ] {
            assert_eq!(path(text).unwrap(), expect, "{text}");
        }
        assert_eq!(tail("a.limit"), Some(Tail::Limit));
        assert_eq!(tail("not.and"), Some(Tail::Logic { not: true, any: false }));
        assert!(matches!(tail("a.data->x"), Some(Tail::Field(field)) if field.path.len() == 1));
        assert_eq!(tail("a..b"), None);
        assert_eq!(tail("data->x.y"), None);
    }
}
