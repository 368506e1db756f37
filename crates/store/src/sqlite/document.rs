//! JSON documents for comparing: numbers stay the text they are, so that long decimals are not
//! bent by a double, and objects are sorted by key.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use mainstay_schema::value::number;

/// Nesting beyond which a document is not taken; deeper ones exist in adopted tables only.
const DEPTH: usize = 200;

/// A parsed document.
#[derive(Clone, Debug)]
pub(super) enum Node<'a> {
    Null,
    Bool(bool),
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    /// The last of equal keys counts.
    Object(BTreeMap<Cow<'a, str>, Node<'a>>),
}

impl<'a> Node<'a> {
    /// `None` for what is no JSON.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parser = Parser { rest: text };
        let node = parser.value(0)?;
        parser.skip_space();
        parser.rest.is_empty().then_some(node)
    }

    /// The same document, kept longer than its text.
    pub fn into_owned(self) -> Node<'static> {
        let owned = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Null => Node::Null,
            Self::Bool(value) => Node::Bool(value),
            Self::Number(text) => Node::Number(owned(text)),
            Self::Text(text) => Node::Text(owned(text)),
            Self::Array(items) => Node::Array(items.into_iter().map(Node::into_owned).collect()),
            Self::Object(members) => Node::Object(
                members.into_iter().map(|(key, node)| (owned(key), node.into_owned())).collect(),
            ),
        }
    }

    pub fn is_container(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Object(_))
    }

    /// The same value: numbers by what they are worth.
    pub fn equals(&self, other: &Node<'_>) -> bool {
        match (self, other) {
            (Self::Null, Node::Null) => true,
            (Self::Bool(left), Node::Bool(right)) => left == right,
            (Self::Number(left), Node::Number(right)) => same_number(left, right),
            (Self::Text(left), Node::Text(right)) => left == right,
            (Self::Array(left), Node::Array(right)) => {
                left.len() == right.len()
                    && left.iter().zip(right).all(|(left, right)| left.equals(right))
            }
            (Self::Object(left), Node::Object(right)) => {
                let mut pairs = left.iter().zip(right);
                left.len() == right.len()
                    && pairs.all(|(left, right)| left.0 == right.0 && left.1.equals(right.1))
            }
            _ => false,
        }
    }
}

/// Two whole numbers are the same when their texts are; only others must be looked into.
fn same_number(left: &str, right: &str) -> bool {
    let plain = |text: &str| text != "-0" && !text.contains(['.', 'e', 'E']);
    left == right
        || !(plain(left) && plain(right)) && number::compare(left, right) == Ordering::Equal
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\n', '\r', '\t']);
    }

    fn eat(&mut self, text: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self, depth: usize) -> Option<Node<'a>> {
        self.skip_space();
        if depth > DEPTH {
            return None;
        }
        match self.rest.bytes().next()? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string().map(Node::Text),
            b'n' => self.eat("null").then_some(Node::Null),
            b't' => self.eat("true").then_some(Node::Bool(true)),
            b'f' => self.eat("false").then_some(Node::Bool(false)),
            _ => self.number(),
        }
    }

    fn array(&mut self, depth: usize) -> Option<Node<'a>> {
        let mut items = Vec::new();
        self.eat("[");
        if self.eat("]") {
            return Some(Node::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.eat("]") {
                return Some(Node::Array(items));
            }
            self.eat(",").then_some(())?;
        }
    }

    fn object(&mut self, depth: usize) -> Option<Node<'a>> {
        let mut members = BTreeMap::new();
        self.eat("{");
        if self.eat("}") {
            return Some(Node::Object(members));
        }
        loop {
            self.skip_space();
            let key = self.string()?;
            self.eat(":").then_some(())?;
            members.insert(key, self.value(depth + 1)?);
            if self.eat("}") {
                return Some(Node::Object(members));
            }
            self.eat(",").then_some(())?;
        }
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        let inner = self.rest.strip_prefix('"')?;
        let (mut escaped, mut escapes) = (false, false);
        for (at, byte) in inner.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => (escaped, escapes) = (true, true),
                b'"' => {
                    let raw = &self.rest[..at + 2];
                    self.rest = &self.rest[at + 2..];
                    return match escapes {
                        true => serde_json::from_str(raw).ok().map(Cow::Owned),
                        false => Some(Cow::Borrowed(&raw[1..=at])),
                    };
                }
                _ => {}
            }
        }
        None
    }

    fn number(&mut self) -> Option<Node<'a>> {
        let ends = |c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E');
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        let starts = |c: char| c.is_ascii_digit();
        text.trim_start_matches('-').starts_with(starts).then_some(())?;
        self.rest = rest;
        Some(Node::Number(Cow::Borrowed(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_parsed_and_compared_by_value() {
        for (left, right, equal) in [
            ("1", "1.0", true),
            ("1e2", "100", true),
            ("0", "-0", true),
            ("10", "-10", false),
            ("12345678901234567890.1", "12345678901234567890.2", false),
            (r#""a\u00e9""#, r#""aé""#, true),
            (r#"{"a":1,"b":[null,true]}"#, r#" { "b" : [ null , true ] , "a" : 1.00 } "#, true),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#, true),
            ("[1,2]", "[2,1]", false),
            ("[]", "{}", false),
            ("\"1\"", "1", false),
            ("null", "false", false),
        ] {
            let (left_node, right_node) = (Node::parse(left).unwrap(), Node::parse(right).unwrap());
            assert_eq!(left_node.equals(&right_node), equal, "{left} {right}");
            assert_eq!(right_node.into_owned().equals(&left_node), equal, "{right} {left}");
        }
    }

    #[test]
    fn what_is_no_document_is_told() {
        let deep = "[".repeat(100_000);
        for wrong in
            ["", " ", "[1", "[1,]", "{\"a\"}", "{a:1}", "\"a", "nul", "1 2", "-", "\"\\x\"", &deep]
        {
            assert!(Node::parse(wrong).is_none(), "{}", &wrong[..wrong.len().min(20)]);
        }
    }
}
