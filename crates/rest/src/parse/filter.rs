//! Filters: `column=op.value` at the top, `or=(a.eq.1,not.and(b.gt.2,c.is.null))` as a tree.
//! Values are taken out of the tree, so that the tree is a shape that can be planned once.

use std::borrow::Cow;

use mainstay_base::{Code, Error, Result};

use super::Name;
use super::cursor::Cursor;
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

/// The operators that need a plan of their own. `Is` carries its word: it is part of the shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Eq,
    Neq,
    Gt,
    Gte,
    Lt,
    Lte,
    IsDistinct,
    In,
    Is(Word),
    Like,
    Ilike,
    Match,
    Imatch,
}

/// What `is` may be followed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Null,
    NotNull,
    True,
    False,
    Unknown,
}

/// The value of a condition, as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Given<'a> {
    One(Cow<'a, str>),
    List(Vec<Cow<'a, str>>),
}

const OPERATORS: [(&str, Operator); 12] = [
    ("eq", Operator::Eq),
    ("neq", Operator::Neq),
    ("gte", Operator::Gte),
    ("gt", Operator::Gt),
    ("lte", Operator::Lte),
    ("lt", Operator::Lt),
    ("isdistinct", Operator::IsDistinct),
    ("in", Operator::In),
    ("like", Operator::Like),
    ("ilike", Operator::Ilike),
    ("match", Operator::Match),
    ("imatch", Operator::Imatch),
];

/// Operators that the dialect has and this version has not.
const ABSENT: [&str; 14] = [
    "cs", "cd", "ov", "sl", "sr", "nxr", "nxl", "adj", "fts", "plfts", "phfts", "wfts", "any",
    "all",
];

/// `key=value` at the top of the query string.
///
/// # Errors
/// `PGRST100`, `PGRST108` for a filter on something that is not embedded.
pub fn top<'a>(key: &'a str, value: &'a str, values: &mut Vec<Given<'a>>) -> Result<Node<'a>> {
    let mut cursor = Cursor::new("field name", key);
    let field = field(&mut cursor)?;
    if cursor.peek() == Some('.') {
        let name = &field.name;
        let message = format!("'{name}' is not an embedded resource in this request");
        return Err(Error::new(Code::EmbedFilterUnselected, message)
            .hint(format!("Verify that '{name}' is included in the 'select' query parameter.")));
    }
    if !cursor.is_done() {
        return Err(cursor.error("expecting end of field name"));
    }
    let mut cursor = Cursor::new("filter", value);
    let not = cursor.take("not.");
    let operator = operator(&mut cursor)?;
    match operator {
        Operator::In => {
            let list = list(&mut cursor)?;
            values.push(Given::List(list));
        }
        Operator::Is(_) => {}
        _ => values.push(Given::One(Cow::Borrowed(cursor.take_rest()))),
    }
    if !cursor.is_done() {
        return Err(cursor.error("expecting end of filter"));
    }
    Ok(Node::One(Condition { field, not, operator }))
}

/// `and=(…)`, `or=(…)`, `not.and=(…)`, `not.or=(…)`
///
/// # Errors
/// `PGRST100`; also when the tree is deeper than its bound.
pub fn tree<'a>(key: &str, value: &'a str, values: &mut Vec<Given<'a>>) -> Result<Node<'a>> {
    let mut cursor = Cursor::new("logic tree", value);
    let not = key.starts_with("not.");
    let node = group(&mut cursor, key.ends_with("or"), not, values, 1)?;
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
    let not = cursor.take("not.");
    let operator = operator(cursor)?;
    match operator {
        Operator::In => {
            let list = list(cursor)?;
            values.push(Given::List(list));
        }
        Operator::Is(_) => {}
        _ => values.push(Given::One(inner_value(cursor)?)),
    }
    Ok(Node::One(Condition { field, not, operator }))
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

/// The operator with the dot behind it, and the word of `is`.
fn operator(cursor: &mut Cursor<'_>) -> Result<Operator> {
    let before = cursor.clone();
    let word = cursor.take_while(|c| c.is_ascii_alphabetic());
    if word == "is" {
        cursor.expect(".")?;
        return is_word(cursor);
    }
    if cursor.peek() == Some('(') || ABSENT.contains(&word) {
        let message = format!("The operator {word}{} is not supported", modifier(cursor.rest()));
        return Err(Error::new(Code::NotImplemented, message).hint(
            "This version has eq, neq, gt, gte, lt, lte, in, is, isdistinct, like, ilike, \
                   match and imatch.",
        ));
    }
    match OPERATORS.iter().find(|(name, _)| *name == word) {
        Some((_, operator)) if cursor.take(".") => Ok(*operator),
        _ => Err(before.error("expecting \"not\" or operator (eq, gt, ...)")),
    }
}

fn modifier(rest: &str) -> &str {
    rest.find(')').filter(|_| rest.starts_with('(')).map_or("", |end| &rest[..=end])
}

fn is_word(cursor: &mut Cursor<'_>) -> Result<Operator> {
    let before = cursor.clone();
    let word = cursor.take_while(|c| c.is_ascii_alphabetic() || c == '_').to_ascii_lowercase();
    Ok(Operator::Is(match word.as_str() {
        "null" => Word::Null,
        "not_null" => Word::NotNull,
        "true" => Word::True,
        "false" => Word::False,
        "unknown" => Word::Unknown,
        _ => return Err(before.error("expecting null, not_null, true, false or unknown")),
    }))
}

/// `(a,b,"x,y")`
fn list<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<Cow<'a, str>>> {
    cursor.expect("(")?;
    let mut items = Vec::new();
    if cursor.take(")") {
        return Ok(items);
    }
    loop {
        items.push(match cursor.peek() {
            Some('"') => cursor.quoted()?,
            _ => Cow::Borrowed(cursor.take_while(|c| !matches!(c, ',' | ')'))),
        });
        if items.len() > limits::LIST_ITEMS {
            let message = format!("a list has more than {} items", limits::LIST_ITEMS);
            return Err(Error::new(Code::QueryUnreadable, message));
        }
        if cursor.take(")") {
            return Ok(items);
        }
        cursor.expect(",")?;
    }
}

/// A value inside a tree: quoted, or up to `,` or `)`; braces nest.
fn inner_value<'a>(cursor: &mut Cursor<'a>) -> Result<Cow<'a, str>> {
    if cursor.peek() == Some('"') {
        return cursor.quoted();
    }
    let rest = cursor.rest();
    let mut braces = 0_usize;
    let end = rest.find(|c| match c {
        '{' | '[' => {
            braces += 1;
            false
        }
        '}' | ']' => {
            braces = braces.saturating_sub(1);
            false
        }
        ',' | ')' => braces == 0,
        _ => false,
    });
    let end = end.unwrap_or(rest.len());
    cursor.skip(end);
    Ok(Cow::Borrowed(&rest[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(key: &str, value: &str) -> String {
        let mut values = Vec::new();
        let node = match key {
            "and" | "or" | "not.and" | "not.or" => tree(key, value, &mut values),
            _ => top(key, value, &mut values),
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
                let not = if one.not { "!" } else { "" };
                let text = if one.field.as_text { "#" } else { "" };
                format!("{not}{field}{text}:{:?}", one.operator)
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
            ("child.id", "eq.1", "PGRST108 'child' is not an embedded resource in this request"),
            ("id", "cs.{1}", "PGRST127 The operator cs is not supported"),
            ("id", "eq(any).{1}", "PGRST127 The operator eq(any) is not supported"),
        ] {
            assert_eq!(shown(key, value), expect, "{key}={value}");
        }
        let deep = format!("{}a.eq.1{}", "and(".repeat(40), ")".repeat(40));
        assert!(shown("or", &format!("({deep})")).contains("nested deeper"));
    }
}
