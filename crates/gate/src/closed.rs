//! Columns that their own rules close to a caller. A column that may not be read does not exist
//! for whoever may not read it, and is not written either unless a rule says so.

use std::sync::Arc;

use mainstay_schema::rule::{Check, Verdict};
use mainstay_schema::{Rule, Table};

use crate::weakness::Weakness;
use crate::{Caller, Gate};

/// Columns of one table by what a caller may not do with them.
#[derive(Clone, Debug, Default)]
pub struct Closed {
    /// They do not exist for this caller.
    pub read: Vec<usize>,
    pub create: Vec<usize>,
    pub update: Vec<usize>,
    /// Columns whose values are judged with the row that they are written into.
    pub create_checks: Vec<(usize, Check)>,
    pub update_checks: Vec<(usize, Check)>,
}

impl Gate {
    /// The columns of the table at this place (module and source) that are closed to the caller.
    /// A column without a rule is as open as its table.
    #[must_use]
    pub fn closed(&self, caller: &Caller<'_>, table: &Table, place: (usize, usize)) -> Arc<Closed> {
        if table.columns.iter().any(|column| {
            changes(&column.allow.read)
                || changes(&column.allow.create)
                || changes(&column.allow.update)
        }) {
            return Arc::new(self.look(caller, table));
        }
        let mut known = caller.identity.closed.lock();
        let closed = known.entry(place).or_insert_with(|| Arc::new(self.look(caller, table)));
        Arc::clone(closed)
    }

    fn look(&self, caller: &Caller<'_>, table: &Table) -> Closed {
        let mut closed = Closed::default();
        if caller.identity.is_service() || self.weakness == Some(Weakness::Column) {
            return closed;
        }
        for (at, column) in table.columns.iter().enumerate() {
            let allow = &column.allow;
            let hidden = match &allow.read {
                None => false,
                Some(rule) => !matches!(asked(caller, rule), Some((Verdict::Holds, _))),
            };
            if hidden {
                closed.read.push(at);
            }
            for (rule, list, checks) in [
                (&allow.create, &mut closed.create, &mut closed.create_checks),
                (&allow.update, &mut closed.update, &mut closed.update_checks),
            ] {
                match rule.as_ref().map(|rule| asked(caller, rule)) {
                    None if hidden => list.push(at),
                    None => {}
                    Some(Some((Verdict::Holds, check))) if check.is_certain() => {}
                    Some(Some((Verdict::Holds, check))) if !check.is_hopeless() => {
                        checks.push((at, check));
                    }
                    Some(_) => list.push(at),
                }
            }
        }
        closed
    }
}

fn changes(rule: &Option<Rule>) -> bool {
    rule.as_ref().and_then(Rule::bound).is_some_and(|bound| bound.changes)
}

/// A rule that was never bound says nothing, so it closes.
fn asked(caller: &Caller<'_>, rule: &Rule) -> Option<(Verdict, Check)> {
    rule.bound().map(|bound| bound.ask(&caller.asking()))
}
