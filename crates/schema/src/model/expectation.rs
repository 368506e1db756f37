//! What an application expects of its own rules: as whom, what, on which row, allowed or not.
//! `read` makes them from `[[expect]]`, `mainstay check --rules` tries them out.

use serde_json::{Map, Value};

use crate::AuthFacts;

/// One `[[expect]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    pub spot: Spot,
    pub doc: Option<String>,
    /// As whom. The claims hold all that a token of this caller would, but for its times.
    pub caller: AuthFacts,
    /// `can`, not `cannot`.
    pub allowed: bool,
    pub deed: Deed,
    /// The table or view of the module.
    pub source: String,
    /// Columns that are asked for or written beside those of `new`.
    pub columns: Vec<String>,
    /// The row that is there; of a view, the values by which its row is known.
    pub row: ExpectedRow,
    /// A new row, or what is changed in the one that is there.
    pub new: ExpectedRow,
    /// Rows of any table that are there beside it, in order of declaration.
    pub given: Vec<(String, ExpectedRow)>,
}

/// Values by column, in the form that the data API takes. Those not named are made up.
pub type ExpectedRow = Map<String, Value>;

/// Where a declaration stands, as people are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    pub file: String,
    /// From 1.
    pub line: usize,
}

/// What is done to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Read,
    Create,
    Update,
    Delete,
}

impl Deed {
    /// In the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Read, Self::Create, Self::Update, Self::Delete];

    /// As in `can = "read"`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}
