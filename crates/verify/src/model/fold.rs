//! What can be said of a rule for a caller before any row is looked at: what is known of the caller
//! is judged, and what that decides is folded away. No further than a careful reader would.

use super::rules::{Asked, Ready};
use crate::rule::{Expr, Over};

/// What is known of a rule for a caller, whatever the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    True,
    False,
    Error,
    /// False or an error.
    Never,
    Unknown,
    /// A list without elements.
    Nothing,
}

impl Verdict {
    /// It is certainly found out that it will not be true.
    #[must_use]
    pub fn denies(self) -> bool {
        matches!(self, Self::False | Self::Error)
    }

    /// It will not be true, and whether that is found out before any row is looked at is open.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Never | Self::Unknown)
    }
}

/// What a part of a rule comes to. `place` counts the parts in the order in which they are walked.
pub fn fold(expr: &Expr, ready: &Ready, asked: &Asked<'_>, place: &mut usize) -> Verdict {
    let at = *place;
    *place += 1;
    let parts: Vec<Verdict> =
        expr.parts().into_iter().map(|part| fold(part, ready, asked, place)).collect();
    if let Some((_, program)) = ready.known.iter().find(|(known, _)| *known == at) {
        return asked.judge.verdict(program, asked.facts, asked.snapshot);
    }
    use Verdict::{Error, False, Never, Nothing, True, Unknown};
    match (expr, parts.as_slice()) {
        (Expr::Binary("&&", ..), [left, right]) => joined([*left, *right], False, True),
        (Expr::Binary("||", ..), [left, right]) => joined([*left, *right], True, False),
        (Expr::Binary("==", ..), [left @ (True | False), right @ (True | False)]) => {
            truth(left == right)
        }
        (Expr::Binary("!=", ..), [left @ (True | False), right @ (True | False)]) => {
            truth(left != right)
        }
        (Expr::Not(_), [one]) => match one {
            True => False,
            False => True,
            Error => Error,
            Never | Unknown | Nothing => Unknown,
        },
        (Expr::Choice(..), [test, yes, no]) => match test {
            True => *yes,
            False => *no,
            Error => Error,
            Never | Unknown | Nothing => {
                let never = [yes, no].into_iter().all(|one| matches!(one, False | Error | Never));
                if never { Never } else { Unknown }
            }
        },
        (Expr::Every { over, all, .. }, parts) => every(over, *all, parts),
        (Expr::Binary("in", ..), [left, Nothing]) if *left != Error => Never,
        // A choice between values is made first, and what fails then is found in each branch.
        (_, parts) if parts.contains(&Error) => {
            let chooses = expr.any(&|part| matches!(part, Expr::Choice(..)));
            if chooses { Never } else { Error }
        }
        _ => Unknown,
    }
}

fn truth(truth: bool) -> Verdict {
    if truth { Verdict::True } else { Verdict::False }
}

/// `&&` and `||`: the side that decides absorbs errors, wherever it stands.
fn joined([left, right]: [Verdict; 2], decides: Verdict, passes: Verdict) -> Verdict {
    use Verdict::{Error, Unknown};
    match (left, right) {
        (one, other) if one == decides || other == decides => decides,
        (one, other) if one == passes => other,
        (other, one) if one == passes => other,
        (Error, Error) => Error,
        (Unknown, Unknown) => Unknown,
        (Unknown, _) | (_, Unknown) if decides == Verdict::True => Unknown,
        _ => Verdict::Never,
    }
}

/// `exists` and `all`, over a table that may be empty or over a list.
fn every(over: &Over, all: bool, parts: &[Verdict]) -> Verdict {
    use Verdict::{Error, False, Never, Nothing, True, Unknown};
    match (over, all, parts) {
        (Over::Table(_), false, [False]) => False,
        (Over::Table(_), true, [True]) => True,
        (Over::List(_), _, [Error, _]) => Error,
        (Over::List(_), all, [Nothing, _]) => truth(all),
        (_, false, [.., False | Error | Never]) => Never,
        _ => Unknown,
    }
}
