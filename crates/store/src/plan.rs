//! What can be run: SQL text with the values of its places, and what must hold afterwards.
//! A `Statement` is made once per shape and shared; a plan binds it to the values of one request.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use mainstay_base::{Code, Error};
use mainstay_schema::{Module, Table, Value};

use crate::query::Given;

/// Values about the caller that stand before the arguments of a function, in the order of
/// `CallerFact`.
pub const CALLER_FACTS: usize = 4;

/// SQL text and the source of each of its parameters, in order.
#[derive(Debug, PartialEq)]
pub struct Statement {
    pub sql: String,
    pub slots: Vec<Slot>,
}

/// Where a parameter's value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Slot {
    Fixed(Value),
    Given(Given),
    /// By place among the values of access rules.
    Rule(usize),
}

/// A statement with the values of one request.
#[derive(Clone, Debug)]
pub struct Bound {
    pub statement: Arc<Statement>,
    pub values: Arc<[Value]>,
    /// What the access rules of the caller are bound to.
    pub rules: Arc<[Value]>,
}

/// The values of a statement.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    pub given: &'a [Value],
    pub rules: &'a [Value],
}

impl<'a> Values<'a> {
    /// Without those of rules.
    #[must_use]
    pub fn given(given: &'a [Value]) -> Self {
        Self { given, rules: &[] }
    }
}

impl Bound {
    #[must_use]
    pub fn values(&self) -> Values<'_> {
        Values { given: &self.values, rules: &self.rules }
    }
}

/// PostgreSQL's words for a row that the rules do not allow.
#[must_use]
pub fn row_refused(code: Code, source: &str) -> Error {
    let message = format!("new row violates row-level security policy for table \"{source}\"");
    Error::new(code, message)
}

/// Where a read runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// At most one row by a unique key: on the calling worker, without a hop.
    Keyed,
    /// Anything else: on the bounded pool of reader threads.
    Open,
}

/// A read of one module, in one snapshot.
#[derive(Debug)]
pub struct ReadPlan {
    /// Index of the module in the catalog.
    pub module: usize,
    pub lane: Lane,
    /// What it costs is not known: it is tried for a moment on the calling worker, and goes to the
    /// pool when that was not enough, as all further ones do that share this mark.
    pub brief: Option<Arc<AtomicBool>>,
    /// Statements that run first, for what they refuse; their rows are nobody's.
    pub before: Vec<Bound>,
    /// Absent when only the count is wanted.
    pub rows: Option<Bound>,
    pub count: Option<Bound>,
    /// Rows asked for at the most, and rows skipped before them: a page that is not full tells
    /// the total without counting.
    pub limit: u64,
    pub offset: u64,
}

/// A write to one module: all of it happens, or nothing.
#[derive(Debug)]
pub struct WritePlan {
    /// Index of the module in the catalog.
    pub module: usize,
    pub declared: Arc<Module>,
    pub table: Arc<Table>,
    pub change: Change,
    pub guard: Guard,
    /// Columns whose values may not stand in an error.
    pub closed: Vec<usize>,
    /// Tables that it refers to and that the caller may not know of.
    pub unseen: Vec<usize>,
    /// The table or view that the caller named.
    pub addressed: Arc<Table>,
    /// The code of the refusal of a row that the rules do not allow.
    pub refusal: Code,
    /// One statement that changes one row and cannot be refused after it has run: the statement's
    /// own atomicity is all that is needed, so no savepoint is opened around it.
    pub atomic: bool,
    /// How the rows come back when the change itself cannot return them as asked.
    pub reread: Option<Reread>,
}

/// Reads the rows of a write, in an order that `RETURNING` cannot give.
#[derive(Debug)]
pub enum Reread {
    /// After the change, which returns keys: they take the place of value 0, as a JSON array of
    /// their arrays.
    Keys(Bound),
    /// Before the change, which takes the rows away.
    Before(Bound),
}

/// The kinds of change.
#[derive(Debug)]
pub enum Change {
    /// Runs of new rows; each run has one statement, so one set of columns.
    Insert(Vec<InsertRun>),
    Update(Update),
    Delete(Delete),
    Call(Call),
}

/// New rows that share a statement.
#[derive(Debug)]
pub struct InsertRun {
    pub statement: Arc<Statement>,
    pub columns: Arc<[usize]>,
    pub rows: Vec<Vec<Value>>,
    pub upsert: Option<Upsert>,
    /// What the rules ask of the database before any row is added: each must give a row.
    pub checks: Vec<Bound>,
    /// Of an upsert, for each row: what it may do with one that is there.
    pub meetings: Vec<Meeting>,
    /// The rows that come back are known without asking: for each value of the answer its place
    /// in the row, or NULL. `RETURNING` would build a table in memory for each statement.
    pub echo: Option<Arc<[Option<usize>]>>,
}

/// What a new row may do with one that is there already.
#[derive(Clone, Debug)]
pub enum Meeting {
    /// Whatever the upsert does.
    Free,
    /// The caller may not see or change it: a plain conflict.
    Never,
    /// It may when this gives a row.
    Asked(Bound),
}

/// What is needed to tell an update from an insert, and to refuse a row named twice.
#[derive(Clone, Debug)]
pub struct Upsert {
    /// Asks whether a row with these target values is there.
    pub probe: Arc<Statement>,
    /// Positions of the target columns within the run's columns.
    pub target: Vec<usize>,
    /// An existing row is changed; otherwise it is left alone.
    pub merges: bool,
}

#[derive(Debug)]
pub struct Update {
    pub bound: Bound,
    /// Columns that are set, with their new values, for the texts of constraint errors.
    pub set: Vec<(usize, Value)>,
    /// Finds, under the same filter, what still references a key that would change.
    pub referenced: Vec<Referenced>,
    /// What the rules ask before anything changes: one that gives a row refuses.
    pub checks: Vec<Bound>,
}

#[derive(Debug)]
pub struct Delete {
    pub bound: Bound,
    /// Finds, under the same filter, what still references a row that would go.
    pub referenced: Vec<Referenced>,
}

/// The statements of a function that writes.
#[derive(Debug)]
pub struct Call {
    pub statements: Vec<Bound>,
    /// How the rows of the last statement are shown; nothing comes back without it.
    pub rows: Option<Gathered>,
}

/// Rows that are kept as a JSON array of arrays, so that they can be asked again.
#[derive(Debug)]
pub struct Gathered {
    /// Names of the columns that are wanted of a row. An older file may have them in another order
    /// than the declaration.
    pub columns: Arc<[String]>,
    /// The place among the values that the array takes.
    pub place: usize,
    pub shown: Bound,
    pub count: Option<Bound>,
    /// Rows that are passed over; beyond the last one is an error.
    pub offset: u64,
}

/// A query that finds a row which is still referenced, used only to word the error.
#[derive(Clone, Debug)]
pub struct Referenced {
    /// Gives the values of the referenced columns of one such row.
    pub bound: Bound,
    /// The referencing table and its constraint.
    pub child: String,
    /// The caller may know of it.
    pub told: bool,
    pub constraint: String,
    pub columns: Vec<usize>,
}

/// What must hold when a write has run; otherwise it is undone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// The caller asked for a single object: exactly one row must have come back.
    pub exactly_one: bool,
    /// At most this many rows may be affected.
    pub max_affected: Option<u64>,
    /// Run it, answer it, then undo it (`Prefer: tx=rollback`).
    pub undo: bool,
}

/// What a plan did.
#[derive(Debug)]
pub struct Answer<S> {
    /// Holds the rows, in the form that the sink makes of them.
    pub sink: S,
    /// Rows that were given to the sink, or affected when nothing was returned.
    pub rows: u64,
    /// Rows that an upsert added (all rows, for a plain insert).
    pub inserted: u64,
    /// The exact number of rows that the filter keeps, when it was asked for.
    pub total: Option<u64>,
}
