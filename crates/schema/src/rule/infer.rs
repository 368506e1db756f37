//! Checks the parts of a rule that only the caller decides: what they name, and that their kinds
//! fit. `bind` asks for the kind of each before it takes it as known.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, SelectExpr};

use super::facts::{FIELDS, REQUEST_FIELDS};
use super::kind::Kind;
use super::operator::{self, is_operator};
use super::vocabulary::{FUNCTIONS, MACROS, NAMES};
use super::written::Written;
use super::{RuleFault, pattern};
use crate::limits::MAX_RULE_TREE_DEPTH;
use mainstay_base::nearest;

/// Names and kinds of what no row decides.
pub(super) struct Walk<'a> {
    pub written: &'a Written<'a>,
    /// Tables of the module, for hints.
    pub tables: &'a [&'a str],
    /// Variables of an enclosing `exists` or the like.
    pub bound: Vec<String>,
}

impl Walk<'_> {
    pub fn kind(&self, node: &IdedExpr, depth: usize) -> Result<Kind, RuleFault> {
        if depth > MAX_RULE_TREE_DEPTH {
            let message = "the rule has too many steps in a row";
            return Err(self.written.fault(node, "rule-too-large", message));
        }
        match &node.expr {
            Expr::Ident(name) => self.name(node, name),
            Expr::Literal(literal) => Ok(Kind::of_literal(literal)),
            Expr::Select(select) => self.select(node, select, depth + 1),
            Expr::Call(call) => self.call(node, call, depth + 1),
            Expr::List(list) => {
                list.elements.iter().try_for_each(|item| self.kind(item, depth + 1).map(drop))?;
                Ok(Kind::List)
            }
            Expr::Comprehension(inner) => self.comprehension(node, inner, depth + 1),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err(self.written.fault(node, "rule-type", "a rule makes no maps"))
            }
        }
    }

    fn name(&self, node: &IdedExpr, name: &str) -> Result<Kind, RuleFault> {
        if self.bound.iter().any(|bound| bound == name) {
            return Ok(Kind::Any);
        }
        match name {
            "now" => Ok(Kind::Time),
            "auth" | "request" => {
                let fields = if name == "auth" { FIELDS } else { REQUEST_FIELDS }.join(", ");
                let message = format!("`{name}` alone says nothing: name one of its fields");
                let fault = self.written.fault(node, "rule-type", message);
                Err(fault.hint(format!("its fields are {fields}")))
            }
            _ => Err(self.unknown_name(node, name)),
        }
    }

    pub fn unknown_name(&self, node: &IdedExpr, name: &str) -> RuleFault {
        let message = format!("unknown name `{name}`");
        let mut fault = self.written.fault(node, "rule-unknown-name", message);
        let known = NAMES.iter().copied().chain(self.tables.iter().copied());
        fault.hint = Some(match nearest(name, known) {
            Some(right) => format!("did you mean `{right}`?"),
            None if FIELDS.contains(&name) => format!("did you mean `auth.{name}`?"),
            None => format!("columns are `row.{name}`; a text stands in quotes: '{name}'"),
        });
        fault
    }

    fn select(
        &self,
        node: &IdedExpr,
        select: &SelectExpr,
        depth: usize,
    ) -> Result<Kind, RuleFault> {
        let kind = match &select.operand.expr {
            Expr::Ident(name) if name == "auth" => self.field(node, select, "auth", FIELDS)?,
            Expr::Ident(name) if name == "request" => {
                self.field(node, select, "request", REQUEST_FIELDS)?
            }
            _ => {
                let operand = self.kind(&select.operand, depth)?;
                if !operand.fits(Kind::Map) {
                    let message = format!("{} has no field `{}`", operand.words(), select.field);
                    return Err(self.written.fault(node, "rule-type", message));
                }
                Kind::Any
            }
        };
        Ok(if select.test { Kind::Truth } else { kind })
    }

    fn field(
        &self,
        node: &IdedExpr,
        select: &SelectExpr,
        of: &str,
        fields: &[&str],
    ) -> Result<Kind, RuleFault> {
        match select.field.as_str() {
            name if !fields.contains(&name) => {
                let message = format!("`{of}` has no field `{name}`");
                let hint = match nearest(name, fields.iter().copied()) {
                    Some(right) => format!("did you mean `{of}.{right}`?"),
                    None => format!("its fields are {}", fields.join(", ")),
                };
                Err(self.written.fault(node, "rule-unknown-name", message).hint(hint))
            }
            "roles" => Ok(Kind::List),
            "claims" => Ok(Kind::Any),
            "headers" => Ok(Kind::Map),
            _ => Ok(Kind::Text),
        }
    }

    fn call(&self, node: &IdedExpr, call: &CallExpr, depth: usize) -> Result<Kind, RuleFault> {
        let name = call.func_name.as_str();
        self.known_function(node, name)?;
        let args = call.target.as_deref().into_iter().chain(&call.args);
        let kinds: Vec<Kind> = args.map(|arg| self.kind(arg, depth)).collect::<Result<_, _>>()?;
        let answer = match is_operator(name) {
            true => operator::operator(name, &kinds),
            false => operator::function(name, &kinds),
        };
        if let ("matches", [.., pattern]) = (name, call.args.as_slice())
            && let Expr::Literal(LiteralValue::String(text)) = &pattern.expr
        {
            pattern::compile(text.inner()).map_err(|why| {
                self.written.fault(node, "rule-type", format!("`matches`: {why}"))
            })?;
        }
        answer.map_err(|refusal| self.written.refused(node, refusal))
    }

    /// The function is one that rules know.
    pub fn known_function(&self, node: &IdedExpr, name: &str) -> Result<(), RuleFault> {
        if is_operator(name) || FUNCTIONS.iter().any(|known| known.name == name) {
            return Ok(());
        }
        let message = format!("unknown function `{name}`");
        let fault = self.written.fault(node, "rule-unknown-name", message);
        let known = FUNCTIONS.iter().map(|known| known.name).chain(MACROS.iter().copied());
        Err(match nearest(name, known.clone()) {
            Some(right) => fault.hint(format!("did you mean `{right}`?")),
            None => fault.hint(format!("known are {}", known.collect::<Vec<_>>().join(", "))),
        })
    }

    /// `exists` and its kin. One inside the other is refused: their cost multiplies.
    fn comprehension(
        &self,
        node: &IdedExpr,
        inner: &ComprehensionExpr,
        depth: usize,
    ) -> Result<Kind, RuleFault> {
        if !self.bound.is_empty() {
            let message = "one `exists`, `all`, `map` or `filter` over what is known of the caller \
                           inside another is not supported";
            return Err(self.written.fault(node, "rule-too-large", message));
        }
        let range = self.kind(&inner.iter_range, depth)?;
        if !range.is_listed() {
            let message = format!("only a list has `exists` and its like, not {}", range.words());
            return Err(self.written.fault(&inner.iter_range, "rule-type", message));
        }
        let mut bound = vec![inner.iter_var.clone(), inner.accu_var.clone()];
        bound.extend(inner.iter_var2.clone());
        let within = Walk { written: self.written, tables: self.tables, bound };
        for part in [&inner.accu_init, &inner.loop_cond, &inner.loop_step] {
            within.kind(part, depth)?;
        }
        match inner.result.expr {
            // What was accumulated is of the kind of its start.
            Expr::Ident(_) => self.kind(&inner.accu_init, depth),
            _ => within.kind(&inner.result, depth),
        }
    }
}
