//! Opens the files of an application: makes what is missing, makes additive changes to what is
//! there, and refuses what could lose data, before anything is served.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mainstay_base::{Code, Error, Result};
use mainstay_schema::model::{Catalog, Module};
use rusqlite::Connection;

use super::connection::{self, Opened};
use super::readers::ReaderSet;
use super::writer::{Start, Writer};
use super::{Database, failure, stored};
use crate::observe::Observed;
use crate::{Config, limits};

/// The file of a module: its name, with what a file system may dislike written as hex.
#[must_use]
pub fn module_file(folder: &Path, module: &str) -> PathBuf {
    let mut name = String::with_capacity(module.len() + 3);
    for byte in module.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => name.push(char::from(byte)),
            other => name.push_str(&format!("%{other:02x}")),
        }
    }
    name.push_str(".db");
    folder.join(name)
}

pub(super) fn databases(
    folder: &Path,
    catalog: &Catalog,
    config: &Config,
    observed: &Arc<Observed>,
) -> Result<Vec<Arc<Database>>> {
    let open = |module: &Arc<Module>| database(folder, module, config, observed).map(Arc::new);
    catalog.modules.iter().map(open).collect()
}

fn database(
    folder: &Path,
    module: &Module,
    config: &Config,
    observed: &Arc<Observed>,
) -> Result<Database> {
    let path = module_file(folder, &module.name);
    let opened = connection::writer(&path, &config.clock)?;
    prepare(&opened, module, config)?;
    let group = if has_deferred(&opened.connection)? { 1 } else { limits::GROUP };
    let readers = Arc::new(ReaderSet::new(path.clone(), config));
    let start = Start {
        path,
        opened,
        readers: Arc::clone(&readers),
        observed: Arc::clone(observed),
        group,
    };
    let writer = Writer::start(start, &module.name, config)?;
    Ok(Database { name: module.name.clone(), writer, readers })
}

/// Brings the file to the declaration, all of it or nothing.
fn prepare(opened: &Opened, module: &Module, config: &Config) -> Result<()> {
    let connection = &opened.connection;
    connection.execute_batch("BEGIN IMMEDIATE").map_err(failure::plain)?;
    let done = match stored::read(connection) {
        Ok(None) => stored::write(connection, module, true),
        Ok(Some(old)) => super::change::apply(connection, module, &old, config.changes),
        Err(error) => Err(error),
    };
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = connection.execute_batch(end).map_err(failure::plain);
    done.and(ended).map_err(|error| {
        let message = format!("Module {}: {}", module.name, error.message());
        Error::new(Code::DatabaseUnavailable, message)
            .details(error.details_text().unwrap_or_default())
            .hint_if(error.hint_text().map(ToOwned::to_owned))
    })
}

/// A constraint that is checked at the commit fails the commit, not the request.
fn has_deferred(connection: &Connection) -> Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_schema \
               WHERE replace(replace(upper(sql), char(10), ' '), '  ', ' ') LIKE '%INITIALLY DEFERRED%'";
    let found: i64 =
        connection.query_row(sql, [], |row| row.get(0)).map_err(failure::plain)?;
    Ok(found > 0)
}
