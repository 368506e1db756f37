//! Claims about what is left of a rule: which conditions share a shape, and what is bound.

use std::sync::Arc;

use super::*;
use crate::Type;
use crate::rule::tree::{Function, Order, TextTest};

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
    let rows =
        |table: &str, level| Cond::Rows { table: Arc::from(table), level, body: Box::new(one()) };
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
