//! A rule as a tree that knows tables and columns but no SQL: made by `bind` from CEL, made smaller
//! by `reduce` for each caller, turned into the text of an engine by the store.
//!
//! A condition is true, false, or an error; `&&` and `||` absorb errors as CEL says, which is
//! SQL's own logic with NULL for an error.

use std::sync::Arc;

use super::constant::Const;
use super::kind::Kind;
use crate::Type;

/// True, false, or an error, which denies.
#[derive(Clone, Debug, PartialEq)]
pub enum Cond {
    Const(bool),
    Error,
    All(Vec<Cond>),
    Any(Vec<Cond>),
    Not(Box<Cond>),
    /// Only the branch that is taken is looked at.
    If(Box<Cond>, Box<Cond>, Box<Cond>),
    /// A value that has to be true or false.
    Is(Term),
    Equal(Term, Term),
    Order(Order, Term, Term),
    /// One of the values that are listed.
    In(Term, Vec<Term>),
    /// One of the elements of a list, or of the keys of a map, that is a value itself.
    Within(Term, Term),
    Text(TextTest, Term, Term),
    /// A text and a regular expression that is the same for all rows.
    Matches(Term, Term),
    /// A JSON object has this key.
    Has(Term, String),
    /// There is a row of a table of the module for which the condition holds.
    Rows {
        table: Arc<str>,
        level: usize,
        body: Box<Cond>,
    },
    /// There is an element of a list for which the condition holds.
    Items {
        list: Term,
        level: usize,
        body: Box<Cond>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextTest {
    Contains,
    StartsWith,
    EndsWith,
}

/// A value, or an error.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    Error,
    Const(Const),
    /// A value that is bound: its place among those of the residual.
    Param(usize, Kind),
    /// Something that is known of the caller, by its place in the rule.
    Known(usize, Kind),
    Field(Field),
    /// Steps into JSON or a list.
    Step(Box<Term>, Vec<Key>),
    /// The element at hand of the list at this level.
    Item(usize),
    /// A condition as a value.
    Truth(Box<Cond>),
    Call(Function, Vec<Term>),
    /// Only inside of `bind`, which moves it out into conditions.
    If(Box<Cond>, Box<Term>, Box<Term>),
}

/// A column of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub at: At,
    pub column: usize,
    pub name: Arc<str>,
    pub ty: Type,
    pub null: bool,
    /// The column has a collation of its own, which is not CEL's.
    pub collated: bool,
    /// Rows are found by it without looking at all of them.
    pub indexed: bool,
}

/// Which row.
#[derive(Clone, Debug, PartialEq)]
pub enum At {
    Row,
    /// The row as it will be.
    New,
    /// The row at hand of the table at this level.
    Var(usize),
    /// The row that a reference points to; an error where there is none.
    Via(Arc<Via>),
}

/// A reference that is followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Via {
    pub key: Term,
    pub table: Arc<str>,
    pub column: Arc<str>,
}

/// A step into JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    Name(String),
    At(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Negate,
    Size,
    LowerAscii,
    UpperAscii,
    ToInt,
    ToDouble,
    ToText,
    Part(TimePart),
}

/// Parts of a moment in UTC, counted as CEL counts them: months, days of the month and of the year
/// from 0, Sunday is 0, `getDate` from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimePart {
    FullYear,
    Month,
    Date,
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

impl TimePart {
    pub const ALL: &[(&str, TimePart)] = &[
        ("getFullYear", Self::FullYear),
        ("getMonth", Self::Month),
        ("getDate", Self::Date),
        ("getDayOfMonth", Self::DayOfMonth),
        ("getDayOfWeek", Self::DayOfWeek),
        ("getDayOfYear", Self::DayOfYear),
        ("getHours", Self::Hours),
        ("getMinutes", Self::Minutes),
        ("getSeconds", Self::Seconds),
        ("getMilliseconds", Self::Milliseconds),
    ];
}

impl Cond {
    /// The parts that must all hold.
    pub fn conjuncts(self, into: &mut Vec<Cond>) {
        match self {
            Self::All(parts) => parts.into_iter().for_each(|part| part.conjuncts(into)),
            Self::Const(true) => {}
            other => into.push(other),
        }
    }

    /// All of these, as short as it can be said.
    #[must_use]
    pub fn all(mut parts: Vec<Cond>) -> Self {
        match parts.len() {
            0 => Self::Const(true),
            1 => parts.remove(0),
            _ => Self::All(parts),
        }
    }

    /// Visits every value directly inside of this condition and of those within it.
    pub fn each_term(&self, visit: &mut dyn FnMut(&Term)) {
        match self {
            Self::Const(_) | Self::Error => {}
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.each_term(visit));
            }
            Self::Not(inner) => inner.each_term(visit),
            Self::If(condition, yes, no) => {
                [condition, yes, no].iter().for_each(|part| part.each_term(visit));
            }
            Self::Is(term) | Self::Has(term, _) => term.each(visit),
            Self::Equal(left, right)
            | Self::Order(_, left, right)
            | Self::Within(left, right)
            | Self::Text(_, left, right)
            | Self::Matches(left, right) => {
                left.each(visit);
                right.each(visit);
            }
            Self::In(term, list) => {
                term.each(visit);
                list.iter().for_each(|item| item.each(visit));
            }
            Self::Rows { body, .. } => body.each_term(visit),
            Self::Items { list, body, .. } => {
                list.each(visit);
                body.each_term(visit);
            }
        }
    }

    /// Some part of it asks other tables.
    #[must_use]
    pub fn asks_tables(&self) -> bool {
        match self {
            Self::Rows { .. } => true,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::asks_tables),
            Self::Not(inner) | Self::Items { body: inner, .. } => inner.asks_tables(),
            Self::If(condition, yes, no) => {
                [condition, yes, no].iter().any(|part| part.asks_tables())
            }
            _ => {
                let mut found = false;
                self.each_term(&mut |term| {
                    found |= matches!(term, Term::Truth(inner) if inner.asks_tables());
                });
                found
            }
        }
    }
}

impl Term {
    /// Visits this value and those that it is made of.
    pub fn each(&self, visit: &mut dyn FnMut(&Term)) {
        visit(self);
        match self {
            Self::Step(inner, _) => inner.each(visit),
            Self::Truth(condition) => condition.each_term(visit),
            Self::Call(_, values) => values.iter().for_each(|value| value.each(visit)),
            Self::If(condition, yes, no) => {
                condition.each_term(visit);
                yes.each(visit);
                no.each(visit);
            }
            Self::Field(Field { at: At::Via(via), .. }) => via.key.each(visit),
            _ => {}
        }
    }

    /// The kind of its value.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Error | Self::Step(..) | Self::Item(_) => Kind::Any,
            Self::Const(value) => value.kind(),
            Self::Param(_, kind) | Self::Known(_, kind) => *kind,
            Self::Field(field) => Kind::of(&field.ty),
            Self::Truth(_) => Kind::Truth,
            Self::If(_, yes, no) => {
                let (yes, no) = (yes.kind(), no.kind());
                if yes == no { yes } else { Kind::Any }
            }
            Self::Call(function, values) => function.kind(values),
        }
    }
}

impl Function {
    fn kind(self, values: &[Term]) -> Kind {
        let first = values.first().map_or(Kind::Any, Term::kind);
        let second = values.get(1).map_or(Kind::Any, Term::kind);
        match self {
            Self::Size | Self::ToInt | Self::Part(_) => Kind::Int,
            Self::ToDouble => Kind::Double,
            Self::LowerAscii | Self::UpperAscii | Self::ToText => Kind::Text,
            Self::Add | Self::Subtract => match (first, second) {
                (Kind::Time, Kind::Time) => Kind::Span,
                (Kind::Span, Kind::Time) => Kind::Time,
                (Kind::Any, other) => other,
                (first, _) => first,
            },
            Self::Multiply | Self::Divide | Self::Remainder if first == Kind::Any => second,
            Self::Multiply | Self::Divide | Self::Remainder | Self::Negate => first,
        }
    }
}

#[cfg(test)]
mod tests;
