//! Permission as a value: nothing can be planned without a `Permit`, and only this file makes one.
//! A permit says which rows it is about, and how rows that are written are judged.

use std::sync::Arc;

use mainstay_base::{Error, Result};
use mainstay_schema::rule::{Bound, Check, Residual, Verdict};
use mainstay_schema::{Catalog, Rule, Table};

use crate::weakness::Weakness;
use crate::{Caller, Gate, Identity};

/// What can be done with a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Read,
    Create,
    Update,
    Delete,
    /// Of functions, by their position in the module.
    Call,
}

/// The right to do one thing with one table, for one request.
#[derive(Clone, Debug)]
pub struct Permit {
    module: usize,
    table: Arc<Table>,
    action: Action,
    identity: Arc<Identity>,
    ruling: Ruling,
}

/// What a rule leaves open for a caller whom it does not refuse altogether.
#[derive(Clone, Debug, Default)]
pub struct Ruling {
    /// Only these rows; all of them without it.
    rows: Option<Arc<Residual>>,
    /// How rows are judged that are written; not at all without it.
    check: Option<Check>,
}

impl Permit {
    #[must_use]
    pub fn module(&self) -> usize {
        self.module
    }

    #[must_use]
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    #[must_use]
    pub fn action(&self) -> Action {
        self.action
    }

    #[must_use]
    pub fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// Which rows it is about; all of them without a residual.
    #[must_use]
    pub fn rows(&self) -> Option<&Arc<Residual>> {
        self.ruling.rows.as_ref()
    }

    /// How rows that are written are judged. Of a permit to read: whether the row as it will be
    /// may be given back.
    #[must_use]
    pub fn check(&self) -> Option<&Check> {
        self.ruling.check.as_ref()
    }
}

/// The right to call one function, for one request.
#[derive(Clone, Debug)]
pub struct CallPermit {
    module: usize,
}

impl CallPermit {
    #[must_use]
    pub fn module(&self) -> usize {
        self.module
    }
}

impl Gate {
    /// Whether the caller may call a function, by its rule. No rule: only the service role.
    ///
    /// # Errors
    /// `42501`, as `permit`.
    pub fn call(
        &self,
        caller: &Caller<'_>,
        catalog: &Catalog,
        module: usize,
        function: usize,
    ) -> Result<CallPermit> {
        let declared = &catalog.modules[module].functions[function];
        let rule = declared.allow.as_ref();
        if self.ruling(caller, rule, (module, function, Action::Call)).is_none() {
            let message = format!("permission denied for function {}", declared.name);
            return Err(Error::new(caller.identity.refusal(), message));
        }
        Ok(CallPermit { module })
    }

    /// What the caller may do, by the rule of the table or view at this position of the module's
    /// sources. No rule: only the service role.
    ///
    /// # Errors
    /// `42501` where no row could ever be meant: 401 for anonymous callers, whom signing in may
    /// help, 403 for others.
    pub fn permit(
        &self,
        caller: &Caller<'_>,
        catalog: &Catalog,
        module: usize,
        table: usize,
        action: Action,
    ) -> Result<Permit> {
        let Some(declared) = catalog.modules[module].source(table) else {
            return Err(Error::internal(format!("no table {table} in module {module}")));
        };
        match self.ruling(caller, rule(declared, action), (module, table, action)) {
            Some(ruling) => {
                let (table, identity) = (Arc::clone(declared), Arc::clone(caller.identity));
                Ok(Permit { module, table, action, identity, ruling })
            }
            None => {
                let message = format!("permission denied for table {}", declared.name);
                Err(Error::new(caller.identity.refusal(), message))
            }
        }
    }

    /// What the rule leaves open; nothing when it refuses.
    fn ruling(
        &self,
        caller: &Caller<'_>,
        rule: Option<&Rule>,
        place: (usize, usize, Action),
    ) -> Option<Ruling> {
        if caller.identity.is_service() {
            return Some(Ruling::default());
        }
        // A rule that was never bound says nothing, so it refuses.
        let bound = rule?.bound()?;
        if bound.is_always() {
            return Some(Ruling::default());
        }
        if bound.changes {
            return self.asked(caller, bound, place.2);
        }
        let mut known = caller.identity.decisions.lock();
        if let Some(ruling) = known.get(&place) {
            return ruling.clone();
        }
        let ruling = self.asked(caller, bound, place.2);
        known.insert(place, ruling.clone());
        ruling
    }

    fn asked(&self, caller: &Caller<'_>, bound: &Arc<Bound>, action: Action) -> Option<Ruling> {
        let (verdict, check) = bound.ask(&caller.asking());
        let rows = match verdict {
            Verdict::Denies => return None,
            Verdict::Holds => None,
            Verdict::Depends(rows) => Some(rows),
        };
        let (needed, hopeless) = match action {
            Action::Read => (rows.is_some(), false),
            Action::Create | Action::Update => (!check.is_certain(), check.is_hopeless()),
            Action::Delete | Action::Call => (false, false),
        };
        if hopeless {
            return None;
        }
        let ruling = Ruling { rows, check: needed.then_some(check) };
        Some(Weakness::applied(self.weakness, ruling))
    }
}

impl Ruling {
    pub(crate) fn new(rows: Option<Arc<Residual>>, check: Option<Check>) -> Self {
        Self { rows, check }
    }

    pub(crate) fn parts(self) -> (Option<Arc<Residual>>, Option<Check>) {
        (self.rows, self.check)
    }
}

fn rule(table: &Table, action: Action) -> Option<&Rule> {
    match action {
        Action::Read => table.allow.read.as_ref(),
        Action::Create => table.allow.create.as_ref(),
        Action::Update => table.allow.update.as_ref(),
        Action::Delete => table.allow.delete.as_ref(),
        Action::Call => None,
    }
}
