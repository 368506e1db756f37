//! A rule as it was written: which characters a node of its tree stands for, so that a fault can be
//! shown where it is.

use cel::Program;
use cel::common::ast::{CallExpr, Expr, IdedExpr};

use super::RuleFault;
use super::operator::{Refusal, is_operator};

/// The text of a rule beside its program.
pub(super) struct Written<'a> {
    pub source: &'a str,
    pub program: &'a Program,
}

impl Written<'_> {
    pub fn fault(
        &self,
        at: &IdedExpr,
        code: &'static str,
        message: impl Into<String>,
    ) -> RuleFault {
        let mut fault = RuleFault::new(code, message);
        fault.range = self.range(at);
        fault
    }

    pub fn refused(&self, at: &IdedExpr, (message, hint): Refusal) -> RuleFault {
        let fault = self.fault(at, "rule-type", message);
        match hint {
            Some(hint) => fault.hint(hint),
            None => fault,
        }
    }

    fn range(&self, at: &IdedExpr) -> Option<(usize, usize)> {
        let (start, stop) = self.program.source_info().offset_for(at.id)?;
        let (start, stop) = (usize::try_from(start).ok()?, usize::try_from(stop).ok()?);
        // Of a call it gives that of the bracket behind the name.
        if let Expr::Call(CallExpr { func_name, target: None, .. }) = &at.expr
            && !is_operator(func_name)
        {
            return Some((start.saturating_sub(func_name.chars().count()), stop + 1));
        }
        // Of `has(a.b)` the parser gives the place of the bracket.
        if let Expr::Select(select) = &at.expr
            && select.test
        {
            let end = self.range(&select.operand).map_or(stop, |(_, end)| end);
            return Some((start.saturating_sub(3), end + select.field.chars().count() + 2));
        }
        // The parser gives the place of the dot alone.
        if let Expr::Select(select) = &at.expr {
            let from = self.range(&select.operand).map_or(start, |(from, _)| from.min(start));
            return Some((from, stop + 1 + select.field.chars().count()));
        }
        Some((start, (stop + 1).min(self.source.chars().count()).max(start + 1)))
    }

    /// All that a node and those below it were written as.
    pub fn text(&self, node: &IdedExpr) -> String {
        let mut span: Option<(usize, usize)> = None;
        self.widen(node, &mut span);
        let Some((start, stop)) = span else { return String::new() };
        let text: String = self.source.chars().skip(start).take(stop - start).collect();
        // What a call takes ends before its bracket.
        let open =
            text.matches(['(', '[']).count().saturating_sub(text.matches([')', ']']).count());
        let closing = self.source.chars().skip(stop).take_while(|c| matches!(c, ')' | ']' | ' '));
        let closing: String = closing.filter(|c| *c != ' ').take(open).collect();
        text + &closing
    }

    fn widen(&self, node: &IdedExpr, span: &mut Option<(usize, usize)>) {
        if let Some((start, stop)) = self.range(node) {
            *span = Some(span.map_or((start, stop), |(s, e)| (s.min(start), e.max(stop))));
        }
        let mut visit = |node: &IdedExpr| self.widen(node, span);
        match &node.expr {
            Expr::Select(select) => visit(&select.operand),
            Expr::Call(call) => {
                call.target.iter().for_each(|target| visit(target));
                call.args.iter().for_each(visit);
            }
            Expr::List(list) => list.elements.iter().for_each(visit),
            Expr::Comprehension(inner) => {
                visit(&inner.iter_range);
                visit(&inner.loop_step);
            }
            _ => {}
        }
    }
}
