//! Constraints, references and indexes of a table that is being declared, by position of their
//! columns. Called by `table`; what cannot be declared is noted and stays with SQLite.

use mainstay_schema::limits::MAX_KEY_COLUMNS;
use mainstay_schema::model::{Action, Check, ForeignKey, Index, IndexColumn, Unique};

use super::facts::{IndexFacts, Origin, ReferenceFacts};
use super::table::{Builder, Shown};
use super::{definition, names, probe};

impl Builder<'_, '_> {
    pub(super) fn uniques(&mut self, shown: &Shown<'_>) -> Vec<Unique> {
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

    pub(super) fn checks(&mut self, shown: &Shown<'_>) -> Vec<Check> {
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

    pub(super) fn indexes(&mut self, shown: &Shown<'_>) -> Vec<Index> {
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

    pub(super) fn foreign_keys(&mut self, shown: &Shown<'_>) -> Vec<ForeignKey> {
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
