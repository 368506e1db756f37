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
mod tests {
    use std::sync::Arc;

    use super::super::tree::{Function, Order, TextTest};
    use super::*;
    use crate::Type;

    fn field(at: At, column: usize) -> Term {
        let (name, ty) = (Arc::from("c"), Type::Integer);
        Term::Field(Field { at, column, name, ty, null: true, collated: false, indexed: false })
    }

    fn via(table: &str, column: &str, key: usize) -> Term {
        let (key, table) = (field(At::Row, key), Arc::from(table));
        field(At::Via(Arc::new(Via { key, table, column: Arc::from(column) })), 0)
    }

    fn number(number: i64) -> Term {
        Term::Const(Const::Int(number))
    }

    /// All of these mean something else, whatever the values.
    fn different() -> Vec<Cond> {
        let own = |column| field(At::Row, column);
        let text = || Term::Const(Const::Text("a".to_owned()));
        let null = || Term::Const(Const::Null);
        let equal = |left, right| Cond::Equal(left, right);
        let one = || equal(own(0), number(1));
        let two = || equal(own(1), number(1));
        let step = |path: &[Key]| Cond::Is(Term::Step(Box::new(own(0)), path.to_vec()));
        let call = |function, values| Cond::Is(Term::Call(function, values));
        let rows = |table: &str, level| Cond::Rows {
            table: Arc::from(table),
            level,
            body: Box::new(one()),
        };
        let items = |level| Cond::Items { list: own(0), level, body: Box::new(one()) };
        let orders = [Order::Less, Order::LessEqual, Order::Greater, Order::GreaterEqual];
        let tests = [TextTest::Contains, TextTest::StartsWith, TextTest::EndsWith];
        let mut all = vec![
            Cond::Const(false),
            Cond::Const(true),
            Cond::Error,
            one(),
            two(),
            equal(own(0), own(1)),
            equal(own(1), own(0)),
            equal(own(0), text()),
            equal(own(0), null()),
            equal(field(At::New, 0), number(1)),
            equal(field(At::Var(0), 0), number(1)),
            equal(field(At::Var(1), 0), number(1)),
            equal(via("a", "id", 0), number(1)),
            equal(via("b", "id", 0), number(1)),
            equal(via("a", "no", 0), number(1)),
            equal(via("a", "id", 1), number(1)),
            equal(Term::Item(0), number(1)),
            equal(Term::Item(1), number(1)),
            Cond::All(vec![one(), two()]),
            Cond::All(vec![two(), one()]),
            Cond::Any(vec![one(), two()]),
            Cond::Any(vec![one(), two(), one()]),
            Cond::All(vec![one(), Cond::Any(vec![two()])]),
            Cond::Not(Box::new(one())),
            Cond::If(Box::new(one()), Box::new(two()), Box::new(one())),
            Cond::If(Box::new(one()), Box::new(one()), Box::new(two())),
            Cond::Is(own(0)),
            Cond::Is(Term::Truth(Box::new(one()))),
            Cond::Is(Term::Error),
            Cond::In(own(0), vec![number(1)]),
            Cond::In(own(0), vec![number(1), null()]),
            Cond::In(own(0), vec![own(1)]),
            Cond::In(own(0), vec![own(1), number(1)]),
            Cond::Within(own(0), own(1)),
            Cond::Matches(own(0), text()),
            Cond::Has(own(0), "a".to_owned()),
            Cond::Has(own(0), "b".to_owned()),
            rows("a", 0),
            rows("b", 0),
            rows("a", 1),
            items(0),
            items(1),
            step(&[Key::Name("a".to_owned())]),
            step(&[Key::Name("b".to_owned())]),
            step(&[Key::At(0)]),
            step(&[Key::At(1)]),
            step(&[Key::At(0), Key::Name("a".to_owned())]),
            step(&[Key::Name("a".to_owned()), Key::At(0)]),
            call(Function::Add, vec![own(0), own(1)]),
            call(Function::Subtract, vec![own(0), own(1)]),
            call(Function::Negate, vec![own(0)]),
        ];
        all.extend(orders.map(|order| Cond::Order(order, own(0), own(1))));
        all.extend(tests.map(|test| Cond::Text(test, own(0), own(1))));
        all
    }

    #[test]
    fn conditions_that_mean_something_else_have_another_shape() {
        let all = different();
        let shapes: Vec<Vec<u8>> = all.iter().map(|cond| Residual::new(1, cond).shape).collect();
        for (at, left) in shapes.iter().enumerate() {
            for (other, right) in shapes.iter().enumerate().skip(at + 1) {
                assert_ne!(left, right, "{:?}\nand {:?}", all[at], all[other]);
                // One is not the beginning of the other, so they can stand behind each other.
                let begins = left.starts_with(right) || right.starts_with(left);
                assert!(!begins, "{:?}\nand {:?}", all[at], all[other]);
            }
        }
        assert_ne!(Residual::new(1, &all[3]).shape, Residual::new(2, &all[3]).shape);
    }

    #[test]
    fn values_are_bound_and_no_part_of_the_shape() {
        let equal = |value| Cond::Equal(field(At::Row, 0), number(value));
        let (one, two) = (Residual::new(1, &equal(1)), Residual::new(1, &equal(2)));
        assert_eq!(one.shape, two.shape);
        assert_eq!((one.values, two.values), (vec![Value::Int(1)], vec![Value::Int(2)]));
        let listed = |numbers: &[i64]| {
            let list = numbers.iter().map(|number| self::number(*number)).collect();
            Residual::new(1, &Cond::In(field(At::Row, 0), list))
        };
        let (few, many) = (listed(&[1]), listed(&[1, 2, 3]));
        assert_eq!(few.shape, many.shape, "the length of a list is no new statement");
        assert_eq!(many.values, [Value::Text("[1,2,3]".to_owned())]);
    }

    #[test]
    fn a_list_is_bound_as_its_column_is_stored() {
        let kept = |ty: Type, list: Vec<Const>| {
            let Term::Field(field) = field(At::Row, 0) else { unreachable!() };
            let list = list.into_iter().map(Term::Const).collect();
            let residual = Residual::new(1, &Cond::In(Term::Field(Field { ty, ..field }), list));
            let Cond::In(_, list) = residual.cond else { unreachable!() };
            (residual.values, list.len())
        };
        let text = |text: &str| Const::Text(text.to_owned());
        let bound = |text: &str| vec![Value::Text(text.to_owned())];
        let moment = vec![Const::Time(0), text("1970-01-01T00:00:00+00:00")];
        for (ty, list, values, many) in [
            (Type::Text, vec![text("a"), Const::Int(1), text("b")], r#"["a","b"]"#, 1),
            (Type::Text, vec![text("a"), Const::Null], r#"["a"]"#, 2),
            (Type::Text, vec![Const::Json(serde_json::json!([1]))], "[]", 1),
            (Type::Integer, vec![Const::Int(1), Const::Double(1.5)], "[1,1.5]", 1),
            (Type::Boolean, vec![Const::Bool(true), Const::Int(0)], "[1]", 1),
            (Type::TimestampTz, moment, r#"["1970-01-01T00:00:00+00:00"]"#, 1),
        ] {
            assert_eq!(kept(ty.clone(), list), (bound(values), many), "{ty:?}");
        }
    }
}
