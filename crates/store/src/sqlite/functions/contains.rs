//! `mainstay_contains(kind, left, right)` is PostgreSQL's `@>` of `jsonb` and of arrays,
//! `mainstay_overlaps(left, right)` its `&&` of arrays. Source: PostgreSQL 15, 8.14.3 and 9.19.

use std::sync::Arc;

use mainstay_base::{Code, Error};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};

use crate::limits;
use crate::sqlite::document::Node;
use crate::sqlite::raised::raise;

pub(super) fn register(connection: &Connection, pure: FunctionFlags) -> Result<()> {
    connection.create_scalar_function("mainstay_contains", 3, pure, contains)?;
    connection.create_scalar_function("mainstay_overlaps", 2, pure, overlaps)
}

fn contains(context: &Context<'_>) -> Result<Option<bool>> {
    let Some((left, right)) = operands(context, 1)? else {
        return Ok(None);
    };
    let mut steps = Steps(limits::COMPARISONS);
    match context.get_raw(0).as_str() {
        Ok("json") => steps.document(&left, &right).map(Some),
        Ok("array") => steps.array(&left, &right).map(Some),
        _ => Err(raise(Error::internal("no kind of containment"))),
    }
}

fn overlaps(context: &Context<'_>) -> Result<Option<bool>> {
    let Some((left, right)) = operands(context, 0)? else {
        return Ok(None);
    };
    let (Node::Array(left), Node::Array(right)) = (&left, right.as_ref()) else {
        return Ok(None);
    };
    let mut steps = Steps(limits::COMPARISONS);
    for wanted in right.iter().filter(|node| !matches!(node, Node::Null)) {
        if steps.has(left, wanted)? {
            return Ok(Some(true));
        }
    }
    Ok(Some(false))
}

/// The left one, which is a row's, and the right one, which stays the same for a statement.
/// `None` when one is NULL, or the row's is no JSON, which only an adopted table can hold.
fn operands<'a>(
    context: &'a Context<'_>,
    at: usize,
) -> Result<Option<(Node<'a>, Arc<Node<'static>>)>> {
    let place = i32::try_from(at + 1).unwrap_or(i32::MAX);
    let (ValueRef::Text(left), false) =
        (context.get_raw(at), context.get_raw(at + 1) == ValueRef::Null)
    else {
        return Ok(None);
    };
    let right = context.get_or_create_aux(place, wanted)?;
    let left = std::str::from_utf8(left).ok().and_then(Node::parse);
    Ok(left.map(|left| (left, right)))
}

fn wanted(value: ValueRef<'_>) -> Result<Node<'static>> {
    let node = value.as_str().ok().and_then(Node::parse).map(Node::into_owned);
    node.ok_or_else(|| {
        raise(Error::new(Code::LiteralInvalid, "invalid input syntax for type json"))
    })
}

/// Comparisons that may still be made: what is compared with everything can take very long, and
/// SQLite does not look at the clock while a function runs.
struct Steps(u64);

impl Steps {
    fn step(&mut self) -> Result<()> {
        self.0 = self.0.checked_sub(1).ok_or_else(|| {
            let message = "a containment test compares too many elements";
            raise(Error::new(Code::StatementTooComplex, message))
        })?;
        Ok(())
    }

    /// `jsonb @> jsonb`. Only at the top an array also contains a value that is no container.
    fn document(&mut self, left: &Node<'_>, right: &Node<'_>) -> Result<bool> {
        match (left, right) {
            (Node::Array(items), right) if !right.is_container() => self.has(items, right),
            (left, right) => self.within(left, right),
        }
    }

    fn within(&mut self, left: &Node<'_>, right: &Node<'_>) -> Result<bool> {
        match (left, right) {
            (Node::Object(left), Node::Object(right)) => {
                for (key, right) in right {
                    self.step()?;
                    let within = match left.get(key) {
                        Some(left) => self.within(left, right)?,
                        None => false,
                    };
                    if !within {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Node::Array(left), Node::Array(right)) => {
                for right in right {
                    if !self.some(left, right)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (left, right) => Ok(!left.is_container() && left.equals(right)),
        }
    }

    /// One of the elements contains `right`.
    fn some(&mut self, left: &[Node<'_>], right: &Node<'_>) -> Result<bool> {
        for left in left {
            self.step()?;
            if self.within(left, right)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// One of the elements equals `wanted`.
    fn has(&mut self, items: &[Node<'_>], wanted: &Node<'_>) -> Result<bool> {
        for item in items {
            self.step()?;
            if item.equals(wanted) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `array @> array`: a NULL equals nothing, so nothing contains it.
    fn array(&mut self, left: &Node<'_>, right: &Node<'_>) -> Result<bool> {
        let (Node::Array(left), Node::Array(right)) = (left, right) else {
            return Ok(false);
        };
        for wanted in right {
            if matches!(wanted, Node::Null) || !self.has(left, wanted)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::types::Value;

    use super::super::tests::{connection, failure, value};
    use super::*;

    fn of(expect: Option<bool>) -> Value {
        expect.map_or(Value::Null, |expect| Value::Integer(i64::from(expect)))
    }

    #[test]
    fn documents_contain_what_postgres_says_they_contain() {
        for (left, right, expect) in [
            // The examples of PostgreSQL 15, section 8.14.3.
            (r#""foo""#, r#""foo""#, true),
            ("[1,2,3]", "[1,3]", true),
            ("[1,2,3]", "[3,1]", true),
            ("[1,2,3]", "[1,2,2]", true),
            (r#"{"product":"PostgreSQL","version":9.4,"jsonb":true}"#, r#"{"version":9.4}"#, true),
            ("[1,2,[1,3]]", "[1,3]", false),
            ("[1,2,[1,3]]", "[[1,3]]", true),
            (r#"{"foo":{"bar":"baz"}}"#, r#"{"bar":"baz"}"#, false),
            (r#"{"foo":{"bar":"baz"}}"#, r#"{"foo":{}}"#, true),
            (r#"["foo","bar"]"#, r#""bar""#, true),
            (r#""bar""#, r#"["bar"]"#, false),
            // What follows from them.
            ("[[1]]", "[1]", false),
            ("[[1,2]]", "[[1]]", true),
            ("[1]", "1.0", true),
            ("1", "1.00", true),
            ("12345678901234567890", "12345678901234567891", false),
            (r#"{"a":[1,{"b":2,"c":3}]}"#, r#"{"a":[{"b":2}]}"#, true),
            (r#"{"a":1}"#, r#"{"a":1,"b":null}"#, false),
            (r#"{"a":null}"#, r#"{"a":null}"#, true),
            (r#"{"a":[1]}"#, r#"{"a":1}"#, false),
            ("[]", "[]", true),
            ("{}", "{}", true),
            ("[]", "{}", false),
            ("{}", "[]", false),
            ("[1]", "\"1\"", false),
            ("[[1]]", "{}", false),
        ] {
            let sql = format!("mainstay_contains('json', '{left}', '{right}')");
            assert_eq!(value(&sql).unwrap(), of(Some(expect)), "{sql}");
        }
    }

    #[test]
    fn arrays_contain_and_overlap_as_sets() {
        for (left, right, contains, overlaps) in [
            ("'[1,4,3]'", "'[3,1,3]'", Some(true), Some(true)),
            ("'[1,2]'", "'[2,3]'", Some(false), Some(true)),
            ("'[1,2]'", "'[]'", Some(true), Some(false)),
            ("'[]'", "'[]'", Some(true), Some(false)),
            ("'[1,null]'", "'[1,null]'", Some(false), Some(true)),
            ("'[null]'", "'[null]'", Some(false), Some(false)),
            ("'[1.50]'", "'[1.5]'", Some(true), Some(true)),
            (r#"'["a","b"]'"#, r#"'["b"]'"#, Some(true), Some(true)),
            (r#"'["a"]'"#, r#"'["A"]'"#, Some(false), Some(false)),
            ("null", "'[1]'", None, None),
            ("'[1]'", "null", None, None),
            ("'no json'", "'[1]'", None, None),
        ] {
            let sql = format!("mainstay_contains('array', {left}, {right})");
            assert_eq!(value(&sql).unwrap(), of(contains), "{sql}");
            let sql = format!("mainstay_overlaps({left}, {right})");
            assert_eq!(value(&sql).unwrap(), of(overlaps), "{sql}");
        }
    }

    #[test]
    fn the_right_side_may_change_from_row_to_row() {
        let connection = connection();
        let sql = "select group_concat(mainstay_contains('json', l, r)) from \
                   (select '[1]' as l, '1' as r union all select '[1]', '2' union all \
                   select '[2]', '2')";
        let got: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(got, "1,0,1");
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        assert_eq!(failure("mainstay_overlaps('[1]', 'x')").code(), Code::LiteralInvalid);
        assert_eq!(failure("mainstay_contains('set', '[1]', '[1]')").code(), Code::Internal);
        let many = "(with recursive n(x) as (select 1 union all select x + 1 from n limit 3000) \
                    select json_group_array(x + ?) from n)";
        let (left, right) = (many.replace('?', "0"), many.replace('?', "3000"));
        let missing =
            failure(&format!("mainstay_contains('array', {left}, json_insert({left}, '$[#]', 0))"));
        assert_eq!(missing.code(), Code::StatementTooComplex);
        let overlap = failure(&format!("mainstay_overlaps({left}, {right})"));
        assert_eq!(overlap.code(), Code::StatementTooComplex);
    }
}
