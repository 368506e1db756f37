//! Looks into a copied file: whether it is sound, what its rows hold, whether it can be written
//! to. One pass over each table; the outcome is evidence for `column` and notes for a person.

use std::path::Path;
use std::sync::Arc;

use mainstay_base::{Clock, Code, Error, Instant, Result};
use mainstay_schema::value::Stored;
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, params};

use super::notes::{NoteKind, Notes};
use super::table::Shown;
use super::values::Evidence;
use super::{Progress, probe, unreadable};
use crate::sql::quote;
use crate::sqlite::functions;

/// Rows between two reports of progress.
const REPORT_ROWS: u64 = 4096;

/// Messages that a check of the whole file gives at the most.
const DAMAGE: u32 = 20;

/// Functions of ours that tell the time are registered, and not asked here.
#[derive(Debug)]
pub(super) struct NoTime;

impl Clock for NoTime {
    fn now(&self) -> Instant {
        0
    }
}

/// Opens a copy as the store will: what works here works when it is served.
pub(super) fn open(file: &Path) -> Result<Connection> {
    let made = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(file)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        let clock: Arc<dyn Clock> = Arc::new(NoTime);
        functions::register(&connection, &clock)?;
        Ok(connection)
    };
    made().map_err(|error| unreadable(file, &error))
}

/// Refuses a damaged file. Rows that break a check of their table are noted.
pub(super) fn damage(connection: &Connection, file: &Path, notes: &mut Notes) -> Result<()> {
    let sql = format!("PRAGMA quick_check({DAMAGE})");
    let said = connection.prepare(&sql).and_then(|mut statement| {
        statement
            .query_map([], |row| row.get::<_, String>(0))?
            .collect::<rusqlite::Result<Vec<_>>>()
    });
    let said = match said {
        Ok(said) => said,
        // A check that needs a function of its application cannot be tried; `writes` says so.
        Err(error) if error.to_string().contains("no such") => return Ok(()),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            return Err(damaged(error.to_string()));
        }
        Err(error) => return Err(unreadable(file, &error)),
    };
    let mut broken = Vec::new();
    for message in said.into_iter().filter(|message| message != "ok") {
        if let Some(table) = message.strip_prefix("CHECK constraint failed in ") {
            notes.add(NoteKind::Warning, table, "a stored row breaks one of its checks");
        } else if !message.contains(" value in ") {
            broken.push(message);
        }
    }
    match broken.is_empty() {
        true => Ok(()),
        false => Err(damaged(broken.join("\n"))),
    }
}

fn damaged(details: String) -> Error {
    Error::new(Code::DatabaseUnavailable, "The database is damaged")
        .details(details)
        .hint("Repair it first: sqlite3 SOURCE .recover | sqlite3 REPAIRED")
}

/// The tables that can be read, and what is in them.
pub(super) struct Examined<'f> {
    pub shown: Vec<Shown<'f>>,
    /// Of each column of the file.
    pub evidence: Vec<Vec<Evidence>>,
    pub rows: Vec<u64>,
}

pub(super) fn tables<'f>(
    connection: &Connection,
    shown: Vec<Shown<'f>>,
    notes: &mut Notes,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Examined<'f> {
    let mut examined = Examined { shown: Vec::new(), evidence: Vec::new(), rows: Vec::new() };
    for table in shown {
        match rows(connection, &table, progress) {
            Ok((evidence, rows)) => {
                examined.shown.push(table);
                examined.evidence.push(evidence);
                examined.rows.push(rows);
            }
            Err(error) => {
                let reason = format!("it cannot be read: {error}");
                notes.add(NoteKind::Hidden, &table.facts.name, reason);
            }
        }
    }
    examined
}

fn rows(
    connection: &Connection,
    table: &Shown<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> rusqlite::Result<(Vec<Evidence>, u64)> {
    let facts = table.facts;
    let columns: Vec<String> = facts.columns.iter().map(|column| quote(&column.name)).collect();
    let sql = format!("SELECT {} FROM {} NOT INDEXED", columns.join(", "), quote(&facts.name));
    let mut evidence: Vec<Evidence> =
        facts.columns.iter().map(|column| Evidence::new(&column.declared)).collect();
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        for (at, evidence) in evidence.iter_mut().enumerate() {
            evidence.see(stored(row.get_ref(at)?));
        }
        count += 1;
        if count % REPORT_ROWS == 0 {
            progress(Progress::Examined { table: &facts.name, rows: count });
        }
    }
    progress(Progress::Examined { table: &facts.name, rows: count });
    Ok((evidence, count))
}

/// As the store shows it: text that is not UTF-8 is bytes.
fn stored(value: ValueRef<'_>) -> Stored<'_> {
    match value {
        ValueRef::Null => Stored::Null,
        ValueRef::Integer(number) => Stored::Int(number),
        ValueRef::Real(number) => Stored::Real(number),
        ValueRef::Text(bytes) => {
            std::str::from_utf8(bytes).map_or(Stored::Blob(bytes), Stored::Text)
        }
        ValueRef::Blob(bytes) => Stored::Blob(bytes),
    }
}

/// Notes tables that SQLite cannot write to, and rows that point to nothing.
pub(super) fn writes(connection: &Connection, shown: &[Shown<'_>], notes: &mut Notes) {
    for table in shown {
        let name = &table.facts.name;
        if let Some(why) = probe::write_refusal(connection, name) {
            notes.add(NoteKind::Warning, name, format!("SQLite refuses writes to it: {why}"));
        }
        // A reference that SQLite cannot follow was noted just above.
        for (parent, rows) in dangling(connection, name).unwrap_or_default() {
            let reason = format!("{rows} of its rows point to rows of {parent} that are not there");
            notes.add(NoteKind::Warning, name, reason);
        }
    }
}

fn dangling(connection: &Connection, table: &str) -> rusqlite::Result<Vec<(String, i64)>> {
    let mut statement = connection.prepare(
        "SELECT parent, count(DISTINCT coalesce(rowid, random())) \
         FROM pragma_foreign_key_check(?) GROUP BY parent",
    )?;
    let rows = statement.query_map(params![table], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
