//! What is known of a value before a request comes: the kinds of CEL, as `infer` and `bind` compare
//! them and as residuals name those of their parameters.

use cel::common::ast::LiteralValue;

use crate::Type;

/// A kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Truth,
    Text,
    Int,
    Double,
    Bytes,
    /// A moment.
    Time,
    /// A length of time.
    Span,
    Null,
    List,
    Map,
    /// Claims, JSON, and what comes out of them.
    Any,
}

impl Kind {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Truth => "true or false",
            Self::Text => "a text",
            Self::Int => "a whole number",
            Self::Double => "a number",
            Self::Bytes => "bytes",
            Self::Time => "a moment",
            Self::Span => "a duration",
            Self::Null => "null",
            Self::List => "a list",
            Self::Map => "a map",
            Self::Any => "anything",
        }
    }

    /// A value of one kind may stand where the other is expected.
    pub(super) fn fits(self, other: Self) -> bool {
        self == other || self == Self::Any || other == Self::Any
    }

    /// Values of both kinds can be told apart by their worth: numbers are compared across kinds.
    #[must_use]
    pub fn compares(self, other: Self) -> bool {
        self.fits(other) || (self.is_number() && other.is_number())
    }

    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Double)
    }

    pub(super) fn is_listed(self) -> bool {
        matches!(self, Self::List | Self::Map | Self::Any)
    }

    /// Values of this kind have an order.
    pub(super) fn is_ordered(self) -> bool {
        !matches!(self, Self::Null | Self::List | Self::Map)
    }

    /// The kind of a column's values.
    #[must_use]
    pub fn of(ty: &Type) -> Self {
        match ty {
            Type::Text | Type::Enum(_) | Type::Uuid | Type::Time => Self::Text,
            Type::SmallInt | Type::Integer | Type::BigInt => Self::Int,
            Type::Numeric(_) | Type::Real | Type::Double => Self::Double,
            Type::Boolean => Self::Truth,
            Type::TimestampTz | Type::Timestamp | Type::Date => Self::Time,
            Type::Bytes => Self::Bytes,
            Type::Json => Self::Any,
            Type::Array(_) => Self::List,
        }
    }

    pub(super) fn of_literal(literal: &LiteralValue) -> Self {
        match literal {
            LiteralValue::Boolean(_) => Self::Truth,
            LiteralValue::String(_) => Self::Text,
            LiteralValue::Int(_) | LiteralValue::UInt(_) => Self::Int,
            LiteralValue::Double(_) => Self::Double,
            LiteralValue::Null => Self::Null,
            LiteralValue::Bytes(_) => Self::Bytes,
        }
    }
}
