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

#[cfg(test)]
mod tests {
    use super::*;
    use Kind::{Any, Bytes, Double, Int, List, Map, Null, Span, Text, Time, Truth};

    #[test]
    fn operators_take_what_cel_lets_them_take() {
        for (name, kinds, answer) in [
            (operators::LOGICAL_AND, &[Truth, Any][..], Some(Truth)),
            (operators::LOGICAL_OR, &[Truth, Int], None),
            (operators::LOGICAL_NOT, &[Text], None),
            (operators::CONDITIONAL, &[Truth, Text, Text], Some(Text)),
            (operators::CONDITIONAL, &[Any, Text, Int], Some(Any)),
            (operators::CONDITIONAL, &[Int, Text, Text], None),
            (operators::IN, &[Text, List], Some(Truth)),
            (operators::IN, &[Text, Map], Some(Truth)),
            (operators::IN, &[Text, Text], None),
            (operators::INDEX, &[List, Int], Some(Any)),
            (operators::INDEX, &[Text, Int], None),
            (operators::EQUALS, &[Int, Double], Some(Truth)),
            (operators::EQUALS, &[Null, Int], Some(Truth)),
            (operators::NOT_EQUALS, &[Int, Null], Some(Truth)),
            (operators::EQUALS, &[Int, Text], None),
            (operators::NOT_EQUALS, &[Truth, Int], None),
            (operators::LESS, &[Int, Double], Some(Truth)),
            (operators::GREATER_EQUALS, &[Time, Time], Some(Truth)),
            (operators::LESS, &[Time, Span], None),
            (operators::LESS, &[List, List], None),
            (operators::LESS_EQUALS, &[Null, Null], None),
            (operators::GREATER, &[Text, Int], None),
        ] {
            assert_eq!(operator(name, kinds).ok(), answer, "{name} {kinds:?}");
        }
    }

    #[test]
    fn numbers_texts_and_times_are_calculated_with_their_like() {
        for (name, left, right, answer) in [
            (operators::ADD, Time, Span, Some(Time)),
            (operators::ADD, Span, Time, Some(Time)),
            (operators::ADD, Any, Time, Some(Time)),
            (operators::ADD, Time, Time, None),
            (operators::ADD, Text, Text, Some(Text)),
            (operators::ADD, Text, Any, Some(Text)),
            (operators::ADD, Any, List, Some(List)),
            (operators::ADD, Text, Int, None),
            (operators::ADD, Span, Span, Some(Span)),
            (operators::ADD, Any, Any, Some(Any)),
            (operators::ADD, Int, Any, Some(Int)),
            (operators::ADD, Any, Double, Some(Double)),
            (operators::ADD, Truth, Truth, None),
            (operators::ADD, Bytes, Bytes, None),
            (operators::SUBSTRACT, Time, Time, Some(Span)),
            (operators::SUBSTRACT, Time, Span, Some(Time)),
            (operators::SUBSTRACT, Time, Any, Some(Any)),
            (operators::SUBSTRACT, Span, Any, Some(Span)),
            (operators::SUBSTRACT, Any, Span, Some(Span)),
            (operators::SUBSTRACT, Span, Time, None),
            (operators::SUBSTRACT, Text, Text, None),
            (operators::MULTIPLY, Int, Int, Some(Int)),
            (operators::MULTIPLY, Span, Span, None),
            (operators::DIVIDE, Double, Double, Some(Double)),
            (operators::DIVIDE, Int, Double, None),
            (operators::MODULO, Int, Any, Some(Int)),
            (operators::MODULO, Any, Int, Some(Int)),
            (operators::MODULO, Double, Int, None),
        ] {
            assert_eq!(operator(name, &[left, right]).ok(), answer, "{name} {left:?} {right:?}");
        }
        for (kind, answer) in [(Int, Some(Int)), (Double, Some(Double)), (Text, None)] {
            assert_eq!(operator(operators::NEGATE, &[kind]).ok(), answer, "{kind:?}");
        }
        let (_, hint) = operator(operators::ADD, &[Int, Double]).unwrap_err();
        assert!(hint.is_some_and(|hint| hint.contains("double(")));
        assert_eq!(operator(operators::ADD, &[Int, Truth]).unwrap_err().1, None);
    }

    #[test]
    fn functions_take_their_kinds_and_as_many_as_they_have() {
        for (name, kinds, answer) in [
            ("startsWith", &[Text, Text][..], Some(Truth)),
            ("startsWith", &[Text], None),
            ("startsWith", &[List, Text], None),
            ("size", &[List], Some(Int)),
            ("size", &[Int], None),
            ("nothing", &[Text], None),
        ] {
            assert_eq!(function(name, kinds).ok(), answer, "{name} {kinds:?}");
        }
        let (_, hint) = function("contains", &[List, Text]).unwrap_err();
        assert!(hint.is_some_and(|hint| hint.contains("'admin' in")));
        assert_eq!(function("contains", &[Int, Text]).unwrap_err().1, None);
        assert_eq!(function("size", &[Int]).unwrap_err().1, None);
    }
}
