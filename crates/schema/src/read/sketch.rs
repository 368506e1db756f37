//! What stands in a declaration file, with places but not yet looked up: `read` makes sketches,
//! `check` turns them into the catalog.

use std::time::Duration;

use super::node::Node;
use crate::AuthFacts;
use crate::mistake::{Place, Placed};
use crate::model::{Action, Allow, ColumnAllow, Deed, Function, Generated, Identity, Spot, View};
use crate::types::Type;

/// One module file.
#[derive(Debug)]
pub(crate) struct ModuleSketch<'a> {
    pub name: Placed<String>,
    pub doc: Option<String>,
    pub tables: Vec<TableSketch<'a>>,
    pub functions: Vec<FunctionSketch>,
    /// Complete: nothing in a view points elsewhere.
    pub views: Vec<Placed<View>>,
    pub expectations: Vec<ExpectationSketch<'a>>,
}

/// A function, complete but for the table that it may give rows of.
#[derive(Debug)]
pub(crate) struct FunctionSketch {
    pub function: Placed<Function>,
    pub returns: Option<ReturnsSketch>,
}

/// What a function gives, as it was written.
#[derive(Debug)]
pub(crate) enum ReturnsSketch {
    /// `products`, `setof integer`, `void`: which of them is known once all tables are.
    Named(Placed<String>),
    Columns {
        columns: Vec<(String, Type)>,
        set: bool,
    },
}

#[derive(Debug)]
pub(crate) struct TableSketch<'a> {
    pub name: Placed<String>,
    pub doc: Option<String>,
    pub columns: Vec<ColumnSketch<'a>>,
    pub primary_key: Option<KeySketch>,
    pub uniques: Vec<KeySketch>,
    pub checks: Vec<CheckSketch>,
    pub foreign_keys: Vec<ReferenceSketch>,
    pub indexes: Vec<IndexSketch>,
    pub search: Option<SearchSketch>,
    pub cache: Option<Duration>,
    pub allow: Allow,
    pub tenant: Option<Placed<String>>,
    pub adopted: bool,
}

#[derive(Debug)]
pub(crate) struct ColumnSketch<'a> {
    pub name: Placed<String>,
    pub doc: Option<String>,
    pub kind: Kind,
    pub null: Option<Placed<bool>>,
    pub unique: Option<Place>,
    pub primary_key: Option<Place>,
    pub identity: Option<Placed<Identity>>,
    pub default: Option<Node<'a>>,
    pub min: Option<Node<'a>>,
    pub max: Option<Node<'a>>,
    pub pattern: Option<Placed<String>>,
    pub generated: Option<Placed<Generated>>,
    pub check: Option<CheckSketch>,
    pub index: Option<Place>,
    pub readonly: Option<bool>,
    pub collation: Option<Placed<String>>,
    pub allow: ColumnAllow,
    /// The `id` of a table that declares no key.
    pub made: bool,
}

/// Where the type of a column comes from.
#[derive(Debug)]
pub(crate) enum Kind {
    Own(Placed<Type>),
    Reference(Box<ReferenceSketch>),
    /// Neither could be read; it was noted.
    Broken,
}

/// A primary key or a unique constraint.
#[derive(Debug)]
pub(crate) struct KeySketch {
    pub columns: Vec<Placed<String>>,
    pub name: Option<Placed<String>>,
    pub place: Place,
}

/// The columns whose words can be looked for.
#[derive(Debug)]
pub(crate) struct SearchSketch {
    pub columns: Vec<Placed<String>>,
    pub place: Place,
}

#[derive(Debug)]
pub(crate) struct CheckSketch {
    pub sql: String,
    pub name: Option<Placed<String>>,
}

#[derive(Debug)]
pub(crate) struct ReferenceSketch {
    /// Empty for the reference of one column, which stands at that column.
    pub columns: Vec<Placed<String>>,
    pub target: Target,
    pub on_delete: Option<Placed<Action>>,
    pub on_update: Option<Placed<Action>>,
    pub name: Option<Placed<String>>,
    pub place: Place,
}

/// What a reference points to.
#[derive(Debug)]
pub(crate) enum Target {
    /// `users` or `users(username)`: which of them is known once all tables are.
    Text(Placed<String>),
    /// `{ table = "users", columns = ["username"] }`, for names that the short form cannot carry.
    Parts { table: Placed<String>, columns: Option<Vec<Placed<String>>> },
}

#[derive(Debug)]
pub(crate) struct IndexSketch {
    /// `price` or `price desc`.
    pub parts: Vec<Placed<String>>,
    pub unique: bool,
    pub filter: Option<String>,
    pub name: Option<Placed<String>>,
    pub place: Place,
}

/// An `[[expect]]` whose names and values are not looked up yet.
#[derive(Debug)]
pub(crate) struct ExpectationSketch<'a> {
    pub spot: Spot,
    pub doc: Option<String>,
    pub caller: AuthFacts,
    pub allowed: bool,
    pub deed: Deed,
    pub source: Placed<String>,
    pub columns: Vec<Placed<String>>,
    pub row: Option<Node<'a>>,
    pub new: Option<Node<'a>>,
    pub given: Option<Node<'a>>,
}

impl Target {
    pub fn place(&self) -> Place {
        match self {
            Self::Text(text) => text.place,
            Self::Parts { table, .. } => table.place,
        }
    }
}
