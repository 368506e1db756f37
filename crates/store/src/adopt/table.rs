//! Facts and evidence become the tables of a module: which ones can be declared, their columns and
//! keys. `constraints` adds the rest; what has no place in a declaration is noted.

use mainstay_schema::limits::MAX_COLUMNS;
use mainstay_schema::model::{Allow, Key};
use mainstay_schema::{Rule, Table};

use super::column::{self, Known};
use super::definition::{self, Definition};
use super::facts::{ColumnFacts, Facts, TableFacts};
use super::names::{self, Names};
use super::notes::{NoteKind, Notes};
use super::probe;
use super::values::Evidence;

/// A table that can be declared.
pub(super) struct Shown<'f> {
    pub facts: &'f TableFacts,
    pub definition: Definition,
    /// Where each column of the file stands in the declaration; none for one that is left out.
    pub places: Vec<Option<usize>>,
}

impl Shown<'_> {
    /// The place of a column, whatever the case in which it is named.
    pub fn place(&self, name: &str) -> Option<usize> {
        let mut columns = self.facts.columns.iter().zip(&self.places);
        columns.find(|(column, _)| column.name.eq_ignore_ascii_case(name)).and_then(|(_, at)| *at)
    }

    pub fn all_places(&self, names: &[String]) -> Option<Vec<usize>> {
        names.iter().map(|name| self.place(name)).collect()
    }

    pub fn collation(&self, name: &str) -> &str {
        let column =
            self.facts.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
        column.map_or("", |column| column.collation.as_str())
    }

    /// The columns of the primary key, in its order.
    pub fn key(&self) -> Vec<Option<usize>> {
        let columns = self.facts.columns.iter().zip(&self.places);
        let mut key: Vec<(u32, Option<usize>)> = columns
            .filter(|(column, _)| column.key_place > 0)
            .map(|(column, at)| (column.key_place, *at))
            .collect();
        key.sort_unstable();
        key.into_iter().map(|(_, at)| at).collect()
    }
}

/// The tables that can be declared; the others are noted.
pub(super) fn shown<'f>(facts: &'f Facts, notes: &mut Notes) -> Vec<Shown<'f>> {
    let mut tables = Vec::new();
    for table in &facts.tables {
        let why = names::refusal(&table.name).or_else(|| {
            (table.columns.len() > MAX_COLUMNS).then_some("it has more than 1,000 columns")
        });
        if let Some(why) = why {
            notes.add(NoteKind::Hidden, &table.name, why);
            continue;
        }
        let definition = definition::table(&table.sql);
        let places = places(table, &definition, notes);
        if places.iter().all(Option::is_none) {
            notes.add(NoteKind::Hidden, &table.name, "none of its columns can be declared");
            continue;
        }
        tables.push(Shown { facts: table, definition, places });
    }
    tables
}

fn places(table: &TableFacts, definition: &Definition, notes: &mut Notes) -> Vec<Option<usize>> {
    let mut next = 0;
    let place = |column: &ColumnFacts| {
        let unreadable = column.generated.is_some()
            && generated(definition, &column.name).is_none_or(|sql| !probe::expression(sql));
        let why = names::column_refusal(&column.name).or_else(|| {
            unreadable.then_some("the expression that generates it cannot be declared")
        });
        if let Some(why) = why {
            notes.column(NoteKind::Hidden, &table.name, &column.name, why);
            return None;
        }
        next += 1;
        Some(next - 1)
    };
    table.columns.iter().map(place).collect()
}

fn generated<'d>(definition: &'d Definition, column: &str) -> Option<&'d str> {
    let mut all = definition.generated.iter();
    all.find(|(name, _)| name.eq_ignore_ascii_case(column)).map(|(_, sql)| sql.as_str())
}

/// Puts the declarations together.
pub(super) struct Builder<'b, 'f> {
    pub tables: &'b [Shown<'f>],
    pub names: &'b mut Names,
    pub notes: &'b mut Notes,
    pub open_read: bool,
}

impl Builder<'_, '_> {
    pub fn table(&mut self, at: usize, evidence: &[Evidence]) -> Table {
        let shown = &self.tables[at];
        let row_number = shown.facts.row_number();
        let mut columns = Vec::with_capacity(shown.places.len());
        for (column_at, facts) in shown.facts.columns.iter().enumerate() {
            if shown.places[column_at].is_some() {
                let known = Known {
                    table: &shown.facts.name,
                    evidence: &evidence[column_at],
                    generated: generated(&shown.definition, &facts.name).map(str::to_owned),
                    is_row_number: row_number == Some(column_at),
                };
                columns.push(column::column(facts, known, self.notes));
            }
        }
        if shown.definition.resolves_conflicts {
            let reason = "a constraint says ON CONFLICT: SQLite goes on doing what it says";
            self.kept(shown, reason.to_owned());
        }
        let allow = Allow { read: self.open_read.then(Rule::always), ..Allow::default() };
        Table {
            name: shown.facts.name.clone(),
            doc: None,
            columns,
            primary_key: self.key(shown),
            uniques: self.uniques(shown),
            checks: self.checks(shown),
            foreign_keys: self.foreign_keys(shown),
            indexes: self.indexes(shown),
            search: Vec::new(),
            cache: None,
            allow,
            tenant: None,
            adopted: true,
        }
    }

    pub(super) fn kept(&mut self, shown: &Shown<'_>, reason: String) {
        self.notes.add(NoteKind::Kept, &shown.facts.name, reason);
    }

    /// The name of a constraint; one that cannot be taken over is noted.
    pub(super) fn name(&mut self, shown: &Shown<'_>, name: Option<&str>) -> String {
        match self.names.constraint(name) {
            Ok(name) => name,
            Err(why) => {
                let name = name.unwrap_or_default();
                self.kept(shown, format!("constraint {name} goes by a name of ours: {why}"));
                String::new()
            }
        }
    }

    fn key(&mut self, shown: &Shown<'_>) -> Key {
        let key = shown.key();
        let Some(columns) = key.iter().copied().collect::<Option<Vec<usize>>>() else {
            self.kept(shown, "its key has a column that cannot be declared".to_owned());
            return Key::default();
        };
        if columns.is_empty() {
            let reason = "it has no primary key: rows can be read, added and filtered, but not \
                          addressed by a key";
            self.notes.add(NoteKind::Warning, &shown.facts.name, reason);
            return Key::default();
        }
        let name = self.name(shown, shown.definition.key_name.as_deref());
        Key { name, columns }
    }
}
