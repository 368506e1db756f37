//! What a rule says: about the caller alone, about rows, and about a row as it will be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::constant::Const;
use super::known::{Asking, Known};
use super::reduce::{Cell, Reduce, settled};
use super::residual::Residual;
use super::tree::Cond;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A rule whose names are resolved.
#[derive(Debug)]
pub struct Bound {
    /// Tells rules apart in the shapes of their residuals.
    id: u32,
    /// Which rows: the parts that do not look at `new`.
    rows: Cond,
    /// What must hold of each row that is written: the parts that do.
    checks: Cond,
    /// The same rule asked of the row as it will be.
    as_new: Cond,
    /// For columns that refer to other rows: what must hold when one of them is written.
    links: Vec<(Vec<usize>, Cond)>,
    pub knowns: Vec<Known>,
    /// It may say something else at the next request.
    pub changes: bool,
}

/// What a rule says about rows.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Whatever the row.
    Holds,
    /// Whatever the row; errors deny.
    Denies,
    Depends(Arc<Residual>),
}

/// A rule for one caller, ready to judge rows as they will be.
#[derive(Clone, Debug)]
pub struct Check {
    bound: Arc<Bound>,
    knowns: Arc<[Option<Const>]>,
}

impl Bound {
    pub(super) fn new(
        rows: Cond,
        checks: Cond,
        as_new: Cond,
        links: Vec<(Vec<usize>, Cond)>,
        knowns: Vec<Known>,
    ) -> Self {
        let changes = knowns.iter().any(|known| known.changes);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { id, rows, checks, as_new, links, knowns, changes }
    }

    /// What is left of it for a caller: which rows, and how new ones are judged.
    #[must_use]
    pub fn ask(self: &Arc<Self>, asking: &Asking<'_>) -> (Verdict, Check) {
        let knowns = self.knowns.iter().map(|known| known.value(asking)).collect();
        let check = Check { bound: Arc::clone(self), knowns };
        let verdict = check.reduced(&self.rows, None);
        (verdict, check)
    }

    /// Rows that are written are judged one by one.
    #[must_use]
    pub fn judges(&self) -> bool {
        self.checks != Cond::Const(true) || !self.links.is_empty()
    }

    /// Written as `true`: holds whoever asks, whatever the row.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.rows == Cond::Const(true) && !self.judges()
    }

    #[must_use]
    pub fn is_never(&self) -> bool {
        self.rows == Cond::Const(false) || self.checks == Cond::Const(false)
    }

    /// The parts that are asked of rows, and those that are asked of rows as they will be.
    #[must_use]
    pub fn parts(&self) -> (&Cond, &Cond) {
        (&self.rows, &self.checks)
    }

    /// Columns of the row that it looks at, as it is or as it will be.
    #[must_use]
    pub fn looks_at(&self, column: usize) -> bool {
        use super::tree::{At, Term};
        let mut found = false;
        for cond in [&self.rows, &self.checks] {
            cond.each_term(&mut |term| {
                let Term::Field(field) = term else { return };
                found |= field.column == column && matches!(field.at, At::Row | At::New);
            });
        }
        found
    }
}

impl Check {
    /// Whether a row may become this one. What depends is asked of the row as it is; of no row at
    /// all when it is made.
    #[must_use]
    pub fn judge(&self, new: &dyn Fn(usize) -> Cell) -> Verdict {
        let mut parts = vec![self.bound.checks.clone()];
        let changes = |columns: &[usize]| columns.iter().any(|at| !matches!(new(*at), Cell::Same));
        let written = self.bound.links.iter().filter(|(columns, _)| changes(columns));
        parts.extend(written.map(|(_, cond)| cond.clone()));
        self.reduced(&Cond::all(parts), Some(new))
    }

    /// The same rule about the row as it will be: whether it may be given back.
    #[must_use]
    pub fn judge_as_row(&self, new: &dyn Fn(usize) -> Cell) -> Verdict {
        self.reduced(&self.bound.as_new, Some(new))
    }

    /// Before any row is known: a check that no row can pass.
    #[must_use]
    pub fn is_hopeless(&self) -> bool {
        let unknown = |_: usize| Cell::Same;
        matches!(self.reduced(&self.bound.checks, Some(&unknown)), Verdict::Denies)
    }

    /// Before any row is known: whether every row passes.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        let unknown = |_: usize| Cell::Same;
        self.bound.links.is_empty()
            && matches!(self.reduced(&self.bound.checks, Some(&unknown)), Verdict::Holds)
    }

    /// The rule looks at this column of the row.
    #[must_use]
    pub fn looks_at(&self, column: usize) -> bool {
        self.bound.looks_at(column)
    }

    /// The rule that it comes from, and what is known of the caller in it.
    pub fn known(&self) -> impl Iterator<Item = (&Known, Option<&Const>)> {
        self.bound.knowns.iter().zip(self.knowns.iter().map(Option::as_ref))
    }

    fn reduced(&self, cond: &Cond, new: Option<&dyn Fn(usize) -> Cell>) -> Verdict {
        match settled((Reduce { knowns: &self.knowns, new }).cond(cond)) {
            Cond::Const(true) => Verdict::Holds,
            Cond::Const(false) | Cond::Error => Verdict::Denies,
            left => Verdict::Depends(Arc::new(Residual::new(self.bound.id, &left))),
        }
    }
}
