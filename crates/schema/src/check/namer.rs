//! The names of all constraints: those that were given, and PostgreSQL's for the rest, counted up
//! where two would be equal. Comes last, when it is known which constraints there are.

use std::collections::HashSet;

use super::names;
use super::references::Resolved;
use crate::limits::{MAX_ADOPTED_NAME_BYTES, MAX_NAME_BYTES};
use crate::mistake::{Found, Mistake, Placed};
use crate::model::{Action, Check, ForeignKey, Index, Unique};
use crate::name::{object_name, search_names};
use crate::read::sketch::{Kind, ModuleSketch, TableSketch};

/// Gives constraints and indexes their names, which are unique in a module.
pub(super) struct Namer {
    /// In lower case, for SQLite takes indexes that differ only in case for one.
    taken: HashSet<String>,
}

impl Namer {
    /// Takes all names that were given; one that is given twice is a mistake.
    pub fn new(module: &ModuleSketch<'_>, found: &mut Found) -> Self {
        let tables = module.tables.iter().map(|table| table.name.value.to_ascii_lowercase());
        let mut namer = Self { taken: tables.collect() };
        namer.taken.extend(module.views.iter().map(|view| view.value.name.to_ascii_lowercase()));
        let searched = module.tables.iter().filter(|table| table.search.is_some());
        let kept = searched.flat_map(|table| search_names(&table.name.value));
        namer.taken.extend(kept.map(|name| name.to_ascii_lowercase()));
        for table in &module.tables {
            let longest = if table.adopted { MAX_ADOPTED_NAME_BYTES } else { MAX_NAME_BYTES };
            for name in given_names(table) {
                names::identifier(name, "constraint", longest, found);
                names::reserved(&name.value, name.place, found);
                if !namer.taken.insert(name.value.to_ascii_lowercase()) {
                    let message = format!("the name `{}` is taken already", name.value);
                    let hint =
                        "constraints, indexes, tables and views of a module share their names";
                    found.add(Mistake::new(name.place, "duplicate-constraint", message).hint(hint));
                }
            }
        }
        namer
    }

    /// The given name, or `<table>_<columns>_<kind>`, shortened and counted up as PostgreSQL does.
    pub fn name(
        &mut self,
        given: Option<&Placed<String>>,
        table: &str,
        columns: &[&str],
        kind: &str,
    ) -> String {
        if let Some(given) = given {
            return given.value.clone();
        }
        let columns = columns.join("_");
        let mut count = 0_usize;
        loop {
            let label = if count == 0 { kind.to_owned() } else { format!("{kind}{count}") };
            let name = object_name(table, &columns, &label);
            if self.taken.insert(name.to_ascii_lowercase()) {
                return name;
            }
            count += 1;
        }
    }

    /// The name of the primary key; a table without one has none.
    pub fn key(&mut self, sketch: &TableSketch<'_>, columns: &[usize]) -> String {
        let given = sketch.primary_key.as_ref().and_then(|key| key.name.as_ref());
        match columns.is_empty() {
            true => String::new(),
            false => self.name(given, &sketch.name.value, &[], "pkey"),
        }
    }

    pub fn uniques(
        &mut self,
        sketch: &TableSketch<'_>,
        uniques: Vec<(Vec<usize>, Option<Placed<String>>)>,
    ) -> Vec<Unique> {
        let made = uniques.into_iter().map(|(columns, given)| {
            let names = names_of(sketch, &columns);
            let name = self.name(given.as_ref(), &sketch.name.value, &names, "key");
            Unique { name, columns }
        });
        made.collect()
    }

    pub fn foreign_keys(
        &mut self,
        sketch: &TableSketch<'_>,
        references: &[Resolved<'_>],
    ) -> Vec<ForeignKey> {
        let made = references.iter().map(|reference| {
            let names = names_of(sketch, &reference.columns);
            let given = reference.sketch.name.as_ref();
            let action = |action: &Option<Placed<Action>>| {
                action.as_ref().map(|action| action.value).unwrap_or_default()
            };
            ForeignKey {
                name: self.name(given, &sketch.name.value, &names, "fkey"),
                columns: reference.columns.clone(),
                table: reference.table,
                references: reference.references.clone(),
                on_delete: action(&reference.sketch.on_delete),
                on_update: action(&reference.sketch.on_update),
            }
        });
        made.collect()
    }

    /// A check of a column has the column in its name, one of the table has not.
    pub fn checks(&mut self, sketch: &TableSketch<'_>) -> Vec<Check> {
        let of_columns = sketch.columns.iter().filter_map(|column| {
            column.check.as_ref().map(|check| (vec![column.name.value.as_str()], check))
        });
        let of_table = sketch.checks.iter().map(|check| (Vec::new(), check));
        let made = of_columns.chain(of_table).map(|(columns, check)| {
            let name = self.name(check.name.as_ref(), &sketch.name.value, &columns, "check");
            Check { name, sql: check.sql.clone() }
        });
        made.collect()
    }

    pub fn indexes(
        &mut self,
        sketch: &TableSketch<'_>,
        indexes: Vec<(Index, Option<Placed<String>>)>,
    ) -> Vec<Index> {
        let made = indexes.into_iter().map(|(mut index, given)| {
            let columns: Vec<usize> = index.columns.iter().map(|part| part.column).collect();
            let names = names_of(sketch, &columns);
            index.name = self.name(given.as_ref(), &sketch.name.value, &names, "idx");
            index
        });
        made.collect()
    }
}

fn names_of<'s>(sketch: &'s TableSketch<'_>, columns: &[usize]) -> Vec<&'s str> {
    columns.iter().map(|at| sketch.columns[*at].name.value.as_str()).collect()
}

fn given_names<'s>(table: &'s TableSketch<'_>) -> impl Iterator<Item = &'s Placed<String>> {
    let inline = table.columns.iter().flat_map(|column| {
        let reference = match &column.kind {
            Kind::Reference(reference) => reference.name.as_ref(),
            _ => None,
        };
        reference.into_iter().chain(column.check.as_ref().and_then(|check| check.name.as_ref()))
    });
    let keys = table.primary_key.iter().chain(&table.uniques).filter_map(|key| key.name.as_ref());
    let checks = table.checks.iter().filter_map(|check| check.name.as_ref());
    let references = table.foreign_keys.iter().filter_map(|key| key.name.as_ref());
    let indexes = table.indexes.iter().filter_map(|index| index.name.as_ref());
    inline.chain(keys).chain(checks).chain(references).chain(indexes)
}
