//! The slow evaluator: rows in memory, rules judged one row at a time, and the dialect in its
//! plainest form on what is left to see. It shares no code with what it checks.

mod aggregate;
mod compare;
pub mod expect;
mod read;
mod rules;
mod show;
mod sight;

use std::collections::BTreeSet;

use crate::request::http::write;
use crate::request::{Request, Verb};
use crate::rule::{Facts, Judge, Snapshot};
use crate::world::{Row, World};

pub use expect::{Expected, Refusal};
pub use rules::Verdict;

use rules::{Asked, TableRules};
use sight::Sight;

/// A world as it stands after the requests so far.
pub struct Model<'w> {
    world: &'w World,
    judge: &'w Judge,
    rules: Vec<TableRules>,
    state: State,
}

/// The rows at one moment.
pub struct State {
    pub rows: Vec<Vec<Row>>,
    snapshot: Snapshot,
}

impl State {
    fn new(world: &World, rows: Vec<Vec<Row>>) -> Self {
        let snapshot = Snapshot::new(&world.tables, &rows);
        Self { rows, snapshot }
    }
}

impl<'w> Model<'w> {
    /// # Errors
    /// When the interpreter cannot read a rule.
    pub fn new(world: &'w World, judge: &'w Judge) -> Result<Self, String> {
        let rules = rules::ready(judge, world)?;
        let mut model = Self { world, judge, rules, state: State::new(world, Vec::new()) };
        model.become_rows(world.rows.clone());
        Ok(model)
    }

    fn become_rows(&mut self, rows: Vec<Vec<Row>>) {
        self.state = State::new(self.world, rows);
    }

    /// The rows of a table, as whoever sees everything reads them.
    #[must_use]
    pub fn rows(&self, table: usize) -> &[Row] {
        &self.state.rows[table]
    }

    /// What the answer must be. A write that is right changes the rows.
    pub fn answer(&mut self, request: &Request) -> Expected {
        let sent = write(request, &self.world.tables);
        let caller = &self.world.callers[request.caller];
        let facts = Facts::new(caller, sent.method, sent.path(), &request.headers);
        let asked = Asked { judge: self.judge, facts: &facts, snapshot: &self.state.snapshot };
        let sight = Sight::new(self.world, &self.rules, &self.state, asked, caller);
        match &request.verb {
            Verb::Get | Verb::Head => read::answer(&sight, request),
            _ => Expected::Refused(Vec::new()),
        }
    }

    /// Names that no answer to this caller may hold, but for those that it sent itself.
    #[must_use]
    pub fn hidden(&self, request: &Request) -> BTreeSet<&'w str> {
        let sent = write(request, &self.world.tables);
        let caller = &self.world.callers[request.caller];
        let facts = Facts::new(caller, sent.method, sent.path(), &request.headers);
        let asked = Asked { judge: self.judge, facts: &facts, snapshot: &self.state.snapshot };
        let sight = Sight::new(self.world, &self.rules, &self.state, asked, caller);
        let mut hidden = BTreeSet::new();
        for (at, table) in self.world.tables.iter().enumerate() {
            for (place, column) in table.columns.iter().enumerate() {
                let said = sent.target.contains(&column.name) || sent.body.contains(&column.name);
                if !sight.reads_column(at, place) && !said && column.name != "id" {
                    hidden.insert(column.name.as_str());
                }
            }
        }
        hidden
    }
}
