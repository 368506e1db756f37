//! From text to a checked program: after `guard` said that it is small, before a request asks it.

use std::sync::{Arc, LazyLock};

use cel::common::ast::{Expr, IdedExpr};
use cel::{Env, ParseErrors};

use super::{Kind, RuleFault, guard, infer};

/// Stack for the recursive parser and for the walk over the tree.
const PARSE_STACK_BYTES: usize = 32 << 20;

/// The standard functions of CEL without optional values, built once for all rules.
pub(super) fn environment() -> &'static Arc<Env> {
    static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));
    &ENVIRONMENT
}

/// Parses and checks on a thread of its own, whose stack the deepest allowed text cannot exhaust.
pub(super) fn parse(source: &str) -> Result<Kind, RuleFault> {
    guard::check(source)?;
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(PARSE_STACK_BYTES)
            .spawn_scoped(scope, || compile(source))
            .map_err(|_| RuleFault::new("rule-syntax", "no thread to read the rule on"))?
            .join()
            .unwrap_or_else(|_| Err(RuleFault::new("rule-syntax", "the rule does not parse")))
    })
}

fn compile(source: &str) -> Result<Kind, RuleFault> {
    let program = environment().compile(source).map_err(|errors| syntax_fault(source, &errors))?;
    infer::check(source, &program)?;
    let needs_claims = mentions_claims(program.expression());
    Ok(Kind::Ask { program: Arc::new(program), needs_claims })
}

/// The parser's first complaint, shortened to its first line.
fn syntax_fault(source: &str, errors: &ParseErrors) -> RuleFault {
    let Some(error) = errors.errors.first() else {
        return RuleFault::new("rule-syntax", "the rule does not parse");
    };
    let said = error.msg.lines().next().unwrap_or_default();
    let said = said.strip_prefix("Syntax error: ").unwrap_or(said);
    let said: String = said.split(" expecting ").next().unwrap_or(said).chars().take(120).collect();
    let mut fault = RuleFault::new("rule-syntax", format!("the rule does not parse: {said}"));
    let (line, column) = error.pos;
    if let (Ok(line), Ok(column)) = (usize::try_from(line), usize::try_from(column)) {
        let before: usize =
            source.lines().take(line.saturating_sub(1)).map(|line| line.chars().count() + 1).sum();
        let at = (before + column.saturating_sub(1)).min(source.chars().count());
        fault.range = Some((at, at + 1));
    }
    if source.contains(" and ") || source.contains(" or ") {
        return fault.hint("CEL writes `&&` and `||`");
    }
    if source.contains(" = ") {
        return fault.hint("CEL compares with `==`");
    }
    fault
}

/// Looks for `.claims` anywhere; a false positive only costs time.
fn mentions_claims(expression: &IdedExpr) -> bool {
    match &expression.expr {
        Expr::Select(select) => select.field == "claims" || mentions_claims(&select.operand),
        Expr::Call(call) => {
            call.target.iter().any(|target| mentions_claims(target))
                || call.args.iter().any(mentions_claims)
        }
        Expr::List(list) => list.elements.iter().any(mentions_claims),
        Expr::Comprehension(inner) => {
            [&inner.iter_range, &inner.accu_init, &inner.loop_cond, &inner.loop_step, &inner.result]
                .into_iter()
                .any(mentions_claims)
        }
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => false,
        Expr::Map(_) | Expr::Struct(_) => true,
    }
}
