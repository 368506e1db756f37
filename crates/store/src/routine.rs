//! Statements that a layer of ours runs for itself, on a module of its own: rows found, put and
//! removed by the columns of a table, and declared functions by their name. Each is made once;
//! its rows come back as values. The module's SQL stays in its declaration.

use std::sync::Arc;

use mainstay_base::{Error, Result};
use mainstay_schema::model::{Function, FunctionResult};
use mainstay_schema::{Module, Table, Value};

use crate::plan::{Bound, CALLER_FACTS, Lane, ReadPlan, Statement};
use crate::query::{Conflict, Delete, Expr, Filter, Given, Insert, Operand, Select, Source, Test};
use crate::sql::{sqlite, sqlite_write};
use crate::{RowView, Sink};

/// Something that can be run with values, in the order of its arguments.
#[derive(Clone, Debug)]
pub struct Routine {
    module: usize,
    pub(crate) declared: Arc<Module>,
    pub(crate) statements: Vec<Arc<Statement>>,
    /// Values of each row that comes back.
    width: usize,
    arguments: usize,
    /// Values before the arguments, which say nothing here.
    before: usize,
    read_only: bool,
}

/// Makes the routines of one module.
#[derive(Clone, Copy, Debug)]
pub struct Routines<'m> {
    /// Its position in the catalog that the store was opened with.
    pub module: usize,
    pub declared: &'m Arc<Module>,
}

impl Routines<'_> {
    /// All rows of a table with these values in columns `by`; in order of the key.
    ///
    /// # Errors
    /// When there is no such table or column.
    pub fn find(&self, table: &str, by: &[&str]) -> Result<Routine> {
        let table = self.table(table)?;
        let outputs: Vec<Expr> = (0..table.columns.len()).map(Expr::Column).collect();
        let columns = places(table, by)?;
        let select = Select {
            filter: equal(&columns),
            keyed: table.is_unique(&columns),
            ..Select::all(Source::stored(table), outputs)
        };
        Ok(self.routine(sqlite::select(&select), table.columns.len(), by.len(), true))
    }

    /// Adds a row, given all its columns in the order of the declaration, or replaces the one that
    /// has its key.
    ///
    /// # Errors
    /// As `find`.
    pub fn put(&self, table: &str) -> Result<Routine> {
        let table = self.table(table)?;
        let columns: Vec<usize> = (0..table.columns.len()).collect();
        let key = table.primary_key.columns.clone();
        let update = columns.iter().copied().filter(|at| !key.contains(at)).collect();
        let width = columns.len();
        let insert = Insert {
            table: Arc::clone(table),
            columns,
            conflict: Some(Conflict { target: key, update: Some(update) }),
            returning: Vec::new(),
        };
        Ok(self.routine(sqlite_write::insert(&insert), 0, width, false))
    }

    /// Removes the rows with these values in columns `by`.
    ///
    /// # Errors
    /// As `find`.
    pub fn remove(&self, table: &str, by: &[&str]) -> Result<Routine> {
        let table = self.table(table)?;
        let filter = equal(&places(table, by)?);
        let delete = Delete { table: Arc::clone(table), filter, returning: Vec::new() };
        Ok(self.routine(sqlite_write::delete(&delete), 0, by.len(), false))
    }

    /// A declared function.
    ///
    /// # Errors
    /// When there is none of this name, or the engine has not compiled it.
    pub fn call(&self, name: &str) -> Result<Routine> {
        let named = |function: &&Function| function.name == name;
        let function = self.declared.functions.iter().find(named);
        let compiled = function.and_then(|function| Some((function, function.compiled.as_ref()?)));
        let Some((function, compiled)) = compiled else {
            return Err(self.lacks("function", name));
        };
        let width = match &compiled.result {
            FunctionResult::Void => 0,
            FunctionResult::Scalar { .. } => 1,
            FunctionResult::Rows { table, .. } => table.columns.len(),
        };
        let statement = |pieces: &Vec<_>| Arc::new(sqlite::statement(pieces));
        Ok(Routine {
            module: self.module,
            declared: Arc::clone(self.declared),
            statements: compiled.statements.iter().map(statement).collect(),
            width,
            arguments: function.args.len(),
            before: CALLER_FACTS,
            read_only: compiled.read_only,
        })
    }

    fn table(&self, name: &str) -> Result<&Arc<Table>> {
        self.declared.table(name).ok_or_else(|| self.lacks("table", name))
    }

    fn lacks(&self, what: &str, name: &str) -> Error {
        Error::internal(format!("module {} has no {what} {name}", self.declared.name))
    }

    fn routine(&self, text: Statement, width: usize, arguments: usize, reads: bool) -> Routine {
        Routine {
            module: self.module,
            declared: Arc::clone(self.declared),
            statements: vec![Arc::new(text)],
            width,
            arguments,
            before: 0,
            read_only: reads,
        }
    }
}

fn places(table: &Table, names: &[&str]) -> Result<Vec<usize>> {
    let place = |name: &&str| {
        let lacks = || Error::internal(format!("table {} has no column {name}", table.name));
        table.column(name).ok_or_else(lacks)
    };
    names.iter().map(place).collect()
}

fn equal(columns: &[usize]) -> Filter {
    let test = |(place, at): (usize, &usize)| {
        Filter::Test(Expr::Column(*at), Test::Eq, Operand::Given(Given(place)))
    };
    Filter::All(columns.iter().enumerate().map(test).collect())
}

impl Routine {
    /// The values of one run: nothing is said about a caller.
    pub(crate) fn given(&self, values: &[Value]) -> Result<Vec<Value>> {
        if values.len() != self.arguments {
            let (given, wanted) = (values.len(), self.arguments);
            return Err(Error::internal(format!("{given} values for {wanted} arguments")));
        }
        let mut given = vec![Value::Null; self.before];
        given.extend_from_slice(values);
        Ok(given)
    }

    /// As a read of its own.
    pub(crate) fn plan(&self, values: &[Value]) -> Result<ReadPlan> {
        let (Some(statement), true) = (self.statements.last(), self.read_only) else {
            return Err(Error::internal("a routine that writes was asked as a read"));
        };
        let bound = Bound {
            statement: Arc::clone(statement),
            values: self.given(values)?.into(),
            rules: Arc::default(),
        };
        Ok(ReadPlan {
            module: self.module,
            lane: Lane::Keyed,
            brief: None,
            before: Vec::new(),
            rows: Some(bound),
            count: None,
            limit: u64::MAX,
            offset: 0,
        })
    }

    pub(crate) fn rows(&self) -> Rows {
        Rows { width: self.width, rows: Vec::new() }
    }
}

/// Takes rows as values.
#[derive(Debug)]
pub(crate) struct Rows {
    width: usize,
    pub rows: Vec<Vec<Value>>,
}

impl Sink for Rows {
    fn row(&mut self, row: &dyn RowView) -> Result<()> {
        let values = (0..self.width).map(|at| row.get(at).map(|stored| stored.to_value()));
        self.rows.push(values.collect::<Result<_>>()?);
        Ok(())
    }

    fn restart(&mut self) {
        self.rows.clear();
    }
}
