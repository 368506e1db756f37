//! What one caller sees during one request: tables, columns, rows.

use std::cell::OnceCell;

use super::fold::Verdict;
use super::rules::{Asked, Ready, TableRules};
use super::{Model, Refusal, State};
use crate::world::{Caller, Row, Table, World};

pub struct Sight<'a> {
    pub world: &'a World,
    pub sources: &'a [Table],
    pub rules: &'a [TableRules],
    /// The rules of functions.
    pub calls: &'a [Option<Ready>],
    pub state: &'a State,
    pub asked: Asked<'a>,
    pub caller: &'a Caller,
    /// No rule binds what is read.
    all: bool,
    /// By table: places of rows that may be read, in the order in which they are kept.
    visible: Vec<OnceCell<Vec<usize>>>,
    /// By table and column.
    columns: Vec<OnceCell<Vec<bool>>>,
}

/// What is done with a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Read,
    Create,
    Update,
    Delete,
}

impl<'a> Sight<'a> {
    #[must_use]
    pub fn new(
        model: &'a Model<'a>,
        state: &'a State,
        asked: Asked<'a>,
        caller: &'a Caller,
    ) -> Self {
        let Model { world, sources, rules, calls, .. } = model;
        let visible = sources.iter().map(|_| OnceCell::new()).collect();
        let columns = sources.iter().map(|_| OnceCell::new()).collect();
        let all = false;
        Self { world, sources, rules, calls, state, asked, caller, all, visible, columns }
    }

    /// The same for whoever calls a function that stands for its rows: rules do not bind them.
    #[must_use]
    pub fn unbound(&self) -> Self {
        Self {
            all: true,
            visible: self.sources.iter().map(|_| OnceCell::new()).collect(),
            columns: self.sources.iter().map(|_| OnceCell::new()).collect(),
            ..*self
        }
    }

    #[must_use]
    pub fn table(&self, table: usize) -> &'a Table {
        &self.sources[table]
    }

    #[must_use]
    pub fn row(&self, table: usize, at: usize) -> &'a Row {
        &self.state.rows[table][at]
    }

    /// 401 for the anonymous, whom signing in may help.
    #[must_use]
    pub fn forbidden(&self, message: impl Into<String>) -> Refusal {
        Refusal::new(if self.caller.role == "anon" { 401 } else { 403 }, "42501", message)
    }

    /// The table is closed to the caller for this, whatever its rows are.
    #[must_use]
    pub fn closed(&self, table: usize, action: Action) -> Option<Refusal> {
        let open = self.caller.is_service() || self.all || !self.verdict(table, action).denies();
        let name = &self.table(table).name;
        (!open).then(|| self.forbidden(format!("permission denied for table {name}")))
    }

    /// What is known of a rule before any row is looked at.
    pub fn verdict(&self, table: usize, action: Action) -> Verdict {
        let rules = &self.rules[table];
        let one = |rule: &Option<Ready>| {
            rule.as_ref().map_or(Verdict::False, |rule| rule.verdict(&self.asked))
        };
        match action {
            Action::Read => one(&rules.read),
            Action::Create => one(&rules.create),
            Action::Delete => one(&rules.delete),
            Action::Update => {
                let Some(parts) = &rules.update else { return Verdict::False };
                let verdicts = parts.iter().map(|part| part.verdict(&self.asked));
                verdicts.fold(Verdict::True, |all, one| match (all.denies(), one.denies()) {
                    (false, false) if all == one => all,
                    (false, false) if [all, one].contains(&Verdict::Never) => Verdict::Never,
                    (false, false) => Verdict::Unknown,
                    _ => Verdict::False,
                })
            }
        }
    }

    /// Rows that the caller may read, in the order in which they are kept.
    pub fn visible(&self, table: usize) -> &[usize] {
        self.visible[table].get_or_init(|| {
            let rows = &self.state.rows[table];
            let mut seen: Vec<usize> =
                (0..rows.len()).filter(|at| self.reads_row(table, *at)).collect();
            if self.table(table).is_kept_by_key() {
                let key = self.table(table).key[0];
                seen.sort_by(|left, right| {
                    rows[*left][key].order(&rows[*right][key]).unwrap_or(std::cmp::Ordering::Equal)
                });
            }
            seen
        })
    }

    fn reads_row(&self, table: usize, at: usize) -> bool {
        if self.caller.is_service() || self.all {
            return true;
        }
        let row = Some(self.state.snapshot.row(table, at));
        self.rules[table].read.as_ref().is_some_and(|rule| rule.holds(&self.asked, row, None))
    }

    /// The column exists for the caller.
    pub fn reads_column(&self, table: usize, column: usize) -> bool {
        let open = self.columns[table].get_or_init(|| {
            let rules = self.rules[table].columns.iter();
            rules
                .map(|rules| {
                    let rule = rules.read.as_ref();
                    self.caller.is_service()
                        || self.all
                        || rule.is_none_or(|rule| rule.holds(&self.asked, None, None))
                })
                .collect()
        });
        open[column]
    }

    /// Columns that exist for the caller.
    pub fn columns(&self, table: usize) -> impl Iterator<Item = usize> {
        (0..self.table(table).columns.len()).filter(move |at| self.reads_column(table, *at))
    }
}
