//! The kinds, names and functions that rules know. `infer` and `operator` compare a rule with them.

use cel::common::ast::LiteralValue;

/// What is known of a value before a request comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Truth,
    Text,
    Number,
    Null,
    List,
    Map,
    /// Claims, and what comes out of them.
    Any,
}

impl Kind {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Truth => "true or false",
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Null => "null",
            Self::List => "a list",
            Self::Map => "a map",
            Self::Any => "anything",
        }
    }

    pub(super) fn fits(self, other: Self) -> bool {
        self == other || self == Self::Any || other == Self::Any
    }
}

/// Names that rules of a later release will know.
pub(super) const LATER: &[(&str, &str)] = &[
    (
        "row",
        "rules that look at `row` are not supported by this version; they come with a later release",
    ),
    (
        "new",
        "rules that look at `new` are not supported by this version; they come with a later release",
    ),
    (
        "now",
        "rules that look at `now` are not supported by this version; they come with a later release",
    ),
    (
        "request",
        "rules that look at `request` are not supported by this version; they come with a later release",
    ),
];

/// Functions with the number of their arguments, the receiver counted, and what they answer.
pub(super) const FUNCTIONS: &[(&str, usize, Kind)] = &[
    ("contains", 2, Kind::Truth),
    ("startsWith", 2, Kind::Truth),
    ("endsWith", 2, Kind::Truth),
    ("size", 1, Kind::Number),
    ("string", 1, Kind::Text),
    ("int", 1, Kind::Number),
    ("double", 1, Kind::Number),
    ("bool", 1, Kind::Truth),
];

/// Macros that the parser has replaced before this file sees them; named for hints.
pub(super) const MACROS: &[&str] = &["has", "exists", "exists_one", "all", "filter", "map"];

pub(super) fn literal_kind(literal: &LiteralValue) -> Kind {
    match literal {
        LiteralValue::Boolean(_) => Kind::Truth,
        LiteralValue::String(_) => Kind::Text,
        LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_) => Kind::Number,
        LiteralValue::Null => Kind::Null,
        LiteralValue::Bytes(_) => Kind::Any,
    }
}
