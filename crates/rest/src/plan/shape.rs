//! The shape of a request as bytes: the key under which its plan is remembered. Two requests have
//! one shape when they differ in values only; a value never enters the key.

use mainstay_store::query::Ruled;
use mainstay_store::shown::Zone;

use super::{Level, Target};
use crate::parse::filter::{Condition, Field, Node, PathStep};
use crate::parse::select::{Column, Embed};
use crate::parse::{Each, Intent, Item, Operator, OrderItem, Part};

/// The kinds of plans, the first byte of a key.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub enum Kind {
    Read = 1,
    Insert,
    Update,
    Delete,
    Call,
    Check,
}

/// A key under construction. Every text is written with its length, so no two shapes collide.
#[derive(Debug)]
pub struct Key(Vec<u8>);

impl Key {
    #[must_use]
    pub fn new(kind: Kind, target: &Target<'_>) -> Self {
        let mut key = Self(Vec::with_capacity(128));
        key.0.push(kind as u8);
        key.number(target.module_at).number(target.table_at).numbers(&target.closed.read);
        key
    }

    /// About no table at all.
    #[must_use]
    pub fn bare(kind: Kind) -> Self {
        Self(vec![kind as u8])
    }

    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub fn number(&mut self, number: usize) -> &mut Self {
        // Numbers here are positions and counts, far below this.
        self.0.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
        self
    }

    pub fn flag(&mut self, flag: bool) -> &mut Self {
        self.0.push(u8::from(flag));
        self
    }

    pub fn numbers(&mut self, numbers: &[usize]) -> &mut Self {
        self.number(numbers.len());
        numbers.iter().fold(self, |key, number| key.number(*number))
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes_of(text.as_bytes())
    }

    /// All that is asked of a level and of those below it, and which columns are closed there.
    pub fn part(&mut self, level: &Level<'_>, part: &Part<'_>) -> &mut Self {
        self.rule(level.rule.as_ref()).select(level, part);
        self.filters(&part.filters).order(&part.order)
    }

    /// What is left of an access rule; its place follows from the rules before it.
    pub fn rule(&mut self, rule: Option<&Ruled>) -> &mut Self {
        self.flag(rule.is_some());
        match rule {
            Some(rule) => self.bytes_of(&rule.residual.shape),
            None => self,
        }
    }

    fn bytes_of(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len());
        self.0.extend_from_slice(bytes);
        self
    }

    /// The select list, embeds with all that belongs to them.
    pub fn select(&mut self, level: &Level<'_>, part: &Part<'_>) -> &mut Self {
        let Some(items) = &part.select else {
            return self.flag(false);
        };
        self.flag(true).number(items.len());
        let mut embeds = level.embeds.iter();
        for item in items {
            match item {
                Item::Star => drop(self.number(0)),
                Item::Column(column) => drop(self.number(1).column(column)),
                Item::Embed(embed) => {
                    self.number(2).embed(embed);
                    if let Some(found) = embeds.next() {
                        let target = &found.level.target;
                        self.number(target.table_at).numbers(&target.closed.read);
                        self.rule(found.rules()[0]).part(&found.level, &embed.part);
                    }
                }
            }
        }
        self
    }

    fn column(&mut self, column: &Column<'_>) -> &mut Self {
        self.optional(column.alias.as_deref()).optional(column.cast.as_deref());
        if let Some(field) = &column.field {
            self.flag(true).field(field);
        }
        if let Some(aggregate) = &column.aggregate {
            self.number(aggregate.function as usize).optional(aggregate.cast.as_deref());
        }
        self.flag(column.field.is_some()).flag(column.aggregate.is_some())
    }

    fn embed(&mut self, embed: &Embed<'_>) -> &mut Self {
        self.optional(embed.alias.as_deref()).text(&embed.relation);
        self.optional(embed.hint.as_deref()).flag(embed.inner).flag(embed.spread)
    }

    fn optional(&mut self, text: Option<&str>) -> &mut Self {
        self.flag(text.is_some()).text(text.unwrap_or_default())
    }

    /// How the rows are to be shown, where a statement has a part in it.
    pub fn shown(&mut self, intent: &Intent<'_>) -> &mut Self {
        self.flag(intent.media.strip_nulls).optional(intent.prefer.zone.as_ref().map(Zone::name))
    }

    pub fn order(&mut self, order: &[OrderItem<'_>]) -> &mut Self {
        self.number(order.len());
        for item in order {
            self.optional(item.relation.as_deref()).field(&item.field);
            self.flag(item.descending).flag(item.nulls_first);
        }
        self
    }

    pub fn filters(&mut self, nodes: &[Node<'_>]) -> &mut Self {
        self.number(nodes.len());
        nodes.iter().for_each(|node| self.node(node));
        self
    }

    fn node(&mut self, node: &Node<'_>) {
        match node {
            Node::All { not, nodes } => drop(self.number(0).flag(*not).filters(nodes)),
            Node::Any { not, nodes } => drop(self.number(1).flag(*not).filters(nodes)),
            Node::One(Condition { field, not, operator, each, place }) => {
                let (kind, word) = operator_number(*operator);
                self.number(2).flag(*not).number(kind).number(word).number(*place).field(field);
                self.number(each.map_or(0, |each| if each == Each::Any { 1 } else { 2 }));
            }
        }
    }

    fn field(&mut self, field: &Field<'_>) -> &mut Self {
        self.text(&field.name).flag(field.as_text).number(field.path.len());
        for step in &field.path {
            match step {
                PathStep::Key(key) => drop(self.flag(true).text(key)),
                PathStep::At(at) => {
                    self.flag(false).0.extend_from_slice(&at.to_le_bytes());
                }
            }
        }
        self
    }
}

fn operator_number(operator: Operator) -> (usize, usize) {
    match operator {
        Operator::Eq => (0, 0),
        Operator::Neq => (1, 0),
        Operator::Gt => (2, 0),
        Operator::Gte => (3, 0),
        Operator::Lt => (4, 0),
        Operator::Lte => (5, 0),
        Operator::IsDistinct => (6, 0),
        Operator::In => (7, 0),
        Operator::Is(word) => (8, word as usize),
        Operator::Like => (9, 0),
        Operator::Ilike => (10, 0),
        Operator::Match => (11, 0),
        Operator::Imatch => (12, 0),
        Operator::Contains => (13, 0),
        Operator::Contained => (14, 0),
        Operator::Overlaps => (15, 0),
        Operator::Search(kind) => (16, kind as usize),
    }
}
