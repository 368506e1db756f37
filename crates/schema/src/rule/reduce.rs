//! Partial evaluation: what is known of the caller, and of a new row, becomes constants; what they
//! decide folds away. What is left depends on rows that only the database has.

use super::constant::Const;
use super::dynamic;
use super::kind::Kind;
use super::pattern;
use super::tree::{At, Cond, Field, Order, Term, TextTest, Via};

/// A column of the row as it will be.
pub enum Cell {
    /// It gets this value.
    Value(Const),
    /// It keeps the one it has.
    Same,
    /// Only the database will know.
    Unknown,
}

/// What is known while a rule is reduced.
#[derive(Clone, Copy)]
pub(super) struct Reduce<'a> {
    /// By place in the rule; `None` is an error.
    pub knowns: &'a [Option<Const>],
    /// The row as it will be.
    pub new: Option<&'a dyn Fn(usize) -> Cell>,
}

impl Reduce<'_> {
    pub fn cond(&self, cond: &Cond) -> Cond {
        match cond {
            Cond::Const(_) | Cond::Error => cond.clone(),
            Cond::All(parts) => self.joined(parts, false),
            Cond::Any(parts) => self.joined(parts, true),
            Cond::Not(inner) => match self.cond(inner) {
                Cond::Const(truth) => Cond::Const(!truth),
                Cond::Error => Cond::Error,
                Cond::Not(inner) => *inner,
                other => Cond::Not(Box::new(other)),
            },
            Cond::If(condition, yes, no) => match self.cond(condition) {
                Cond::Const(true) => self.cond(yes),
                Cond::Const(false) => self.cond(no),
                Cond::Error => Cond::Error,
                condition => {
                    let (yes, no) = (self.cond(yes), self.cond(no));
                    Cond::If(Box::new(condition), Box::new(yes), Box::new(no))
                }
            },
            Cond::Rows { table, level, body } => match self.cond(body) {
                // Without rows there is nothing to find; what cannot hold finds nothing either.
                Cond::Const(false) => Cond::Const(false),
                body => Cond::Rows { table: table.clone(), level: *level, body: Box::new(body) },
            },
            Cond::Items { list, level, body } => self.items(list, *level, body),
            test => self.test(test),
        }
    }

    /// `&&` and `||`: the side that decides absorbs errors, wherever it stands.
    fn joined(&self, parts: &[Cond], decides: bool) -> Cond {
        let mut left = Vec::with_capacity(parts.len());
        let mut failed = false;
        for part in parts {
            match self.cond(part) {
                Cond::Const(truth) if truth == decides => return Cond::Const(decides),
                Cond::Const(_) => {}
                Cond::Error => failed = true,
                Cond::All(inner) if !decides => left.extend(inner),
                Cond::Any(inner) if decides => left.extend(inner),
                other => left.push(other),
            }
        }
        if left.is_empty() {
            return if failed { Cond::Error } else { Cond::Const(!decides) };
        }
        if failed {
            left.push(Cond::Error);
        }
        match (left.len(), decides) {
            (1, _) => left.remove(0),
            (_, true) => Cond::Any(left),
            (_, false) => Cond::All(left),
        }
    }

    fn test(&self, test: &Cond) -> Cond {
        match test {
            Cond::Is(term) => is(self.term(term)),
            Cond::Equal(left, right) => equal(self.term(left), self.term(right)),
            Cond::Order(order, left, right) => {
                self::order(*order, self.term(left), self.term(right))
            }
            Cond::In(value, list) => {
                let list = list.iter().map(|item| self.term(item)).collect();
                listed(self.term(value), list)
            }
            Cond::Within(value, list) => within(self.term(value), self.term(list)),
            Cond::Text(test, left, right) => text(*test, self.term(left), self.term(right)),
            Cond::Matches(left, right) => matches(self.term(left), self.term(right)),
            Cond::Has(from, key) => has(self.term(from), key),
            other => other.clone(),
        }
    }

    /// A list: one that is known to be empty, or to be none, decides.
    fn items(&self, list: &Term, level: usize, body: &Cond) -> Cond {
        let list = self.term(list);
        match &list {
            Term::Error => return Cond::Error,
            Term::Const(value) => {
                let json = value.to_json();
                match json.as_ref().and_then(dynamic::items) {
                    None => return Cond::Error,
                    Some(items) if items.is_empty() => return Cond::Const(false),
                    Some(_) => {}
                }
            }
            _ => {}
        }
        Cond::Items { list, level, body: Box::new(self.cond(body)) }
    }

    pub fn term(&self, term: &Term) -> Term {
        match term {
            Term::Known(at, _) => match self.knowns.get(*at) {
                Some(Some(value)) => Term::Const(value.clone()),
                _ => Term::Error,
            },
            Term::Field(field) => self.field(field),
            Term::Step(inner, path) => match self.term(inner) {
                Term::Error => Term::Error,
                Term::Const(value) => {
                    let json = value.to_json();
                    let found = json.as_ref().and_then(|json| dynamic::step(json, path));
                    found.map_or(Term::Error, |found| Term::Const(of_json(found)))
                }
                inner => Term::Step(Box::new(inner), path.clone()),
            },
            Term::Truth(condition) => match self.cond(condition) {
                Cond::Const(truth) => Term::Const(Const::Bool(truth)),
                Cond::Error => Term::Error,
                other => Term::Truth(Box::new(other)),
            },
            Term::Call(function, values) => {
                let values: Vec<Term> = values.iter().map(|value| self.term(value)).collect();
                match values.contains(&Term::Error) {
                    true => Term::Error,
                    false => Term::Call(*function, values),
                }
            }
            // `bind` has moved them out.
            Term::If(..) => Term::Error,
            Term::Error | Term::Const(_) | Term::Param(..) | Term::Item(_) => term.clone(),
        }
    }

    fn field(&self, field: &Field) -> Term {
        match &field.at {
            At::New => match self.new.map(|new| new(field.column)) {
                Some(Cell::Value(value)) => Term::Const(value),
                Some(Cell::Same) => Term::Field(Field { at: At::Row, ..field.clone() }),
                Some(Cell::Unknown) | None => Term::Error,
            },
            At::Via(via) => match self.term(&via.key) {
                Term::Error | Term::Const(Const::Null) => Term::Error,
                key => {
                    let via = Via { key, table: via.table.clone(), column: via.column.clone() };
                    Term::Field(Field { at: At::Via(via.into()), ..field.clone() })
                }
            },
            At::Row | At::Var(_) => Term::Field(field.clone()),
        }
    }
}

/// Where only `true` matters, an error is as good as `false`: what can only fail folds away.
pub(super) fn settled(cond: Cond) -> Cond {
    match cond {
        Cond::Error => Cond::Const(false),
        Cond::All(parts) => {
            let parts: Vec<Cond> = parts.into_iter().map(settled).collect();
            match parts.contains(&Cond::Const(false)) {
                true => Cond::Const(false),
                false => Cond::all(parts),
            }
        }
        Cond::Any(parts) => {
            let mut parts: Vec<Cond> = parts.into_iter().map(settled).collect();
            parts.retain(|part| *part != Cond::Const(false));
            match parts.len() {
                0 => Cond::Const(false),
                1 => parts.remove(0),
                _ => Cond::Any(parts),
            }
        }
        Cond::Rows { table, level, body } => match settled(*body) {
            Cond::Const(false) => Cond::Const(false),
            body => Cond::Rows { table, level, body: Box::new(body) },
        },
        other => other,
    }
}

/// JSON's scalars are CEL's.
fn of_json(json: &serde_json::Value) -> Const {
    match json {
        serde_json::Value::Null => Const::Null,
        serde_json::Value::Bool(truth) => Const::Bool(*truth),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(number), _) => Const::Int(number),
            (None, Some(number)) => Const::Double(number),
            (None, None) => Const::Null,
        },
        serde_json::Value::String(text) => Const::Text(text.clone()),
        other => Const::Json(other.clone()),
    }
}

fn is(term: Term) -> Cond {
    match term {
        Term::Const(Const::Bool(truth)) => Cond::Const(truth),
        Term::Const(_) | Term::Error => Cond::Error,
        Term::Truth(condition) => *condition,
        term if term.kind().fits(Kind::Truth) => Cond::Is(term),
        _ => Cond::Error,
    }
}

fn equal(left: Term, right: Term) -> Cond {
    match (left, right) {
        (Term::Error, _) | (_, Term::Error) => Cond::Error,
        (Term::Const(left), Term::Const(right)) => Cond::Const(left.equals(&right)),
        (left, right) => Cond::Equal(left, right),
    }
}

fn order(order: Order, left: Term, right: Term) -> Cond {
    match (left, right) {
        (Term::Error, _) | (_, Term::Error) => Cond::Error,
        (Term::Const(left), Term::Const(right)) => match left.order(&right) {
            Some(found) => Cond::Const(match order {
                Order::Less => found.is_lt(),
                Order::LessEqual => found.is_le(),
                Order::Greater => found.is_gt(),
                Order::GreaterEqual => found.is_ge(),
            }),
            None => Cond::Error,
        },
        (left, right) if !left.kind().compares(right.kind()) => Cond::Error,
        (left, right) => Cond::Order(order, left, right),
    }
}

fn listed(value: Term, list: Vec<Term>) -> Cond {
    if value == Term::Error || list.contains(&Term::Error) {
        return Cond::Error;
    }
    let known = |item: &Term| match item {
        Term::Const(item) => Some(item.clone()),
        _ => None,
    };
    match (&value, list.iter().map(known).collect::<Option<Vec<Const>>>()) {
        (Term::Const(value), Some(items)) => {
            Cond::Const(items.iter().any(|item| item.equals(value)))
        }
        _ => Cond::In(value, list),
    }
}

/// A list that is known is listed, so that its elements are compared in the kind of the column.
fn within(value: Term, list: Term) -> Cond {
    match (value, list) {
        (Term::Error, _) | (_, Term::Error) => Cond::Error,
        (Term::Const(value), Term::Const(list)) => {
            let within = |list: &serde_json::Value| match value.to_json() {
                Some(value) => dynamic::within(&value, list),
                // JSON holds no moments and no bytes.
                None => list.is_array().then_some(false),
            };
            list.to_json().as_ref().and_then(within).map_or(Cond::Error, Cond::Const)
        }
        (value, Term::Const(Const::Json(serde_json::Value::Array(items)))) => {
            listed(value, items.iter().map(|item| Term::Const(of_json(item))).collect())
        }
        (value, Term::Const(list)) => match list.to_json() {
            Some(json) if json.is_object() && is_text(&value) => {
                let keys = dynamic::items(&json).unwrap_or_default();
                listed(value, keys.iter().map(|key| Term::Const(of_json(key))).collect())
            }
            Some(json) if json.is_object() => Cond::Within(value, Term::Const(Const::Json(json))),
            _ => Cond::Error,
        },
        (value, list) => Cond::Within(value, list),
    }
}

/// A text, and never null, which is no key of a map.
fn is_text(value: &Term) -> bool {
    match value {
        Term::Field(field) => value.kind() == Kind::Text && !field.null,
        other => other.kind() == Kind::Text,
    }
}

fn text(test: TextTest, left: Term, right: Term) -> Cond {
    match (left, right) {
        (Term::Error, _) | (_, Term::Error) => Cond::Error,
        (Term::Const(Const::Text(text)), Term::Const(Const::Text(part))) => {
            Cond::Const(match test {
                TextTest::Contains => text.contains(&part),
                TextTest::StartsWith => text.starts_with(&part),
                TextTest::EndsWith => text.ends_with(&part),
            })
        }
        (left, right) if !(left.kind().fits(Kind::Text) && right.kind().fits(Kind::Text)) => {
            Cond::Error
        }
        (left, right) => Cond::Text(test, left, right),
    }
}

fn matches(value: Term, wanted: Term) -> Cond {
    let Term::Const(Const::Text(wanted)) = wanted else {
        return Cond::Error;
    };
    let Ok(compiled) = pattern::compile(&wanted) else {
        return Cond::Error;
    };
    match value {
        Term::Const(Const::Text(text)) => Cond::Const(compiled.is_match(&text)),
        value if value.kind().fits(Kind::Text) && value != Term::Error => {
            Cond::Matches(value, Term::Const(Const::Text(wanted)))
        }
        _ => Cond::Error,
    }
}

fn has(from: Term, key: &str) -> Cond {
    match from {
        Term::Error => Cond::Error,
        Term::Const(value) => match value.to_json() {
            Some(serde_json::Value::Object(fields)) => Cond::Const(fields.contains_key(key)),
            _ => Cond::Error,
        },
        from => Cond::Has(from, key.to_owned()),
    }
}

#[cfg(test)]
mod tests;
