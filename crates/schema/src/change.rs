//! Two versions of a module's tables compared: what can be done to a database at once, what only
//! has to be recorded, and what is refused because rows could be lost or broken. `mainstay dev`
//! and `serve` ask; the store carries out what is safe.

mod parts;
mod search;

use std::collections::HashMap;

use self::parts::{checks, foreign_keys, indexes, key, uniques};
use self::search::{dropped as dropped_searches, made as made_searches};
use crate::Type;
use crate::model::{Column, Default, Table};

/// One difference between two versions.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Can be carried out at once: no row is touched.
    Safe(Step),
    /// Changes nothing in the database; the new version has to be recorded. Bounds and patterns
    /// are among these: they hold for what is written from now on, rows keep what they have.
    Recorded {
        /// The table.
        table: String,
        /// What is different, as a sentence's part: ``the bounds of column `a` ``.
        what: String,
    },
    /// Is not carried out.
    Refused {
        /// The table.
        table: String,
        /// What was asked for: ``dropping column `a` ``.
        what: String,
        /// Why not, in one sentence that names what could be lost or broken.
        reason: String,
    },
}

/// What the store has to do; positions point into the new version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A table with all that belongs to it, its indexes too.
    CreateTable {
        /// Position in the new tables.
        table: usize,
    },
    /// A column that may be null or has a constant default, with a reference if it has one.
    AddColumn {
        /// Position in the new tables.
        table: usize,
        /// Position in its columns.
        column: usize,
    },
    /// An index that is not unique.
    AddIndex {
        /// Position in the new tables.
        table: usize,
        /// Position in its indexes.
        index: usize,
    },
    /// The search index of a table, filled from the rows that are there.
    MakeSearch {
        /// Position in the new tables.
        table: usize,
    },
    /// The search index of a table: it holds nothing that the rows do not.
    DropSearch {
        /// The table.
        table: String,
    },
    /// An index that is not unique: it holds no data.
    DropIndex {
        /// The table.
        table: String,
        /// The index.
        name: String,
    },
}

/// All differences, in the order in which they can be carried out. Nothing means equal.
#[must_use]
pub fn changes(old: &[Table], new: &[Table]) -> Vec<Change> {
    let before: HashMap<&str, &Table> =
        old.iter().map(|table| (table.name.as_str(), table)).collect();
    let mut changes = dropped_searches(old, new);
    for table in old.iter().filter(|table| !new.iter().any(|other| other.name == table.name)) {
        changes.push(Change::Refused {
            table: table.name.clone(),
            what: format!("dropping table `{}`", table.name),
            reason: "all its rows would be lost".to_owned(),
        });
    }
    for (at, table) in new.iter().enumerate() {
        match before.get(table.name.as_str()) {
            None => changes.push(Change::Safe(Step::CreateTable { table: at })),
            Some(before) => {
                Pair { old, new, before, after: table, at, changes: &mut changes }.compare()
            }
        }
    }
    changes.extend(made_searches(&before, new));
    changes
}

/// An enum that keeps all its labels: rows fit as before, and the database does not know labels.
fn grows(before: &Type, after: &Type) -> bool {
    match (before, after) {
        (Type::Enum(before), Type::Enum(after)) => {
            before != after && before.iter().all(|label| after.contains(label))
        }
        _ => false,
    }
}

/// One table in both versions.
struct Pair<'a> {
    old: &'a [Table],
    new: &'a [Table],
    before: &'a Table,
    after: &'a Table,
    at: usize,
    changes: &'a mut Vec<Change>,
}

impl Pair<'_> {
    fn compare(&mut self) {
        if self.before.adopted != self.after.adopted {
            self.refuse("changing `adopted`", "the table would have to be built anew");
        }
        if key(self.before) != key(self.after) {
            self.refuse(
                "changing the primary key",
                "references and clients rely on the one there is",
            );
        } else if self.before.primary_key.name != self.after.primary_key.name {
            self.record("the name of the primary key");
        }
        if self.before.doc != self.after.doc || self.before.cache != self.after.cache {
            self.record("`doc` or `cache`");
        }
        self.compare_columns();
        uniques(self);
        checks(self);
        foreign_keys(self);
        indexes(self);
    }

    fn refuse(&mut self, what: &str, reason: &str) {
        let table = self.after.name.clone();
        self.changes.push(Change::Refused {
            table,
            what: what.to_owned(),
            reason: reason.to_owned(),
        });
    }

    fn record(&mut self, what: &str) {
        self.changes
            .push(Change::Recorded { table: self.after.name.clone(), what: what.to_owned() });
    }

    fn compare_columns(&mut self) {
        for column in &self.before.columns {
            if self.after.column(&column.name).is_none() {
                let what = format!("dropping column `{}`", column.name);
                self.refuse(&what, "its values would be lost");
            }
        }
        for (at, column) in self.after.columns.iter().enumerate() {
            match self.before.column(&column.name) {
                Some(before) => self.compare_column(&self.before.columns[before], column),
                None => self.add_column(at, column),
            }
        }
        let order = |table: &Table, other: &Table| -> Vec<String> {
            let names = table.columns.iter().map(|column| column.name.clone());
            names.filter(|name| other.column(name).is_some()).collect()
        };
        if order(self.before, self.after) != order(self.after, self.before) {
            self.record("the order of columns");
        }
    }

    fn add_column(&mut self, at: usize, column: &Column) {
        let what = format!("adding column `{}`", column.name);
        let constant = matches!(column.default, Some(Default::Value(_)));
        let references = self.after.foreign_keys.iter().any(|key| key.columns.contains(&at));
        let reason = match &column.generated {
            Some(generated) if generated.stored => {
                "a stored generated column needs every row rewritten"
            }
            Some(_) => "",
            None if !column.null && !constant => {
                "rows that are there would have no value for it: allow null or give a constant default"
            }
            None if references && constant => {
                "rows that are there would point to its default, which may not exist"
            }
            None => "",
        };
        match reason {
            "" => {
                let step = Step::AddColumn { table: self.at, column: at };
                self.changes.push(Change::Safe(step));
            }
            reason => self.refuse(&what, reason),
        }
    }

    fn compare_column(&mut self, before: &Column, after: &Column) {
        let name = &after.name;
        if grows(&before.ty, &after.ty) {
            self.record(&format!("the labels of column `{name}`"));
        } else if before.ty != after.ty {
            let what = format!("changing column `{name}` from `{}` to `{}`", before.ty, after.ty);
            self.refuse(
                &what,
                "values that are there may not fit, and the table would be rewritten",
            );
        }
        match (before.null, after.null) {
            (true, false) => {
                self.refuse(
                    &format!("forbidding null in column `{name}`"),
                    "rows with null may be there",
                );
            }
            (false, true) => {
                let reason = "no value would be lost, but the table has to be rewritten";
                self.refuse(&format!("allowing null in column `{name}`"), reason);
            }
            _ => {}
        }
        if before.identity != after.identity || before.generated != after.generated {
            let what = format!("changing how column `{name}` is made");
            self.refuse(&what, "values that are there would be overwritten or stay behind");
        }
        if before.collation != after.collation {
            let what = format!("changing the collation of column `{name}`");
            self.refuse(&what, "rows that differed could become equal, and indexes would be wrong");
        }
        self.record_options(before, after);
    }

    /// What only we look at, not the database.
    fn record_options(&mut self, before: &Column, after: &Column) {
        let name = &after.name;
        if before.default != after.default {
            self.record(&format!("the default of column `{name}`"));
        }
        let bounds = |column: &Column| {
            let lengths = (column.min_len, column.max_len, column.pattern.clone());
            (lengths, column.min.clone(), column.max.clone())
        };
        if bounds(before) != bounds(after) {
            self.record(&format!("the bounds of column `{name}`"));
        }
        if before.doc != after.doc {
            self.record(&format!("the doc of column `{name}`"));
        }
    }
}

#[cfg(test)]
mod tests;
