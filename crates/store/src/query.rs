//! What is asked, as a tree that knows tables and columns but no SQL. `rest::plan` builds it from
//! names it has resolved; `sql` turns it into the text of one engine.
//!
//! Values never stand in the tree, only their places (`Given`): the tree is a shape, and a shape
//! is rendered once and cached. A column is always one of the row at hand; what reaches another
//! row says by which `Link`.

mod expr;

use std::sync::Arc;

use mainstay_schema::model::Piece;
use mainstay_schema::rule::Residual;
use mainstay_schema::{Table, Value};

pub use expr::{Aggregate, Embed, EmbedForm, Expr, Step};

/// The place of a value among those that come with the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given(pub usize);

/// A value in a shape: fixed by it, or given with each request.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    Fixed(Value),
    Given(Given),
}

/// Where rows come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    pub table: Arc<Table>,
    pub rows: Rows,
}

/// What stands behind the columns of a source.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    Stored,
    View,
    /// A query that a person wrote; its arguments are the values from this place on.
    Query {
        pieces: Arc<[Piece]>,
        first: usize,
        /// Its columns have the names of the table's; a lone value has any name.
        named: bool,
    },
    /// A JSON array of arrays, one value for each column.
    Json(Given),
}

impl Source {
    #[must_use]
    pub fn stored(table: &Arc<Table>) -> Self {
        Self { table: Arc::clone(table), rows: Rows::Stored }
    }
}

/// A source, and single rows that stand beside each of its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct From {
    pub source: Source,
    pub joins: Vec<Join>,
}

/// At most one row of another source, or nulls where there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    pub source: Source,
    /// The join beside which this one stands; none for the source itself.
    pub beside: Option<usize>,
    pub link: Link,
    pub filter: Filter,
}

/// How a row finds the rows of another source.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// A column here and the column there that must be equal to it.
    pub pairs: Vec<(usize, usize)>,
    /// With a junction, `pairs` go from here to it.
    pub junction: Option<Junction>,
}

/// A table between two others.
#[derive(Clone, Debug, PartialEq)]
pub struct Junction {
    pub table: Arc<Table>,
    /// A column of the junction and the column there that must be equal to it.
    pub pairs: Vec<(usize, usize)>,
    /// Which of its rows count.
    pub filter: Box<Filter>,
}

/// A read of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    pub from: From,
    pub outputs: Vec<Expr>,
    pub filter: Filter,
    pub order: Vec<Order>,
    /// Positions of the outputs by which rows are grouped; none when they are not.
    pub group: Option<Vec<usize>>,
    /// The filter leaves at most one row.
    pub keyed: bool,
    /// Limit and offset, both bound.
    pub page: Option<(Given, Given)>,
    /// Only the rows whose keys are in this JSON array of arrays, in its order.
    pub keys: Option<Given>,
}

impl Select {
    /// All rows of a source.
    #[must_use]
    pub fn all(source: Source, outputs: Vec<Expr>) -> Self {
        Self {
            from: From { source, joins: Vec::new() },
            outputs,
            filter: Filter::NONE,
            order: Vec::new(),
            group: None,
            keyed: false,
            page: None,
            keys: None,
        }
    }
}

/// A condition on a row. Three-valued, as SQL's.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Test(Expr, Test, Operand),
    /// The test holds for any, or for all, elements of a JSON array.
    Each {
        expr: Expr,
        test: Test,
        list: Operand,
        all: bool,
    },
    /// The value is one of a JSON array's elements.
    In(Expr, Operand),
    Is(Expr, Truth),
    /// The row's words match a full-text query: a JSON array of the FTS5 text and whether it is
    /// turned round.
    Search(Operand),
    /// There is a linked row for which the filter holds.
    Exists {
        link: Link,
        source: Source,
        filter: Box<Filter>,
    },
    /// The row's key is among those that a view shows under a filter: pairs of key and its column
    /// there.
    Through {
        view: Source,
        pairs: Vec<(usize, usize)>,
        filter: Box<Filter>,
    },
    /// What is left of an access rule holds.
    Rule(Ruled),
    /// It does not: it is false, or fails.
    Broken(Ruled),
    /// A condition that is asked only of rows for which the rule holds: it may fail, and a failure
    /// would tell of the row.
    Behind(Ruled, Box<Filter>),
}

/// What is left of an access rule, and where its values stand among those of all rules.
#[derive(Clone, Debug)]
pub struct Ruled {
    pub residual: Arc<Residual>,
    pub first: usize,
}

impl PartialEq for Ruled {
    fn eq(&self, other: &Self) -> bool {
        self.first == other.first && self.residual.shape == other.residual.shape
    }
}

impl Filter {
    /// No condition at all.
    pub const NONE: Filter = Filter::All(Vec::new());

    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }

    /// Some part of it may fail for what a row holds.
    #[must_use]
    pub fn may_fail(&self) -> bool {
        match self {
            Self::Behind(..) => true,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::may_fail),
            Self::Not(inner) => inner.may_fail(),
            _ => false,
        }
    }

    /// One more condition.
    #[must_use]
    pub fn and(self, other: Filter) -> Self {
        match (self, other) {
            (filter, other) if other.is_none() => filter,
            (filter, other @ Self::All(_)) if filter.is_none() => other,
            (filter, other) if filter.is_none() => Self::All(vec![other]),
            (Self::All(mut parts), Self::All(others)) => {
                parts.extend(others);
                Self::All(parts)
            }
            (Self::All(mut parts), other) => {
                parts.push(other);
                Self::All(parts)
            }
            (filter, Self::All(mut parts)) => {
                parts.insert(0, filter);
                Self::All(parts)
            }
            (filter, other) => Self::All(vec![filter, other]),
        }
    }
}

/// A test of one value against another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    Eq,
    Neq,
    Gt,
    Gte,
    Lt,
    Lte,
    /// Differs, where two nulls do not.
    IsDistinct,
    /// Pattern with `%`, `_` and backslash escapes.
    Like {
        fold_case: bool,
    },
    Regex {
        fold_case: bool,
    },
    /// PostgreSQL's `@>`
    Contains,
    /// PostgreSQL's `<@`
    Contained,
    /// PostgreSQL's `&&`
    Overlaps,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    Null,
    NotNull,
    True,
    False,
    Unknown,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub expr: Expr,
    pub descending: bool,
    pub nulls_first: bool,
}

/// New rows: each binds one value per column, in this order.
#[derive(Clone, Debug)]
pub struct Insert {
    pub table: Arc<Table>,
    pub columns: Vec<usize>,
    pub conflict: Option<Conflict>,
    pub returning: Vec<Expr>,
}

/// What an upsert does when a row with the same target columns is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    pub target: Vec<usize>,
    /// Columns taken from the new row; `None` leaves the old row alone.
    pub update: Option<Vec<usize>>,
}

/// Changes to the rows that a filter keeps.
#[derive(Clone, Debug)]
pub struct Update {
    pub table: Arc<Table>,
    /// Column and the place of its new value.
    pub set: Vec<(usize, Operand)>,
    pub filter: Filter,
    pub returning: Vec<Expr>,
}

#[derive(Clone, Debug)]
pub struct Delete {
    pub table: Arc<Table>,
    pub filter: Filter,
    pub returning: Vec<Expr>,
}
