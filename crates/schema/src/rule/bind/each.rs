//! `exists` and `all`: over the rows of a table, over lists of the row, and over lists of the
//! caller whose condition looks at the row.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};

use super::{Binder, Meaning, Var};
use crate::limits::MAX_RULE_LEVELS;
use crate::rule::RuleFault;
use crate::rule::tree::Cond;

impl<'m> Binder<'_, 'm> {
    pub(super) fn each(
        &mut self,
        node: &IdedExpr,
        inner: &ComprehensionExpr,
        depth: usize,
    ) -> Result<Meaning<'m>, RuleFault> {
        let Some((all, body)) = quantifier(inner) else {
            let message = "only `exists` and `all` look at rows";
            let fault = self.fault(node, "rule-type", message);
            return Err(fault.hint(
                "`map`, `filter` and `exists_one` work on what is known of the \
                                   caller",
            ));
        };
        let name = &inner.iter_var;
        self.check_name(&inner.iter_range, name)?;
        let level = self.vars.len();
        if level == MAX_RULE_LEVELS {
            let message = format!("more than {MAX_RULE_LEVELS} `exists` inside each other");
            return Err(self.fault(node, "rule-too-large", message));
        }
        let table = match &inner.iter_range.expr {
            Expr::Ident(range) if !self.vars.iter().any(|var| var.name == *range) => {
                self.scope.tables.iter().find(|table| table.name == range.as_str())
            }
            _ => None,
        };
        let list = match table {
            Some(_) => None,
            None => Some(self.list(&inner.iter_range, depth)?),
        };
        self.vars.push(Var { name: name.clone(), level, shape: table });
        let body = self.cond(body, depth);
        self.vars.pop();
        let body = Box::new(match all {
            true => Cond::Not(Box::new(body?)),
            false => body?,
        });
        let exists = match (table, list) {
            (Some(table), _) => Cond::Rows { table: table.name.into(), level, body },
            (None, Some(list)) => Cond::Items { list, level, body },
            (None, None) => Cond::Error,
        };
        Ok(Meaning::Cond(if all { Cond::Not(Box::new(exists)) } else { exists }))
    }

    fn list(
        &mut self,
        range: &IdedExpr,
        depth: usize,
    ) -> Result<crate::rule::tree::Term, RuleFault> {
        if let Expr::Ident(name) = &range.expr
            && self.is_known(range)
            && !matches!(name.as_str(), "auth" | "now" | "request")
        {
            return Err(self.walk.unknown_name(range, name));
        }
        let list = self.term(range, depth)?;
        if list.kind().is_listed() {
            return Ok(list);
        }
        let message = format!("only a list has `exists` and its like, not {}", list.kind().words());
        Err(self.fault(range, "rule-type", message))
    }

    /// A variable that hides a name would be read as that name by whoever reads the rule.
    fn check_name(&self, at: &IdedExpr, name: &str) -> Result<(), RuleFault> {
        let taken = crate::rule::vocabulary::NAMES.contains(&name)
            || self.scope.tables.iter().any(|table| table.name == name)
            || self.vars.iter().any(|var| var.name == name);
        if !taken {
            return Ok(());
        }
        let message = format!("the variable `{name}` has a name that means something already");
        let other = if name == "x" { "y" } else { "x" };
        let hint = format!("take another one, such as `{other}`");
        Err(self.fault(at, "rule-unknown-name", message).hint(hint))
    }
}

/// What the parser makes of `exists` and of `all` (true), and the condition inside.
fn quantifier(inner: &ComprehensionExpr) -> Option<(bool, &IdedExpr)> {
    let Expr::Literal(LiteralValue::Boolean(start)) = &inner.accu_init.expr else {
        return None;
    };
    let all = *start.inner();
    let Expr::Call(CallExpr { func_name, args, .. }) = &inner.loop_step.expr else {
        return None;
    };
    let wanted = if all { operators::LOGICAL_AND } else { operators::LOGICAL_OR };
    let accumulates =
        |node: &IdedExpr| matches!(&node.expr, Expr::Ident(name) if *name == inner.accu_var);
    match args.as_slice() {
        [accu, body] if func_name == wanted && accumulates(accu) => Some((all, body)),
        _ => None,
    }
}
