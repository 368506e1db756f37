//! Facts and evidence become the tables of a module: keys, constraints, references and indexes by
//! position. What has no place in a declaration is noted and stays with SQLite.

use mainstay_schema::limits::{MAX_COLUMNS, MAX_KEY_COLUMNS};
use mainstay_schema::model::{Action, Allow, Check, ForeignKey, Index, IndexColumn, Key, Unique};
use mainstay_schema::{Rule, Table};

use super::column::{self, Known};
use super::definition::{self, Definition};
use super::facts::{Facts, IndexFacts, Origin, ReferenceFacts, TableFacts};
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
    fn place(&self, name: &str) -> Option<usize> {
        let mut columns = self.facts.columns.iter().zip(&self.places);
        columns.find(|(column, _)| column.name.eq_ignore_ascii_case(name)).and_then(|(_, at)| *at)
    }

    fn all_places(&self, names: &[String]) -> Option<Vec<usize>> {
        names.iter().map(|name| self.place(name)).collect()
    }

    fn collation(&self, name: &str) -> &str {
        let column =
            self.facts.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
        column.map_or("", |column| column.collation.as_str())
    }

    /// The columns of the primary key, in its order.
    fn key(&self) -> Vec<Option<usize>> {
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
    let place = |column: &super::facts::ColumnFacts| {
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
            cache: None,
            allow,
            adopted: true,
        }
    }

    fn kept(&mut self, shown: &Shown<'_>, reason: String) {
        self.notes.add(NoteKind::Kept, &shown.facts.name, reason);
    }

    /// The name of a constraint; one that cannot be taken over is noted.
    fn name(&mut self, shown: &Shown<'_>, name: Option<&str>) -> String {
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

    fn uniques(&mut self, shown: &Shown<'_>) -> Vec<Unique> {
        let mut uniques = Vec::new();
        for index in shown.facts.indexes.iter().filter(|index| index.origin == Origin::Unique) {
            let names: Vec<&str> =
                index.parts.iter().filter_map(|part| part.column.as_deref()).collect();
            match self.columns(shown, index) {
                Ok(columns) => {
                    let name = unique_name(shown, &names);
                    let name = self.name(shown, name.as_deref());
                    let columns = columns.into_iter().map(|part| part.column).collect();
                    uniques.push(Unique { name, columns });
                }
                Err(why) => {
                    self.kept(shown, format!("unique constraint on {}: {why}", names.join(", ")));
                }
            }
        }
        uniques
    }

    fn checks(&mut self, shown: &Shown<'_>) -> Vec<Check> {
        let mut checks = Vec::new();
        for (name, sql) in &shown.definition.checks {
            if probe::expression(sql) {
                let name = self.name(shown, name.as_deref());
                checks.push(Check { name, sql: sql.clone() });
            } else {
                self.kept(shown, format!("check ({sql}) cannot be declared"));
            }
        }
        checks
    }

    fn indexes(&mut self, shown: &Shown<'_>) -> Vec<Index> {
        let mut indexes = Vec::new();
        for index in shown.facts.indexes.iter().filter(|index| index.origin == Origin::Statement) {
            match self.index(shown, index) {
                Ok(index) => indexes.push(index),
                Err(why) => self.kept(shown, format!("index {}: {why}", index.name)),
            }
        }
        indexes
    }

    fn index(&self, shown: &Shown<'_>, index: &IndexFacts) -> Result<Index, &'static str> {
        if let Some(why) = names::refusal(&index.name) {
            return Err(why);
        }
        let columns = self.columns(shown, index)?;
        let filter = index.sql.as_deref().and_then(definition::index_filter);
        let readable = filter.as_deref().is_none_or(probe::expression);
        if index.partial != filter.is_some() || !readable {
            return Err("its filter cannot be declared");
        }
        Ok(Index { name: index.name.clone(), columns, unique: index.unique, filter })
    }

    /// The parts of an index, where all of them are plain columns.
    fn columns(
        &self,
        shown: &Shown<'_>,
        index: &IndexFacts,
    ) -> Result<Vec<IndexColumn>, &'static str> {
        let mut columns: Vec<IndexColumn> = Vec::with_capacity(index.parts.len());
        for part in &index.parts {
            let name = part.column.as_deref().ok_or("it is on an expression")?;
            let column = shown.place(name).ok_or("it is on a column that cannot be declared")?;
            if !part.collation.eq_ignore_ascii_case(shown.collation(name)) {
                return Err("it compares by another collation than its column");
            }
            if columns.iter().any(|known| known.column == column) {
                return Err("it has a column twice");
            }
            // `a desc` in a declaration would be read as the column of that name.
            if part.descending && shown.place(&format!("{name} desc")).is_some() {
                return Err("its order cannot be told from the name of a column");
            }
            columns.push(IndexColumn { column, descending: part.descending });
        }
        match columns.len() > MAX_KEY_COLUMNS {
            true => Err("it has more than 32 columns"),
            false => Ok(columns),
        }
    }

    fn foreign_keys(&mut self, shown: &Shown<'_>) -> Vec<ForeignKey> {
        let mut found = Vec::new();
        let mut texts: Vec<_> = shown.definition.references.iter().collect();
        for reference in &shown.facts.references {
            let same = |names: &[String]| {
                names.len() == reference.from.len()
                    && names.iter().zip(&reference.from).all(|(a, b)| a.eq_ignore_ascii_case(b))
            };
            let text = texts.iter().position(|text| same(&text.columns));
            let text = text.map(|at| texts.remove(at));
            let label = format!("reference {} -> {}", reference.from.join(", "), reference.table);
            if text.is_some_and(|text| text.deferred) {
                self.kept(shown, format!("{label}: it is checked at the commit of a write"));
            }
            match self.foreign_key(shown, reference) {
                Ok(key) => {
                    let name = self.name(shown, text.and_then(|text| text.name.as_deref()));
                    found.push(ForeignKey { name, ..key });
                }
                Err(why) => self.kept(shown, format!("{label}: {why}")),
            }
        }
        // In the order of their columns, references can be written at the columns.
        found.sort_by_key(|key| (key.columns.len() > 1, key.columns.clone()));
        found
    }

    fn foreign_key(
        &self,
        shown: &Shown<'_>,
        reference: &ReferenceFacts,
    ) -> Result<ForeignKey, &'static str> {
        let named = |other: &&Shown<'_>| other.facts.name.eq_ignore_ascii_case(&reference.table);
        let table = self
            .tables
            .iter()
            .position(|other| named(&other))
            .ok_or("there is no such table to serve; SQLite refuses writes that need it")?;
        let other = &self.tables[table];
        let columns = shown.all_places(&reference.from);
        let columns = columns.ok_or("it has a column that cannot be declared")?;
        let references = match reference.to.is_empty() {
            true => other.key().into_iter().collect::<Option<Vec<usize>>>(),
            false => other.all_places(&reference.to),
        };
        let references = references.filter(|references| references.len() == columns.len()).ok_or(
            "the columns that it points to are not there; SQLite refuses writes that need them",
        )?;
        if columns.len() > MAX_KEY_COLUMNS || repeats(&columns) || repeats(&references) {
            return Err("a declaration names each of at most 32 columns once");
        }
        let (on_delete, on_update) = (action(&reference.on_delete), action(&reference.on_update));
        Ok(ForeignKey { name: String::new(), columns, table, references, on_delete, on_update })
    }
}

fn repeats(columns: &[usize]) -> bool {
    columns.iter().enumerate().any(|(at, column)| columns[..at].contains(column))
}

fn unique_name(shown: &Shown<'_>, columns: &[&str]) -> Option<String> {
    let same = |names: &[String]| {
        names.len() == columns.len()
            && names.iter().zip(columns).all(|(a, b)| a.eq_ignore_ascii_case(b))
    };
    let found = shown.definition.uniques.iter().find(|(names, _)| same(names));
    found.and_then(|(_, name)| name.clone())
}

fn action(text: &str) -> Action {
    match text {
        "CASCADE" => Action::Cascade,
        "RESTRICT" => Action::Restrict,
        "SET NULL" => Action::SetNull,
        "SET DEFAULT" => Action::SetDefault,
        _ => Action::NoAction,
    }
}
