//! The declared application as values: what `read` makes from TOML, what the store keeps, what the
//! gate and the data API ask. Pure data; every index in it points into the same catalog.

mod bare;
mod expectation;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use expectation::{Deed, Expectation, ExpectedRow, Spot};

use crate::{Rule, Type, Value};

/// Everything that was declared, checked as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalog {
    /// The application's name.
    pub name: String,
    /// In order of name. At least one.
    pub modules: Vec<Arc<Module>>,
    /// Index into `modules` of the one that answers without a profile header.
    pub default_module: usize,
}

/// One module: a namespace of tables (the dialect's schema) with a database file of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Module {
    pub name: String,
    pub doc: Option<String>,
    /// In order of declaration.
    pub tables: Vec<Arc<Table>>,
    pub functions: Vec<Function>,
    pub views: Vec<View>,
    /// What the rules are expected to say, in order of declaration.
    pub expectations: Vec<Expectation>,
}

/// One table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    pub doc: Option<String>,
    /// In order of declaration; a generated `id` comes first.
    pub columns: Vec<Column>,
    pub primary_key: Key,
    pub uniques: Vec<Unique>,
    pub checks: Vec<Check>,
    pub foreign_keys: Vec<ForeignKey>,
    pub indexes: Vec<Index>,
    /// Columns whose words can be looked for (`search`), in order of declaration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub search: Vec<usize>,
    /// How long an answer may be kept; parsed and kept for the cache.
    pub cache: Option<Duration>,
    /// Not part of the stored form: rules change without touching the database.
    #[serde(skip)]
    pub allow: Allow,
    /// The column that says whose a row is: nobody crosses it but the service role.
    #[serde(skip)]
    pub tenant: Option<usize>,
    /// The table came from `adopt`: its SQL is kept as it was found, not rendered by us.
    pub adopted: bool,
}

/// The primary key. `columns` is empty for an adopted table that has none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Key {
    /// `<table>_pkey` unless named.
    pub name: String,
    /// Indexes into `Table::columns`, in key order.
    pub columns: Vec<usize>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub doc: Option<String>,
    pub ty: Type,
    /// NULL is allowed.
    pub null: bool,
    pub default: Option<Default>,
    /// A value that the database numbers itself.
    pub identity: Option<Identity>,
    pub generated: Option<Generated>,
    /// Characters of a text, bytes of `bytes`, elements of an array.
    pub min_len: Option<u64>,
    pub max_len: Option<u64>,
    /// Bounds of a number, in the wire form of its type.
    pub min: Option<String>,
    pub max: Option<String>,
    /// A regular expression that the whole declared value must match where it is anchored.
    pub pattern: Option<String>,
    /// Callers send no value but the one that the server fills in.
    #[serde(skip)]
    pub readonly: bool,
    /// SQL collation of an adopted column (`NOCASE`), kept for comparison and order.
    pub collation: Option<String>,
    /// Who may read or write it, beside the table's rules.
    #[serde(skip)]
    pub allow: ColumnAllow,
}

/// What a column gets when a new row does not name it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Default {
    /// A constant in stored form.
    Value(Value),
    /// The time of the statement.
    Now,
    /// A new uuid, version 7: ordered by time.
    Uuid,
    /// The caller's `auth.uid`; a caller without one is refused where NULL is not allowed.
    AuthUid,
    /// The claim `tenant` of the caller's token, as `AuthUid`.
    AuthTenant,
    /// An SQL expression of an adopted table, evaluated by the database.
    Sql(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Identity {
    /// A value that the client sends is taken (`identity = true`).
    ByDefault,
    /// A value that the client sends is refused (`identity = "always"`).
    Always,
}

/// A column computed by the database from others of its row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generated {
    pub sql: String,
    /// Kept on disk rather than computed at each read.
    pub stored: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unique {
    /// `<table>_<column>_key` unless named.
    pub name: String,
    pub columns: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// `<table>_<column>_check` unless named.
    pub name: String,
    pub sql: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForeignKey {
    /// `<table>_<column>_fkey` unless named.
    pub name: String,
    pub columns: Vec<usize>,
    /// Index of the referenced table in the same module.
    pub table: usize,
    /// Its columns, as indexes into that table.
    pub references: Vec<usize>,
    pub on_delete: Action,
    pub on_update: Action,
}

/// What happens to a row when the row it references goes or changes its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    #[default]
    NoAction,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// `<table>_<column>_idx` unless named.
    pub name: String,
    pub columns: Vec<IndexColumn>,
    pub unique: bool,
    /// SQL of a partial index.
    pub filter: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexColumn {
    pub column: usize,
    pub descending: bool,
}

/// Who may do what with a table. No rule: nobody but the service role.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Allow {
    pub read: Option<Rule>,
    pub create: Option<Rule>,
    pub update: Option<Rule>,
    pub delete: Option<Rule>,
}

/// Who may do what with a column, beside the table's rules. No rule: as the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ColumnAllow {
    pub read: Option<Rule>,
    pub create: Option<Rule>,
    pub update: Option<Rule>,
}

/// A declared function, called as `/rest/v1/rpc/NAME`.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    pub name: String,
    pub doc: Option<String>,
    /// In order of declaration.
    pub args: Vec<Argument>,
    pub sql: Sql,
    /// What comes back, where it is declared; otherwise the engine finds it out.
    pub returns: Option<Returns>,
    pub allow: Option<Rule>,
    /// The rows that it gives are not bound by the rules of their table.
    pub definer: bool,
    /// Filled in by the engine before anything is served.
    pub compiled: Option<CompiledFunction>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    pub name: String,
    pub ty: Type,
    pub default: Option<Value>,
}

/// `returns` of a function, as declared.
#[derive(Clone, Debug, PartialEq)]
pub enum Returns {
    Void,
    /// `"integer"`, `"setof integer"`
    Scalar {
        ty: Type,
        set: bool,
    },
    /// `"products"`, `"setof products"`: rows of a table, by its position in the module.
    Table {
        table: usize,
        set: bool,
    },
    /// `{ name = "text" }`, or the same in brackets for a set: columns in order.
    Columns {
        columns: Vec<(String, Type)>,
        set: bool,
    },
}

/// A function as it can be run.
#[derive(Clone, Debug, PartialEq)]
pub struct CompiledFunction {
    /// Its statements, cut where a value goes. The last one gives the result.
    pub statements: Vec<Vec<Piece>>,
    /// Nothing in it writes.
    pub read_only: bool,
    /// The last statement is a query, which can stand in brackets inside another.
    pub query: bool,
    pub result: FunctionResult,
}

/// A part of a function's SQL.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Text(String),
    /// The place of an argument among the declared ones.
    Argument(usize),
    /// Something about the caller, by the SQL function that stands for it.
    Caller(CallerFact),
}

/// `auth_uid()`, `auth_role()`, `auth_email()`, `auth_jwt()` in the SQL of functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerFact {
    Uid,
    Role,
    Email,
    /// All claims, as a JSON object.
    Claims,
}

/// What a function gives.
#[derive(Clone, Debug, PartialEq)]
pub enum FunctionResult {
    Void,
    Scalar {
        ty: Type,
        set: bool,
    },
    /// Rows. `origin` is the table of the module that they are whole rows of.
    Rows {
        table: Arc<Table>,
        origin: Option<usize>,
        set: bool,
    },
}

/// A declared view.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    pub name: String,
    pub doc: Option<String>,
    pub sql: Sql,
    /// Types of columns that are computed (`columns.total = "numeric(12,2)"`).
    pub types: Vec<(String, Type)>,
    pub allow: Allow,
    pub tenant: ViewTenant,
    /// Filled in by the engine before anything is served.
    pub compiled: Option<CompiledView>,
}

/// What a view says of tenants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ViewTenant {
    /// Nothing: a view of a table with tenants has to show its column.
    #[default]
    Unsaid,
    /// `tenant = false`: it shows the rows of all of them.
    Open,
    /// The column of the view that says whose a row is.
    Column(String),
}

/// A view as it can be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct CompiledView {
    /// Its columns and its `allow`, in the form of a table without a key.
    pub table: Arc<Table>,
    /// For each column the column of a table that it shows unchanged.
    pub origins: Vec<Option<Origin>>,
    /// The one table that can be written through the view, by its position in the module.
    pub base: Option<usize>,
    /// Every table that it reads, also by way of other views.
    pub reads: Vec<usize>,
}

/// A column of a table of the same module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub table: usize,
    pub column: usize,
}

/// SQL that a person wrote: one text for both engines, or one for each.
#[derive(Clone, Debug, PartialEq)]
pub enum Sql {
    Both(String),
    Each { sqlite: Option<String>, postgres: Option<String> },
}

impl Catalog {
    /// The module of this name; `public` and no name mean the default one.
    #[must_use]
    pub fn module(&self, name: Option<&str>) -> Option<&Arc<Module>> {
        match name {
            None => self.modules.get(self.default_module),
            Some(name) => self.modules.iter().find(|module| module.name == name).or_else(|| {
                (name == "public").then(|| self.modules.get(self.default_module)).flatten()
            }),
        }
    }
}

impl Module {
    /// What can be read by name: the tables, then the views that the engine has compiled.
    pub fn sources(&self) -> impl Iterator<Item = &Arc<Table>> {
        let views = self.views.iter().filter_map(|view| view.compiled.as_ref());
        self.tables.iter().chain(views.map(|view| &view.table))
    }

    /// The table or view at this position of `sources`.
    #[must_use]
    pub fn source(&self, at: usize) -> Option<&Arc<Table>> {
        self.sources().nth(at)
    }

    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Arc<Table>> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// Positions of tables by name, for those who look up often.
    #[must_use]
    pub fn table_index(&self) -> BTreeMap<&str, usize> {
        self.tables.iter().enumerate().map(|(at, table)| (table.name.as_str(), at)).collect()
    }
}

impl Table {
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The column set is the primary key or covered by a unique constraint, in any order.
    #[must_use]
    pub fn is_unique(&self, columns: &[usize]) -> bool {
        let same = |other: &[usize]| {
            other.len() == columns.len() && other.iter().all(|at| columns.contains(at))
        };
        same(&self.primary_key.columns)
            || self.uniques.iter().any(|unique| same(&unique.columns))
            || self.indexes.iter().any(|index| {
                index.unique
                    && index.filter.is_none()
                    && same(&index.columns.iter().map(|part| part.column).collect::<Vec<_>>())
            })
    }

    /// The table's default `id`: one uuid that we make, so rows arrive in the order of their keys.
    #[must_use]
    pub fn has_made_key(&self) -> bool {
        match self.primary_key.columns.as_slice() {
            [at] => matches!(self.columns[*at].default, Some(Default::Uuid)),
            _ => false,
        }
    }
}
