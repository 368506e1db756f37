//! Writes by chance: new rows, upserts, changes, deletes, whole rows under their key.

use super::grow::Grower;
use super::{Body, Filter, Part, Request, Resolution, Returning, Test, Verb};
use crate::world::{Cell, Table, rows};

impl Grower<'_, '_> {
    /// A write to a table.
    pub(super) fn write(&mut self, caller: usize, table: usize) -> Request {
        if !self.world.views.is_empty() && self.chance.percent(12) {
            return self.through(caller);
        }
        let verb = match self.chance.below(20) {
            0..=6 => self.post(table),
            7..=9 => self.upsert(table),
            10..=14 => Verb::Patch { body: self.change(table) },
            15..=16 => return self.put(caller, table),
            _ => Verb::Delete,
        };
        let mut request = self.bare(caller, table, verb);
        match &request.verb {
            Verb::Post { on_conflict, .. } => {
                if on_conflict.is_some() || self.chance.percent(5) {
                    let merges = self.chance.percent(60);
                    request.prefer.resolution =
                        Some(if merges { Resolution::Merge } else { Resolution::Ignore });
                }
                request.prefer.missing_default = self.chance.percent(15);
            }
            Verb::Patch { .. } | Verb::Delete if !self.chance.percent(3) => {
                request.prefer.missing_default = self.chance.percent(8);
                let count = self.chance.between(1, 2);
                for _ in 0..count {
                    let filter = self.filter(table, &Part::default(), 0);
                    request.part.filters.push(filter);
                }
            }
            _ => {}
        }
        self.returning(table, &mut request);
        request
    }

    /// A write through a view, which takes no upserts.
    fn through(&mut self, caller: usize) -> Request {
        let (source, view) = (self.world.tables.len(), &self.world.views[0]);
        let key = &self.sources[source].key;
        let adds = self.chance.percent(40);
        let (chance, all) = (&mut *self.chance, 0..view.columns.len());
        let columns: Vec<usize> = match adds {
            true => all.filter(|at| key.contains(at) || chance.percent(80)).collect(),
            false => all.filter(|at| !key.contains(at) && chance.percent(35)).collect(),
        };
        let stored: Vec<usize> = columns.iter().map(|at| view.columns[*at]).collect();
        let rows = vec![self.row(view.table, &stored)];
        let body = Body { columns, rows, many: false, listed: false, absent: Vec::new() };
        let verb = match self.chance.below(5) {
            _ if adds => Verb::Post { body, on_conflict: None },
            0..=2 => Verb::Patch { body },
            _ => Verb::Delete,
        };
        let mut request = self.bare(caller, source, verb);
        if !adds {
            let filter = self.filter(source, &Part::default(), 0);
            request.part.filters.push(filter);
        }
        self.returning(source, &mut request);
        request
    }

    fn returning(&mut self, table: usize, request: &mut Request) {
        request.prefer.returning = match self.chance.below(10) {
            0..=1 => None,
            2..=3 => Some(Returning::Minimal),
            4..=5 => Some(Returning::HeadersOnly),
            _ => Some(Returning::Representation),
        };
        if self.chance.percent(20) {
            request.prefer.count = Some("exact");
        }
        if request.prefer.returning != Some(Returning::Representation) {
            return;
        }
        if self.chance.percent(50) {
            let mut shown = Part::default();
            self.plain(table, 1, &mut shown);
            request.part.select = shown.select;
            request.part.order = shown.order;
        }
        request.single = self.chance.percent(5);
    }

    fn post(&mut self, table: usize) -> Verb {
        let columns = self.sent(table);
        let many = self.chance.percent(40);
        let count = if many { self.chance.between(0, 3) } else { 1 };
        Verb::Post { body: self.body(table, columns, count, many), on_conflict: None }
    }

    fn upsert(&mut self, table: usize) -> Verb {
        let here = &self.world.tables[table];
        let sets: Vec<&Vec<usize>> = here.unique_sets().collect();
        let target = (*self.chance.pick(&sets)).clone();
        let mut columns = self.sent(table);
        for at in &target {
            if !columns.contains(at) {
                columns.push(*at);
            }
        }
        let many = self.chance.percent(40);
        let count = if many { self.chance.between(1, 3) } else { 1 };
        let mut body = self.body(table, columns, count, many);
        for row in &mut body.rows {
            self.meet(table, &target, &body.columns, row);
        }
        let on_conflict = match self.chance.percent(5) {
            true => vec![self.chance.below(here.columns.len())],
            false => target,
        };
        Verb::Post { body, on_conflict: Some(on_conflict) }
    }

    /// Gives a row the key of one that is there, often.
    fn meet(&mut self, table: usize, target: &[usize], columns: &[usize], row: &mut [Cell]) {
        let Some(there) = self.chance.choose(&self.world.rows[table]).cloned() else { return };
        if self.chance.percent(60) {
            for at in target {
                if let Some(place) = columns.iter().position(|column| column == at) {
                    row[place] = there[*at].clone();
                }
            }
        }
    }

    /// The columns of a new row: what only the database can make is always named.
    fn sent(&mut self, table: usize) -> Vec<usize> {
        let here = &self.world.tables[table];
        let whole = self.chance.percent(50);
        let chance = &mut *self.chance;
        let wanted = |at: &usize| {
            let column = &here.columns[*at];
            let must = !column.null && column.default.is_none() && !chance.percent(1);
            let optional = if column.readonly { 4 } else { 60 };
            let key = here.key.contains(at) && !chance.percent(1);
            key || must || whole && !column.readonly || chance.percent(optional)
        };
        let mut columns: Vec<usize> = (0..here.columns.len()).filter(wanted).collect();
        let made = here.made_key && !columns.contains(&0);
        if made {
            columns.insert(0, 0);
        }
        columns
    }

    fn body(&mut self, table: usize, columns: Vec<usize>, count: usize, many: bool) -> Body {
        let rows = (0..count).map(|_| self.row(table, &columns)).collect();
        self.listed(table, Body { columns, rows, many, listed: false, absent: Vec::new() })
    }

    /// Now and then with `columns=`, and with columns in it that no row has.
    fn listed(&mut self, table: usize, mut body: Body) -> Body {
        body.listed = self.chance.percent(12);
        if body.listed && self.chance.percent(60) {
            let column = self.chance.below(self.world.tables[table].columns.len());
            let key = self.world.tables[table].key.contains(&column);
            if !key && !body.columns.contains(&column) {
                body.absent.push(column);
            }
        }
        body
    }

    fn row(&mut self, table: usize, columns: &[usize]) -> Vec<Cell> {
        let (tables, here) = (&self.world.tables, &self.world.tables[table]);
        let drawn = rows::draw(self.chance, tables, &self.world.rows, here);
        columns
            .iter()
            .map(|at| match &drawn {
                _ if self.chance.percent(2) => Cell::Null,
                Some(row) if !self.chance.percent(4) => row[*at].clone(),
                _ => here.columns[*at].kind.draw(self.chance),
            })
            .collect()
    }

    fn change(&mut self, table: usize) -> Body {
        let here = &self.world.tables[table];
        let mut columns = Vec::new();
        for _ in 0..*self.chance.pick(&[0, 1, 1, 1, 2, 2, 3]) {
            let column = self.chance.below(here.columns.len());
            let key = here.key.contains(&column) && !self.chance.percent(25);
            if !key && !columns.contains(&column) {
                columns.push(column);
            }
        }
        let row = self.row(table, &columns);
        let rows = vec![row];
        self.listed(table, Body { columns, rows, many: false, listed: false, absent: Vec::new() })
    }

    fn put(&mut self, caller: usize, table: usize) -> Request {
        let here: &Table = &self.world.tables[table];
        let columns: Vec<usize> =
            (0..here.columns.len()).filter(|at| !here.columns[*at].readonly).collect();
        let mut row = self.row(table, &columns);
        self.meet(table, &here.key, &columns, &mut row);
        for (place, at) in columns.iter().enumerate() {
            if here.key.contains(at) && row[place].is_null() {
                row[place] = here.columns[*at].kind.draw_key(self.chance);
            }
        }
        let mut request = self.bare(caller, table, Verb::Delete);
        for at in &here.key {
            let place = columns.iter().position(|column| column == at);
            let cell = place.map_or(Cell::Null, |place| row[place].clone());
            let test = Test::Compare("eq", cell);
            request.part.filters.push(Filter::Test { column: *at, inside: None, not: false, test });
        }
        request.verb = {
            let (rows, absent) = (vec![row], Vec::new());
            Verb::Put { body: Body { columns, rows, many: false, listed: false, absent } }
        };
        self.returning(table, &mut request);
        request.part.order.clear();
        request.part.select = None;
        request
    }
}
