//! What SQLite says of a file: its tables, columns, indexes and references, as raw facts. Comes
//! after `copy`; `table` and `column` turn the facts into declarations.

use std::collections::BTreeMap;

use rusqlite::{Connection, Result, params};

/// A file's contents, in order of creation.
#[derive(Debug)]
pub(super) struct Facts {
    pub tables: Vec<TableFacts>,
    /// Name and `CREATE VIEW` text.
    pub views: Vec<(String, String)>,
    /// Name and table.
    pub triggers: Vec<(String, String)>,
    /// Virtual tables and those that their modules keep their own data in.
    pub foreign: Vec<(String, &'static str)>,
}

#[derive(Debug)]
pub(super) struct TableFacts {
    pub name: String,
    pub sql: String,
    pub columns: Vec<ColumnFacts>,
    pub indexes: Vec<IndexFacts>,
    pub references: Vec<ReferenceFacts>,
}

#[derive(Debug)]
pub(super) struct ColumnFacts {
    pub name: String,
    /// As declared, `NVARCHAR(160)`; empty when there is none.
    pub declared: String,
    pub not_null: bool,
    /// SQL of the default.
    pub default: Option<String>,
    /// Place in the primary key, from 1; 0 for others.
    pub key_place: u32,
    /// Generated: kept on disk or not.
    pub generated: Option<bool>,
    pub collation: String,
}

#[derive(Debug)]
pub(super) struct IndexFacts {
    pub name: String,
    pub unique: bool,
    pub origin: Origin,
    pub partial: bool,
    pub parts: Vec<PartFacts>,
    /// None for the indexes that constraints make.
    pub sql: Option<String>,
}

/// Why there is an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Statement,
    Unique,
    Key,
}

#[derive(Debug)]
pub(super) struct PartFacts {
    /// None for an expression.
    pub column: Option<String>,
    pub descending: bool,
    pub collation: String,
}

#[derive(Debug)]
pub(super) struct ReferenceFacts {
    pub table: String,
    pub from: Vec<String>,
    /// Empty: the key of the other table.
    pub to: Vec<String>,
    pub on_update: String,
    pub on_delete: String,
}

impl TableFacts {
    /// The key is SQLite's row number: a key that needs no index of its own.
    pub fn row_number(&self) -> Option<usize> {
        let mut keys = self.columns.iter().enumerate().filter(|(_, column)| column.key_place > 0);
        let (at, column) = keys.next()?;
        let alone = keys.next().is_none() && column.declared.eq_ignore_ascii_case("INTEGER");
        let indexed = self.indexes.iter().any(|index| index.origin == Origin::Key);
        (alone && !indexed).then_some(at)
    }
}

pub(super) fn read(connection: &Connection) -> Result<Facts> {
    let kinds = kinds(connection)?;
    let mut facts =
        Facts { tables: Vec::new(), views: Vec::new(), triggers: Vec::new(), foreign: Vec::new() };
    for (kind, name, table, sql) in entries(connection)? {
        match (kind.as_str(), kinds.get(&name).map(String::as_str)) {
            ("table", Some("virtual")) => facts.foreign.push((name, "a virtual table")),
            ("table", Some("shadow")) => {
                facts.foreign.push((name, "the data of a virtual table"));
            }
            ("table", _) => facts.tables.push(self::table(connection, name, sql)?),
            ("view", _) => facts.views.push((name, sql)),
            ("trigger", _) => facts.triggers.push((name, table)),
            _ => {}
        }
    }
    Ok(facts)
}

/// `table`, `view`, `virtual` or `shadow` by name.
fn kinds(connection: &Connection) -> Result<BTreeMap<String, String>> {
    let mut statement =
        connection.prepare("SELECT name, type FROM pragma_table_list WHERE schema = 'main'")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

type Entry = (String, String, String, String);

fn entries(connection: &Connection) -> Result<Vec<Entry>> {
    let mut statement = connection.prepare(
        "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY rowid",
    )?;
    let rows =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    rows.collect()
}

fn table(connection: &Connection, name: String, sql: String) -> Result<TableFacts> {
    let columns = columns(connection, &name)?;
    let indexes = indexes(connection, &name)?;
    let references = references(connection, &name)?;
    Ok(TableFacts { name, sql, columns, indexes, references })
}

fn columns(connection: &Connection, table: &str) -> Result<Vec<ColumnFacts>> {
    let mut statement = connection.prepare(
        "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?) \
         ORDER BY cid",
    )?;
    let rows = statement.query_map(params![table], |row| {
        let hidden: i64 = row.get(5)?;
        Ok(ColumnFacts {
            name: row.get(0)?,
            declared: row.get(1)?,
            not_null: row.get(2)?,
            default: row.get(3)?,
            key_place: row.get(4)?,
            generated: match hidden {
                2 => Some(false),
                3 => Some(true),
                _ => None,
            },
            collation: String::new(),
        })
    })?;
    let mut columns = rows.collect::<Result<Vec<_>>>()?;
    for column in &mut columns {
        let known = connection.column_metadata(Some("main"), table, &column.name)?;
        column.collation =
            known.1.map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    }
    Ok(columns)
}

fn indexes(connection: &Connection, table: &str) -> Result<Vec<IndexFacts>> {
    // The list comes in reverse order of creation.
    let mut statement = connection.prepare(
        "SELECT list.name, list.\"unique\", list.origin, list.partial, entry.sql \
         FROM pragma_index_list(?) AS list \
         LEFT JOIN sqlite_schema AS entry ON entry.type = 'index' AND entry.name = list.name \
         ORDER BY list.seq DESC",
    )?;
    let rows = statement.query_map(params![table], |row| {
        let origin: String = row.get(2)?;
        Ok(IndexFacts {
            name: row.get(0)?,
            unique: row.get(1)?,
            origin: match origin.as_str() {
                "u" => Origin::Unique,
                "pk" => Origin::Key,
                _ => Origin::Statement,
            },
            partial: row.get(3)?,
            parts: Vec::new(),
            sql: row.get(4)?,
        })
    })?;
    let mut indexes = rows.collect::<Result<Vec<_>>>()?;
    for index in &mut indexes {
        index.parts = parts(connection, &index.name)?;
    }
    Ok(indexes)
}

fn parts(connection: &Connection, index: &str) -> Result<Vec<PartFacts>> {
    let mut statement = connection.prepare(
        "SELECT name, \"desc\", coll FROM pragma_index_xinfo(?) WHERE \"key\" = 1 ORDER BY seqno",
    )?;
    let rows = statement.query_map(params![index], |row| {
        let collation: Option<String> = row.get(2)?;
        Ok(PartFacts {
            column: row.get(0)?,
            descending: row.get(1)?,
            collation: collation.unwrap_or_default(),
        })
    })?;
    rows.collect()
}

fn references(connection: &Connection, table: &str) -> Result<Vec<ReferenceFacts>> {
    // The last reference has the number 0.
    let mut statement = connection.prepare(
        "SELECT id, \"table\", \"from\", \"to\", on_update, on_delete \
         FROM pragma_foreign_key_list(?) ORDER BY id DESC, seq",
    )?;
    let mut rows = statement.query(params![table])?;
    let mut found: Vec<(i64, ReferenceFacts)> = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        if found.last().is_none_or(|(last, _)| *last != id) {
            let (from, to) = (Vec::new(), Vec::new());
            let (on_update, on_delete) = (row.get(4)?, row.get(5)?);
            let reference = ReferenceFacts { table: row.get(1)?, from, to, on_update, on_delete };
            found.push((id, reference));
        }
        if let Some((_, reference)) = found.last_mut() {
            reference.from.push(row.get(2)?);
            reference.to.extend(row.get::<_, Option<String>>(3)?);
        }
    }
    Ok(found.into_iter().map(|(_, reference)| reference).collect())
}
