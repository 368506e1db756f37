//! What the database keeps true: keys, references, and what happens to rows when those go that
//! they reference. Errors in PostgreSQL's words, as docs/errors.md says.

use super::Refusal;
use super::sight::{Action, Sight};
use crate::world::rows::same;
use crate::world::{Cell, OnDelete, Row};

/// The rows of all tables, on their way to another state.
pub struct Draft<'s, 'a> {
    pub sight: &'s Sight<'a>,
    pub rows: Vec<Vec<Row>>,
}

/// What a statement set, for the details of its errors: `None` is unknown.
pub type Told<'r> = &'r dyn Fn(usize) -> Option<Cell>;

impl<'s, 'a> Draft<'s, 'a> {
    pub fn new(sight: &'s Sight<'a>) -> Self {
        let mut rows = sight.state.rows.clone();
        rows.truncate(sight.world.tables.len());
        Self { sight, rows }
    }

    fn may_tell(&self, table: usize, columns: &[usize]) -> bool {
        columns.iter().all(|at| self.sight.reads_column(table, *at))
    }

    /// `Key (a, b)=(1, 2)`
    fn key(&self, table: usize, columns: &[usize], told: Told<'_>) -> Option<String> {
        if !self.may_tell(table, columns) {
            return None;
        }
        let here = self.sight.table(table);
        let names: Vec<&str> = columns.iter().map(|at| here.columns[*at].name.as_str()).collect();
        let values: Option<Vec<String>> =
            columns.iter().map(|at| told(*at).map(|cell| cell.plain())).collect();
        Some(format!("Key ({})=({})", names.join(", "), values?.join(", ")))
    }

    /// Constraints that a row breaks because another row has the same values.
    pub fn duplicates(&self, table: usize, at: usize, told: Told<'_>) -> Vec<Refusal> {
        let (here, rows) = (self.sight.table(table), &self.rows[table]);
        let broken = here.unique_sets().filter(|set| {
            rows.iter().enumerate().any(|(other, row)| other != at && same(set, row, &rows[at]))
        });
        broken
            .map(|set| {
                let details =
                    self.key(table, set, told).map(|key| format!("{key} already exists."));
                self.taken(table, set).details(details)
            })
            .collect()
    }

    /// `23505` without details. A constraint over a hidden column is not named.
    pub fn taken(&self, table: usize, set: &[usize]) -> Refusal {
        let message = match self.may_tell(table, set) {
            true => {
                let name = self.sight.table(table).unique_name(set);
                format!("duplicate key value violates unique constraint \"{name}\"")
            }
            false => "duplicate key value violates a unique constraint".to_owned(),
        };
        Refusal::new(409, "23505", message).details(None)
    }

    /// References of a row that lead nowhere, where some do.
    pub fn dangling(&self, table: usize, at: usize, told: Told<'_>) -> Vec<Refusal> {
        let here = self.sight.table(table);
        let row = &self.rows[table][at];
        let mut blamed = self.lost(table, row);
        // The words are found when the row is gone again, and with it what it referenced.
        let own = |column: &usize| {
            let to = here.columns[*column].reference.map(|reference| reference.table);
            to == Some(table) && !row[*column].is_null() && row[*column] == row[here.key[0]]
        };
        blamed.extend((0..row.len()).filter(own));
        let mut found = Vec::new();
        for column in blamed {
            let Some(reference) = here.columns[column].reference else { continue };
            let there = &self.sight.table(reference.table).name;
            let message = match self.may_tell(table, &[column]) {
                true => format!(
                    "insert or update on table \"{}\" violates foreign key constraint \"{}\"",
                    here.name,
                    here.reference_name(column)
                ),
                false => {
                    format!("insert or update on table \"{}\" violates a foreign key", here.name)
                }
            };
            let details = self
                .key(table, &[column], told)
                .map(|key| format!("{key} is not present in table \"{there}\"."));
            let refusal = Refusal::new(409, "23503", message);
            // What a table is called that the caller may not know is not told. Whether it is one
            // that shows nothing is open.
            let seen = self.sight.closed(reference.table, Action::Read).is_none();
            if !seen || self.sight.verdict(reference.table, Action::Read).is_open() {
                found.push(refusal.clone().details(None));
            }
            if seen {
                found.push(refusal.details(details));
            }
        }
        found
    }

    /// Columns of a row that reference a row that is not there.
    fn lost(&self, table: usize, row: &Row) -> Vec<usize> {
        let columns = self.sight.table(table).columns.iter().enumerate();
        let lost = |(at, column): (usize, &crate::world::Column)| {
            let reference = column.reference?;
            let key = self.sight.table(reference.table).key[0];
            let found = self.rows[reference.table].iter().any(|there| there[key] == row[at]);
            (!row[at].is_null() && !found).then_some(at)
        };
        columns.filter_map(lost).collect()
    }

    /// Every reference of every row leads somewhere.
    pub fn is_whole(&self) -> bool {
        let mut rows = self.rows.iter().enumerate();
        rows.all(|(table, rows)| rows.iter().all(|row| self.lost(table, row).is_empty()))
    }

    /// Takes rows away, and does to those that reference them what their references say.
    pub fn remove(&mut self, table: usize, gone: &[usize]) {
        let key = self.sight.table(table).key.clone();
        let mut place = 0;
        let mut keys = Vec::new();
        self.rows[table].retain(|row| {
            place += 1;
            let goes = gone.contains(&(place - 1));
            if goes && key.len() == 1 {
                keys.push(row[key[0]].clone());
            }
            !goes
        });
        if keys.is_empty() {
            return;
        }
        for child in 0..self.rows.len() {
            for (at, column) in self.sight.table(child).columns.iter().enumerate() {
                let Some(reference) = column.reference.filter(|to| to.table == table) else {
                    continue;
                };
                match reference.on_delete {
                    OnDelete::NoAction => {}
                    OnDelete::SetNull => {
                        for row in &mut self.rows[child] {
                            if keys.contains(&row[at]) {
                                row[at] = Cell::Null;
                            }
                        }
                    }
                    OnDelete::Cascade => {
                        let rows = self.rows[child].iter().enumerate();
                        let follow: Vec<usize> = rows
                            .filter(|(_, row)| keys.contains(&row[at]))
                            .map(|(at, _)| at)
                            .collect();
                        if !follow.is_empty() {
                            self.remove(child, &follow);
                        }
                    }
                }
            }
        }
    }

    /// Why rows may not go, or not change their keys: each reference to one of them, in the state
    /// before, that stops it.
    pub fn still_referenced(&self, table: usize, places: &[usize], deletes: bool) -> Vec<Refusal> {
        let here = self.sight.table(table);
        let mut found = Vec::new();
        for (child, rows) in self.sight.state.rows.iter().enumerate().take(self.rows.len()) {
            let there = self.sight.table(child);
            for (at, column) in there.columns.iter().enumerate() {
                let stops = column.reference.is_some_and(|reference| {
                    let acts = deletes && reference.on_delete != OnDelete::NoAction;
                    reference.table == table && !acts
                });
                if !stops {
                    continue;
                }
                for place in places {
                    let key = &self.sight.row(table, *place)[here.key[0]];
                    if !rows.iter().any(|row| row[at] == *key) {
                        continue;
                    }
                    let told = self.sight.closed(child, Action::Read).is_none()
                        && self.may_tell(child, &[at]);
                    // Whether a table is closed that shows nothing is open.
                    if !told || self.sight.verdict(child, Action::Read).is_open() {
                        let message = format!(
                            "update or delete on table \"{}\" violates a foreign key",
                            here.name
                        );
                        found.push(Refusal::new(409, "23503", message).details(None));
                    }
                    if !told {
                        continue;
                    }
                    let message = format!(
                        "update or delete on table \"{}\" violates foreign key constraint \"{}\" \
                         on table \"{}\"",
                        here.name,
                        there.reference_name(at),
                        there.name
                    );
                    let details = self.key(table, &here.key, &|_| Some(key.clone())).map(|key| {
                        format!("{key} is still referenced from table \"{}\".", there.name)
                    });
                    found.push(Refusal::new(409, "23503", message).details(details));
                }
            }
        }
        if found.is_empty() { vec![further(&here.name)] } else { found }
    }
}

/// A row further down a cascade stops it, or one that a changed key leaves alone.
#[must_use]
pub fn further(table: &str) -> Refusal {
    let message = format!("the change to table \"{table}\" violates a foreign key constraint");
    Refusal::new(409, "23503", message).details(None)
}
