//! What operators answer and what they refuse: the half of `infer` that knows no names.

use cel::common::ast::{IdedExpr, operators};

use super::RuleFault;
use super::infer::Walk;
use super::vocabulary::Kind;

impl Walk<'_> {
    pub(super) fn operator(
        &self,
        node: &IdedExpr,
        name: &str,
        kinds: &[Kind],
    ) -> Result<Kind, RuleFault> {
        let wrong = |message: String| Err(self.fault(node, "rule-type", message));
        let all = |wanted: Kind| kinds.iter().all(|kind| kind.fits(wanted));
        match (name, kinds) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT, _)
            | (operators::NOT_STRICTLY_FALSE, _) => {
                match kinds.iter().find(|k| !k.fits(Kind::Truth)) {
                    Some(kind) => wrong(format!("{} is not true or false", kind.words())),
                    None => Ok(Kind::Truth),
                }
            }
            (operators::CONDITIONAL, [condition, yes, no]) => match condition.fits(Kind::Truth) {
                true => Ok(if yes == no { *yes } else { Kind::Any }),
                false => wrong(format!("{} is not true or false", condition.words())),
            },
            (operators::IN, [_, within]) => match within.fits(Kind::List) || *within == Kind::Map {
                true => Ok(Kind::Truth),
                false => wrong(format!("`in` looks into a list, not into {}", within.words())),
            },
            (operators::INDEX, [_, _]) => Ok(Kind::Any),
            (operators::EQUALS | operators::NOT_EQUALS, [left, right]) => {
                match left.fits(*right) || *left == Kind::Null || *right == Kind::Null {
                    true => Ok(Kind::Truth),
                    false => wrong(never_equal(*left, *right)),
                }
            }
            (operators::ADD, [left, right]) if left.fits(*right) => Ok(*left),
            (operators::NEGATE, _) if all(Kind::Number) => Ok(Kind::Number),
            (name, [left, right]) if is_order(name) => match left.fits(*right) {
                true => Ok(Kind::Truth),
                false => wrong(never_equal(*left, *right)),
            },
            _ if all(Kind::Number) => Ok(Kind::Number),
            _ => wrong("the operator does not fit its values".to_owned()),
        }
    }
}

fn is_order(name: &str) -> bool {
    matches!(
        name,
        operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS
    )
}

fn never_equal(left: Kind, right: Kind) -> String {
    format!("{} is compared with {}", left.words(), right.words())
}
