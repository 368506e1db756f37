//! The slow evaluator: rows in memory, rules judged one row at a time, and the dialect in its
//! plainest form on what is left to see. It shares no code with what it checks.

mod aggregate;
mod change;
mod closed;
mod compare;
mod constraint;
pub mod expect;
mod fold;
mod read;
mod returned;
mod rules;
mod seen;
mod show;
mod sight;
mod through;
mod upsert;
mod write;

use std::collections::BTreeSet;

use crate::request::http::write;
use crate::request::{Part, Prefer, Request, Verb};
use crate::rule::{Facts, Judge, Snapshot};
use crate::world::{Row, Table, World};

pub use expect::{Expected, Refusal};
pub use fold::Verdict;
pub use seen::Hidden;

use rules::{Asked, Ready, TableRules};
use sight::Sight;

/// A world as it stands after the requests so far.
pub struct Model<'w> {
    world: &'w World,
    /// Tables, then views.
    sources: Vec<Table>,
    judge: &'w Judge,
    rules: Vec<TableRules>,
    calls: Vec<Option<Ready>>,
    state: State,
}

/// An answer that is right, and the rows that it leaves behind if it changes any.
pub struct Ending {
    pub expected: Expected,
    rows: Option<Vec<Vec<Row>>>,
}

impl Ending {
    fn of_operation(mut self, at: usize) -> Self {
        if let Expected::Refused(refusals) = &mut self.expected {
            refusals.iter_mut().for_each(|refusal| refusal.operation = Some(at));
        }
        self
    }
}

/// The rows at one moment.
pub struct State {
    /// Of tables, then what views show of them.
    pub rows: Vec<Vec<Row>>,
    snapshot: Snapshot,
}

impl State {
    /// `rows` are those of the tables.
    fn new(world: &World, sources: &[Table], mut rows: Vec<Vec<Row>>) -> Self {
        rows.truncate(world.tables.len());
        for view in &world.views {
            let shown = view.rows(&rows[view.table]);
            rows.push(shown);
        }
        let snapshot = Snapshot::new(sources, &rows);
        Self { rows, snapshot }
    }
}

impl<'w> Model<'w> {
    /// # Errors
    /// When the interpreter cannot read a rule.
    pub fn new(world: &'w World, judge: &'w Judge) -> Result<Self, String> {
        let sources = world.sources();
        let (rules, calls) = rules::ready(judge, world, &sources)?;
        let state = State::new(world, &sources, world.rows.clone());
        Ok(Self { world, sources, judge, rules, calls, state })
    }

    fn become_rows(&mut self, rows: Vec<Vec<Row>>) {
        self.state = State::new(self.world, &self.sources, rows);
    }

    /// The rows of a table, as whoever sees everything reads them.
    #[must_use]
    pub fn stored(&self, table: usize) -> Vec<String> {
        let all = Request {
            caller: self.world.callers.len() - 1,
            table,
            verb: Verb::Get,
            part: Part::default(),
            prefer: Prefer::default(),
            single: false,
            headers: Vec::new(),
        };
        let facts = self.facts(&all);
        let sight = self.sight(&all, &self.state, &facts);
        read::Reading { sight: &sight }.shown(table, sight.visible(table), &all.part)
    }

    /// What the answer may be, and what each leaves behind. Nearly always there is one: how much of
    /// a rule folds away before any row is looked at is nobody's promise, so that a table of which
    /// the caller sees nothing may be closed as well as empty.
    #[must_use]
    pub fn answers(&self, request: &Request) -> Vec<Ending> {
        match &request.verb {
            Verb::Batch(operations) => self.batch(operations),
            _ => self.one(request, &self.state),
        }
    }

    /// Goes on from an answer.
    pub fn accept(&mut self, ending: Ending) {
        if let Some(rows) = ending.rows {
            self.become_rows(rows);
        }
    }

    /// One request on a state.
    fn one(&self, request: &Request, state: &State) -> Vec<Ending> {
        let facts = self.facts(request);
        let sight = self.sight(request, state, &facts);
        let (expected, rows) = match &request.verb {
            Verb::Get | Verb::Head | Verb::Call { .. } => (read::answer(&sight, request), None),
            _ => match write::answer(self, &sight, request) {
                Ok((expected, rows)) => (expected, Some(rows)),
                Err(refusals) => (Expected::Refused(refusals), None),
            },
        };
        let idle = rows.as_ref().is_none_or(|rows| *rows == state.rows);
        let reading = read::Reading { sight: &sight };
        let writing = write::Writing { model: self, sight: &sight, request, reading };
        let closed = closed::instead(&writing, &expected, idle);
        let mut endings = vec![Ending { expected, rows }];
        if !closed.is_empty() {
            endings.push(Ending { expected: Expected::Refused(closed), rows: None });
        }
        endings
    }

    /// All operations happen, or none.
    fn batch(&self, operations: &[Request]) -> Vec<Ending> {
        let mut state: Option<State> = None;
        let mut answers = Vec::new();
        let mut endings = Vec::new();
        for (at, operation) in operations.iter().enumerate() {
            let mut found = self.one(operation, state.as_ref().unwrap_or(&self.state)).into_iter();
            let Some(first) = found.next() else { return endings };
            let refused = matches!(first.expected, Expected::Refused(_));
            let (kept, mut rest) =
                if refused { (None, vec![first]) } else { (Some(first), vec![]) };
            rest.extend(found);
            endings.extend(rest.into_iter().map(|ending| ending.of_operation(at)));
            let Some(Ending { expected, rows }) = kept else { return endings };
            answers.push(expected);
            if let Some(rows) = rows {
                state = Some(State::new(self.world, &self.sources, rows));
            }
        }
        let rows = state.map(|state| state.rows);
        endings.insert(0, Ending { expected: Expected::Batch(answers), rows });
        endings
    }

    fn facts(&self, request: &Request) -> Facts {
        let sent = write(request, &self.sources, &self.world.functions);
        let caller = &self.world.callers[request.caller];
        Facts::new(caller, sent.method, sent.path(), &request.headers)
    }

    fn sight<'s>(&'s self, request: &Request, state: &'s State, facts: &'s Facts) -> Sight<'s> {
        let caller = &self.world.callers[request.caller];
        let asked = Asked { judge: self.judge, facts, snapshot: &state.snapshot };
        Sight::new(self, state, asked, caller)
    }

    /// It calls a function that shows what its caller may not see.
    fn stands_in(&self, request: &Request) -> bool {
        match &request.verb {
            Verb::Call { function, .. } => self.world.functions[*function].definer,
            Verb::Batch(operations) => operations.iter().any(|one| self.stands_in(one)),
            _ => false,
        }
    }

    /// Names that no answer to this caller may hold, but for those that it sent itself.
    #[must_use]
    pub fn hidden(&self, request: &Request) -> BTreeSet<&str> {
        let sent = write(request, &self.sources, &self.world.functions);
        let facts = self.facts(request);
        let sight = self.sight(request, &self.state, &facts);
        let mut hidden = BTreeSet::new();
        if self.stands_in(request) {
            return hidden;
        }
        for (at, table) in self.sources.iter().enumerate() {
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
