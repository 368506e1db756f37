//! Ways from a table to others: over a reference, against one, through a junction. Each is spelled
//! so that it means no other.

use crate::world::Table;

/// A way to the rows of another table.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    pub to: usize,
    /// Pairs of columns, here and there, that are equal; through a junction, there is in it.
    pub near: (usize, usize),
    /// The junction, and its column that leads on.
    pub junction: Option<(usize, usize)>,
    pub one: bool,
    /// The name and the hint.
    pub name: String,
    pub hint: Option<String>,
}

impl Way {
    /// `name!hint`
    #[must_use]
    pub fn spelling(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}!{hint}", self.name),
            None => self.name.clone(),
        }
    }
}

/// All ways that start at a table.
#[must_use]
pub fn ways(tables: &[Table], here: usize) -> Vec<Way> {
    let mut found = over(tables, here);
    for (at, _) in tables.iter().enumerate() {
        found.extend(against(tables, here, at));
        found.extend(through(tables, here, at));
    }
    found
}

fn over(tables: &[Table], here: usize) -> Vec<Way> {
    let columns = tables[here].columns.iter().enumerate();
    let way = |(at, column): (usize, &crate::world::Column)| {
        let reference = column.reference?;
        Some(Way {
            to: reference.table,
            near: (at, tables[reference.table].key[0]),
            junction: None,
            one: true,
            name: column.name.clone(),
            hint: None,
        })
    };
    columns.filter_map(way).collect()
}

fn against(tables: &[Table], here: usize, there: usize) -> Vec<Way> {
    let table = &tables[there];
    let columns = table.columns.iter().enumerate();
    let way = |(at, column): (usize, &crate::world::Column)| {
        let reference = column.reference.filter(|reference| reference.table == here)?;
        let hint = match here == there {
            true => column.name.clone(),
            false => table.reference_name(at),
        };
        Some(Way {
            to: there,
            near: (tables[reference.table].key[0], at),
            junction: None,
            one: table.is_unique(&[at]),
            name: table.name.clone(),
            hint: Some(hint),
        })
    };
    columns.filter_map(way).collect()
}

fn through(tables: &[Table], here: usize, between: usize) -> Vec<Way> {
    let table = &tables[between];
    let inside = |at: &usize| table.columns[*at].reference.is_some();
    let sides: Vec<usize> = table.key.iter().copied().filter(inside).collect();
    let mut found = Vec::new();
    for near in &sides {
        for far in sides.iter().filter(|far| *far != near) {
            let (Some(back), Some(on)) =
                (table.columns[*near].reference, table.columns[*far].reference)
            else {
                continue;
            };
            if back.table == here {
                found.push(Way {
                    to: on.table,
                    near: (tables[here].key[0], *near),
                    junction: Some((between, *far)),
                    one: false,
                    name: tables[on.table].name.clone(),
                    hint: Some(table.reference_name(*far)),
                });
            }
        }
    }
    found
}
