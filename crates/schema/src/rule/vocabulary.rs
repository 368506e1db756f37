//! The names and functions that rules know, for checks, hints and documentation.

use super::kind::Kind;

/// The names that a rule may start from, beside tables of its module.
pub(super) const NAMES: &[&str] =
    &["auth", "row", "new", "now", "request", "true", "false", "null"];

/// A function: what it takes at each place, the value before the dot included.
pub(super) struct Function {
    pub name: &'static str,
    pub takes: &'static [&'static [Kind]],
    pub answer: Kind,
}

const TEXT: &[Kind] = &[Kind::Text];
const MOMENT: &[Kind] = &[Kind::Time];
const NUMBERS: &[Kind] = &[Kind::Int, Kind::Double, Kind::Text, Kind::Time];

const fn function(name: &'static str, takes: &'static [&'static [Kind]], answer: Kind) -> Function {
    Function { name, takes, answer }
}

pub(super) const FUNCTIONS: &[Function] = &[
    function("contains", &[TEXT, TEXT], Kind::Truth),
    function("startsWith", &[TEXT, TEXT], Kind::Truth),
    function("endsWith", &[TEXT, TEXT], Kind::Truth),
    function("matches", &[TEXT, TEXT], Kind::Truth),
    function("size", &[&[Kind::Text, Kind::List, Kind::Map, Kind::Bytes]], Kind::Int),
    function("lowerAscii", &[TEXT], Kind::Text),
    function("upperAscii", &[TEXT], Kind::Text),
    function("int", &[NUMBERS], Kind::Int),
    function("double", &[&[Kind::Int, Kind::Double, Kind::Text]], Kind::Double),
    function("string", &[&[Kind::Text, Kind::Int, Kind::Double, Kind::Truth]], Kind::Text),
    function("bool", &[&[Kind::Truth, Kind::Text]], Kind::Truth),
    function("timestamp", &[&[Kind::Text, Kind::Time, Kind::Int]], Kind::Time),
    function("duration", &[&[Kind::Text, Kind::Span]], Kind::Span),
    function("getFullYear", &[MOMENT], Kind::Int),
    function("getMonth", &[MOMENT], Kind::Int),
    function("getDate", &[MOMENT], Kind::Int),
    function("getDayOfMonth", &[MOMENT], Kind::Int),
    function("getDayOfWeek", &[MOMENT], Kind::Int),
    function("getDayOfYear", &[MOMENT], Kind::Int),
    function("getHours", &[MOMENT], Kind::Int),
    function("getMinutes", &[MOMENT], Kind::Int),
    function("getSeconds", &[MOMENT], Kind::Int),
    function("getMilliseconds", &[MOMENT], Kind::Int),
];

/// Macros that the parser has replaced before this file sees them; named for hints.
pub(super) const MACROS: &[&str] = &["has", "exists", "exists_one", "all", "filter", "map"];
