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
use crate::sql::sqlite_view;
use crate::{Config, adopt, limits};

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

/// What opening did to the files.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    /// Modules whose file was made just now.
    pub fresh: Vec<usize>,
    /// Steps that were made in the others, in sentences.
    pub steps: Vec<String>,
}

pub(super) fn databases(
    folder: &Path,
    catalog: &Catalog,
    config: &Config,
    observed: &Arc<Observed>,
) -> Result<(Vec<Arc<Database>>, Prepared)> {
    let mut prepared = Prepared::default();
    let mut databases = Vec::with_capacity(catalog.modules.len());
    for (at, module) in catalog.modules.iter().enumerate() {
        let path = module_file(folder, &module.name);
        let opened = connection::writer(&path, &config.telemetry.clock)?;
        match prepare(&opened, module, config)? {
            None => prepared.fresh.push(at),
            Some(steps) => prepared.steps.extend(steps),
        }
        databases.push(Arc::new(start(path, opened, module, config, observed)?));
    }
    Ok((databases, prepared))
}

fn start(
    path: PathBuf,
    opened: Opened,
    module: &Module,
    config: &Config,
    observed: &Arc<Observed>,
) -> Result<Database> {
    // Made last: no change of a table can stumble over a view that reads it.
    let views: Arc<[String]> = sqlite_view::create_all(module).into();
    connection::make_views(&path, &opened, &views)?;
    let group = if has_deferred(&opened.connection)? { 1 } else { limits::GROUP };
    let readers = Arc::new(ReaderSet::new(path.clone(), config, Arc::clone(&views)));
    let start = Start {
        path: path.clone(),
        opened,
        readers: Arc::clone(&readers),
        observed: Arc::clone(observed),
        views,
        group,
    };
    let writer = Writer::start(start, &module.name, config)?;
    Ok(Database { name: module.name.clone(), path, writer, readers })
}

/// Brings the file to the declaration, all of it or nothing. `None`: the file is new.
fn prepare(opened: &Opened, module: &Module, config: &Config) -> Result<Option<Vec<String>>> {
    let connection = &opened.connection;
    connection.execute_batch("BEGIN IMMEDIATE").map_err(failure::plain)?;
    let done = match stored::read(connection) {
        Ok(None) => stored::write(connection, module, true).map(|()| None),
        Ok(Some(old)) => super::change::apply(connection, module, &old, config.changes).map(Some),
        Err(error) => Err(error),
    };
    let done = done.and_then(|done| {
        super::once::make(connection).map_err(failure::plain)?;
        Ok(done)
    });
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = connection.execute_batch(end).map_err(failure::plain);
    done.and_then(|done| ended.map(|()| done)).map_err(|error| {
        let message = format!("Module {}: {}", module.name, error.message());
        Error::new(Code::DatabaseUnavailable, message)
            .details(error.details_text().unwrap_or_default().to_owned())
            .hint_if(error.hint_text().map(ToOwned::to_owned))
    })
}

/// A constraint that is checked at the commit fails the commit, not the request. Only adopted
/// tables have such constraints, and only their SQL tells.
fn has_deferred(connection: &Connection) -> Result<bool> {
    let sql = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%DEFERRED%'";
    let mut statement = connection.prepare(sql).map_err(failure::plain)?;
    let tables = statement.query_map([], |row| row.get::<_, String>(0));
    let tables: rusqlite::Result<Vec<String>> = tables.and_then(Iterator::collect);
    Ok(tables.map_err(failure::plain)?.iter().any(|sql| adopt::has_deferred(sql)))
}
