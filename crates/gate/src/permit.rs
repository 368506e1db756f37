//! Permission as a value: nothing can be planned without a `Permit`, and only this file makes one.

use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_schema::{Catalog, Rule, Table};

use crate::{Gate, Identity};

/// What can be done with a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    Read,
    Create,
    Update,
    Delete,
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

impl Gate {
    /// Whether the caller may do this, by the table's rule. No rule: only the service role.
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
        let declared = &catalog.modules[module].tables[table];
        if !may(identity, declared, (module, table, action)) {
            let code = match identity.is_anonymous() {
                true => Code::ForbiddenAnonymous,
                false => Code::Forbidden,
            };
            return Err(Error::new(code, format!("permission denied for table {}", declared.name)));
        }
        let (table, identity) = (Arc::clone(declared), Arc::clone(identity));
        Ok(Permit { module, table, action, identity })
    }
}

fn may(identity: &Identity, table: &Table, place: (usize, usize, Action)) -> bool {
    if identity.is_service() {
        return true;
    }
    let Some(rule) = rule(table, place.2) else {
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
    }
}
