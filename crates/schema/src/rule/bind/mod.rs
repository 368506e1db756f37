//! From a parsed rule to a tree: every name is looked up, every kind compared, the parts that only
//! the caller decides are set apart. `rows` knows rows and references, `value` calls and operators,
//! `each` goes through tables and lists.

mod each;
mod rows;
mod value;

use cel::Program;
use cel::common::ast::{Expr, IdedExpr};

use super::RuleFault;
use super::constant::Const;
use super::infer::Walk;
use super::kind::Kind;
use super::known::{Known, mentions};
use super::tree::{At, Cond, Term};
use super::written::Written;
use crate::limits::{MAX_RULE_NODES, MAX_RULE_TREE_DEPTH};

pub(crate) use rows::{Shape, field};

/// What a rule may name.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'m> {
    /// Tables of the module.
    pub tables: &'m [Shape<'m>],
    /// What `row` and `new` are; rules of functions have neither.
    pub row: Option<&'m Shape<'m>>,
    pub sees_row: bool,
    pub sees_new: bool,
    /// Why `row` or `new` cannot be named here.
    pub why_not: &'static str,
}

impl Scope<'_> {
    /// Only the caller is known.
    pub const CALLER: Scope<'static> = Scope {
        tables: &[],
        row: None,
        sees_row: false,
        sees_new: false,
        why_not: "this rule is asked before any row is looked at",
    };
}

/// A bound rule before it is split by what it sees.
pub(super) struct Tree {
    pub cond: Cond,
    pub knowns: Vec<Known>,
}

/// # Errors
/// An unknown name, a kind that does not fit, too large.
pub(super) fn bind(source: &str, program: &Program, scope: &Scope<'_>) -> Result<Tree, RuleFault> {
    let names: Vec<&str> = scope.tables.iter().map(|table| table.name).collect();
    let written = Written { source, program };
    let walk = Walk { written: &written, tables: &names, bound: Vec::new() };
    let root = program.expression();
    let mut binder = Binder { walk: &walk, scope, knowns: Vec::new(), vars: Vec::new(), nodes: 0 };
    let cond = binder.cond(root, 0)?;
    Ok(Tree { cond, knowns: binder.knowns })
}

/// A variable of an `exists` or `all`.
struct Var<'m> {
    name: String,
    level: usize,
    /// The table whose row it is; otherwise an element of a list.
    shape: Option<&'m Shape<'m>>,
}

struct Binder<'w, 'm> {
    walk: &'w Walk<'w>,
    scope: &'w Scope<'m>,
    knowns: Vec<Known>,
    vars: Vec<Var<'m>>,
    nodes: usize,
}

/// What a node means.
enum Meaning<'m> {
    Cond(Cond),
    Term(Term),
    /// A row as a whole: only its columns have a value.
    Row(At, &'m Shape<'m>),
    /// A reference: its key as a value, the row it points to as a row.
    Reference(Term, At, &'m Shape<'m>),
}

impl<'m> Binder<'_, 'm> {
    fn fault(&self, node: &IdedExpr, code: &'static str, message: impl Into<String>) -> RuleFault {
        self.walk.written.fault(node, code, message)
    }

    fn cond(&mut self, node: &IdedExpr, depth: usize) -> Result<Cond, RuleFault> {
        match self.meaning(node, depth)? {
            Meaning::Cond(cond) => Ok(cond),
            Meaning::Term(term) | Meaning::Reference(term, ..) => match term.kind() {
                Kind::Truth | Kind::Any => Ok(match term {
                    Term::Const(Const::Bool(truth)) => Cond::Const(truth),
                    Term::If(condition, yes, no) => {
                        Cond::If(condition, Box::new(truth(*yes)), Box::new(truth(*no)))
                    }
                    term => Cond::Is(term),
                }),
                kind => {
                    let message = format!("the rule is {}, not true or false", kind.words());
                    let fault = self.fault(node, "rule-type", message);
                    Err(fault.hint("compare it: `auth.role == 'admin'`"))
                }
            },
            Meaning::Row(..) => Err(self.whole_row(node)),
        }
    }

    fn term(&mut self, node: &IdedExpr, depth: usize) -> Result<Term, RuleFault> {
        match self.meaning(node, depth)? {
            Meaning::Term(term) | Meaning::Reference(term, ..) => Ok(term),
            Meaning::Cond(Cond::Const(truth)) => Ok(Term::Const(Const::Bool(truth))),
            Meaning::Cond(cond) => Ok(Term::Truth(Box::new(cond))),
            Meaning::Row(..) => Err(self.whole_row(node)),
        }
    }

    fn whole_row(&self, node: &IdedExpr) -> RuleFault {
        self.fault(node, "rule-type", "a row alone says nothing: name one of its columns")
            .hint("for example `row.id`")
    }

    fn meaning(&mut self, node: &IdedExpr, depth: usize) -> Result<Meaning<'m>, RuleFault> {
        self.nodes += 1;
        if depth > MAX_RULE_TREE_DEPTH || self.nodes > MAX_RULE_NODES {
            return Err(self.fault(node, "rule-too-large", "the rule has too many steps"));
        }
        if let Expr::Literal(literal) = &node.expr {
            return self.literal(node, literal);
        }
        if self.is_known(node) {
            return self.known(node, depth).map(Meaning::Term);
        }
        match &node.expr {
            Expr::Ident(name) => self.ident(node, name),
            Expr::Select(select) => self.select(node, select, depth + 1),
            Expr::Call(call) => self.call(node, call, depth + 1),
            Expr::Comprehension(inner) => self.each(node, inner, depth + 1),
            Expr::List(_) => {
                Err(self.fault(node, "rule-type", "a list of columns stands only behind `in`"))
            }
            _ => Err(self.fault(node, "rule-type", "a rule makes no maps")),
        }
    }

    /// No row decides it, nor an element of a list that only a row knows.
    fn is_known(&self, node: &IdedExpr) -> bool {
        let mut names = vec!["row", "new"];
        names.extend(self.scope.tables.iter().map(|table| table.name));
        names.extend(self.vars.iter().map(|var| var.name.as_str()));
        !mentions(node, &names) && !makes_patterns(node)
    }

    fn known(&mut self, node: &IdedExpr, depth: usize) -> Result<Term, RuleFault> {
        let kind = self.walk.kind(node, depth)?;
        let text = self.walk.written.text(node);
        // What was noticed once is asked once. Never by the text: it is for people to read.
        if let Some(at) = self.knowns.iter().position(|known| known.is(node)) {
            return Ok(Term::Known(at, kind));
        }
        self.knowns.push(Known::new(node, text, kind));
        Ok(Term::Known(self.knowns.len() - 1, kind))
    }
}

/// A pattern that is no constant is compiled for each request: by us, who bound its size.
fn makes_patterns(node: &IdedExpr) -> bool {
    match &node.expr {
        Expr::Call(call) => {
            let made = |arg: &IdedExpr| !matches!(arg.expr, Expr::Literal(_));
            (call.func_name == "matches" && call.args.last().is_some_and(made))
                || call.target.iter().any(|target| makes_patterns(target))
                || call.args.iter().any(makes_patterns)
        }
        Expr::Select(select) => makes_patterns(&select.operand),
        Expr::List(list) => list.elements.iter().any(makes_patterns),
        Expr::Comprehension(inner) => {
            makes_patterns(&inner.iter_range) || makes_patterns(&inner.loop_step)
        }
        _ => false,
    }
}

/// A value that is taken for true or false.
fn truth(term: Term) -> Cond {
    match term {
        Term::Const(Const::Bool(truth)) => Cond::Const(truth),
        Term::Truth(cond) => *cond,
        Term::If(condition, yes, no) => {
            Cond::If(condition, Box::new(truth(*yes)), Box::new(truth(*no)))
        }
        term => Cond::Is(term),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    #[test]
    fn a_pattern_that_only_a_request_knows_is_noticed_wherever_it_stands() {
        let makes = |source: &str| makes_patterns(parse(source).unwrap().expression());
        for source in [
            "auth.email.matches(auth.role)",
            "!auth.email.matches('a' + 'b')",
            "true && auth.email.matches(auth.role)",
            "auth.email.matches(auth.role).x",
            "[true, auth.email.matches(auth.role)]",
            "[auth.email.matches(auth.role)].exists(x, x)",
            "auth.roles.exists(r, auth.email.matches(r))",
            "string(auth.email.matches(auth.role)).matches('true')",
        ] {
            assert!(makes(source), "{source}");
        }
        for source in [
            "auth.email.matches('^a')",
            "auth.roles.exists(r, r.matches('^a'))",
            "auth.email.contains(auth.role)",
            "['a', auth.role]",
            "auth.claims.matches",
        ] {
            assert!(!makes(source), "{source}");
        }
    }
}
