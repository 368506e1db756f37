//! A condition on the row as it is, asked of the row as it will be: whether a row that was written
//! may be given back.

use super::tree::{At, Cond, Field, Term, Via};

/// `row` becomes `new`.
pub(super) fn as_new(cond: &Cond) -> Cond {
    let all = |parts: &[Cond]| parts.iter().map(as_new).collect();
    let boxed = |cond: &Cond| Box::new(as_new(cond));
    match cond {
        Cond::Const(_) | Cond::Error => cond.clone(),
        Cond::All(parts) => Cond::All(all(parts)),
        Cond::Any(parts) => Cond::Any(all(parts)),
        Cond::Not(inner) => Cond::Not(boxed(inner)),
        Cond::If(condition, yes, no) => Cond::If(boxed(condition), boxed(yes), boxed(no)),
        Cond::Is(value) => Cond::Is(term(value)),
        Cond::Equal(left, right) => Cond::Equal(term(left), term(right)),
        Cond::Order(order, left, right) => Cond::Order(*order, term(left), term(right)),
        Cond::In(value, list) => Cond::In(term(value), list.iter().map(term).collect()),
        Cond::Within(value, list) => Cond::Within(term(value), term(list)),
        Cond::Text(test, left, right) => Cond::Text(*test, term(left), term(right)),
        Cond::Matches(value, pattern) => Cond::Matches(term(value), term(pattern)),
        Cond::Has(from, key) => Cond::Has(term(from), key.clone()),
        Cond::Rows { table, level, body } => {
            Cond::Rows { table: table.clone(), level: *level, body: boxed(body) }
        }
        Cond::Items { list, level, body } => {
            Cond::Items { list: term(list), level: *level, body: boxed(body) }
        }
    }
}

fn term(value: &Term) -> Term {
    match value {
        Term::Field(field) => Term::Field(Field { at: at(&field.at), ..field.clone() }),
        Term::Step(from, path) => Term::Step(Box::new(term(from)), path.clone()),
        Term::Truth(condition) => Term::Truth(Box::new(as_new(condition))),
        Term::Call(function, values) => Term::Call(*function, values.iter().map(term).collect()),
        Term::If(condition, yes, no) => {
            Term::If(Box::new(as_new(condition)), Box::new(term(yes)), Box::new(term(no)))
        }
        Term::Error | Term::Const(_) | Term::Param(..) | Term::Known(..) | Term::Item(_) => {
            value.clone()
        }
    }
}

fn at(at: &At) -> At {
    match at {
        At::Row | At::New => At::New,
        At::Var(level) => At::Var(*level),
        At::Via(via) => At::Via(
            Via { key: term(&via.key), table: via.table.clone(), column: via.column.clone() }
                .into(),
        ),
    }
}
