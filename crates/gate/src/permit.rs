//! Permission as a value: nothing can be planned without a `Permit`, and only this file makes one.

use std::sync::Arc;

use mainstay_base::{Error, Result};
use mainstay_schema::{Catalog, Rule, Table};

use crate::{Gate, Identity};

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
        identity: &Identity,
        catalog: &Catalog,
        module: usize,
        function: usize,
    ) -> Result<CallPermit> {
        let declared = &catalog.modules[module].functions[function];
        if !passes(identity, declared.allow.as_ref(), (module, function, Action::Call)) {
            let message = format!("permission denied for function {}", declared.name);
            return Err(Error::new(identity.refusal(), message));
        }
        Ok(CallPermit { module })
    }

    /// Whether the caller may do this, by the rule of the table or view at this position of the
    /// module's sources. No rule: only the service role.
    ///
    /// # Errors
    /// `42501`: 401 for anonymous callers, whom signing in may help, 403 for others.
    pub fn permit(
        &self,
        identity: &Arc<Identity>,
        catalog: &Catalog,
        module: usize,
        table: usize,
        action: Action,
    ) -> Result<Permit> {
        let Some(declared) = catalog.modules[module].source(table) else {
            return Err(Error::internal(format!("no table {table} in module {module}")));
        };
        if !passes(identity, rule(declared, action), (module, table, action)) {
            let code = identity.refusal();
            return Err(Error::new(code, format!("permission denied for table {}", declared.name)));
        }
        let (table, identity) = (Arc::clone(declared), Arc::clone(identity));
        Ok(Permit { module, table, action, identity })
    }
}

/// Columns that their own rules close to a caller, by what is done with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closed {
    /// They do not exist for this caller.
    pub read: Vec<usize>,
    pub create: Vec<usize>,
    pub update: Vec<usize>,
}

impl Gate {
    /// The columns of the table at this place (module and source) that are closed to the caller.
    /// A column without a rule is as open as its table.
    #[must_use]
    pub fn closed(&self, identity: &Identity, table: &Table, place: (usize, usize)) -> Arc<Closed> {
        let mut known = identity.closed.lock();
        let closed = known.entry(place).or_insert_with(|| Arc::new(closed(identity, table)));
        Arc::clone(closed)
    }
}

fn closed(identity: &Identity, table: &Table) -> Closed {
    let mut closed = Closed::default();
    if identity.is_service() {
        return closed;
    }
    for (at, column) in table.columns.iter().enumerate() {
        let allow = &column.allow;
        for (rule, list) in [
            (&allow.read, &mut closed.read),
            (&allow.create, &mut closed.create),
            (&allow.update, &mut closed.update),
        ] {
            let open = rule.as_ref().is_none_or(|rule| holds(rule, identity));
            if !open {
                list.push(at);
            }
        }
    }
    closed
}

fn holds(rule: &Rule, identity: &Identity) -> bool {
    rule.is_always() || rule.holds(identity.facts())
}

fn passes(identity: &Identity, rule: Option<&Rule>, place: (usize, usize, Action)) -> bool {
    if identity.is_service() {
        return true;
    }
    let Some(rule) = rule else {
        return false;
    };
    if rule.is_always() {
        return true;
    }
    *identity.decisions.lock().entry(place).or_insert_with(|| rule.holds(identity.facts()))
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
