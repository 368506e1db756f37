//! The caller at the catalog: which tables, views and columns exist for whoever asks, and the
//! permit that every source of a plan needs.

use mainstay_base::Result;
use mainstay_gate::{Action, Caller, Gate, Permit};

use super::{Index, Target};

/// One caller's view of what was declared.
#[derive(Clone, Copy)]
pub struct Viewer<'a> {
    pub index: &'a Index,
    pub gate: &'a Gate,
    pub caller: Caller<'a>,
}

impl<'a> Viewer<'a> {
    /// A table or view, without the columns that are closed to the caller.
    #[must_use]
    pub fn target(&self, module: usize, source: usize) -> Target<'a> {
        let target = self.index.target(module, source);
        if !target.index.ruled {
            return target;
        }
        let closed = self.gate.closed(&self.caller, target.table, (module, source));
        target.seen_by(closed)
    }

    /// # Errors
    /// `42501`
    pub fn permit(&self, target: &Target<'_>, action: Action) -> Result<Permit> {
        let (module, source) = (target.module_at, target.table_at);
        self.gate.permit(&self.caller, &self.index.catalog, module, source, action)
    }

    /// The tables that a table refers to and that the caller may not know of.
    #[must_use]
    pub fn unseen(&self, target: &Target<'_>) -> Vec<usize> {
        let tables = target.table.foreign_keys.iter().map(|key| key.table);
        tables.filter(|table| !self.sees(target.module_at, *table)).collect()
    }

    /// The caller may read some of it, so its name may be told.
    #[must_use]
    pub fn sees(&self, module: usize, source: usize) -> bool {
        let catalog = &self.index.catalog;
        self.gate.permit(&self.caller, catalog, module, source, Action::Read).is_ok()
    }
}
