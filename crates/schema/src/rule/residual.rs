//! What is left of a rule for one caller: a condition whose constants are parameters, their values,
//! and the shape by which a plan that holds it is remembered.

use super::constant::Const;
use super::kind::Kind;
use super::tree::{At, Cond, Field, Key, Term, Via};
use crate::Value;

/// A condition on rows, and what it is bound to.
#[derive(Clone, Debug)]
pub struct Residual {
    pub cond: Cond,
    /// By place of the parameters.
    pub values: Vec<Value>,
    /// Equal for conditions that differ in values only.
    pub shape: Vec<u8>,
    /// It looks into other tables, so its cost is not known.
    pub asks_tables: bool,
}

impl Residual {
    /// `rule` tells the rules of an application apart: positions of columns mean nothing alone.
    #[must_use]
    pub fn new(rule: u32, cond: &Cond) -> Self {
        let mut made = Making { values: Vec::new(), shape: rule.to_le_bytes().to_vec() };
        let cond = made.cond(cond);
        let asks_tables = cond.asks_tables();
        Self { cond, values: made.values, shape: made.shape, asks_tables }
    }
}

struct Making {
    values: Vec<Value>,
    shape: Vec<u8>,
}

impl Making {
    fn tag(&mut self, tag: u8) {
        self.shape.push(tag);
    }

    fn number(&mut self, number: usize) {
        self.shape.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.shape.extend_from_slice(text.as_bytes());
    }

    fn conds(&mut self, tag: u8, parts: &[Cond]) -> Vec<Cond> {
        self.tag(tag);
        self.number(parts.len());
        parts.iter().map(|part| self.cond(part)).collect()
    }

    fn boxed(&mut self, cond: &Cond) -> Box<Cond> {
        Box::new(self.cond(cond))
    }

    fn pair(&mut self, tag: u8, left: &Term, right: &Term) -> (Term, Term) {
        self.tag(tag);
        (self.term(left), self.term(right))
    }

    fn cond(&mut self, cond: &Cond) -> Cond {
        match cond {
            Cond::Const(truth) => {
                self.tag(u8::from(*truth));
                Cond::Const(*truth)
            }
            Cond::Error => {
                self.tag(2);
                Cond::Error
            }
            Cond::All(parts) => Cond::All(self.conds(3, parts)),
            Cond::Any(parts) => Cond::Any(self.conds(4, parts)),
            Cond::Not(inner) => {
                self.tag(5);
                Cond::Not(self.boxed(inner))
            }
            Cond::If(condition, yes, no) => {
                self.tag(6);
                Cond::If(self.boxed(condition), self.boxed(yes), self.boxed(no))
            }
            Cond::Rows { table, level, body } => {
                self.tag(7);
                self.text(table);
                self.number(*level);
                let body = self.boxed(body);
                Cond::Rows { table: table.clone(), level: *level, body }
            }
            Cond::Items { list, level, body } => {
                self.tag(8);
                self.number(*level);
                let list = self.term(list);
                Cond::Items { list, level: *level, body: self.boxed(body) }
            }
            test => self.test(test),
        }
    }

    fn test(&mut self, test: &Cond) -> Cond {
        match test {
            Cond::Is(term) => {
                self.tag(9);
                Cond::Is(self.term(term))
            }
            Cond::Equal(left, right) => {
                let (left, right) = self.pair(10, left, right);
                Cond::Equal(left, right)
            }
            Cond::Order(order, left, right) => {
                let (left, right) = self.pair(11 + *order as u8, left, right);
                Cond::Order(*order, left, right)
            }
            Cond::In(value, list) => self.listed(value, list),
            Cond::Within(value, list) => {
                let (value, list) = self.pair(17, value, list);
                Cond::Within(value, list)
            }
            Cond::Text(test, left, right) => {
                let (left, right) = self.pair(18 + *test as u8, left, right);
                Cond::Text(*test, left, right)
            }
            Cond::Matches(value, pattern) => {
                let (value, pattern) = self.pair(22, value, pattern);
                Cond::Matches(value, pattern)
            }
            Cond::Has(from, key) => {
                self.tag(23);
                self.text(key);
                Cond::Has(self.term(from), key.clone())
            }
            other => other.clone(),
        }
    }

    /// Constants of the column's kind travel as one list, so that their number is no new shape.
    fn listed(&mut self, value: &Term, list: &[Term]) -> Cond {
        self.tag(15);
        let kind = value.kind();
        let value = self.term(value);
        let known: Option<Vec<&Const>> = list
            .iter()
            .map(|item| match item {
                Term::Const(item) => Some(item),
                _ => None,
            })
            .collect();
        let Some(known) = known.filter(|_| packs(kind)) else {
            self.number(list.len());
            return Cond::In(value, list.iter().map(|item| self.term(item)).collect());
        };
        let null = known.iter().any(|item| **item == Const::Null);
        self.tag(16 + u8::from(null));
        let same = known.iter().filter(|item| item.kind() != Kind::Null);
        let packed = same.filter_map(|item| match item {
            // A list or a map is no value of a column's kind, though its text may be.
            Const::Json(_) => None,
            _ if !item.kind().compares(kind) => None,
            Const::Time(_) => moment(&item.to_stored()),
            Const::Bool(truth) => Some(i64::from(*truth).into()),
            _ => item.to_json(),
        });
        let packed = serde_json::Value::Array(packed.collect()).to_string();
        let mut list = vec![self.bind(Value::Text(packed), Kind::List)];
        if null {
            list.push(Term::Const(Const::Null));
        }
        Cond::In(value, list)
    }

    fn bind(&mut self, value: Value, kind: Kind) -> Term {
        self.tag(40 + kind as u8);
        self.values.push(value);
        Term::Param(self.values.len() - 1, kind)
    }

    fn term(&mut self, term: &Term) -> Term {
        match term {
            Term::Const(Const::Null) => {
                self.tag(30);
                term.clone()
            }
            Term::Const(value) => self.bind(value.to_stored(), value.kind()),
            Term::Field(field) => {
                self.tag(31);
                self.number(field.column);
                let at = self.at(&field.at);
                Term::Field(Field { at, ..field.clone() })
            }
            Term::Step(inner, path) => {
                self.tag(32);
                self.path(path);
                Term::Step(Box::new(self.term(inner)), path.clone())
            }
            Term::Item(level) => {
                self.tag(33);
                self.number(*level);
                term.clone()
            }
            Term::Truth(condition) => {
                self.tag(34);
                Term::Truth(self.boxed(condition))
            }
            Term::Call(function, values) => {
                self.tag(35);
                self.text(&format!("{function:?}"));
                Term::Call(*function, values.iter().map(|value| self.term(value)).collect())
            }
            Term::Error | Term::Param(..) | Term::Known(..) | Term::If(..) => {
                self.tag(36);
                Term::Error
            }
        }
    }

    /// Whose column it is.
    fn at(&mut self, at: &At) -> At {
        match at {
            At::Row => {
                self.tag(0);
                At::Row
            }
            At::New => {
                self.tag(1);
                At::New
            }
            At::Var(level) => {
                self.tag(2);
                self.number(*level);
                At::Var(*level)
            }
            At::Via(via) => {
                self.tag(3);
                self.text(&via.table);
                self.text(&via.column);
                let key = self.term(&via.key);
                let (table, column) = (via.table.clone(), via.column.clone());
                At::Via(Via { key, table, column }.into())
            }
        }
    }

    fn path(&mut self, path: &[Key]) {
        self.number(path.len());
        for key in path {
            self.tag(u8::from(matches!(key, Key::Name(_))));
            match key {
                Key::Name(name) => self.text(name),
                Key::At(at) => self.shape.extend_from_slice(&at.to_le_bytes()),
            }
        }
    }
}

/// Kinds whose lists are compared inside the database as JSON values.
fn packs(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Int | Kind::Double | Kind::Truth | Kind::Time)
}

fn moment(value: &Value) -> Option<serde_json::Value> {
    match value {
        Value::Text(text) => Some(text.as_str().into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
