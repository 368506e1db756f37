//! What operators and functions answer for values of given kinds, and what they refuse: a rule that
//! can never be true or false is a mistake that should not wait for a request.

use cel::common::ast::operators;

use super::kind::Kind;
use super::vocabulary::{FUNCTIONS, Function};

/// A message, and what to write instead.
pub(super) type Refusal = (String, Option<&'static str>);

/// The kind of an operator's answer.
pub(super) fn operator(name: &str, kinds: &[Kind]) -> Result<Kind, Refusal> {
    match (name, kinds) {
        (
            operators::LOGICAL_AND
            | operators::LOGICAL_OR
            | operators::LOGICAL_NOT
            | operators::NOT_STRICTLY_FALSE,
            _,
        ) => match kinds.iter().find(|kind| !kind.fits(Kind::Truth)) {
            Some(kind) => Err((format!("{} is not true or false", kind.words()), None)),
            None => Ok(Kind::Truth),
        },
        (operators::CONDITIONAL, [condition, yes, no]) => match condition.fits(Kind::Truth) {
            true => Ok(if yes == no { *yes } else { Kind::Any }),
            false => Err((format!("{} is not true or false", condition.words()), None)),
        },
        (operators::IN, [_, within]) => match within.is_listed() {
            true => Ok(Kind::Truth),
            false => {
                let hint = (*within == Kind::Text).then_some("texts have `contains`");
                Err((format!("`in` looks into a list, not into {}", within.words()), hint))
            }
        },
        (operators::INDEX, [from, _]) => match from.is_listed() {
            true => Ok(Kind::Any),
            false => Err((format!("{} has no elements", from.words()), None)),
        },
        (operators::EQUALS | operators::NOT_EQUALS, [left, right]) => {
            match left.compares(*right) || *left == Kind::Null || *right == Kind::Null {
                true => Ok(Kind::Truth),
                false => Err((never(*left, *right), None)),
            }
        }
        (name, [left, right]) if is_order(name) => {
            match left.compares(*right) && left.is_ordered() && right.is_ordered() {
                true => Ok(Kind::Truth),
                false => Err((never(*left, *right), None)),
            }
        }
        _ => calculated(name, kinds),
    }
}

fn calculated(name: &str, kinds: &[Kind]) -> Result<Kind, Refusal> {
    use Kind::{Any, Double, Int, List, Span, Text, Time};
    let answer = match (name, kinds) {
        (operators::NEGATE, [Int | Double | Span | Any]) => Some(kinds[0]),
        (operators::ADD, [Time, Span | Any] | [Span | Any, Time]) => Some(Time),
        (operators::ADD, [left @ (Text | List), right]) if left.fits(*right) => Some(*left),
        (operators::ADD, [Any, right @ (Text | List)]) => Some(*right),
        (operators::SUBSTRACT, [Time, Time]) => Some(Span),
        (operators::SUBSTRACT, [Time, Span]) => Some(Time),
        (operators::SUBSTRACT, [Time, Any]) => Some(Any),
        (operators::ADD | operators::SUBSTRACT, [Span, Span | Any] | [Any, Span]) => Some(Span),
        (operators::MODULO, [Int | Any, Int | Any]) => Some(Int),
        (
            operators::ADD | operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE,
            [left, right],
        ) => match (left, right) {
            (Int, Int | Any) | (Any, Int) => Some(Int),
            (Double, Double | Any) | (Any, Double) => Some(Double),
            (Any, Any) => Some(Any),
            _ => None,
        },
        _ => None,
    };
    answer.ok_or_else(|| {
        let mixed = kinds.contains(&Int) && kinds.contains(&Double);
        let hint = mixed.then_some("write `double(…)` around the whole number, or `1.0` for `1`");
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.words()).collect();
        (format!("the operator does not take {}", kinds.join(" and ")), hint)
    })
}

/// The kind of a function's answer; the value before the dot is its first argument.
pub(super) fn function(name: &str, kinds: &[Kind]) -> Result<Kind, Refusal> {
    let Some(Function { takes, answer, .. }) = FUNCTIONS.iter().find(|known| known.name == name)
    else {
        return Err((format!("unknown function `{name}`"), None));
    };
    if kinds.len() != takes.len() {
        let many = takes.len();
        return Err((format!("`{name}` takes {many} values with the one before the dot"), None));
    }
    for (kind, takes) in kinds.iter().zip(*takes) {
        if !takes.iter().any(|taken| kind.fits(*taken)) {
            let listed = *kind == Kind::List && takes.contains(&Kind::Text);
            let hint = listed.then_some("for lists write `'admin' in auth.roles`");
            return Err((format!("`{name}` does not work on {}", kind.words()), hint));
        }
    }
    Ok(*answer)
}

pub(super) fn is_order(name: &str) -> bool {
    matches!(
        name,
        operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS
    )
}

/// The parser's names for operators have no letter that a person could write.
pub(super) fn is_operator(name: &str) -> bool {
    name.starts_with(['_', '@', '!', '-']) && !name.contains(|c: char| c.is_ascii_uppercase())
}

fn never(left: Kind, right: Kind) -> String {
    format!("{} is compared with {}", left.words(), right.words())
}
