//! From text to a program: after `guard` said that it is small, before `bind` looks up its names.

use std::sync::{Arc, LazyLock};

use cel::{Env, ParseErrors, Program};

use super::{RuleFault, guard};

/// Stack for the recursive parser.
const PARSE_STACK_BYTES: usize = 32 << 20;

/// The standard functions of CEL with the extension for texts, built once for all rules. Which of
/// them a rule may call is `vocabulary`'s matter.
pub(super) fn environment() -> &'static Arc<Env> {
    static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
        let mut environment = Env::stdlib().with_optional_support(false);
        // A name that is taken is a fault of the library's own tables, which its tests would show.
        let _ = environment.add_extension(cel::extensions::strings);
        Arc::new(environment)
    });
    &ENVIRONMENT
}

/// Parses on a thread of its own, whose stack the deepest allowed text cannot exhaust.
pub(super) fn parse(source: &str) -> Result<Program, RuleFault> {
    guard::check(source)?;
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(PARSE_STACK_BYTES)
            .spawn_scoped(scope, || {
                environment().compile(source).map_err(|errors| syntax_fault(source, &errors))
            })
            .map_err(|_| RuleFault::new("rule-syntax", "no thread to read the rule on"))?
            .join()
            .unwrap_or_else(|_| Err(RuleFault::new("rule-syntax", "the rule does not parse")))
    })
}

/// The parser's first complaint, shortened to its first line.
fn syntax_fault(source: &str, errors: &ParseErrors) -> RuleFault {
    let Some(error) = errors.errors.first() else {
        return RuleFault::new("rule-syntax", "the rule does not parse");
    };
    let said = error.msg.lines().next().unwrap_or_default();
    let said = said.strip_prefix("Syntax error: ").unwrap_or(said);
    let said: String = said.split(" expecting ").next().unwrap_or(said).chars().take(120).collect();
    // What the parser says of its own limits is meant for those who wrote it.
    if said.contains("OtherError") || said.contains("ecursion") {
        return RuleFault::new("rule-too-large", "the rule is nested too deeply");
    }
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
