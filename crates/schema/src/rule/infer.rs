//! Checks what a parsed rule names and compares: only `auth` is known before the query, and a rule
//! that can never be true or false is a mistake that should not wait for a request.

use cel::Program;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, SelectExpr};

use super::RuleFault;
use super::facts::FIELDS;
use super::vocabulary::{FUNCTIONS, Kind, LATER, MACROS, literal_kind};
use crate::limits::MAX_RULE_TREE_DEPTH;
use crate::nearest::nearest;

/// Checks names, functions and types; the whole must be true or false.
pub(super) fn check(source: &str, program: &Program) -> Result<(), RuleFault> {
    let walk = Walk { source, program, bound: Vec::new() };
    let root = program.expression();
    match walk.kind(root, 0)? {
        Kind::Truth | Kind::Any => Ok(()),
        other => {
            let message = format!("the rule is {}, not true or false", other.words());
            Err(walk.fault(root, "rule-type", message).hint("compare it: `auth.role == 'admin'`"))
        }
    }
}

pub(super) struct Walk<'a> {
    source: &'a str,
    program: &'a Program,
    /// Variables of an enclosing `exists` or the like.
    bound: Vec<String>,
}

impl Walk<'_> {
    pub(super) fn fault(
        &self,
        at: &IdedExpr,
        code: &'static str,
        message: impl Into<String>,
    ) -> RuleFault {
        let mut fault = RuleFault::new(code, message);
        fault.range = self.program.source_info().offset_for(at.id).and_then(|(start, stop)| {
            let (start, stop) = (usize::try_from(start).ok()?, usize::try_from(stop).ok()?);
            Some((start, (stop + 1).min(self.source.chars().count()).max(start + 1)))
        });
        fault
    }

    fn kind(&self, node: &IdedExpr, depth: usize) -> Result<Kind, RuleFault> {
        if depth > MAX_RULE_TREE_DEPTH {
            return Err(self.fault(node, "rule-too-large", "the rule has too many steps in a row"));
        }
        match &node.expr {
            Expr::Ident(name) => self.name(node, name),
            Expr::Literal(literal) => Ok(literal_kind(literal)),
            Expr::Select(select) => self.select(node, select, depth + 1),
            Expr::Call(call) => self.call(node, call, depth + 1),
            Expr::List(list) => {
                list.elements.iter().try_for_each(|item| self.kind(item, depth + 1).map(drop))?;
                Ok(Kind::List)
            }
            Expr::Comprehension(inner) => self.comprehension(node, inner, depth + 1),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err(self.fault(node, "rule-type", "a rule makes no maps"))
            }
        }
    }

    fn name(&self, node: &IdedExpr, name: &str) -> Result<Kind, RuleFault> {
        if self.bound.iter().any(|bound| bound == name) {
            return Ok(Kind::Any);
        }
        if name == "auth" {
            let fields = FIELDS.join(", ");
            return Err(self
                .fault(node, "rule-type", "`auth` alone says nothing: name one of its fields")
                .hint(format!("its fields are {fields}")));
        }
        if let Some((_, message)) = LATER.iter().find(|(later, _)| *later == name) {
            return Err(self
                .fault(node, "rule-later", *message)
                .hint("in this version a rule may use `auth`, which is known before the query"));
        }
        let mut fault = self.fault(node, "rule-unknown-name", format!("unknown name `{name}`"));
        fault.hint = Some(match nearest(name, ["auth", "true", "false", "null"]) {
            Some(right) => format!("did you mean `{right}`?"),
            None if FIELDS.contains(&name) => format!("did you mean `auth.{name}`?"),
            None => format!("a rule knows `auth`; a text stands in quotes: '{name}'"),
        });
        Err(fault)
    }

    fn select(
        &self,
        node: &IdedExpr,
        select: &SelectExpr,
        depth: usize,
    ) -> Result<Kind, RuleFault> {
        if !matches!(&select.operand.expr, Expr::Ident(name) if name == "auth") {
            let operand = self.kind(&select.operand, depth)?;
            if !operand.fits(Kind::Map) {
                let message = format!("{} has no field `{}`", operand.words(), select.field);
                return Err(self.fault(node, "rule-type", message));
            }
            return Ok(if select.test { Kind::Truth } else { Kind::Any });
        }
        let kind = match select.field.as_str() {
            "uid" | "role" | "email" | "aal" => Kind::Text,
            "roles" => Kind::List,
            "claims" => Kind::Any,
            other => {
                let message = format!("`auth` has no field `{other}`");
                let hint = match nearest(other, FIELDS.iter().copied()) {
                    Some(right) => format!("did you mean `auth.{right}`?"),
                    None => format!("its fields are {}", FIELDS.join(", ")),
                };
                return Err(self.fault(node, "rule-unknown-name", message).hint(hint));
            }
        };
        Ok(if select.test { Kind::Truth } else { kind })
    }

    fn call(&self, node: &IdedExpr, call: &CallExpr, depth: usize) -> Result<Kind, RuleFault> {
        let name = call.func_name.as_str();
        let args: Vec<&IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
        if !is_operator(name) && !FUNCTIONS.iter().any(|(known, ..)| *known == name) {
            return Err(self.unknown_function(node, name));
        }
        let kinds: Vec<Kind> =
            args.iter().map(|arg| self.kind(arg, depth)).collect::<Result<_, _>>()?;
        if let Some((_, count, answer)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) {
            return self.function(node, name, &kinds, *count, *answer);
        }
        self.operator(node, name, &kinds)
    }

    fn function(
        &self,
        node: &IdedExpr,
        name: &str,
        kinds: &[Kind],
        count: usize,
        answer: Kind,
    ) -> Result<Kind, RuleFault> {
        if kinds.len() != count {
            let message = format!("`{name}` takes {count} values with the one before the dot");
            return Err(self.fault(node, "rule-type", message));
        }
        if answer == Kind::Truth && count == 2 && !kinds.iter().all(|kind| kind.fits(Kind::Text)) {
            let message = format!("`{name}` works on texts");
            let hint = "for lists write `'admin' in auth.roles`";
            return Err(self.fault(node, "rule-type", message).hint(hint));
        }
        Ok(answer)
    }

    fn unknown_function(&self, node: &IdedExpr, name: &str) -> RuleFault {
        let fault = self.fault(node, "rule-unknown-name", format!("unknown function `{name}`"));
        let known = FUNCTIONS.iter().map(|(known, ..)| *known).chain(MACROS.iter().copied());
        match nearest(name, known.clone()) {
            Some(right) => fault.hint(format!("did you mean `{right}`?")),
            None => fault.hint(format!("known are {}", known.collect::<Vec<_>>().join(", "))),
        }
    }

    /// `exists` and its kin. One inside the other is refused: their cost multiplies.
    fn comprehension(
        &self,
        node: &IdedExpr,
        inner: &ComprehensionExpr,
        depth: usize,
    ) -> Result<Kind, RuleFault> {
        if !self.bound.is_empty() {
            let message = "one `exists`, `all`, `map` or `filter` inside another is not supported";
            return Err(self.fault(node, "rule-too-large", message));
        }
        let range = self.kind(&inner.iter_range, depth)?;
        if !range.fits(Kind::List) {
            let message = format!("only a list has `exists` and its like, not {}", range.words());
            return Err(self.fault(&inner.iter_range, "rule-type", message));
        }
        let mut bound = vec![inner.iter_var.clone(), inner.accu_var.clone()];
        bound.extend(inner.iter_var2.clone());
        let within = Walk { source: self.source, program: self.program, bound };
        for part in [&inner.accu_init, &inner.loop_cond, &inner.loop_step] {
            within.kind(part, depth)?;
        }
        within.kind(&inner.result, depth)
    }
}

fn is_operator(name: &str) -> bool {
    name.starts_with(['_', '@', '!', '-']) && !name.contains(|c: char| c.is_ascii_uppercase())
}
