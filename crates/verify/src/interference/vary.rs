//! The second database of a pair: the same declaration, and rows that differ only in what the
//! caller may not see and what no rule looks at. Keys, unique values and references stay, for a
//! conflict tells of them by its nature; rows that are added have some that nobody asks for.

use std::collections::BTreeSet;

use crate::chance::Chance;
use crate::model::Model;
use crate::rule::{Column, Expr, Over};
use crate::world::rows::fits;
use crate::world::{Cell, Kind, Row, World};

/// Tries to find one that differs and looks the same.
const TRIES: usize = 8;

/// Rows that look the same to the caller; none when nothing can be changed.
pub fn vary(
    chance: &mut Chance,
    world: &World,
    asked: &Asked,
    model: &Model<'_>,
    caller: usize,
) -> Option<Vec<Vec<Row>>> {
    let mut seen = None;
    for _ in 0..TRIES {
        let rows = changed(chance, world, asked, model, caller);
        if rows == world.rows {
            continue;
        }
        let seen = seen.get_or_insert_with(|| model.seen(&world.rows, caller));
        if model.seen(&rows, caller) == *seen {
            return Some(rows);
        }
    }
    None
}

/// What rules, views and functions look at.
#[derive(Default)]
pub struct Asked {
    /// Tables of which any row may decide.
    tables: BTreeSet<usize>,
    /// Columns by table.
    columns: BTreeSet<(usize, usize)>,
}

impl Asked {
    /// Of all rules, wherever they stand.
    pub fn of(world: &World) -> Self {
        let mut asked = Self::default();
        for rule in world.clone().rules_mut().filter_map(|rule| rule.as_ref()) {
            asked.add(world, rule);
        }
        for view in &world.views {
            asked.columns.extend(view.filled.map(|column| (view.table, column)));
            asked.columns.extend(view.columns.iter().map(|column| (view.table, *column)));
        }
        for function in &world.functions {
            asked.columns.extend(function.by.map(|column| (function.table, column)));
        }
        asked
    }

    fn add(&mut self, world: &World, rule: &Expr) {
        match rule {
            Expr::Every { over: Over::Table(table), .. } => {
                self.tables.insert(*table);
            }
            Expr::Column(column) => self.walk(world, column),
            _ => {}
        }
        for part in rule.parts() {
            self.add(world, part);
        }
    }

    /// Every step of a path, and the tables that it enters.
    fn walk(&mut self, world: &World, path: &Column) {
        let mut table = path.table;
        for (at, step) in path.steps.iter().enumerate() {
            self.columns.insert((table, *step));
            if at + 1 == path.steps.len() {
                return;
            }
            let Some(here) = world.tables.get(table) else { return };
            let Some(reference) = here.columns[*step].reference else { return };
            table = reference.table;
            self.tables.insert(table);
        }
    }
}

fn changed(
    chance: &mut Chance,
    world: &World,
    asked: &Asked,
    model: &Model<'_>,
    caller: usize,
) -> Vec<Vec<Row>> {
    let mut rows = world.rows.clone();
    let hidden = model.hidden_parts(caller);
    for (table, here) in world.tables.iter().enumerate() {
        let bound = |at: &usize| {
            let unique = here.unique_sets().any(|set| set.contains(at));
            // Whose a row is decides who may refer to it, whether it may be seen or not.
            let owner = here.tenant == Some(*at) && is_referred_to(world, table);
            unique || owner || here.columns[*at].reference.is_some()
        };
        for (place, row) in rows[table].iter_mut().enumerate() {
            let whole = hidden.rows[table].contains(&place);
            for at in (0..here.columns.len()).filter(|at| !bound(at)) {
                let known = asked.columns.contains(&(table, at));
                let closed = hidden.columns.contains(&(table, at)) && !known;
                let unasked = !asked.tables.contains(&table) || !known;
                if (closed || (whole && unasked)) && chance.percent(40) {
                    let column = &here.columns[at];
                    let null = column.null && chance.percent(30);
                    row[at] = if null { Cell::Null } else { column.kind.draw(chance) };
                }
            }
        }
        if !asked.tables.contains(&table) && chance.percent(60) {
            add(chance, world, table, &mut rows);
        }
    }
    rows
}

fn is_referred_to(world: &World, table: usize) -> bool {
    let mut columns = world.tables.iter().flat_map(|here| &here.columns);
    columns.any(|column| column.reference.as_ref().is_some_and(|to| to.table == table))
}

/// Rows that nobody asks for: their keys and unique values are outside of what requests name.
fn add(chance: &mut Chance, world: &World, table: usize, rows: &mut [Vec<Row>]) {
    let here = &world.tables[table];
    for number in 0..chance.between(1, 3) {
        let mut row = Row::with_capacity(here.columns.len());
        for (at, column) in here.columns.iter().enumerate() {
            let unique = here.unique_sets().any(|set| set.contains(&at));
            let cell = match column.reference {
                Some(_) if column.null => Cell::Null,
                // A reference would keep a row that may be seen from going.
                Some(_) => return,
                None if unique => match foreign(column.kind, number) {
                    Some(cell) => cell,
                    None if column.null => Cell::Null,
                    None => return,
                },
                None => column.kind.draw(chance),
            };
            row.push(cell);
        }
        if fits(here, &rows[table], &row) {
            let place = chance.below(rows[table].len() + 1);
            rows[table].insert(place, row);
        }
    }
}

/// A value that no request has.
fn foreign(kind: Kind, number: usize) -> Option<Cell> {
    let whole = 70_000 + i64::try_from(number).unwrap_or(0);
    Some(match kind {
        Kind::Integer | Kind::BigInt => Cell::Int(whole),
        Kind::Numeric => Cell::Cents(whole),
        #[allow(clippy::cast_precision_loss)] // small
        Kind::Double => Cell::Double(whole as f64),
        Kind::Text => Cell::Text(format!("zz{number}")),
        Kind::Uuid => Cell::Text(format!("01900000-0000-7000-8000-00000000990{number}")),
        Kind::Moment => Cell::Moment(whole * 1_000_000),
        Kind::Date => Cell::Date(whole / 10 + i64::try_from(number).unwrap_or(0)),
        Kind::Boolean | Kind::Enum | Kind::Json | Kind::Texts => return None,
    })
}
