//! Access rules: CEL compiled for each caller. `guard` bounds the text, `cel` parses it, `bind`
//! looks up its names and makes a `tree`, `reduce` folds away what is known of the caller, and the
//! `residual` is a condition on rows that the store puts into its statements.

pub(crate) mod bind;
mod constant;
pub mod dynamic;
mod facts;
mod formula;
mod guard;
mod infer;
mod kind;
mod known;
mod operator;
mod parse;
pub mod pattern;
mod reduce;
mod renamed;
mod residual;
mod ruling;
pub mod tree;
mod vocabulary;
mod written;

use std::sync::Arc;

use cel::Program;

pub use constant::Const;
pub use facts::{AuthFacts, RequestFacts};
pub use formula::Formula;
pub use kind::Kind;
pub use known::{Asking, Known};
pub use reduce::Cell;
pub use residual::Residual;
pub use ruling::{Bound, Check, Verdict};

use crate::mistake::Place;
use bind::Scope;
use tree::{At, Cond, Field, Term};

/// A rule that is known to parse; once it is bound, to name only what exists.
#[derive(Clone, Debug)]
pub struct Rule {
    /// As it was written.
    pub source: String,
    /// Where it was written.
    pub place: Option<Place>,
    program: Option<Arc<Program>>,
    bound: Option<Arc<Bound>>,
}

/// Why a text is no rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleFault {
    /// A stable name of this kind of fault.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
    /// The characters of the source that are meant.
    pub range: Option<(usize, usize)>,
}

impl Rule {
    /// Reads a rule. Its names are looked up by `bind`.
    ///
    /// # Errors
    /// Too long or too deep, or not CEL.
    pub fn parse(source: &str) -> Result<Self, RuleFault> {
        match source.trim() {
            "true" => Ok(Self { source: source.to_owned(), ..Self::always() }),
            "false" => Ok(Self { source: source.to_owned(), ..Self::never() }),
            _ => {
                let program = Some(Arc::new(parse::parse(source)?));
                Ok(Self { source: source.to_owned(), place: None, program, bound: None })
            }
        }
    }

    /// The same rule with the place where it was written.
    #[must_use]
    pub(crate) fn placed(self, place: Place) -> Self {
        Self { place: Some(place), ..self }
    }

    /// The rule that everybody passes.
    #[must_use]
    pub fn always() -> Self {
        Self::constant("true", true)
    }

    /// The rule that nobody passes.
    #[must_use]
    pub fn never() -> Self {
        Self::constant("false", false)
    }

    fn constant(source: &str, truth: bool) -> Self {
        let cond = Cond::Const(truth);
        let bound = Bound::new(cond.clone(), Cond::Const(true), cond, Vec::new(), Vec::new());
        Self { source: source.to_owned(), place: None, program: None, bound: Some(Arc::new(bound)) }
    }

    /// Looks up every name, and splits the rule by what it looks at.
    ///
    /// # Errors
    /// The first fault: an unknown name, a kind that does not fit, too large.
    pub(crate) fn bind(&mut self, scope: &Scope<'_>, extra: &Extra<'_>) -> Result<(), RuleFault> {
        let tree = match &self.program {
            Some(program) => bind::bind(&self.source, program, scope)?,
            None => bind::Tree {
                cond: Cond::Const(self.bound.as_ref().is_some_and(|bound| bound.is_always())),
                knowns: Vec::new(),
            },
        };
        if self.program.is_none() && extra.is_empty() {
            return Ok(());
        }
        self.bound = Some(Arc::new(split(tree, scope, extra)?));
        Ok(())
    }

    /// What the rule says, once it is bound.
    #[must_use]
    pub fn bound(&self) -> Option<&Arc<Bound>> {
        self.bound.as_ref()
    }

    /// Holds whoever asks, whatever the row.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.bound.as_ref().is_some_and(|bound| bound.is_always())
    }

    /// Holds for nobody.
    #[must_use]
    pub fn is_never(&self) -> bool {
        self.bound.as_ref().is_none_or(|bound| bound.is_never())
    }
}

/// What a table demands beside the rule that was written.
#[derive(Clone, Copy, Default)]
pub(crate) struct Extra<'m> {
    /// The columns that hold the tenant of each row: of a view one for each table behind it.
    pub tenants: &'m [usize],
    /// References to rows of tables with tenants.
    pub links: &'m [Link],
    /// All of the rule judges the row that is written; none of it says which rows are meant.
    pub judges: bool,
}

/// A reference to a table whose rows have tenants.
pub(crate) struct Link {
    /// A column here and the one there.
    pub pairs: Vec<(usize, usize)>,
    pub table: usize,
    /// The column there that says whose a row is.
    pub tenant: usize,
}

impl Extra<'_> {
    fn is_empty(&self) -> bool {
        self.tenants.is_empty() && self.links.is_empty() && !self.judges
    }
}

/// The parts that look at `new` are checks, the others say which rows are meant.
fn split(mut tree: bind::Tree, scope: &Scope<'_>, extra: &Extra<'_>) -> Result<Bound, RuleFault> {
    let mut parts = Vec::new();
    let tenant = add_tenant(&mut tree, extra)?;
    if let (Some(claim), Some(shape)) = (&tenant, scope.row) {
        let own = |at: At, column: usize| {
            let field = bind::field(at, column, shape);
            Cond::Equal(Term::Field(field), claim.clone())
        };
        for column in extra.tenants {
            if scope.sees_row {
                parts.push(own(At::Row, *column));
            }
            if scope.sees_new {
                parts.push(own(At::New, *column));
            }
        }
    }
    tree.cond.conjuncts(&mut parts);
    let links = match (&tenant, scope.row) {
        (Some(claim), Some(shape)) if scope.sees_new => {
            extra.links.iter().map(|link| linked(link, shape, scope, claim)).collect()
        }
        _ => Vec::new(),
    };
    let whole = Cond::all(parts.clone());
    let (checks, rows) = parts.into_iter().partition(|part| extra.judges || looks_at_new(part));
    Ok(Bound::new(Cond::all(rows), Cond::all(checks), renamed::as_new(&whole), links, tree.knowns))
}

/// The claim that names the caller's tenant, as one more thing that is known.
fn add_tenant(tree: &mut bind::Tree, extra: &Extra<'_>) -> Result<Option<Term>, RuleFault> {
    if extra.tenants.is_empty() && extra.links.is_empty() {
        return Ok(None);
    }
    let source = "auth.claims.tenant";
    let program = parse::parse(source)?;
    let claim = Known::tenant(program.expression(), source);
    tree.knowns.push(claim);
    Ok(Some(Term::Known(tree.knowns.len() - 1, Kind::Any)))
}

/// A reference to a row of another tenant is as if the row were not there.
fn linked(
    link: &Link,
    shape: &bind::Shape<'_>,
    scope: &Scope<'_>,
    claim: &Term,
) -> (Vec<usize>, Cond) {
    let columns: Vec<usize> = link.pairs.iter().map(|(own, _)| *own).collect();
    let Some(target) = scope.tables.get(link.table) else {
        return (columns, Cond::Const(false));
    };
    let own = |at: usize| Term::Field(bind::field(At::New, at, shape));
    let there = |at: usize| Term::Field(bind::field(At::Var(0), at, target));
    let mut parts: Vec<Cond> =
        link.pairs.iter().map(|(at, other)| Cond::Equal(there(*other), own(*at))).collect();
    parts.push(Cond::Equal(there(link.tenant), claim.clone()));
    let body = Box::new(Cond::All(parts));
    let mut any: Vec<Cond> =
        columns.iter().map(|at| Cond::Equal(own(*at), Term::Const(Const::Null))).collect();
    any.push(Cond::Rows { table: target.name.into(), level: 0, body });
    (columns, Cond::Any(any))
}

fn looks_at_new(cond: &Cond) -> bool {
    let mut found = false;
    cond.each_term(&mut |term| {
        found |= matches!(term, Term::Field(Field { at: At::New, .. }));
    });
    found
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl RuleFault {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, range: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

#[cfg(test)]
mod tests;
