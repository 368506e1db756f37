//! Upserts: the rows that new ones meet, and who may meet them.

use super::constraint::{Draft, further};
use super::expect::Refusal;
use super::rules::Ready;
use super::write::{Writing, either};
use crate::request::Body;
use crate::rule::judge::loose;
use crate::world::Row;

/// What a new row meets.
pub struct Upsert<'r> {
    pub target: &'r [usize],
    pub merges: bool,
}

impl Writing<'_, '_> {
    /// The row that a new one meets.
    pub fn met(&self, draft: &Draft<'_, '_>, upsert: &Upsert<'_>, row: &Row) -> Option<usize> {
        let rows = &draft.rows[self.request.table];
        rows.iter().position(|there| crate::world::rows::same(upsert.target, there, row))
    }

    /// Columns that a merge would change, and that nobody may change.
    pub fn unmergeable(&self, body: &Body, upsert: &Upsert<'_>) -> Vec<Refusal> {
        let rules = &self.sight.rules[self.request.table].columns;
        let columns = &self.sight.table(self.request.table).columns;
        let service = self.sight.caller.is_service();
        let changed = body
            .columns
            .iter()
            .filter(|at| !upsert.target.contains(at))
            .filter(|at| service || !columns[**at].readonly);
        let refusal = |at: &usize| {
            let rule = rules[*at].update.as_ref();
            let closed = rule.map(|rule| !rule.verdict(&self.sight.asked).denies());
            self.closed_column(*at, closed)
        };
        changed.filter_map(refusal).collect()
    }

    /// Something is set in a row that is there. The columns by which it is found are equal already,
    /// so that nobody needs the right to change them.
    pub fn changes(&self, body: &Body, upsert: &Upsert<'_>) -> bool {
        let (sight, table) = (self.sight, self.request.table);
        let sets = |at: &usize| {
            let rule = sight.rules[table].columns[*at].update.as_ref();
            let closed = match rule {
                Some(rule) => rule.verdict(&sight.asked).denies(),
                None => !sight.reads_column(table, *at),
            };
            let readonly = sight.table(table).columns[*at].readonly;
            !(readonly || closed && upsert.target.contains(at))
        };
        sight.caller.is_service() || body.columns.iter().any(sets)
    }

    /// A row that is there may be met only by who may read it and change it so; for others it is a
    /// plain conflict that says nothing.
    pub fn may_meet(
        &self,
        draft: &Draft<'_, '_>,
        at: usize,
        upsert: &Upsert<'_>,
        body: &Body,
        row: &Row,
        tells: bool,
    ) -> Result<(), Vec<Refusal>> {
        let table = self.request.table;
        let here = self.sight.table(table);
        if self.sight.caller.is_service() {
            return Ok(());
        }
        let there = &draft.rows[table][at];
        let merged = self.merged(there, body, row);
        let (old, new) = (loose(here, there), loose(here, &merged));
        let rules = &self.sight.rules[table];
        let holds =
            |part: &Ready| part.holds(&self.sight.asked, Some(old.as_ref()), Some(new.as_ref()));
        // The columns that both have in common do not change.
        let others = body.columns.iter().filter(|at| !upsert.target.contains(at));
        let columns = others.filter_map(|at| rules.columns[*at].update.as_ref());
        let updates = || {
            rules.update.as_ref().is_some_and(|parts| parts.iter().all(holds))
                && columns.into_iter().all(holds)
                && rules.links.iter().all(|(at, rule)| !body.columns.contains(at) || holds(rule))
                && (!tells || self.reads(&merged))
        };
        match self.reads(there) && (!upsert.merges || updates()) {
            true => Ok(()),
            false => Err(vec![draft.taken(table, upsert.target)]),
        }
    }

    /// The row that is there with what was sent; what the server fills in stays as it is.
    fn merged(&self, there: &Row, body: &Body, row: &Row) -> Row {
        let columns = &self.sight.table(self.request.table).columns;
        let mut merged = there.clone();
        for at in body.columns.iter() {
            if !columns[*at].readonly || self.sight.caller.is_service() {
                merged[*at] = row[*at].clone();
            }
        }
        merged
    }

    pub fn merge(
        &self,
        draft: &mut Draft<'_, '_>,
        at: usize,
        body: &Body,
        row: &Row,
    ) -> Result<(), Vec<Refusal>> {
        let table = self.request.table;
        draft.rows[table][at] = self.merged(&draft.rows[table][at], body, row);
        let here = self.sight.table(table);
        let given = |at: usize| body.columns.contains(&at) || here.columns[at].default.is_some();
        let told = |column: usize| given(column).then(|| row[column].clone());
        either(draft.duplicates(table, at, &told))?;
        if draft.is_whole() {
            return Ok(());
        }
        // A row may have lost itself: its key changed, and its reference to it did not.
        let mut refusals = draft.dangling(table, at, &told);
        refusals.push(further(&self.sight.table(table).name));
        Err(refusals)
    }
}

/// One upsert names the same row twice.
#[must_use]
pub fn named_twice() -> Refusal {
    let message = "ON CONFLICT DO UPDATE command cannot affect row a second time";
    Refusal::new(400, "21000", message)
}
