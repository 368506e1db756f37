//! Rules as trees of our own, written twice: as Mainstay takes them, and as plain CEL for the
//! interpreter that judges. `grow` makes them, `judge` evaluates them.

mod grow;
mod grow_rare;
pub mod judge;
mod text;

pub use grow::{Scope, grow};
pub use judge::{Facts, Judge, Program, Snapshot};
pub use text::{plain, written};

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// In CEL's own spelling.
    Literal(String),
    /// `auth.claims.level`: what is known of the caller and of the request.
    Fact(&'static str),
    Column(Column),
    /// What stands in a list while `exists` and its like look at it.
    Element(String),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
    List(Vec<Expr>),
    /// `on.name(arguments)`
    Method(&'static str, Box<Expr>, Vec<Expr>),
    /// `name(arguments)`
    Function(&'static str, Vec<Expr>),
    Has(Box<Expr>),
    /// `of[place]`
    Index(Box<Expr>, Box<Expr>),
    /// `list.word(name, body)` over what is known of the caller: `filter`, `map`, `exists_one`.
    Made {
        list: Box<Expr>,
        word: &'static str,
        name: String,
        body: Box<Expr>,
    },
    /// `over.exists(name, condition)`, or `all`.
    Every {
        over: Over,
        name: String,
        all: bool,
        condition: Box<Expr>,
    },
}

/// A column, perhaps of a row that references lead to, perhaps something inside of its JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub root: Root,
    /// The table of the root.
    pub table: usize,
    /// All but the last are references.
    pub steps: Vec<usize>,
    pub inside: Vec<&'static str>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Root {
    Row,
    New,
    /// The row at hand of an `exists` over a table.
    Bound(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Over {
    Table(usize),
    List(Box<Expr>),
}

impl Expr {
    /// The expressions that it is made of.
    #[must_use]
    pub fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Literal(_) | Self::Fact(_) | Self::Column(_) | Self::Element(_) => Vec::new(),
            Self::Not(one) | Self::Negate(one) | Self::Has(one) => vec![one],
            Self::Binary(_, left, right) | Self::Index(left, right) => vec![left, right],
            Self::Made { list, body, .. } => vec![list, body],
            Self::Choice(test, yes, no) => vec![test, yes, no],
            Self::List(items) | Self::Function(_, items) => items.iter().collect(),
            Self::Method(_, on, items) => std::iter::once(&**on).chain(items).collect(),
            Self::Every { over, condition, .. } => match over {
                Over::Table(_) => vec![condition],
                Over::List(list) => vec![list, condition],
            },
        }
    }

    /// Something in it, at any depth, is so.
    pub fn any(&self, is: &dyn Fn(&Self) -> bool) -> bool {
        is(self) || self.parts().into_iter().any(|part| part.any(is))
    }

    #[must_use]
    pub fn mentions(&self, root: &Root) -> bool {
        self.any(&|part| matches!(part, Self::Column(column) if column.root == *root))
    }

    /// What it says depends on the request itself, not only on who asks.
    #[must_use]
    pub fn mentions_request(&self) -> bool {
        self.any(&|part| matches!(part, Self::Fact(name) if name.starts_with("request")))
    }

    /// The parts that `&&` joins at the top.
    #[must_use]
    pub fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::Binary("&&", left, right) => {
                let mut all = left.conjuncts();
                all.extend(right.conjuncts());
                all
            }
            other => vec![other],
        }
    }
}
