//! Filters and orders on rows in memory: three-valued, as SQL's own.

use std::cmp::Ordering;

use serde_json::Value as Json;

use super::read::Reading;
use crate::request::{Filter, Order, Part, Test};
use crate::world::Cell;

impl Reading<'_, '_> {
    /// All filters of a part hold, and the embeds are there without which a row is not kept.
    pub fn keeps(&self, table: usize, at: usize, part: &Part) -> bool {
        let own = part.filters.iter().all(|one| self.truth(table, at, part, one) == Some(true));
        own && self.has_inner(table, at, part)
    }

    /// Embeds marked so have a row.
    pub fn has_inner(&self, table: usize, at: usize, part: &Part) -> bool {
        let mut inner = part.embeds().filter(|embed| embed.inner);
        inner.all(|embed| !self.linked(table, at, embed).is_empty())
    }

    pub fn truth(&self, table: usize, at: usize, part: &Part, filter: &Filter) -> Option<bool> {
        let many = |filters: &[Filter], any: bool| {
            let truths: Vec<Option<bool>> =
                filters.iter().map(|one| self.truth(table, at, part, one)).collect();
            match () {
                () if truths.contains(&Some(any)) => Some(any),
                () if truths.contains(&None) => None,
                () => Some(!any),
            }
        };
        let (not, truth) = match filter {
            Filter::All { not, filters } => (*not, many(filters, false)),
            Filter::Any { not, filters } => (*not, many(filters, true)),
            Filter::Missing { embed, not } => {
                let found = part.embed(*embed).map(|embed| self.linked(table, at, embed));
                (*not, found.map(|rows| rows.is_empty()))
            }
            Filter::Test { column, inside, not, test } => {
                let cell = &self.sight.row(table, at)[*column];
                let cell = inside.map_or_else(|| cell.clone(), |name| self::inside(cell, name));
                (*not, self::test(&cell, test))
            }
        };
        truth.map(|truth| truth != not)
    }
}

/// `column->>name`
fn inside(cell: &Cell, name: &str) -> Cell {
    let Cell::Json(json) = cell else { return Cell::Null };
    match &json[name] {
        Json::Null => Cell::Null,
        Json::String(text) => Cell::Text(text.clone()),
        other => Cell::Text(other.to_string()),
    }
}

fn test(cell: &Cell, test: &Test) -> Option<bool> {
    match test {
        Test::Is(word) => Some(match *word {
            "null" | "unknown" => cell.is_null(),
            "not_null" => !cell.is_null(),
            "true" => *cell == Cell::Bool(true),
            _ => *cell == Cell::Bool(false),
        }),
        Test::Compare("isdistinct", value) => Some(cell != value),
        Test::In(values) if values.is_empty() => Some(false),
        _ if cell.is_null() => None,
        Test::In(values) => Some(values.contains(cell)),
        Test::Compare(operator, value) => {
            let order = cell.order(value)?;
            Some(match *operator {
                "eq" => order == Ordering::Equal,
                "neq" => order != Ordering::Equal,
                "gt" => order == Ordering::Greater,
                "gte" => order != Ordering::Less,
                "lt" => order == Ordering::Less,
                _ => order != Ordering::Greater,
            })
        }
        Test::Like { pattern, fold_case } => {
            let Cell::Text(text) = cell else { return None };
            let fold = |text: &str| match fold_case {
                true => text.to_lowercase(),
                false => text.to_owned(),
            };
            let (pattern, text) = (fold(pattern), fold(text));
            let pattern: Vec<char> = pattern.chars().collect();
            Some(like(&pattern, &text.chars().collect::<Vec<_>>()))
        }
        Test::Contains(value) => {
            let (Cell::Texts(have), Cell::Texts(want)) = (cell, value) else { return None };
            Some(want.iter().all(|one| one.is_some() && have.contains(one)))
        }
        Test::Overlaps(value) => {
            let (Cell::Texts(have), Cell::Texts(want)) = (cell, value) else { return None };
            Some(want.iter().any(|one| one.is_some() && have.contains(one)))
        }
    }
}

fn like(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*' | '%', rest)) => (0..=text.len()).any(|skip| like(rest, &text[skip..])),
        Some(('_', rest)) => !text.is_empty() && like(rest, &text[1..]),
        Some((one, rest)) => text.first() == Some(one) && like(rest, &text[1..]),
    }
}

/// Nulls come last when ascending and first when descending, unless said.
#[must_use]
pub fn order(left: &Cell, right: &Cell, by: &Order) -> Ordering {
    let first = by.nulls_first.unwrap_or(by.descending);
    match (left.is_null(), right.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => {
            if first {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (false, true) => {
            if first {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, false) => {
            let order = left.order(right).unwrap_or(Ordering::Equal);
            if by.descending { order.reverse() } else { order }
        }
    }
}
