//! The caller at the catalog: which tables, views and columns exist for whoever asks, and the
//! permit that every source of a plan needs.

use std::sync::Arc;

use mainstay_base::Result;
use mainstay_gate::{Action, Gate, Identity, Permit};

use super::{Index, Target};

/// One caller's view of what was declared.
#[derive(Clone, Copy)]
pub struct Viewer<'a> {
    pub index: &'a Index,
    pub gate: &'a Gate,
    pub identity: &'a Arc<Identity>,
}

impl<'a> Viewer<'a> {
    /// A table or view, without the columns that are closed to the caller.
    #[must_use]
    pub fn target(&self, module: usize, source: usize) -> Target<'a> {
        let target = self.index.target(module, source);
        if !target.index.ruled {
            return target;
        }
        let closed = self.gate.closed(self.identity, target.table, (module, source));
        target.seen_by(closed)
    }

    /// # Errors
    /// `42501`
    pub fn permit(&self, target: &Target<'_>, action: Action) -> Result<Permit> {
        let (module, source) = (target.module_at, target.table_at);
        self.gate.permit(self.identity, &self.index.catalog, module, source, action)
    }

    /// The caller may read it, so its name may be told.
    #[must_use]
    pub fn sees(&self, module: usize, source: usize) -> bool {
        self.gate.permit(self.identity, &self.index.catalog, module, source, Action::Read).is_ok()
    }
}
