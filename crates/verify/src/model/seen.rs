//! What a caller may see of a world and what not, whatever it asks.

use std::collections::BTreeSet;

use super::rules::Asked;
use super::sight::Sight;
use super::{Model, State};
use crate::rule::{Expr, Facts};
use crate::world::{Cell, Row};

/// What a caller may not see.
pub struct Hidden {
    /// Places of rows by table.
    pub rows: Vec<BTreeSet<usize>>,
    /// Tables and columns.
    pub columns: BTreeSet<(usize, usize)>,
}

impl Model<'_> {
    /// Everything that a caller may see of these rows, row by row, whatever of a request rules may
    /// ask for.
    #[must_use]
    pub fn seen(&self, rows: &[Vec<Row>], caller: usize) -> Vec<Vec<Vec<Vec<Cell>>>> {
        let state = State::new(self.world, &self.sources, rows.to_vec());
        let mut world = self.world.clone();
        let rules: Vec<Expr> = world.rules_mut().flatten().map(|rule| rule.clone()).collect();
        let asks = |fact: &str| {
            let is = |part: &Expr| matches!(part, Expr::Fact(name) if name.starts_with(fact));
            rules.iter().any(|rule| rule.any(&is))
        };
        let methods = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"];
        let methods = if asks("request.method") { &methods[..] } else { &methods[..1] };
        let words = ["", "a", "b", "ab"];
        let words = if asks("request.headers") { &words[..] } else { &words[..1] };
        let mut paths = vec!["/".to_owned()];
        if asks("request.path") {
            paths.extend(self.sources.iter().map(|source| format!("/{}", source.name)));
        }
        let mut seen = Vec::new();
        for method in methods {
            for word in words {
                seen.extend(
                    paths.iter().map(|path| self.seen_by(&state, caller, method, word, path)),
                );
            }
        }
        seen
    }

    fn seen_by(
        &self,
        state: &State,
        caller: usize,
        method: &str,
        word: &str,
        path: &str,
    ) -> Vec<Vec<Vec<Cell>>> {
        let header = ("x-word".to_owned(), word.to_owned());
        let headers: Vec<(String, String)> =
            Some(header).filter(|_| !word.is_empty()).into_iter().collect();
        let asking = &self.world.callers[caller];
        let facts = Facts::new(asking, method, path, &headers);
        self.looking(state, caller, &facts, |sight| {
            let rows = |source: usize| {
                let row = |at: &usize| {
                    let columns = sight.columns(source);
                    columns.map(|column| sight.row(source, *at)[column].clone()).collect()
                };
                sight.visible(source).iter().map(row).collect()
            };
            (0..self.sources.len()).map(rows).collect()
        })
    }

    /// What a caller may not see, whatever it asks.
    #[must_use]
    pub fn hidden_parts(&self, caller: usize) -> Hidden {
        let facts = Facts::new(&self.world.callers[caller], "GET", "/", &[]);
        self.looking(&self.state, caller, &facts, |sight| {
            let tables = 0..self.world.tables.len();
            let unseen = |table: usize| {
                let all = 0..sight.state.rows[table].len();
                all.filter(|at| !sight.visible(table).contains(at)).collect()
            };
            let closed = |table: usize| {
                let all = 0..sight.table(table).columns.len();
                all.filter(move |at| !sight.reads_column(table, *at)).map(move |at| (table, at))
            };
            Hidden {
                rows: tables.clone().map(unseen).collect(),
                columns: tables.flat_map(closed).collect(),
            }
        })
    }

    /// Columns whose names are not told to a caller: they can neither be read nor written.
    #[must_use]
    pub fn unnamed(&self, caller: usize) -> BTreeSet<&str> {
        let hidden = self.hidden_parts(caller).columns.into_iter();
        let columns = hidden.map(|(table, at)| &self.sources[table].columns[at]);
        let closed = columns.filter(|column| column.create.is_none() && column.update.is_none());
        closed.map(|column| column.name.as_str()).collect()
    }

    fn looking<T>(
        &self,
        state: &State,
        caller: usize,
        facts: &Facts,
        look: impl FnOnce(&Sight<'_>) -> T,
    ) -> T {
        let caller = &self.world.callers[caller];
        let asked = Asked { judge: self.judge, facts, snapshot: &state.snapshot };
        look(&Sight::new(self, state, asked, caller))
    }
}
