//! How the tables and views of a module are related: the graph of their foreign keys, in both
//! directions and through junctions, made once. An embed is found in it by name and hint.

use std::sync::Arc;

use mainstay_schema::Table;
use mainstay_schema::model::{CompiledView, ForeignKey, Module, Origin};
use mainstay_store::query::{Filter, Junction, Link};

/// How many rows are on either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cardinality {
    ManyToOne,
    OneToMany,
    OneToOne,
    ManyToMany,
}

/// One way from a table or view to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    /// Positions among the module's sources.
    pub from: usize,
    pub to: usize,
    pub cardinality: Cardinality,
    pub link: Link,
    /// The table between the two.
    pub junction: Option<usize>,
    /// The foreign key; through a junction, the one that leads to the other side.
    pub constraint: String,
    /// The other foreign key of a junction.
    near_constraint: Option<String>,
    /// The reference stands here: the other side is found by its column.
    holds: bool,
    /// A table that references itself, seen as it is or through views.
    itself: bool,
    /// Its only column.
    column: Option<String>,
}

/// All relations of a module, by the source they start from.
#[derive(Debug)]
pub struct Relations(Vec<Vec<Relation>>);

impl Cardinality {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ManyToOne => "many-to-one",
            Self::OneToMany => "one-to-many",
            Self::OneToOne => "one-to-one",
            Self::ManyToMany => "many-to-many",
        }
    }

    /// At most one row is on the other side.
    #[must_use]
    pub fn is_to_one(self) -> bool {
        matches!(self, Self::ManyToOne | Self::OneToOne)
    }
}

impl Relations {
    #[must_use]
    pub fn new(module: &Module) -> Self {
        let mut found = Vec::new();
        for (at, table) in module.tables.iter().enumerate() {
            for key in &table.foreign_keys {
                found.extend(direct(module, at, key));
            }
            found.extend(junction(module, at));
        }
        let views: Vec<&CompiledView> =
            module.views.iter().filter_map(|view| view.compiled.as_ref()).collect();
        let seen: Vec<Relation> =
            found.iter().flat_map(|base| inherited(module, &views, base)).collect();
        found.extend(seen);
        let mut by_source: Vec<Vec<Relation>> = module.sources().map(|_| Vec::new()).collect();
        for relation in found {
            by_source[relation.from].push(relation);
        }
        Self(by_source)
    }

    /// The relations that start at a source.
    #[must_use]
    pub fn of(&self, source: usize) -> &[Relation] {
        self.0.get(source).map_or(&[], Vec::as_slice)
    }
}

impl Relation {
    /// A foreign key, from the side that holds it.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        self.holds && self.junction.is_none()
    }

    /// The relation is meant by `name`, a table, a constraint or a column, and by the hint.
    #[must_use]
    pub fn is_meant(&self, module: &Module, name: &str, hint: Option<&str>) -> bool {
        let is_view = self.to >= module.tables.len();
        let named = module.source(self.to).is_some_and(|table| table.name == name);
        let by_column = |name: &str| self.column.as_deref() == Some(name);
        let same = self.from == self.to;
        match hint {
            None => {
                let by_key = self.junction.is_none()
                    && (self.constraint == name || (self.holds && by_column(name)));
                // From a table to itself the constraint does not tell the direction; its column
                // leads to the row that is referenced.
                let by_key = by_key && !is_view && (!self.itself || by_column(name));
                named || by_key
            }
            Some(hint) => {
                let through = self.junction.is_some_and(|at| module.tables[at].name == hint);
                let by_constraint = self.constraint == hint;
                // `table!column` leads from a row to those that reference it. To a view of the
                // table the constraint leads the other way, for there is no other spelling.
                let hinted = match (self.itself, self.holds) {
                    (false, _) => through || by_constraint || by_column(hint),
                    (true, true) => by_constraint && !same,
                    (true, false) => by_column(hint) || (by_constraint && same),
                };
                named && hinted
            }
        }
    }

    /// `orders_customer_fkey using orders(customer) and customers(id)`
    #[must_use]
    pub fn description(&self, module: &Module) -> String {
        let columns = |table: &Table, at: &mut dyn Iterator<Item = usize>| {
            let names: Vec<&str> = at.map(|at| table.columns[at].name.as_str()).collect();
            format!("{}({})", table.name, names.join(", "))
        };
        let (Some(from), Some(to)) = (module.source(self.from), module.source(self.to)) else {
            return String::new();
        };
        let pairs = &self.link.pairs;
        match (&self.link.junction, &self.near_constraint) {
            (Some(Junction { table, pairs: far, .. }), Some(near)) => {
                let near_columns = columns(table, &mut pairs.iter().map(|(_, at)| *at));
                let far_columns = columns(table, &mut far.iter().map(|(at, _)| *at));
                let inside = |text: &str| text[table.name.len()..].to_owned();
                format!(
                    "{} using {near}{} and {}{}",
                    table.name,
                    inside(&near_columns),
                    self.constraint,
                    inside(&far_columns)
                )
            }
            _ => format!(
                "{} using {} and {}",
                self.constraint,
                columns(from, &mut pairs.iter().map(|(at, _)| *at)),
                columns(to, &mut pairs.iter().map(|(_, at)| *at))
            ),
        }
    }

    /// The spelling that means this relation and no other.
    #[must_use]
    pub fn spelling(&self, module: &Module) -> String {
        let to = module.source(self.to).map_or("", |table| &table.name);
        match (&self.column, self.junction) {
            (Some(column), None) if self.itself && self.from == self.to && self.holds => {
                column.clone()
            }
            (Some(column), None) if self.itself && self.from != self.to && !self.holds => {
                format!("{to}!{column}")
            }
            (_, Some(at)) if self.from != self.to => format!("{to}!{}", module.tables[at].name),
            _ => format!("{to}!{}", self.constraint),
        }
    }

    /// The columns of the side at hand, and those of the other, that tell who is linked.
    #[must_use]
    pub fn columns(&self) -> (Vec<usize>, Vec<usize>) {
        let near = self.link.pairs.iter().map(|(at, _)| *at).collect();
        let far = match &self.link.junction {
            Some(between) => between.pairs.iter().map(|(_, at)| *at).collect(),
            None => self.link.pairs.iter().map(|(_, at)| *at).collect(),
        };
        (near, far)
    }
}

/// Both directions of a foreign key.
fn direct(module: &Module, at: usize, key: &ForeignKey) -> [Relation; 2] {
    let table = &module.tables[at];
    let alone = table.is_unique(&key.columns);
    let pairs: Vec<(usize, usize)> =
        key.columns.iter().copied().zip(key.references.iter().copied()).collect();
    let back = pairs.iter().map(|(own, other)| (*other, *own)).collect();
    let column = match key.columns.as_slice() {
        [one] => Some(table.columns[*one].name.clone()),
        _ => None,
    };
    let there = Relation {
        from: at,
        to: key.table,
        cardinality: if alone { Cardinality::OneToOne } else { Cardinality::ManyToOne },
        link: Link { pairs, junction: None },
        junction: None,
        constraint: key.name.clone(),
        near_constraint: None,
        holds: true,
        itself: key.table == at,
        column,
    };
    let back = Relation {
        from: key.table,
        to: at,
        cardinality: if alone { Cardinality::OneToOne } else { Cardinality::OneToMany },
        link: Link { pairs: back, junction: None },
        holds: false,
        ..there.clone()
    };
    [there, back]
}

/// A table is a junction of each two of its foreign keys whose columns are all in its key.
fn junction(module: &Module, at: usize) -> Vec<Relation> {
    let table = &module.tables[at];
    let key = &table.primary_key.columns;
    let mut found = Vec::new();
    for near in &table.foreign_keys {
        for far in &table.foreign_keys {
            let inside = |one: &ForeignKey| one.columns.iter().all(|at| key.contains(at));
            if near.name == far.name || !inside(near) || !inside(far) {
                continue;
            }
            let here = near.references.iter().copied().zip(near.columns.iter().copied());
            let there = far.columns.iter().copied().zip(far.references.iter().copied());
            found.push(Relation {
                from: near.table,
                to: far.table,
                cardinality: Cardinality::ManyToMany,
                link: Link {
                    pairs: here.collect(),
                    junction: Some(Junction {
                        table: Arc::clone(table),
                        pairs: there.collect(),
                        filter: Box::new(Filter::NONE),
                    }),
                },
                junction: Some(at),
                constraint: far.name.clone(),
                near_constraint: Some(near.name.clone()),
                holds: false,
                itself: false,
                column: None,
            });
        }
    }
    found
}

/// The same relation between all views that show its columns.
fn inherited(module: &Module, views: &[&CompiledView], base: &Relation) -> Vec<Relation> {
    // A table as it is, then the views of it: where each of its columns is found there.
    let seen = |table: usize, columns: &[usize]| -> Vec<(usize, Vec<usize>)> {
        let mut seen = vec![(table, columns.to_vec())];
        for (at, view) in views.iter().enumerate() {
            let shown = |column: &usize| {
                let origin = Some(Origin { table, column: *column });
                view.origins.iter().position(|known| *known == origin)
            };
            let places: Option<Vec<usize>> = columns.iter().map(shown).collect();
            seen.extend(places.map(|places| (module.tables.len() + at, places)));
        }
        seen
    };
    let (near, far) = base.columns();
    let mut found = Vec::new();
    for (from, near_places) in seen(base.from, &near) {
        for (to, far_places) in seen(base.to, &far) {
            if (from, to) == (base.from, base.to) {
                continue;
            }
            let mut link = base.link.clone();
            for (pair, place) in link.pairs.iter_mut().zip(&near_places) {
                pair.0 = *place;
            }
            let far_pairs = match &mut link.junction {
                Some(between) => &mut between.pairs,
                None => &mut link.pairs,
            };
            for (pair, place) in far_pairs.iter_mut().zip(&far_places) {
                pair.1 = *place;
            }
            found.push(Relation { from, to, link, ..base.clone() });
        }
    }
    found
}
