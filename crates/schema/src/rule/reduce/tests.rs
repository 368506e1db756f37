//! Claims about what folds away: each condition beside what is left of it.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::Type;
use crate::rule::tree::{Function, Key};

/// What is known: a truth, a text, a number, null, a list, a map, an error.
const KNOWNS: usize = 7;
const ERROR: usize = 6;

fn knowns() -> [Option<Const>; KNOWNS] {
    [
        Some(Const::Bool(true)),
        Some(Const::Text("ann".to_owned())),
        Some(Const::Int(3)),
        Some(Const::Null),
        Some(Const::Json(json!(["ann", 3, null]))),
        Some(Const::Json(json!({ "ann": [true, { "x": 1.5 }], "3": "three" }))),
        None,
    ]
}

fn reduced(cond: &Cond) -> Cond {
    Reduce { knowns: &knowns(), new: None }.cond(cond)
}

fn known(at: usize) -> Term {
    Term::Known(at, Kind::Any)
}

fn column(at: At, ty: Type, null: bool) -> Term {
    let name = Arc::from("c");
    Term::Field(Field { at, column: 0, name, ty, null, collated: false, indexed: false })
}

fn own(ty: Type) -> Term {
    column(At::Row, ty, false)
}

fn number(number: i64) -> Term {
    Term::Const(Const::Int(number))
}

fn text(text: &str) -> Term {
    Term::Const(Const::Text(text.to_owned()))
}

/// Only a row says whether it holds.
fn open() -> Cond {
    Cond::Equal(own(Type::Integer), number(7))
}

fn other() -> Cond {
    Cond::Equal(own(Type::Text), text("x"))
}

fn yes() -> Cond {
    Cond::Is(known(0))
}

fn no() -> Cond {
    Cond::Not(Box::new(yes()))
}

fn fails() -> Cond {
    Cond::Is(known(ERROR))
}

#[test]
fn what_decides_absorbs_errors_wherever_it_stands() {
    let (all, any) = (Cond::All, Cond::Any);
    for (given, left) in [
        (all(vec![yes(), yes()]), Cond::Const(true)),
        (all(vec![fails(), no()]), Cond::Const(false)),
        (all(vec![no(), fails()]), Cond::Const(false)),
        (all(vec![open(), no()]), Cond::Const(false)),
        (all(vec![yes(), fails()]), Cond::Error),
        (all(vec![fails(), open()]), all(vec![open(), Cond::Error])),
        (all(vec![yes(), open()]), open()),
        (all(vec![open(), yes(), other()]), all(vec![open(), other()])),
        (all(vec![open(), all(vec![other(), yes()])]), all(vec![open(), other()])),
        (all(vec![open(), all(vec![other(), open()])]), all(vec![open(), other(), open()])),
        (
            all(vec![open(), any(vec![other(), open()])]),
            all(vec![open(), any(vec![other(), open()])]),
        ),
        (any(vec![no(), no()]), Cond::Const(false)),
        (any(vec![fails(), yes()]), Cond::Const(true)),
        (any(vec![open(), yes()]), Cond::Const(true)),
        (any(vec![no(), fails()]), Cond::Error),
        (any(vec![fails(), open()]), any(vec![open(), Cond::Error])),
        (any(vec![no(), open()]), open()),
        (any(vec![open(), any(vec![other(), open()])]), any(vec![open(), other(), open()])),
        (
            any(vec![open(), all(vec![other(), open()])]),
            any(vec![open(), all(vec![other(), open()])]),
        ),
        (Cond::Not(Box::new(no())), Cond::Const(true)),
        (Cond::Not(Box::new(fails())), Cond::Error),
        (Cond::Not(Box::new(Cond::Not(Box::new(open())))), open()),
        (Cond::Not(Box::new(open())), Cond::Not(Box::new(open()))),
    ] {
        assert_eq!(reduced(&given), left, "{given:?}");
    }
}

#[test]
fn only_the_branch_that_is_taken_is_looked_at() {
    let choice = |condition, yes, no| Cond::If(Box::new(condition), Box::new(yes), Box::new(no));
    for (given, left) in [
        (choice(yes(), open(), fails()), open()),
        (choice(no(), fails(), other()), other()),
        (choice(fails(), yes(), yes()), Cond::Error),
        (choice(open(), yes(), no()), choice(open(), Cond::Const(true), Cond::Const(false))),
    ] {
        assert_eq!(reduced(&given), left, "{given:?}");
    }
}

#[test]
fn rows_and_elements_stay_unless_there_can_be_none() {
    let rows = |body| Cond::Rows { table: Arc::from("t"), level: 0, body: Box::new(body) };
    let items = |list, body| Cond::Items { list, level: 0, body: Box::new(body) };
    let empty = || Term::Const(Const::Json(json!([])));
    let list = Term::Const(Const::Json(json!(["ann", 3, null])));
    for (given, left) in [
        (rows(no()), Cond::Const(false)),
        (rows(yes()), rows(Cond::Const(true))),
        (rows(fails()), rows(Cond::Error)),
        (rows(open()), rows(open())),
        (items(empty(), open()), Cond::Const(false)),
        (items(known(4), open()), items(list.clone(), open())),
        (items(known(4), yes()), items(list, Cond::Const(true))),
        (items(known(1), open()), Cond::Error),
        (items(known(ERROR), open()), Cond::Error),
        (items(own(Type::Json), no()), items(own(Type::Json), Cond::Const(false))),
    ] {
        assert_eq!(reduced(&given), left, "{given:?}");
    }
}

#[test]
fn tests_of_what_is_known_are_answered() {
    let order = |order, left, right| Cond::Order(order, left, right);
    let contains = |left, right| Cond::Text(TextTest::Contains, left, right);
    let matches = |pattern: &str| Cond::Matches(known(1), text(pattern));
    let path = |keys: &[Key]| Term::Step(Box::new(known(5)), keys.to_vec());
    let name = |name: &str| Key::Name(name.to_owned());
    let deep = || path(&[name("ann"), Key::At(1), name("x")]);
    for (given, holds) in [
        (Cond::Is(path(&[name("ann"), Key::At(0)])), Some(true)),
        (Cond::Is(known(2)), None),
        (Cond::Is(path(&[name("bob")])), None),
        (Cond::Equal(deep(), Term::Const(Const::Double(1.5))), Some(true)),
        (Cond::Equal(known(2), known(1)), Some(false)),
        (Cond::Equal(known(2), known(ERROR)), None),
        (order(Order::Less, known(2), number(4)), Some(true)),
        (order(Order::LessEqual, known(2), number(3)), Some(true)),
        (order(Order::Less, known(2), number(3)), Some(false)),
        (order(Order::Greater, known(2), number(3)), Some(false)),
        (order(Order::GreaterEqual, known(2), number(3)), Some(true)),
        (order(Order::Less, known(2), known(1)), None),
        (Cond::In(known(1), vec![text("bob"), known(1)]), Some(true)),
        (Cond::In(known(1), vec![text("bob"), number(1)]), Some(false)),
        (Cond::In(known(1), vec![text("ann"), known(ERROR)]), None),
        (Cond::In(known(ERROR), vec![text("ann")]), None),
        (Cond::Within(known(2), known(4)), Some(true)),
        (Cond::Within(text("bob"), known(4)), Some(false)),
        (Cond::Within(known(1), known(5)), Some(true)),
        (Cond::Within(known(1), known(1)), None),
        (Cond::Within(Term::Const(Const::Time(0)), known(4)), Some(false)),
        (Cond::Within(Term::Const(Const::Time(0)), known(5)), None),
        (contains(known(1), text("nn")), Some(true)),
        (contains(known(1), text("x")), Some(false)),
        (Cond::Text(TextTest::StartsWith, known(1), text("nn")), Some(false)),
        (Cond::Text(TextTest::EndsWith, known(1), text("nn")), Some(true)),
        (contains(known(2), text("x")), None),
        (matches("^a.n$"), Some(true)),
        (matches("^b"), Some(false)),
        (matches("("), None),
        (Cond::Matches(known(2), text("3")), None),
        (Cond::Has(known(5), "ann".to_owned()), Some(true)),
        (Cond::Has(known(5), "bob".to_owned()), Some(false)),
        (Cond::Has(known(ERROR), "ann".to_owned()), None),
    ] {
        assert_eq!(reduced(&given), holds.map_or(Cond::Error, Cond::Const), "{given:?}");
    }
}

#[test]
fn tests_of_columns_stay_where_their_kinds_allow_it() {
    let (int, string, json) = (|| own(Type::Integer), || own(Type::Text), || own(Type::Json));
    let order = |left, right| Cond::Order(Order::Less, left, right);
    let contains = |left, right| Cond::Text(TextTest::Contains, left, right);
    let keys = || vec![text("3"), text("ann")];
    let map = || Term::Const(Const::Json(json!({ "ann": [true, { "x": 1.5 }], "3": "three" })));
    let maybe = || column(At::Row, Type::Text, true);
    let listed = vec![text("ann"), number(3), Term::Const(Const::Null)];
    for (given, left) in [
        (Cond::Is(own(Type::Boolean)), Cond::Is(own(Type::Boolean))),
        (Cond::Is(json()), Cond::Is(json())),
        (Cond::Is(int()), Cond::Error),
        (order(int(), known(2)), order(int(), number(3))),
        (order(int(), known(1)), Cond::Error),
        (order(json(), known(1)), order(json(), text("ann"))),
        (Cond::In(int(), vec![known(2)]), Cond::In(int(), vec![number(3)])),
        (Cond::In(number(3), vec![int(), number(3)]), Cond::In(number(3), vec![int(), number(3)])),
        (Cond::Within(string(), known(4)), Cond::In(string(), listed)),
        (Cond::Within(string(), known(5)), Cond::In(string(), keys())),
        (Cond::Within(maybe(), known(5)), Cond::Within(maybe(), map())),
        (Cond::Within(int(), known(5)), Cond::Within(int(), map())),
        (Cond::Within(int(), known(1)), Cond::Error),
        (Cond::Within(known(1), json()), Cond::Within(text("ann"), json())),
        (contains(string(), known(1)), contains(string(), text("ann"))),
        (contains(known(1), json()), contains(text("ann"), json())),
        (contains(int(), known(1)), Cond::Error),
        (contains(string(), known(2)), Cond::Error),
        (Cond::Matches(string(), text("a")), Cond::Matches(string(), text("a"))),
        (Cond::Matches(string(), string()), Cond::Error),
        (Cond::Matches(int(), text("a")), Cond::Error),
    ] {
        assert_eq!(reduced(&given), left, "{given:?}");
    }
}

#[test]
fn values_that_are_errors_make_all_that_needs_them_an_error() {
    let call = |values| Term::Call(Function::Add, values);
    let truth = |cond| Term::Truth(Box::new(cond));
    let (knowns, is) = (knowns(), |term| Cond::Is(term));
    let reduce = Reduce { knowns: &knowns, new: None };
    for (given, left) in [
        (call(vec![own(Type::Integer), known(2)]), call(vec![own(Type::Integer), number(3)])),
        (call(vec![own(Type::Integer), known(ERROR)]), Term::Error),
        (truth(yes()), Term::Const(Const::Bool(true))),
        (truth(fails()), Term::Error),
        (truth(open()), truth(open())),
        (Term::Step(Box::new(known(ERROR)), vec![Key::At(0)]), Term::Error),
        (Term::Step(Box::new(known(1)), vec![Key::At(0)]), Term::Error),
        (known(KNOWNS), Term::Error),
        (Term::Item(0), Term::Item(0)),
        (column(At::New, Type::Integer, false), Term::Error),
    ] {
        assert_eq!(reduce.term(&given), left, "{given:?}");
    }
    assert_eq!(reduced(&is(truth(open()))), open());
}

#[test]
fn a_row_as_it_will_be_is_its_values_and_what_it_keeps() {
    let new = |at: usize| match at {
        0 => Cell::Value(Const::Int(7)),
        1 => Cell::Same,
        _ => Cell::Unknown,
    };
    let reduce = Reduce { knowns: &[], new: Some(&new) };
    let at = |at, column| match self::column(at, Type::Integer, true) {
        Term::Field(field) => Term::Field(Field { column, ..field }),
        other => other,
    };
    assert_eq!(reduce.term(&at(At::New, 0)), number(7));
    assert_eq!(reduce.term(&at(At::New, 1)), at(At::Row, 1));
    assert_eq!(reduce.term(&at(At::New, 2)), Term::Error);
    assert_eq!(reduce.term(&at(At::Row, 0)), at(At::Row, 0));
    assert_eq!(reduce.term(&at(At::Var(1), 0)), at(At::Var(1), 0));
    let via = |key| {
        let (table, column) = (Arc::from("t"), Arc::from("id"));
        at(At::Via(Arc::new(Via { key, table, column })), 3)
    };
    assert_eq!(reduce.term(&via(at(At::New, 0))), via(number(7)));
    assert_eq!(reduce.term(&via(Term::Const(Const::Null))), Term::Error);
    assert_eq!(reduce.term(&via(at(At::New, 2))), Term::Error);
}

#[test]
fn where_only_truth_counts_errors_are_as_good_as_false() {
    let (all, any) = (Cond::All, Cond::Any);
    let rows = |body| Cond::Rows { table: Arc::from("t"), level: 0, body: Box::new(body) };
    for (given, left) in [
        (Cond::Error, Cond::Const(false)),
        (all(vec![open(), Cond::Error]), Cond::Const(false)),
        (all(vec![open(), other()]), all(vec![open(), other()])),
        (any(vec![open(), Cond::Error]), open()),
        (any(vec![Cond::Error, Cond::Error]), Cond::Const(false)),
        (any(vec![open(), other(), Cond::Error]), any(vec![open(), other()])),
        (all(vec![open(), any(vec![Cond::Error])]), Cond::Const(false)),
        (rows(Cond::Error), Cond::Const(false)),
        (rows(all(vec![open(), Cond::Error])), Cond::Const(false)),
        (rows(open()), rows(open())),
        (Cond::Not(Box::new(Cond::Error)), Cond::Not(Box::new(Cond::Error))),
    ] {
        assert_eq!(settled(given.clone()), left, "{given:?}");
    }
}
