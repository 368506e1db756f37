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
    pub views: Vec<View>,
    pub functions: Vec<Function>,
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

/// Some columns of a table, its key among them, and perhaps not all of its rows.
#[derive(Clone, Debug)]
pub struct View {
    pub name: String,
    pub table: usize,
    pub columns: Vec<usize>,
    /// Only rows in which this column is not null.
    pub filled: Option<usize>,
    pub allow: Allow,
}

/// Whole rows of a table, perhaps only those with a value that the caller gives.
#[derive(Clone, Debug)]
pub struct Function {
    pub name: String,
    pub table: usize,
    pub by: Option<usize>,
    /// The rules of the table do not bind its rows.
    pub definer: bool,
    pub allow: Option<Expr>,
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

impl World {
    /// What can be asked for rows: the tables, then the views.
    #[must_use]
    pub fn sources(&self) -> Vec<Table> {
        let views = self.views.iter().map(|view| view.source(&self.tables[view.table]));
        self.tables.iter().cloned().chain(views).collect()
    }

    /// All rules, wherever they stand.
    pub fn rules_mut(&mut self) -> impl Iterator<Item = &mut Option<Expr>> {
        let tables = self.tables.iter_mut().flat_map(Table::rules_mut);
        let views = self.views.iter_mut().flat_map(|view| {
            let Allow { read, create, update, delete } = &mut view.allow;
            [read, create, update, delete]
        });
        let functions = self.functions.iter_mut().map(|function| &mut function.allow);
        tables.chain(views).chain(functions)
    }
}

impl View {
    /// The view as a table: its columns have the rules of those that they show.
    fn source(&self, table: &Table) -> Table {
        let place = |at: &usize| self.columns.iter().position(|column| column == at);
        let column = |at: &usize| Column {
            reference: None,
            default: None,
            create: None,
            update: None,
            ..table.columns[*at].clone()
        };
        Table {
            name: self.name.clone(),
            columns: self.columns.iter().map(column).collect(),
            key: table.key.iter().filter_map(place).collect(),
            made_key: false,
            uniques: Vec::new(),
            tenant: table.tenant.as_ref().and_then(place),
            allow: self.allow.clone(),
        }
    }

    /// The rows that it shows.
    #[must_use]
    pub fn rows(&self, rows: &[Row]) -> Vec<Row> {
        let row = |at: usize| self.columns.iter().map(|column| rows[at][*column].clone()).collect();
        self.places(rows).into_iter().map(row).collect()
    }

    /// Where they are among the rows of its table.
    #[must_use]
    pub fn places(&self, rows: &[Row]) -> Vec<usize> {
        let shows = |at: &usize| self.filled.is_none_or(|column| !rows[*at][column].is_null());
        (0..rows.len()).filter(shows).collect()
    }
}

impl Table {
    /// All rules of the table and of its columns.
    pub fn rules_mut(&mut self) -> impl Iterator<Item = &mut Option<Expr>> {
        let Allow { read, create, update, delete } = &mut self.allow;
        let columns = self.columns.iter_mut();
        let columns =
            columns.flat_map(|column| [&mut column.read, &mut column.create, &mut column.update]);
        [read, create, update, delete].into_iter().chain(columns)
    }

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
