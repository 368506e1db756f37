//! What has a value in a row: columns, steps into JSON, rows of other tables as JSON, aggregates.

use mainstay_schema::{Table, Type};

use super::{Join, Link, Select};

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
    /// Something of the row that a join puts beside this one.
    Joined(usize, Box<Expr>),
    Cast {
        expr: Box<Expr>,
        to: Type,
    },
    Aggregate {
        function: Aggregate,
        /// None: rows are counted.
        of: Option<Box<Expr>>,
    },
    Embed(Box<Embed>),
}

/// One step of a JSON path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Key(String),
    /// From the end when negative.
    At(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    Count,
    Sum,
    Avg,
    Min,
    Max,
}

/// Linked rows as one JSON value.
#[derive(Clone, Debug, PartialEq)]
pub struct Embed {
    pub link: Link,
    pub select: Select,
    pub form: EmbedForm,
    /// Names and types of the outputs, as the row functions take them (`shown::Row`).
    pub row: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbedForm {
    /// An object, or null.
    One,
    /// An array of objects.
    Many,
    /// An array of the values of the output at this place.
    List(usize),
    /// The only output itself, of at most one row.
    Value,
}

impl Expr {
    /// The type of the value in a row of `table` with `joins` beside it.
    #[must_use]
    pub fn ty(&self, table: &Table, joins: &[Join]) -> Type {
        match self {
            Self::Column(at) => table.columns[*at].ty.clone(),
            Self::Path { as_text: true, .. } => Type::Text,
            Self::Path { as_text: false, .. } => Type::Json,
            Self::Joined(at, expr) => expr.ty(&joins[*at].source.table, &[]),
            Self::Cast { to, .. } => to.clone(),
            Self::Aggregate { function, of: None } => function.ty(&Type::BigInt),
            Self::Aggregate { function, of: Some(of) } => function.ty(&of.ty(table, joins)),
            Self::Embed(embed) => match (embed.form, embed.select.outputs.first()) {
                (EmbedForm::Value, Some(output)) => {
                    let from = &embed.select.from;
                    output.ty(&from.source.table, &from.joins)
                }
                _ => Type::Json,
            },
        }
    }

    #[must_use]
    pub fn is_aggregate(&self) -> bool {
        match self {
            Self::Aggregate { .. } => true,
            Self::Cast { expr, .. } | Self::Joined(_, expr) => expr.is_aggregate(),
            _ => false,
        }
    }
}

impl Aggregate {
    /// PostgreSQL's type of the result. Source: PostgreSQL 15, section 9.21.
    #[must_use]
    pub fn ty(self, of: &Type) -> Type {
        match (self, of) {
            (Self::Count, _) => Type::BigInt,
            (Self::Min | Self::Max, of) => of.clone(),
            (Self::Sum, Type::SmallInt | Type::Integer) => Type::BigInt,
            (Self::Avg, Type::Real | Type::Double) => Type::Double,
            (Self::Sum, Type::Real | Type::Double) => of.clone(),
            (Self::Sum | Self::Avg, _) => Type::Numeric(None),
        }
    }

    /// The function takes values of this type.
    #[must_use]
    pub fn takes(self, of: &Type) -> bool {
        match self {
            Self::Count => true,
            Self::Sum | Self::Avg => of.is_number(),
            Self::Min | Self::Max => !matches!(of, Type::Boolean | Type::Json | Type::Uuid),
        }
    }
}
