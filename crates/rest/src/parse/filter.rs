//! Filters: `column=op.value` at the top, `or=(a.eq.1,not.and(b.gt.2,c.is.null))` as a tree.
//! Values are taken out of the tree, so that the tree is a shape that can be planned once.

use std::borrow::Cow;

use mainstay_base::{Code, Error, Result};

use super::Name;
use super::cursor::Cursor;
use super::operator::{self, Each, Given, Operator};
use crate::limits;

/// A condition, or several under `and` or `or`.
#[derive(Clone, Debug, PartialEq)]
pub enum Node<'a> {
    All { not: bool, nodes: Vec<Node<'a>> },
    Any { not: bool, nodes: Vec<Node<'a>> },
    One(Condition<'a>),
}

/// `field.[not.]operator.value`
#[derive(Clone, Debug, PartialEq)]
pub struct Condition<'a> {
    pub field: Field<'a>,
    pub not: bool,
    pub operator: Operator,
    pub each: Option<Each>,
    /// Where its value stands among those of the query; `is` has none.
    pub place: usize,
}

/// A column, perhaps with a path into its JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Field<'a> {
    pub name: Name<'a>,
    pub path: Vec<PathStep<'a>>,
    /// The last arrow was `->>`.
    pub as_text: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PathStep<'a> {
    Key(Name<'a>),
    At(i64),
}

/// `key=value` of a column.
///
/// # Errors
/// `PGRST100`
pub fn top<'a>(field: Field<'a>, value: &'a str, values: &mut Vec<Given<'a>>) -> Result<Node<'a>> {
    let mut cursor = Cursor::new("filter", value);
    let node =
        condition(&mut cursor, field, values, |cursor| Ok(Cow::Borrowed(cursor.take_rest())))?;
    match cursor.is_done() {
        true => Ok(node),
        false => Err(cursor.error("expecting end of filter")),
    }
}

/// What follows a field: `[not.]operator.value`.
fn condition<'a>(
    cursor: &mut Cursor<'a>,
    field: Field<'a>,
    values: &mut Vec<Given<'a>>,
    one: impl FnOnce(&mut Cursor<'a>) -> Result<Cow<'a, str>>,
) -> Result<Node<'a>> {
    let not = cursor.take("not.");
    let (operator, each) = operator::read(cursor)?;
    let place = values.len();
    match operator {
        Operator::In => values.push(Given::List(operator::list(cursor)?)),
        Operator::Is(_) => {}
        _ => values.push(Given::One(one(cursor)?)),
    }
    Ok(Node::One(Condition { field, not, operator, each, place }))
}

/// `and=(…)`, `or=(…)`, `not.and=(…)`, `not.or=(…)`
///
/// # Errors
/// `PGRST100`; also when the tree is deeper than its bound.
pub fn tree<'a>(
    not: bool,
    any: bool,
    value: &'a str,
    values: &mut Vec<Given<'a>>,
) -> Result<Node<'a>> {
    let mut cursor = Cursor::new("logic tree", value);
    let node = group(&mut cursor, any, not, values, 1)?;
    if !cursor.is_done() {
        return Err(cursor.error("expecting end of logic tree"));
    }
    Ok(node)
}

fn group<'a>(
    cursor: &mut Cursor<'a>,
    any: bool,
    not: bool,
    values: &mut Vec<Given<'a>>,
    depth: usize,
) -> Result<Node<'a>> {
    if depth > limits::LOGIC_DEPTH {
        let message = format!("a logic tree is nested deeper than {}", limits::LOGIC_DEPTH);
        return Err(Error::new(Code::QueryUnreadable, message));
    }
    cursor.expect("(")?;
    let mut nodes = Vec::new();
    loop {
        nodes.push(branch(cursor, values, depth)?);
        if cursor.take(")") {
            break;
        }
        cursor.expect(",")?;
    }
    Ok(if any { Node::Any { not, nodes } } else { Node::All { not, nodes } })
}

fn branch<'a>(
    cursor: &mut Cursor<'a>,
    values: &mut Vec<Given<'a>>,
    depth: usize,
) -> Result<Node<'a>> {
    cursor.take_while(|c| c == ' ');
    let rest = cursor.rest();
    let plain = rest.strip_prefix("not.").unwrap_or(rest);
    let not = plain.len() != rest.len();
    for (word, any) in [("and(", false), ("or(", true)] {
        if plain.starts_with(word) {
            cursor.skip(rest.len() - plain.len() + word.len() - 1);
            return group(cursor, any, not, values, depth + 1);
        }
    }
    let field = field(cursor)?;
    cursor.expect(".")?;
    condition(cursor, field, values, operator::inner_value)
}

/// `name[->key|->>key|->0]…`
///
/// # Errors
/// `PGRST100`
pub fn field<'a>(cursor: &mut Cursor<'a>) -> Result<Field<'a>> {
    let name = cursor.name()?;
    let (mut path, mut as_text) = (Vec::new(), false);
    while cursor.take("->") {
        as_text = cursor.take(">");
        path.push(step(cursor)?);
        if path.len() > limits::JSON_PATH {
            let message = format!("a JSON path has more than {} steps", limits::JSON_PATH);
            return Err(Error::new(Code::QueryUnreadable, message));
        }
    }
    Ok(Field { name, path, as_text })
}

fn step<'a>(cursor: &mut Cursor<'a>) -> Result<PathStep<'a>> {
    let ahead = cursor.rest();
    let number = ahead.strip_prefix('-').unwrap_or(ahead);
    let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    let len = ahead.len() - number.len() + digits;
    let ends = ahead[len..].chars().next().is_none_or(|c| !c.is_alphanumeric() && c != '_');
    if digits > 0 && ends {
        let at = ahead[..len].parse().map_err(|_| cursor.error("expecting an array index"))?;
        cursor.skip(len);
        return Ok(PathStep::At(at));
    }
    cursor.name().map(PathStep::Key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(key: &str, value: &str) -> String {
        let mut values = Vec::new();
        let node = match key {
            "and" | "or" | "not.and" | "not.or" => {
                tree(key.starts_with("not."), key.ends_with("or"), value, &mut values)
            }
            _ => {
                let mut cursor = Cursor::new("field name", key);
                field(&mut cursor).and_then(|field| top(field, value, &mut values))
            }
        };
        match node {
            Ok(node) => format!("{} | {}", draw(&node), draw_values(&values)),
            Err(error) => format!("{} {}", error.code().text(), error.message()),
        }
    }

    fn draw_values(values: &[Given<'_>]) -> String {
        let one = |value: &Given<'_>| match value {
            Given::One(text) => format!("<{text}>"),
            Given::List(items) => format!("<{}>", items.join(";")),
        };
        values.iter().map(one).collect()
    }

    fn draw(node: &Node<'_>) -> String {
        let many = |not: bool, word: &str, nodes: &[Node<'_>]| {
            let parts: Vec<String> = nodes.iter().map(draw).collect();
            format!("{}{word}({})", if not { "!" } else { "" }, parts.join(" "))
        };
        match node {
            Node::All { not, nodes } => many(*not, "all", nodes),
            Node::Any { not, nodes } => many(*not, "any", nodes),
            Node::One(one) => {
                let mut field = one.field.name.to_string();
                for step in &one.field.path {
                    match step {
                        PathStep::Key(key) => field.push_str(&format!("/{key}")),
                        PathStep::At(at) => field.push_str(&format!("[{at}]")),
                    }
                }
                let each = one.each.map_or(String::new(), |each| format!("({each:?})"));
                let not = if one.not { "!" } else { "" };
                let text = if one.field.as_text { "#" } else { "" };
                format!("{not}{field}{text}:{:?}{each}", one.operator)
            }
        }
    }

    #[test]
    fn filters_are_read_as_the_dialect_writes_them() {
        for (key, value, expect) in [
            ("id", "eq.5", "id:Eq | <5>"),
            ("id", "not.eq.5", "!id:Eq | <5>"),
            ("name", "eq.\"quoted\"", "name:Eq | <\"quoted\">"),
            ("name", "eq.", "name:Eq | <>"),
            ("a b", "like.x.y*", "a b:Like | <x.y*>"),
            ("\"a.b\"", "gte.1", "a.b:Gte | <1>"),
            ("id", "in.(1,2,3)", "id:In | <1;2;3>"),
            ("id", "in.()", "id:In | <>"),
            ("n", r#"in.("a,b","c\"d",e f)"#, "n:In | <a,b;c\"d;e f>"),
            ("n", "is.null", "n:Is(Null) | "),
            ("n", "not.is.TRUE", "!n:Is(True) | "),
            ("data->a->>b", "eq.x", "data/a/b#:Eq | <x>"),
            ("data->0->-1", "eq.x", "data[0][-1]:Eq | <x>"),
            ("data->0a", "eq.x", "data/0a:Eq | <x>"),
            ("or", "(a.eq.1,b.gt.2)", "any(a:Eq b:Gt) | <1><2>"),
            ("or", "(a.eq.1, b.is.null)", "any(a:Eq b:Is(Null)) | <1>"),
            (
                "not.and",
                "(a.not.eq.1,not.or(b.in.(1,2),c.eq.\"x,)\"))",
                "!all(!a:Eq !any(b:In c:Eq)) | <1><1;2><x,)>",
            ),
            ("and", "(a.eq.{1,2},b.eq.3)", "all(a:Eq b:Eq) | <{1,2}><3>"),
            ("my-col", "eq.1", "my-col:Eq | <1>"),
            ("tags", "cs.{a,b}", "tags:Contains | <{a,b}>"),
            ("tags", "not.ov.{a}", "!tags:Overlaps | <{a}>"),
            ("n", "like(any).{a*,b*}", "n:Like(Any) | <{a*,b*}>"),
            (
                "or",
                "(n.gt(all).{1,2},d.cd.{\"a\":1})",
                "any(n:Gt(All) d:Contained) | <{1,2}><{\"a\":1}>",
            ),
            ("t", "fts(english).a & b", "t:Search(Query) | <a & b>"),
            ("t", "wfts.a -b", "t:Search(Web) | <a -b>"),
        ] {
            assert_eq!(shown(key, value), expect, "{key}={value}");
        }
    }

    #[test]
    fn what_does_not_parse_says_where() {
        for (key, value, expect) in [
            ("id", "5", "PGRST100 \"failed to parse filter (5)\" (line 1, column 1)"),
            ("id", "foo.5", "PGRST100 \"failed to parse filter (foo.5)\" (line 1, column 1)"),
            ("id", "is.nil", "PGRST100 \"failed to parse filter (is.nil)\" (line 1, column 4)"),
            ("id", "in.(1", "PGRST100 \"failed to parse filter (in.(1)\" (line 1, column 6)"),
            ("id", "in.(1)x", "PGRST100 \"failed to parse filter (in.(1)x)\" (line 1, column 7)"),
            (
                "or",
                "(a.eq.1",
                "PGRST100 \"failed to parse logic tree ((a.eq.1)\" (line 1, column 8)",
            ),
            ("or", "a.eq.1", "PGRST100 \"failed to parse logic tree (a.eq.1)\" (line 1, column 1)"),
            ("or", "()", "PGRST100 \"failed to parse logic tree (())\" (line 1, column 2)"),
            (
                "id",
                "sl.[1,2)",
                "PGRST127 The operator sl is for range types, which this database lacks",
            ),
            (
                "id",
                "in(any).(1)",
                "PGRST100 \"failed to parse filter (in(any).(1))\" (line 1, column 7)",
            ),
            (
                "id",
                "eq(some).{1}",
                "PGRST100 \"failed to parse filter (eq(some).{1})\" (line 1, column 8)",
            ),
        ] {
            assert_eq!(shown(key, value), expect, "{key}={value}");
        }
        let deep = format!("{}a.eq.1{}", "and(".repeat(40), ")".repeat(40));
        assert!(shown("or", &format!("({deep})")).contains("nested deeper"));
    }
}
