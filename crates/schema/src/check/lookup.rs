//! Names to positions: tables of a module, columns of a table, and the primary key of each, which
//! references need before anything else is known.

use std::collections::HashMap;

use crate::limits::MAX_KEY_COLUMNS;
use crate::mistake::{Found, Mistake, Place, Placed};
use crate::read::sketch::TableSketch;

/// The tables of a module with ways to find them.
pub(super) struct Tables<'s, 'a> {
    pub sketches: &'s [TableSketch<'a>],
    by_name: HashMap<&'s str, usize>,
    columns: Vec<HashMap<&'s str, usize>>,
    /// Columns of each primary key; empty for an adopted table without one.
    pub keys: Vec<Vec<usize>>,
}

impl<'s, 'a> Tables<'s, 'a> {
    pub fn new(sketches: &'s [TableSketch<'a>], found: &mut Found) -> Self {
        let named = |(at, table): (usize, &'s TableSketch<'a>)| (table.name.value.as_str(), at);
        let columns = sketches.iter().map(|table| {
            let named = table.columns.iter().enumerate();
            named.map(|(at, column)| (column.name.value.as_str(), at)).collect()
        });
        let mut tables = Self {
            sketches,
            by_name: sketches.iter().enumerate().map(named).collect(),
            columns: columns.collect(),
            keys: Vec::new(),
        };
        tables.keys = (0..sketches.len()).map(|at| tables.key(at, found)).collect();
        tables
    }

    /// The table of this name, or a mistake at `place` with the nearest one.
    pub fn table(&self, name: &str, place: Place, found: &mut Found) -> Option<usize> {
        let at = self.by_name.get(name).copied();
        if at.is_none() {
            let message = format!("there is no table `{name}` in this module");
            let mistake = Mistake::new(place, "unknown-table", message);
            let names = self.sketches.iter().map(|table| table.name.value.as_str());
            found.add(match name.contains('.') {
                true => mistake.hint("a reference stays inside its module"),
                false => mistake.nearest(name, names),
            });
        }
        at
    }

    /// Whether a table has exactly this name.
    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    pub fn column(&self, table: usize, name: &str) -> Option<usize> {
        self.columns[table].get(name).copied()
    }

    /// The columns of these names; what is unknown, double or too much is noted, and then there
    /// is no answer.
    pub fn columns(
        &self,
        table: usize,
        names: &[Placed<String>],
        what: &str,
        place: Place,
        found: &mut Found,
    ) -> Option<Vec<usize>> {
        let before = found.count();
        let mut positions = Vec::with_capacity(names.len());
        for name in names {
            match self.column(table, &name.value) {
                Some(at) if positions.contains(&at) => {
                    let message = format!("column `{}` stands twice in {what}", name.value);
                    found.add(Mistake::new(name.place, "duplicate-column", message));
                }
                Some(at) => positions.push(at),
                None => found.add(self.unknown_column(table, name)),
            }
        }
        if names.is_empty() {
            found.add(Mistake::new(place, "no-columns", format!("{what} has no columns")));
        }
        if names.len() > MAX_KEY_COLUMNS {
            let message =
                format!("{what} has {} columns, at most {MAX_KEY_COLUMNS} are taken", names.len());
            found.add(Mistake::new(place, "too-many", message));
        }
        (found.count() == before).then_some(positions)
    }

    pub fn unknown_column(&self, table: usize, name: &Placed<String>) -> Mistake {
        let sketch = &self.sketches[table];
        let names = sketch.columns.iter().map(|column| column.name.value.as_str());
        let message = format!("table `{}` has no column `{}`", sketch.name.value, name.value);
        let mistake = Mistake::new(name.place, "unknown-column", message);
        let hint =
            format!("its columns are {}", names.clone().take(20).collect::<Vec<_>>().join(", "));
        mistake.hint(hint).nearest(&name.value, names)
    }

    /// The primary key, declared at columns or at the table.
    fn key(&self, table: usize, found: &mut Found) -> Vec<usize> {
        let sketch = &self.sketches[table];
        let marked: Vec<(usize, Place)> = sketch
            .columns
            .iter()
            .enumerate()
            .filter_map(|(at, column)| column.primary_key.map(|place| (at, place)))
            .collect();
        if let (Some(key), Some((_, place))) = (&sketch.primary_key, marked.first()) {
            let message = format!("table `{}` declares its primary key twice", sketch.name.value);
            let hint = "keep one: at the column, or `primary_key = […]` at the table";
            found.add(Mistake::new((*place).max(key.place), "two-keys", message).hint(hint));
        }
        if let Some((_, place)) = marked.get(1) {
            let message = format!("table `{}` has two primary keys", sketch.name.value);
            let names: Vec<String> = marked
                .iter()
                .map(|(at, _)| format!("\"{}\"", sketch.columns[*at].name.value))
                .collect();
            let hint =
                format!("for one key of several columns: `primary_key = [{}]`", names.join(", "));
            found.add(Mistake::new(*place, "two-keys", message).hint(hint));
        }
        match &sketch.primary_key {
            Some(key) if key.columns.is_empty() && sketch.adopted => Vec::new(),
            Some(key) if key.columns.is_empty() => {
                let message = format!("table `{}` has no key", sketch.name.value);
                let hint = "only an adopted table may be without one; leave `primary_key` out to \
                            get an `id`";
                found.add(Mistake::new(key.place, "no-columns", message).hint(hint));
                Vec::new()
            }
            Some(key) => self
                .columns(table, &key.columns, "the primary key", key.place, found)
                .unwrap_or_default(),
            None => marked.first().map(|(at, _)| vec![*at]).unwrap_or_default(),
        }
    }
}
