//! What SQLite reads and calls while it compiles a statement, told by its authorizer: the text
//! alone does not say which name is a table and which a view.

use std::collections::BTreeSet;
use std::sync::Arc;

use mainstay_base::{Error, Result};
use parking_lot::Mutex;
use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

/// What was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// Tables and views that are named in the statement itself or in a view that it reads.
    pub read: BTreeSet<String>,
    /// Views through which something was read.
    pub through: BTreeSet<String>,
    /// Functions, in lower case.
    pub functions: BTreeSet<String>,
}

impl Seen {
    /// SQLite finds a table by its name in any case.
    pub fn reads(&self, table: &str) -> bool {
        self.read.iter().any(|name| name.eq_ignore_ascii_case(table))
    }
}

/// Compiles with `prepare` and tells what was seen meanwhile.
pub(super) fn watched<T>(
    connection: &mut Connection,
    prepare: impl FnOnce(&Connection) -> T,
) -> Result<(T, Seen)> {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let kept = Arc::clone(&seen);
    let note = move |context: AuthContext<'_>| {
        note(&mut kept.lock(), &context);
        Authorization::Allow
    };
    connection.authorizer(Some(note)).map_err(Error::internal)?;
    let prepared = prepare(connection);
    connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>).map_err(Error::internal)?;
    let seen = seen.lock().clone();
    Ok((prepared, seen))
}

fn note(seen: &mut Seen, context: &AuthContext<'_>) {
    match context.action {
        AuthAction::Read { table_name, .. } => drop(seen.read.insert(table_name.to_owned())),
        AuthAction::Function { function_name } => {
            seen.functions.insert(function_name.to_lowercase());
        }
        _ => {}
    }
    if let Some(view) = context.accessor {
        seen.through.insert(view.to_owned());
    }
}
