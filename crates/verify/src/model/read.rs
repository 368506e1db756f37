//! Reads: who may, which names exist, which rows there are, in which order, how many.

use super::compare;
use super::expect::{Expected, Refusal, Rows};
use super::sight::{Action, Sight};
use crate::request::{Embed, Filter, Item, Part, Request, Verb, Way};
use crate::world::Cell;

/// A read of what one caller sees.
pub struct Reading<'s, 'a> {
    pub sight: &'s Sight<'a>,
}

pub fn answer(sight: &Sight<'_>, request: &Request) -> Expected {
    match &request.verb {
        Verb::Call { function, given, .. } => call(sight, request, *function, given.as_ref()),
        _ => rows(sight, request, &|_| true),
    }
}

/// A function gives whole rows of a table, which its rule binds unless the function stands for
/// them. What is embedded in them is bound in any case.
fn call(sight: &Sight<'_>, request: &Request, function: usize, given: Option<&Cell>) -> Expected {
    let called = &sight.world.functions[function];
    let verdict = sight.calls[function].as_ref().map(|rule| rule.holds(&sight.asked, None, None));
    if verdict != Some(true) && !sight.caller.is_service() {
        let message = format!("permission denied for function {}", called.name);
        return Expected::Refused(vec![sight.forbidden(message)]);
    }
    let gives = |at: usize| match (called.by, given) {
        (Some(column), Some(cell)) => sight.row(called.table, at)[column] == *cell,
        _ => true,
    };
    match called.definer {
        true => rows(&sight.unbound(), request, &gives),
        false => rows(sight, request, &gives),
    }
}

fn rows(sight: &Sight<'_>, request: &Request, is: &dyn Fn(usize) -> bool) -> Expected {
    let reading = Reading { sight };
    let part = &request.part;
    if let Some(refusal) = sight.closed(request.table, Action::Read) {
        return Expected::Refused(vec![refusal]);
    }
    let refusals = reading.refusals(request.table, part);
    if !refusals.is_empty() {
        return Expected::Refused(refusals);
    }
    let visible = sight.visible(request.table).iter().copied();
    let given: Vec<usize> = visible.filter(|at| is(*at)).collect();
    let places = reading.ordered(request.table, &given, part);
    let all = reading.shown(request.table, &places, part);
    reading.page(request, &all)
}

impl Reading<'_, '_> {
    /// What of the names is wrong for this caller. Tables come before columns.
    pub fn refusals(&self, table: usize, part: &Part) -> Vec<Refusal> {
        let mut found = Vec::new();
        self.levels(table, part, &mut found);
        if found.is_empty() {
            self.names(table, part, &mut found);
        }
        found
    }

    pub fn levels(&self, table: usize, part: &Part, found: &mut Vec<Refusal>) {
        for embed in part.embeds() {
            let way = &embed.way;
            if !self.is_way(table, way) {
                let here = &self.sight.table(table).name;
                found.push(unrelated(here, &way.name));
                continue;
            }
            found.extend(self.sight.closed(way.to, Action::Read));
            self.levels(way.to, &embed.part, found);
        }
    }

    /// The columns that tell who is linked exist for the caller, and so does the junction.
    fn is_way(&self, here: usize, way: &Way) -> bool {
        let sight = self.sight;
        let reads = |table: usize, column: usize| sight.reads_column(table, column);
        match way.junction {
            None => reads(here, way.near.0) && reads(way.to, way.near.1),
            Some((between, on)) => {
                let columns = reads(here, way.near.0)
                    && reads(between, way.near.1)
                    && reads(between, on)
                    && reads(way.to, sight.table(way.to).key[0]);
                columns && sight.closed(between, Action::Read).is_none()
            }
        }
    }

    /// Names that are not there, at all levels.
    pub fn name_refusals(&self, table: usize, part: &Part) -> Vec<Refusal> {
        let mut found = Vec::new();
        self.names(table, part, &mut found);
        found
    }

    fn names(&self, table: usize, part: &Part, found: &mut Vec<Refusal>) {
        for item in part.items() {
            match item {
                Item::Column { column, .. } | Item::Aggregate { column: Some(column), .. } => {
                    self.name(table, *column, found);
                }
                Item::Embed(embed) => self.names(embed.way.to, &embed.part, found),
                Item::Star | Item::Aggregate { column: None, .. } => {}
            }
        }
        for filter in &part.filters {
            self.names_of(table, filter, found);
        }
        for order in &part.order {
            let embed = order.embed.and_then(|at| part.embed(at));
            self.name(embed.map_or(table, |embed| embed.way.to), order.column, found);
        }
    }

    fn names_of(&self, table: usize, filter: &Filter, found: &mut Vec<Refusal>) {
        match filter {
            Filter::All { filters, .. } | Filter::Any { filters, .. } => {
                for filter in filters {
                    self.names_of(table, filter, found);
                }
            }
            Filter::Test { column, .. } => self.name(table, *column, found),
            Filter::Missing { .. } => {}
        }
    }

    fn name(&self, table: usize, column: usize, found: &mut Vec<Refusal>) {
        if !self.sight.reads_column(table, column) {
            found.push(unknown(self.sight, table, column));
        }
    }

    /// The rows among `places` that a part keeps, in its order.
    pub fn ordered(&self, table: usize, places: &[usize], part: &Part) -> Vec<usize> {
        let keeps = |at: &usize| self.keeps(table, *at, part);
        let kept: Vec<usize> = places.iter().copied().filter(keeps).collect();
        if part.aggregates() { kept } else { self.sorted(table, kept, part) }
    }

    pub fn sorted(&self, table: usize, mut places: Vec<usize>, part: &Part) -> Vec<usize> {
        places.sort_by(|left, right| {
            let orders = part.order.iter().map(|by| {
                let cell = |at: usize| match by.embed.and_then(|embed| part.embed(embed)) {
                    None => self.sight.row(table, at)[by.column].clone(),
                    Some(embed) => {
                        let there = self.linked(table, at, embed);
                        let row = there.first().map(|there| self.sight.row(embed.way.to, *there));
                        row.map_or(Cell::Null, |row| row[by.column].clone())
                    }
                };
                compare::order(&cell(*left), &cell(*right), by)
            });
            orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        });
        places
    }

    /// Rows of an embed that belong to a row and are kept, before its page is cut out.
    pub fn linked(&self, table: usize, at: usize, embed: &Embed) -> Vec<usize> {
        let (sight, way) = (self.sight, &embed.way);
        let here = &sight.row(table, at)[way.near.0];
        let mut places = Vec::new();
        for there in sight.visible(way.to) {
            let row = sight.row(way.to, *there);
            let times = match way.junction {
                None => usize::from(!here.is_null() && row[way.near.1] == *here),
                Some((between, on)) => {
                    let key = &row[sight.table(way.to).key[0]];
                    let between_rows = sight.visible(between).iter();
                    between_rows
                        .map(|at| sight.row(between, *at))
                        .filter(|row| row[way.near.1] == *here && row[on] == *key)
                        .count()
                }
            };
            places.extend(std::iter::repeat_n(*there, times));
        }
        self.ordered(way.to, &places, &embed.part)
    }

    /// Cuts the page out and counts.
    pub fn page(&self, request: &Request, all: &[String]) -> Expected {
        let part = &request.part;
        let offset = part.offset.unwrap_or(0);
        let limit = part.limit.unwrap_or(usize::MAX).min(self.sight.world.max_rows);
        let rows: Vec<String> = all.iter().skip(offset).take(limit).cloned().collect();
        let counts = request.prefer.count.is_some();
        if request.single && rows.len() != 1 {
            return Expected::Refused(vec![not_singular(rows.len())]);
        }
        if counts && offset > 0 && offset > all.len() {
            let why = format!(
                "An offset of {offset} was requested, but there are only {} rows.",
                all.len()
            );
            let message = "Requested range not satisfiable";
            return Expected::Refused(vec![
                Refusal::new(416, "PGRST103", message).details(Some(why)),
            ]);
        }
        let partial = counts && rows.len() < all.len();
        let total = if counts { all.len().to_string() } else { "*".to_owned() };
        let range = match rows.len() {
            0 => format!("*/{total}"),
            count => format!("{offset}-{}/{total}", offset + count - 1),
        };
        Expected::Rows(Rows {
            status: if partial { 206 } else { 200 },
            rows,
            ordered: true,
            single: request.single,
            content_range: Some(range),
            head: matches!(request.verb, Verb::Head),
        })
    }
}

#[must_use]
pub fn unrelated(here: &str, there: &str) -> Refusal {
    let message =
        format!("Could not find a relationship between '{here}' and '{there}' in the schema cache");
    Refusal::new(400, "PGRST200", message)
}

/// A column that is hidden is a column that is not there.
#[must_use]
pub fn unknown(sight: &Sight<'_>, table: usize, column: usize) -> Refusal {
    let here = sight.table(table);
    let message = format!("column {}.{} does not exist", here.name, here.columns[column].name);
    Refusal::new(400, "42703", message).details(None)
}

#[must_use]
pub fn not_singular(rows: usize) -> Refusal {
    let message = "Cannot coerce the result to a single JSON object";
    let why = format!("The result contains {rows} rows");
    Refusal::new(406, "PGRST116", message).details(Some(why))
}
