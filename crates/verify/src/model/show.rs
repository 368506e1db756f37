//! Rows as they are written: columns, embeds, spreads, groups.

use super::aggregate::aggregate;
use super::read::Reading;
use crate::request::http::name;
use crate::request::{Embed, Item, Part};
use crate::world::Cell;
use crate::world::cell::string;

/// Names and values of one row, in order.
type Fields = Vec<(String, String)>;

impl Reading<'_, '_> {
    /// The rows at these places, or their groups, as JSON objects.
    pub fn shown(&self, table: usize, places: &[usize], part: &Part) -> Vec<String> {
        let rows = match part.aggregates() {
            true => self.groups(table, places, part),
            false => places.iter().map(|at| self.fields(table, *at, part)).collect(),
        };
        rows.iter().map(object).collect()
    }

    fn fields(&self, table: usize, at: usize, part: &Part) -> Fields {
        let row = self.sight.row(table, at);
        let columns = &self.sight.table(table).columns;
        let mut fields = Fields::new();
        for item in part.items() {
            match item {
                Item::Star => fields.extend(
                    self.sight.columns(table).map(|at| (columns[at].name.clone(), row[at].wire())),
                ),
                Item::Column { column, alias } => {
                    let name = alias.clone().unwrap_or_else(|| columns[*column].name.clone());
                    fields.push((name, row[*column].wire()));
                }
                Item::Embed(embed) if embed.spread => fields.extend(self.spread(table, at, embed)),
                Item::Embed(embed) => fields.push((name(embed), self.embed(table, at, embed))),
                Item::Aggregate { .. } => {}
            }
        }
        fields
    }

    fn embed(&self, table: usize, at: usize, embed: &Embed) -> String {
        let places = self.linked(table, at, embed);
        let shown = self.shown(embed.way.to, &places, &embed.part);
        if embed.way.one {
            return shown.into_iter().next().unwrap_or_else(|| "null".to_owned());
        }
        format!("[{}]", self.cut(shown, embed).join(","))
    }

    /// The page of an embed.
    fn cut<T>(&self, rows: Vec<T>, embed: &Embed) -> Vec<T> {
        let limit = embed.part.limit.unwrap_or(usize::MAX).min(self.sight.world.max_rows);
        rows.into_iter().skip(embed.part.offset.unwrap_or(0)).take(limit).collect()
    }

    /// A to-one row stands beside; of many rows each column becomes a list.
    fn spread(&self, table: usize, at: usize, embed: &Embed) -> Fields {
        let places = self.linked(table, at, embed);
        let rows: Vec<Fields> =
            places.iter().map(|at| self.fields(embed.way.to, *at, &embed.part)).collect();
        let names = self.field_names(embed.way.to, &embed.part);
        if embed.way.one {
            let none = || names.into_iter().map(|name| (name, "null".to_owned())).collect();
            return rows.into_iter().next().unwrap_or_else(none);
        }
        let rows = self.cut(rows, embed);
        let list = |(at, name): (usize, String)| {
            let values: Vec<&str> = rows.iter().map(|row| row[at].1.as_str()).collect();
            (name, format!("[{}]", values.join(",")))
        };
        names.into_iter().enumerate().map(list).collect()
    }

    fn field_names(&self, table: usize, part: &Part) -> Vec<String> {
        let columns = &self.sight.table(table).columns;
        let mut names = Vec::new();
        for item in part.items() {
            match item {
                Item::Star => {
                    names.extend(self.sight.columns(table).map(|at| columns[at].name.clone()));
                }
                Item::Column { column, alias } => {
                    names.push(alias.clone().unwrap_or_else(|| columns[*column].name.clone()));
                }
                Item::Embed(embed) if embed.spread => {
                    names.extend(self.field_names(embed.way.to, &embed.part));
                }
                Item::Embed(embed) => names.push(name(embed)),
                Item::Aggregate { .. } => {}
            }
        }
        names
    }

    /// Rows with the same values in the columns that are not aggregated are one.
    fn groups(&self, table: usize, places: &[usize], part: &Part) -> Vec<Fields> {
        let columns = &self.sight.table(table).columns;
        let plain: Vec<usize> = part
            .items()
            .iter()
            .filter_map(|item| match item {
                Item::Column { column, .. } => Some(*column),
                _ => None,
            })
            .collect();
        let values = |at: usize| -> Vec<&Cell> {
            plain.iter().map(|column| &self.sight.row(table, at)[*column]).collect()
        };
        let sorted = self.sorted(table, places.to_vec(), part);
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for at in sorted {
            match groups.iter_mut().find(|group| values(group[0]) == values(at)) {
                Some(group) => group.push(at),
                None => groups.push(vec![at]),
            }
        }
        if plain.is_empty() && groups.is_empty() {
            groups.push(Vec::new());
        }
        let field = |item: &Item, group: &[usize]| match item {
            Item::Column { column, alias } => {
                let name = alias.clone().unwrap_or_else(|| columns[*column].name.clone());
                Some((name, self.sight.row(table, group[0])[*column].wire()))
            }
            Item::Aggregate { function, column, alias } => {
                let cells = column.map(|column| {
                    group.iter().map(|at| &self.sight.row(table, *at)[column]).collect::<Vec<_>>()
                });
                let name = alias.clone().unwrap_or_else(|| (*function).to_owned());
                Some((name, aggregate(function, group.len(), cells.as_deref())))
            }
            _ => None,
        };
        groups
            .iter()
            .map(|group| part.items().iter().filter_map(|item| field(item, group)).collect())
            .collect()
    }
}

fn object(fields: &Fields) -> String {
    let one = |(name, value): &(String, String)| format!("{}:{value}", string(name));
    format!("{{{}}}", fields.iter().map(one).collect::<Vec<_>>().join(","))
}
