//! Claims about conditions and values as trees: what is visited, what kind comes out.

use super::*;

fn column(column: usize, ty: Type) -> Term {
    let (name, at) = (Arc::from("c"), At::Row);
    Term::Field(Field { at, column, name, ty, null: true, collated: false, indexed: false })
}

fn own(at: usize) -> Term {
    column(at, Type::Integer)
}

/// Everything that a condition can be, each with a column of its own in every place.
fn places() -> Vec<(Cond, Vec<usize>)> {
    let is = |at| Cond::Is(own(at));
    let boxed = |at| Box::new(is(at));
    let via = Via { key: own(1), table: Arc::from("t"), column: Arc::from("id") };
    let Term::Field(field) = own(0) else { unreachable!() };
    let choice = || Term::If(boxed(0), Box::new(own(1)), Box::new(own(2)));
    vec![
        (Cond::Const(true), vec![]),
        (Cond::Error, vec![]),
        (Cond::All(vec![is(0), is(1)]), vec![0, 1]),
        (Cond::Any(vec![is(0), is(1)]), vec![0, 1]),
        (Cond::Not(boxed(0)), vec![0]),
        (Cond::If(boxed(0), boxed(1), boxed(2)), vec![0, 1, 2]),
        (Cond::Equal(own(0), own(1)), vec![0, 1]),
        (Cond::Order(Order::Less, own(0), own(1)), vec![0, 1]),
        (Cond::In(own(0), vec![own(1), own(2)]), vec![0, 1, 2]),
        (Cond::Within(own(0), own(1)), vec![0, 1]),
        (Cond::Text(TextTest::Contains, own(0), own(1)), vec![0, 1]),
        (Cond::Matches(own(0), own(1)), vec![0, 1]),
        (Cond::Has(own(0), "a".to_owned()), vec![0]),
        (Cond::Rows { table: Arc::from("t"), level: 0, body: boxed(0) }, vec![0]),
        (Cond::Items { list: own(0), level: 0, body: boxed(1) }, vec![0, 1]),
        (Cond::Is(Term::Step(Box::new(own(0)), Vec::new())), vec![0]),
        (Cond::Is(Term::Truth(boxed(0))), vec![0]),
        (Cond::Is(Term::Call(Function::Add, vec![own(0), own(1)])), vec![0, 1]),
        (Cond::Is(choice()), vec![0, 1, 2]),
        (Cond::Is(Term::Field(Field { at: At::Via(Arc::new(via)), ..field })), vec![0, 1]),
    ]
}

#[test]
fn every_column_is_visited_wherever_it_stands() {
    for (cond, columns) in places() {
        let mut found = Vec::new();
        cond.each_term(&mut |term| {
            if let Term::Field(field) = term {
                found.push(field.column);
            }
        });
        assert_eq!(found, columns, "{cond:?}");
    }
}

#[test]
fn other_tables_are_noticed_wherever_they_are_asked() {
    let rows = || Cond::Rows { table: Arc::from("t"), level: 0, body: Box::new(Cond::Const(true)) };
    let (boxed, plain) = (|| Box::new(rows()), || Box::new(Cond::Is(own(0))));
    for cond in [
        rows(),
        Cond::All(vec![*plain(), rows()]),
        Cond::Any(vec![rows(), *plain()]),
        Cond::Not(boxed()),
        Cond::If(boxed(), plain(), plain()),
        Cond::If(plain(), boxed(), plain()),
        Cond::If(plain(), plain(), boxed()),
        Cond::Items { list: own(0), level: 0, body: boxed() },
        Cond::Equal(Term::Truth(boxed()), own(0)),
        Cond::Equal(own(0), Term::Truth(boxed())),
    ] {
        assert!(cond.asks_tables(), "{cond:?}");
    }
    let others = places().into_iter().map(|(cond, _)| cond);
    for cond in others.filter(|cond| !matches!(cond, Cond::Rows { .. })) {
        assert!(!cond.asks_tables(), "{cond:?}");
    }
}

#[test]
fn parts_that_must_all_hold_come_apart_and_together() {
    let (one, two) = (Cond::Is(own(0)), Cond::Is(own(1)));
    let mut parts = Vec::new();
    let inner = Cond::All(vec![Cond::Const(true), two.clone()]);
    Cond::All(vec![one.clone(), inner]).conjuncts(&mut parts);
    assert_eq!(parts, [one.clone(), two.clone()]);
    assert_eq!(Cond::all(Vec::new()), Cond::Const(true));
    assert_eq!(Cond::all(vec![one.clone()]), one);
    assert_eq!(Cond::all(parts), Cond::All(vec![one, two]));
}

#[test]
fn what_is_calculated_has_the_kind_that_cel_gives_it() {
    use Kind::{Any, Double, Int, Span, Text, Time, Truth};
    let call = |function, kinds: &[Kind]| {
        let values = kinds.iter().map(|kind| Term::Param(0, *kind)).collect();
        Term::Call(function, values).kind()
    };
    for (function, kinds, kind) in [
        (Function::Size, &[Text][..], Int),
        (Function::ToInt, &[Double], Int),
        (Function::ToDouble, &[Int], Double),
        (Function::ToText, &[Int], Text),
        (Function::LowerAscii, &[Any], Text),
        (Function::Add, &[Time, Span], Time),
        (Function::Add, &[Span, Time], Time),
        (Function::Add, &[Span, Span], Span),
        (Function::Add, &[Any, Int], Int),
        (Function::Add, &[Text, Any], Text),
        (Function::Subtract, &[Time, Time], Span),
        (Function::Subtract, &[Time, Span], Time),
        (Function::Multiply, &[Any, Int], Int),
        (Function::Divide, &[Double, Double], Double),
        (Function::Remainder, &[Int, Any], Int),
        (Function::Negate, &[Double], Double),
    ] {
        assert_eq!(call(function, kinds), kind, "{function:?} {kinds:?}");
    }
    let choice = |yes, no| {
        let (yes, no) = (Box::new(Term::Param(0, yes)), Box::new(Term::Param(0, no)));
        Term::If(Box::new(Cond::Const(true)), yes, no).kind()
    };
    assert_eq!((choice(Int, Int), choice(Int, Text)), (Int, Any));
    assert_eq!(column(0, Type::Boolean).kind(), Truth);
}
