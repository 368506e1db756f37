//! Which conditions of an access rule may be an error of CEL. Where one may, an `exists` that is
//! asked exactly has to tell "no row" from "not one that could be judged".

use mainstay_schema::rule::tree::{Cond, Term};

use super::sqlite_rule::{collect, is_dynamic};
use super::sqlite_rule_value::{Nulls, nulls};

/// Whether a condition may be an error. In doubt it may.
pub(super) fn can_fail(cond: &Cond) -> bool {
    let fails = |term: &Term| {
        let mut vias = Vec::new();
        collect(term, &mut vias);
        !vias.is_empty() || nulls(term) == Nulls::Error
    };
    match cond {
        Cond::Const(_) => false,
        Cond::All(parts) | Cond::Any(parts) => parts.iter().any(can_fail),
        Cond::Not(inner) | Cond::Rows { body: inner, .. } => can_fail(inner),
        Cond::Equal(left, right) => fails(left) || fails(right),
        Cond::In(value, list) => fails(value) || list.iter().any(fails),
        Cond::Order(_, left, right) => {
            let plain = |term: &Term| !is_dynamic(term) && nulls(term) == Nulls::Never;
            fails(left) || fails(right) || !(plain(left) && plain(right))
        }
        Cond::Is(term) => fails(term) || is_dynamic(term) || nulls(term) != Nulls::Never,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mainstay_schema::Type;
    use mainstay_schema::rule::Kind;
    use mainstay_schema::rule::tree::{At, Field, Function, Order, Via};

    use super::*;

    fn field(at: At, ty: Type, null: bool) -> Term {
        let name = Arc::from("c");
        Term::Field(Field { at, column: 0, name, ty, null, collated: false, indexed: false })
    }

    fn own(null: bool) -> Term {
        field(At::Row, Type::Integer, null)
    }

    #[test]
    fn whatever_may_be_an_error_is_known_to_be() {
        let via = |null| {
            let (table, column) = (Arc::from("t"), Arc::from("id"));
            field(At::Via(Arc::new(Via { key: own(false), table, column })), Type::Integer, null)
        };
        let json = || field(At::Row, Type::Json, false);
        let (bound, sum) = (
            || Term::Param(0, Kind::Int),
            || Term::Call(Function::Add, vec![own(false), own(false)]),
        );
        let less = |left, right| Cond::Order(Order::Less, left, right);
        let truth = |null| Cond::Is(field(At::Row, Type::Boolean, null));
        for (safe, fails) in [
            (Cond::Const(false), Cond::Error),
            (Cond::Equal(own(true), bound()), Cond::Equal(via(false), bound())),
            (Cond::Equal(bound(), own(false)), Cond::Equal(bound(), sum())),
            (Cond::In(own(true), vec![bound()]), Cond::In(via(true), vec![bound()])),
            (Cond::In(bound(), vec![own(true)]), Cond::In(bound(), vec![bound(), sum()])),
            (less(own(false), bound()), less(own(true), bound())),
            (less(bound(), own(false)), less(bound(), own(true))),
            (less(own(false), own(false)), less(own(false), via(false))),
            (less(bound(), bound()), less(json(), bound())),
            (less(bound(), bound()), less(bound(), json())),
            (truth(false), truth(true)),
            (truth(false), Cond::Is(json())),
            (truth(false), Cond::Is(via(false))),
        ] {
            assert!(!can_fail(&safe), "{safe:?}");
            assert!(can_fail(&fails), "{fails:?}");
            for (part, expected) in [(&safe, false), (&fails, true)] {
                let other = || Cond::Const(true);
                let rows =
                    Cond::Rows { table: Arc::from("t"), level: 0, body: Box::new(part.clone()) };
                for whole in [
                    Cond::All(vec![other(), part.clone()]),
                    Cond::Any(vec![part.clone(), other()]),
                    Cond::Not(Box::new(part.clone())),
                    rows,
                ] {
                    assert_eq!(can_fail(&whole), expected, "{whole:?}");
                }
            }
        }
    }
}
