//! Requests by chance: reads of every form, writes, batches; now and then something that is hidden
//! or wrong.

use super::{Embed, Filter, Item, Order, Part, Prefer, Request, Test, Verb, Way, ways};
use crate::chance::Chance;
use crate::world::{Cell, Kind, Table, World};

/// Which kinds of request are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub writes: bool,
    pub batches: bool,
}

/// A request to a world.
pub fn grow(chance: &mut Chance, world: &World, shape: Shape) -> Request {
    let caller = match chance.percent(4) {
        true => world.callers.len() - 1,
        false => chance.below(world.callers.len() - 1),
    };
    let sources = world.sources();
    let mut grower = Grower { chance, world, sources: &sources, aliases: 0 };
    if shape.batches && grower.chance.percent(4) {
        return grower.batch(caller);
    }
    let writes = shape.writes && grower.chance.percent(45);
    grower.request(caller, writes)
}

pub(super) struct Grower<'c, 'w> {
    pub(super) chance: &'c mut Chance,
    pub(super) world: &'w World,
    /// Tables and views.
    pub(super) sources: &'w [Table],
    aliases: usize,
}

impl Grower<'_, '_> {
    fn batch(&mut self, caller: usize) -> Request {
        let count = self.chance.between(1, 4);
        let operations = (0..count)
            .map(|_| {
                let writes = self.chance.percent(60);
                let mut request = self.request(caller, writes);
                request.headers.clear();
                request
            })
            .collect();
        Request { verb: Verb::Batch(operations), ..self.bare(caller, 0, Verb::Get) }
    }

    pub(super) fn bare(&mut self, caller: usize, table: usize, verb: Verb) -> Request {
        Request {
            caller,
            table,
            verb,
            part: Part::default(),
            prefer: Prefer::default(),
            single: false,
            headers: Vec::new(),
        }
    }

    fn request(&mut self, caller: usize, writes: bool) -> Request {
        let table = self.chance.below(self.world.tables.len());
        let mut request = match writes {
            true => self.write(caller, table),
            false if !self.world.functions.is_empty() && self.chance.percent(15) => {
                self.call(caller)
            }
            false if !self.world.views.is_empty() && self.chance.percent(20) => {
                self.view(caller, self.world.tables.len())
            }
            false => self.read(caller, table),
        };
        if self.chance.percent(15) {
            let value = self.chance.word(&["a", "b", "ab"]);
            request.headers.push(("x-word".to_owned(), value.to_owned()));
        }
        request
    }

    /// A view has no order of its own, so that one is always given.
    fn view(&mut self, caller: usize, source: usize) -> Request {
        let mut request = self.read(caller, source);
        self.ordered(source, &mut request.part);
        request
    }

    fn ordered(&mut self, source: usize, part: &mut Part) {
        if part.order.is_empty() && !part.aggregates() {
            for column in self.sources[source].key.clone() {
                let order = self.by(None, column);
                part.order.push(order);
            }
        }
    }

    fn call(&mut self, caller: usize) -> Request {
        let function = self.chance.below(self.world.functions.len());
        let called = &self.world.functions[function];
        let mut request = self.read(caller, called.table);
        if called.definer {
            // Its own rows are not bound, and those that are embedded in them would be.
            request.part = self.part(called.table, 3);
        }
        self.ordered(called.table, &mut request.part);
        let given = called.by.map(|column| self.likely(called.table, column));
        request.verb = Verb::Call { function, given, reads: self.chance.percent(50) };
        request
    }

    fn read(&mut self, caller: usize, table: usize) -> Request {
        let verb = if self.chance.percent(12) { Verb::Head } else { Verb::Get };
        let mut request = self.bare(caller, table, verb);
        request.part = self.part(table, 0);
        if self.chance.percent(25) {
            request.part.limit = Some(self.chance.below(5));
        }
        if self.chance.percent(15) {
            request.part.offset = Some(self.chance.below(4));
        }
        if self.chance.percent(35) {
            request.prefer.count = Some(self.chance.word(&["exact", "planned", "estimated"]));
        }
        request.single = self.chance.percent(4);
        request
    }

    /// What is wanted of a table; `depth` embeds are around it.
    fn part(&mut self, table: usize, depth: usize) -> Part {
        let mut part = Part::default();
        if self.chance.percent(if depth == 0 { 8 } else { 5 }) {
            self.grouped(table, &mut part);
        } else {
            self.plain(table, depth, &mut part);
        }
        let filters = *self.chance.pick(&[0, 0, 0, 1, 1, 2]);
        for _ in 0..filters {
            let filter = self.filter(table, &part, 0);
            part.filters.push(filter);
        }
        part
    }

    fn grouped(&mut self, table: usize, part: &mut Part) {
        let columns = &self.sources[table].columns;
        let scalars: Vec<usize> =
            (0..columns.len()).filter(|at| columns[*at].kind.is_scalar()).collect();
        let mut items = Vec::new();
        let mut group = Vec::new();
        for _ in 0..self.chance.below(3) {
            let Some(column) = self.chance.choose(&scalars).copied() else { continue };
            if !group.contains(&column) {
                group.push(column);
                items.push(Item::Column { column, alias: None });
            }
        }
        for _ in 0..self.chance.between(1, 2) {
            let column = self.chance.choose(&scalars).copied();
            items.push(self.aggregate(table, column));
        }
        part.select = Some(items);
        part.order = group.into_iter().map(|column| self.by(None, column)).collect();
    }

    fn aggregate(&mut self, table: usize, column: Option<usize>) -> Item {
        let alias = Some(self.alias("g"));
        let count = Item::Aggregate { function: "count", column: None, alias: alias.clone() };
        let Some(column) = column else { return count };
        let function = match self.sources[table].columns[column].kind {
            Kind::Integer | Kind::BigInt | Kind::Numeric | Kind::Double => {
                self.chance.word(&["count", "sum", "avg", "min", "max"])
            }
            Kind::Boolean | Kind::Uuid => "count",
            _ => self.chance.word(&["count", "min", "max"]),
        };
        match self.chance.percent(25) {
            true => count,
            false => Item::Aggregate { function, column: Some(column), alias },
        }
    }

    fn alias(&mut self, word: &str) -> String {
        self.aliases += 1;
        format!("{word}z{}", self.aliases)
    }

    fn by(&mut self, embed: Option<usize>, column: usize) -> Order {
        let descending = self.chance.percent(40);
        let nulls_first = self.chance.percent(20).then(|| self.chance.percent(50));
        Order { embed, column, descending, nulls_first }
    }

    pub(super) fn plain(&mut self, table: usize, depth: usize, part: &mut Part) {
        let mut items = match self.chance.percent(55) {
            true => vec![Item::Star],
            false => self.columns(table),
        };
        let ways = match table < self.world.tables.len() {
            true => ways(&self.world.tables, table),
            false => Vec::new(),
        };
        let embeds = match depth {
            0 => *self.chance.pick(&[0, 0, 1, 1, 2]),
            1 => *self.chance.pick(&[0, 0, 0, 1]),
            2 => *self.chance.pick(&[0, 0, 0, 0, 1]),
            _ => 0,
        };
        for _ in 0..embeds {
            let Some(way) = self.chance.choose(&ways).cloned() else { continue };
            items.push(self.embed(way, depth));
        }
        // All columns of the row itself, said or unsaid.
        let said = depth > 0 || items.len() != 1 || self.chance.percent(40);
        part.select = (said || !matches!(items[0], Item::Star)).then_some(items);
        if self.chance.percent(30) {
            self.order(table, part);
        }
    }

    fn columns(&mut self, table: usize) -> Vec<Item> {
        let count = self.sources[table].columns.len();
        let mut items = Vec::new();
        let mut used = Vec::new();
        for _ in 0..self.chance.between(1, 3) {
            let column = self.chance.below(count);
            if !used.contains(&column) {
                used.push(column);
                let alias = self.chance.percent(15).then(|| self.alias("c"));
                items.push(Item::Column { column, alias });
            }
        }
        items
    }

    fn embed(&mut self, way: Way, depth: usize) -> Item {
        let mut part = self.part(way.to, depth + 1);
        // Names of a spread stand beside those of the row, and what is grouped does not.
        let spread = !part.aggregates() && self.chance.percent(15);
        if spread {
            // The one row of a spread has no order to be in.
            if way.one {
                part.order.clear();
            }
            for item in part.select.iter_mut().flatten() {
                if let Item::Column { alias, .. } = item {
                    alias.get_or_insert_with(|| self.alias("s"));
                }
            }
        }
        if !way.one && !spread {
            part.limit = self.chance.percent(20).then(|| self.chance.below(4));
            part.offset = self.chance.percent(10).then(|| self.chance.below(2));
        }
        let inner = !part.aggregates() && self.chance.percent(25);
        let alias = Some(self.alias("e"));
        Item::Embed(Box::new(Embed { way, alias, inner, spread, part }))
    }

    /// By a column or two, and at last by the key, so that nothing is left to the engine.
    fn order(&mut self, table: usize, part: &mut Part) {
        let here = &self.sources[table];
        for _ in 0..self.chance.below(3) {
            let one = |(at, item): (usize, &Item)| match item {
                Item::Embed(embed) if embed.way.one && !embed.spread => Some((at, embed.way.to)),
                _ => None,
            };
            let embeds: Vec<(usize, usize)> =
                part.items().iter().enumerate().filter_map(one).collect();
            let (embed, there) = match self.chance.choose(&embeds) {
                Some((at, to)) if self.chance.percent(30) => (Some(*at), *to),
                _ => (None, table),
            };
            let columns = &self.sources[there].columns;
            let column = self.chance.below(columns.len());
            if columns[column].kind.is_scalar() {
                let order = self.by(embed, column);
                part.order.push(order);
            }
        }
        for column in &here.key {
            let order = self.by(None, *column);
            part.order.push(order);
        }
    }

    pub(super) fn filter(&mut self, table: usize, part: &Part, depth: usize) -> Filter {
        if depth < 2 && self.chance.percent(18) {
            let count = self.chance.between(1, 3);
            let filters = (0..count).map(|_| self.filter(table, part, depth + 1)).collect();
            let not = self.chance.percent(25);
            return match self.chance.percent(60) {
                true => Filter::Any { not, filters },
                false => Filter::All { not, filters },
            };
        }
        let embeds: Vec<usize> =
            (0..part.items().len()).filter(|at| part.embed(*at).is_some()).collect();
        if let Some(embed) = self.chance.choose(&embeds).copied()
            && self.chance.percent(25)
        {
            let spread = part.embed(embed).is_some_and(|embed| embed.spread);
            if !spread {
                return Filter::Missing { embed, not: self.chance.percent(50) };
            }
        }
        let column = self.chance.below(self.sources[table].columns.len());
        let (inside, test) = self.test(table, column);
        Filter::Test { column, inside, not: self.chance.percent(20), test }
    }

    fn test(&mut self, table: usize, column: usize) -> (Option<&'static str>, Test) {
        let here = &self.sources[table];
        let kind = here.columns[column].kind;
        if self.chance.percent(15) {
            return (None, Test::Is(self.chance.word(&["null", "not_null"])));
        }
        match kind {
            Kind::Json => {
                let text = self.chance.word(&["1", "x", "a", "true"]);
                (Some("a"), Test::Compare("eq", Cell::Text(text.to_owned())))
            }
            Kind::Texts => {
                let cell = kind.draw(self.chance);
                let contains = self.chance.percent(60);
                (None, if contains { Test::Contains(cell) } else { Test::Overlaps(cell) })
            }
            Kind::Text if self.chance.percent(25) => {
                let pattern = self.chance.word(&["a*", "*b*", "A*", "*c", "_b"]);
                let fold_case = self.chance.percent(40);
                (None, Test::Like { pattern: pattern.to_owned(), fold_case })
            }
            Kind::Boolean if self.chance.percent(50) => {
                (None, Test::Is(self.chance.word(&["true", "false", "unknown"])))
            }
            _ if self.chance.percent(25) => {
                let count = self.chance.between(0, 3);
                (None, Test::In((0..count).map(|_| self.likely(table, column)).collect()))
            }
            _ => {
                let operators = ["eq", "eq", "eq", "neq", "gt", "gte", "lt", "lte", "isdistinct"];
                let operator = *self.chance.pick(&operators);
                (None, Test::Compare(operator, self.likely(table, column)))
            }
        }
    }

    /// A value that the column often has.
    fn likely(&mut self, table: usize, column: usize) -> Cell {
        let rows = self.world.rows.get(table).map_or(&[][..], Vec::as_slice);
        if let Some(row) = self.chance.choose(rows)
            && !row[column].is_null()
            && self.chance.percent(70)
        {
            return row[column].clone();
        }
        self.sources[table].columns[column].kind.draw(self.chance)
    }
}
