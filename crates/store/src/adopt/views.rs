//! The views of a file as declarations. Each is compiled as it will be when it is served; a column
//! that is computed gets the type that shows all that it gives now, and a view that cannot be
//! compiled stays in the file, undeclared.

use std::sync::Arc;

use mainstay_base::{Clock, Error, Result};
use mainstay_schema::limits::MAX_NAME_BYTES;
use mainstay_schema::model::{Allow, Sql, View, ViewTenant};
use mainstay_schema::{Module, Rule, Type, read_texts, write};
use rusqlite::Connection;

use super::examine::NoTime;
use super::facts::Facts;
use super::notes::{NoteKind, Notes};
use super::{definition, names, probe};
use crate::sql::quote;
use crate::sqlite::compile::{Fault, compile_module};

/// Puts the views that can be served into the module, which has its tables already.
pub(super) fn declare(
    connection: &Connection,
    facts: &Facts,
    open_read: bool,
    module: &mut Module,
    notes: &mut Notes,
) -> Result<()> {
    module.views = candidates(facts, open_read, notes);
    // Each round takes at least one view out or gives one column its type.
    loop {
        let mut settled = true;
        for fault in faults(module)? {
            let Some(at) = module.views.iter().position(|view| view.name == fault.name) else {
                continue;
            };
            settled = false;
            match fault.untyped {
                Some(column) => {
                    let ty = shown_by(connection, &fault.name, &column);
                    module.views[at].types.push((column, ty));
                }
                None => {
                    module.views.remove(at);
                    let reason = format!("a view that cannot be declared: {}", fault.why);
                    notes.add(NoteKind::Kept, &fault.name, reason);
                }
            }
        }
        if settled {
            return Ok(());
        }
    }
}

/// Views whose text can stand in a declaration.
fn candidates(facts: &Facts, open_read: bool, notes: &mut Notes) -> Vec<View> {
    let mut views = Vec::new();
    for (name, sql) in &facts.views {
        let made = definition::view_query(sql).and_then(|(raw, plain)| {
            let view = |sql| View {
                name: name.clone(),
                doc: None,
                sql: Sql::Both(sql),
                types: Vec::new(),
                tenant: ViewTenant::default(),
                compiled: None,
                allow: Allow { read: open_read.then(Rule::always), ..Allow::default() },
            };
            [view(raw), view(plain)].into_iter().find(probe::view)
        });
        match made.filter(|_| names::refusal(name).is_none() && name.len() <= MAX_NAME_BYTES) {
            Some(view) => views.push(view),
            None => notes.add(NoteKind::Kept, name, "a view that cannot be declared"),
        }
    }
    views
}

/// What is wrong with the declaration once it is read: constraints have names only then.
fn faults(module: &Module) -> Result<Vec<Fault>> {
    let text = write::module(module);
    let texts = [("mainstay.toml", "name = \"m\"\n"), ("modules/m.toml", text.as_str())];
    let declared =
        read_texts("m", &texts).map_err(|mistakes| Error::internal(mistakes.to_string()))?;
    let clock: Arc<dyn Clock> = Arc::new(NoTime);
    let mut modules = declared.catalog.modules;
    modules
        .first_mut()
        .map_or(Ok(Vec::new()), |module| compile_module(Arc::make_mut(module), &clock))
}

/// The type that shows every value of a computed column as the file is now.
fn shown_by(connection: &Connection, view: &str, column: &str) -> Type {
    let (view, column) = (quote(view), quote(column));
    let sql = format!(
        "SELECT DISTINCT typeof({column}) FROM {view} WHERE {column} IS NOT NULL ORDER BY 1"
    );
    let kinds = connection.prepare(&sql).and_then(|mut statement| {
        statement
            .query_map([], |row| row.get::<_, String>(0))?
            .collect::<rusqlite::Result<Vec<String>>>()
    });
    let kinds = kinds.unwrap_or_default();
    match kinds.iter().map(String::as_str).collect::<Vec<&str>>().as_slice() {
        ["integer"] => Type::BigInt,
        ["real"] | ["integer", "real"] => Type::Double,
        ["blob"] => Type::Bytes,
        _ => Type::Text,
    }
}
