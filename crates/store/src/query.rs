//! What is asked, as a tree that knows tables and columns but no SQL. `rest::plan` builds it from
//! names it has resolved; `sql` turns it into the text of one engine.
//!
//! Values never stand in the tree, only their places (`Given`): the tree is a shape, and a shape
//! is rendered once and cached.

use std::sync::Arc;

use mainstay_schema::{Table, Type, Value};

/// The place of a value among those that come with the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given(pub usize);

/// A value in a shape: fixed by it, or given with each request.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    Fixed(Value),
    Given(Given),
}

/// A read of one table.
#[derive(Clone, Debug)]
pub struct Select {
    pub table: Arc<Table>,
    pub outputs: Vec<Expr>,
    pub filter: Filter,
    pub order: Vec<Order>,
    /// The filter leaves at most one row.
    pub keyed: bool,
    /// Limit and offset, both bound.
    pub page: Option<(Given, Given)>,
}

/// The number of rows that a filter keeps.
#[derive(Clone, Debug)]
pub struct Count {
    pub table: Arc<Table>,
    pub filter: Filter,
}

/// Something that has a value in each row.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    Column(usize),
    /// A step into a JSON column. `as_text` is the last arrow's kind (`->>`).
    Path {
        column: usize,
        path: Vec<Step>,
        as_text: bool,
    },
}

/// One step of a JSON path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Key(String),
    /// From the end when negative.
    At(i64),
}

/// A condition on a row. Three-valued, as SQL's.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Compare(Expr, Comparison, Operand),
    /// The value is one of a JSON array's elements.
    In(Expr, Operand),
    Is(Expr, Truth),
    /// Pattern with `%`, `_` and backslash escapes.
    Like {
        expr: Expr,
        pattern: Operand,
        fold_case: bool,
    },
    Regex {
        expr: Expr,
        pattern: Operand,
        fold_case: bool,
    },
    /// The row has one of the keys in a JSON array of JSON arrays.
    Keys(Operand),
}

impl Filter {
    /// No condition at all.
    pub const NONE: Filter = Filter::All(Vec::new());

    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Eq,
    Neq,
    Gt,
    Gte,
    Lt,
    Lte,
    /// Differs, where two nulls do not.
    IsDistinct,
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

impl Expr {
    /// The type of the value.
    #[must_use]
    pub fn ty(&self, table: &Table) -> Type {
        match self {
            Self::Column(at) => table.columns[*at].ty.clone(),
            Self::Path { as_text: true, .. } => Type::Text,
            Self::Path { as_text: false, .. } => Type::Json,
        }
    }
}
