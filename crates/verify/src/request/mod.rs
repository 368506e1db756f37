//! Requests as trees: what is asked, before it is written as HTTP. The slow evaluator answers the
//! tree, Mainstay the text that `http` makes of it.

mod grow;
mod grow_writes;
pub mod http;
mod ways;

use crate::world::Cell;

pub use grow::{Shape, grow};
pub use ways::{Way, ways};

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its place among the world's callers.
    pub caller: usize,
    /// The table, or behind the tables the view; of a call the table whose rows come back.
    pub table: usize,
    pub verb: Verb,
    pub part: Part,
    pub prefer: Prefer,
    /// One object is asked for, not a list.
    pub single: bool,
    /// Headers that rules may ask for.
    pub headers: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub enum Verb {
    Get,
    Head,
    Post {
        body: Body,
        on_conflict: Option<Vec<usize>>,
    },
    Patch {
        body: Body,
    },
    Put {
        body: Body,
    },
    Delete,
    /// A function, by `GET` or by `POST`, with its argument.
    Call {
        function: usize,
        given: Option<Cell>,
        reads: bool,
    },
    Batch(Vec<Request>),
}

/// New rows, or the new values of rows.
#[derive(Clone, Debug)]
pub struct Body {
    /// The columns that every row names, in this order.
    pub columns: Vec<usize>,
    pub rows: Vec<Vec<Cell>>,
    /// An array, even of one row.
    pub many: bool,
    /// `columns=` lists them, too.
    pub listed: bool,
    /// Listed there, and in no row.
    pub absent: Vec<usize>,
}

#[derive(Clone, Debug, Default)]
pub struct Prefer {
    pub count: Option<&'static str>,
    pub returning: Option<Returning>,
    pub resolution: Option<Resolution>,
    pub missing_default: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returning {
    Minimal,
    HeadersOnly,
    Representation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    Merge,
    Ignore,
}

/// What is wanted of a table, or of one embed.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// None: not given, which means all.
    pub select: Option<Vec<Item>>,
    pub filters: Vec<Filter>,
    pub order: Vec<Order>,
    pub limit: Option<usize>,
    pub offset: Option<usize>,
}

#[derive(Clone, Debug)]
pub enum Item {
    Star,
    Column {
        column: usize,
        alias: Option<String>,
    },
    /// `count()` without a column.
    Aggregate {
        function: &'static str,
        column: Option<usize>,
        alias: Option<String>,
    },
    Embed(Box<Embed>),
}

#[derive(Clone, Debug)]
pub struct Embed {
    pub way: Way,
    pub alias: Option<String>,
    pub inner: bool,
    /// Its columns stand among those of the row.
    pub spread: bool,
    pub part: Part,
}

#[derive(Clone, Debug)]
pub enum Filter {
    All {
        not: bool,
        filters: Vec<Filter>,
    },
    Any {
        not: bool,
        filters: Vec<Filter>,
    },
    Test {
        column: usize,
        inside: Option<&'static str>,
        not: bool,
        test: Test,
    },
    /// `embed=is.null`, by the place of the embed in the select list.
    Missing {
        embed: usize,
        not: bool,
    },
}

#[derive(Clone, Debug)]
pub enum Test {
    Compare(&'static str, Cell),
    In(Vec<Cell>),
    Like {
        pattern: String,
        fold_case: bool,
    },
    /// The word of `is`.
    Is(&'static str),
    Contains(Cell),
    Overlaps(Cell),
}

#[derive(Clone, Debug)]
pub struct Order {
    /// The to-one embed whose column it is, by its place in the select list.
    pub embed: Option<usize>,
    pub column: usize,
    pub descending: bool,
    pub nulls_first: Option<bool>,
}

impl Part {
    #[must_use]
    pub fn items(&self) -> &[Item] {
        self.select.as_deref().unwrap_or(&[Item::Star])
    }

    /// The embed at this place of the select list.
    #[must_use]
    pub fn embed(&self, at: usize) -> Option<&Embed> {
        match self.select.as_ref()?.get(at)? {
            Item::Embed(embed) => Some(embed),
            _ => None,
        }
    }

    pub fn embeds(&self) -> impl Iterator<Item = &Embed> {
        self.select.iter().flatten().filter_map(|item| match item {
            Item::Embed(embed) => Some(&**embed),
            _ => None,
        })
    }

    #[must_use]
    pub fn aggregates(&self) -> bool {
        self.items().iter().any(|item| matches!(item, Item::Aggregate { .. }))
    }
}
