//! A world: what is declared, the rows that are there, who asks and what they ask. Plain data, so
//! that a world can be made smaller piece by piece while it still shows a difference.

pub mod cell;
mod domain;
mod grow;
pub(crate) mod rows;
mod toml;

use crate::request::Request;
use crate::rule::Expr;

pub use cell::Cell;
pub use domain::{Kind, NOW, USERS};
pub use grow::{Grammar, grow};
pub use toml::declaration;

/// A row: a value for each column of its table.
pub type Row = Vec<Cell>;

#[derive(Clone, Debug)]
pub struct World {
    pub seed: u64,
    pub tables: Vec<Table>,
    /// Rows by table, in the order in which they were added.
    pub rows: Vec<Vec<Row>>,
    pub callers: Vec<Caller>,
    /// Asked one after the other.
    pub requests: Vec<Request>,
    /// `[api] max_rows`
    pub max_rows: usize,
}

#[derive(Clone, Debug)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    pub key: Vec<usize>,
    /// Declared without a key, so `id uuid` stands in front, and rows live in the order of it.
    pub made_key: bool,
    pub uniques: Vec<Vec<usize>>,
    /// The column that holds the tenant.
    pub tenant: Option<usize>,
    pub allow: Allow,
}

#[derive(Clone, Debug, Default)]
pub struct Allow {
    pub read: Option<Expr>,
    pub create: Option<Expr>,
    pub update: Option<Expr>,
    pub delete: Option<Expr>,
}

#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    pub null: bool,
    pub default: Option<Default>,
    pub readonly: bool,
    pub reference: Option<Reference>,
    pub read: Option<Expr>,
    pub create: Option<Expr>,
    pub update: Option<Expr>,
}

/// What a new row gets that does not name the column.
#[derive(Clone, Debug, PartialEq)]
pub enum Default {
    Constant(Cell),
    /// A uuid that nobody can foresee, so that requests always name the column.
    Made,
    Now,
    Uid,
    Tenant,
}

/// A reference to the one key column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    pub table: usize,
    pub on_delete: OnDelete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDelete {
    NoAction,
    Cascade,
    SetNull,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    pub role: &'static str,
    pub uid: Option<&'static str>,
    /// Further claims of the token.
    pub claims: serde_json::Map<String, serde_json::Value>,
}

/// The role that no rule binds.
pub const SERVICE: &str = "service_role";

impl Caller {
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.role == SERVICE
    }
}

impl Table {
    /// The key, then the other constraints that no two rows may share.
    pub fn unique_sets(&self) -> impl Iterator<Item = &Vec<usize>> {
        std::iter::once(&self.key).chain(&self.uniques)
    }

    #[must_use]
    pub fn is_unique(&self, columns: &[usize]) -> bool {
        let same = |set: &Vec<usize>| {
            set.len() == columns.len() && set.iter().all(|at| columns.contains(at))
        };
        self.unique_sets().any(same)
    }

    /// PostgreSQL's names for constraints that have none.
    #[must_use]
    pub fn unique_name(&self, columns: &[usize]) -> String {
        if self.key == columns {
            return format!("{}_pkey", self.name);
        }
        let names: Vec<&str> = columns.iter().map(|at| self.columns[*at].name.as_str()).collect();
        format!("{}_{}_key", self.name, names.join("_"))
    }

    #[must_use]
    pub fn reference_name(&self, column: usize) -> String {
        format!("{}_{}_fkey", self.name, self.columns[column].name)
    }

    /// Rows are kept in the order of their key, not in that of their arrival.
    #[must_use]
    pub fn is_kept_by_key(&self) -> bool {
        let whole = |at: usize| {
            matches!(self.columns[at].kind, Kind::Integer | Kind::BigInt | Kind::Boolean)
        };
        self.made_key || matches!(self.key.as_slice(), [at] if whole(*at))
    }
}

impl Caller {
    /// What stands in the token.
    #[must_use]
    pub fn all_claims(&self) -> serde_json::Map<String, serde_json::Value> {
        let mut claims = self.claims.clone();
        claims.insert("role".to_owned(), self.role.into());
        claims.insert("exp".to_owned(), (NOW / 1_000_000 + 3600).into());
        if let Some(uid) = self.uid {
            claims.insert("sub".to_owned(), uid.into());
        }
        claims
    }
}
