//! The search index of a table as SQLite text: an FTS5 index that keeps words and no copies of the
//! rows, a table that says which document is which row, and triggers that keep both right whatever
//! writes. Rows of a table may lie in the tree of their key, so documents need a number of their
//! own.

use mainstay_schema::Table;

use super::sqlite_ddl::storage;
use super::{Text, quote};

/// The FTS5 index of a table; its rowid is the number of a document.
#[must_use]
pub fn index_name(table: &str) -> String {
    format!("{table}_search")
}

/// The table with the key of each document's row; its rowid is the number of the document.
#[must_use]
pub fn rows_name(table: &str) -> String {
    format!("{table}_search_rows")
}

const TRIGGERS: [&str; 3] = ["insert", "update", "delete"];

/// The statements that make the search index of a table, empty; none for a table without one.
#[must_use]
pub fn create(table: &Table) -> Vec<String> {
    if table.search.is_empty() {
        return Vec::new();
    }
    let mut statements = vec![index(table), rows(table)];
    statements.extend(triggers(table));
    statements
}

/// The statements that fill it from the rows that are there.
#[must_use]
pub fn fill(table: &Table) -> Vec<String> {
    let parts = Parts::new(table);
    let Parts { on, index, rows, key, words, .. } = &parts;
    let joined = parts.same_key("r", "t");
    let words_of = parts.words_of("t");
    vec![
        format!("INSERT INTO {rows} ({key}) SELECT {key} FROM {on} ORDER BY {key}"),
        format!(
            "INSERT INTO {index} (rowid, {words}) SELECT r.rowid, {words_of} FROM {on} AS t \
             JOIN {rows} AS r ON {joined}"
        ),
    ]
}

/// The statements that take the search index of a table away.
#[must_use]
pub fn drop(table: &str) -> Vec<String> {
    let triggers = TRIGGERS.iter().map(|event| trigger_name(table, event));
    let mut statements: Vec<String> =
        triggers.map(|name| format!("DROP TRIGGER {}", quote(&name))).collect();
    let names = [rows_name(table), index_name(table)];
    statements.extend(names.iter().map(|name| format!("DROP TABLE {}", quote(name))));
    statements
}

fn trigger_name(table: &str, event: &str) -> String {
    format!("{table}_search_{event}")
}

fn index(table: &Table) -> String {
    let mut text = Text::default();
    text.push("CREATE VIRTUAL TABLE ").name(&index_name(&table.name)).push(" USING fts5(");
    text.list(&table.search, ", ", |text, at| {
        text.column(table, *at);
    });
    text.push(", content='', contentless_delete=1");
    text.push(", tokenize='porter unicode61 remove_diacritics 2')");
    text.into_sql()
}

fn rows(table: &Table) -> String {
    let key = &table.primary_key.columns;
    let mut text = Text::default();
    text.push("CREATE TABLE ").name(&rows_name(&table.name)).push(" (rowid INTEGER PRIMARY KEY");
    for at in key {
        let column = &table.columns[*at];
        text.push(", ").name(&column.name).push(" ").push(storage(&column.ty));
        if let Some(collation) = &column.collation {
            text.push(" COLLATE ").name(collation);
        }
        text.push(" NOT NULL");
    }
    text.push(", UNIQUE (").list(key, ", ", |text, at| {
        text.column(table, *at);
    });
    text.push(")) STRICT");
    text.into_sql()
}

/// Pieces of text about one table that several statements share.
struct Parts<'t> {
    table: &'t Table,
    on: String,
    index: String,
    rows: String,
    /// The columns of the key.
    key: String,
    /// The columns whose words are kept.
    words: String,
}

impl<'t> Parts<'t> {
    fn new(table: &'t Table) -> Self {
        let listed = |columns: &[usize]| {
            let names: Vec<String> =
                columns.iter().map(|at| quote(&table.columns[*at].name)).collect();
            names.join(", ")
        };
        Self {
            table,
            on: quote(&table.name),
            index: quote(&index_name(&table.name)),
            rows: quote(&rows_name(&table.name)),
            key: listed(&table.primary_key.columns),
            words: listed(&table.search),
        }
    }

    /// The columns whose words are kept, of one side.
    fn words_of(&self, side: &str) -> String {
        let names = self.table.search.iter().map(|at| self.qualified(side, *at));
        names.collect::<Vec<String>>().join(", ")
    }

    fn key_of(&self, side: &str) -> String {
        let names = self.table.primary_key.columns.iter().map(|at| self.qualified(side, *at));
        names.collect::<Vec<String>>().join(", ")
    }

    /// Two sides have the same key.
    fn same_key(&self, left: &str, right: &str) -> String {
        let pairs =
            self.table.primary_key.columns.iter().map(|at| {
                format!("{} = {}", self.qualified(left, *at), self.qualified(right, *at))
            });
        pairs.collect::<Vec<String>>().join(" AND ")
    }

    fn qualified(&self, side: &str, at: usize) -> String {
        format!("{side}.{}", quote(&self.table.columns[at].name))
    }

    /// Takes the document of a row away, and then its number.
    fn forget(&self, side: &str) -> String {
        let Self { index, rows, .. } = self;
        let same = self.same_key(rows, side);
        format!(
            "DELETE FROM {index} WHERE rowid IN (SELECT rowid FROM {rows} WHERE {same});\n  \
             DELETE FROM {rows} WHERE {same};"
        )
    }

    /// Gives a row a number, and keeps its words under it.
    fn remember(&self, side: &str) -> String {
        let Self { index, rows, key, words, .. } = self;
        let (values, same) = (self.key_of(side), self.same_key(rows, side));
        format!(
            "INSERT INTO {rows} ({key}) VALUES ({values});\n  \
             INSERT INTO {index} (rowid, {words}) \
             SELECT rowid, {} FROM {rows} WHERE {same};",
            self.words_of(side)
        )
    }
}

/// What keeps the index right. A row that comes may have a document already: `insert or replace`
/// takes rows away without telling a trigger.
fn triggers(table: &Table) -> [String; 3] {
    let parts = Parts::new(table);
    let on = &parts.on;
    let trigger = |event: &str, when: &str, body: String| {
        let name = quote(&trigger_name(&table.name, event));
        let event = event.to_uppercase();
        format!("CREATE TRIGGER {name} AFTER {event} ON {on} {when}BEGIN\n  {body}\nEND")
    };
    let (gone, come) = (parts.forget("OLD"), parts.remember("NEW"));
    let watched = table.primary_key.columns.iter().chain(&table.search);
    let changed = watched.map(|at| {
        format!("{} IS NOT {}", parts.qualified("OLD", *at), parts.qualified("NEW", *at))
    });
    // Most updates change other columns; they cost the index nothing.
    let when = format!("WHEN {} ", changed.collect::<Vec<String>>().join(" OR "));
    [
        trigger("insert", "", format!("{}\n  {come}", parts.forget("NEW"))),
        trigger("update", &when, format!("{gone}\n  {}\n  {come}", parts.forget("NEW"))),
        trigger("delete", "", gone),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_kind_stay_in_their_quotes() {
        let text = "[tables.\"a b\".columns]\n\"x\\\"y\" = \"text\"\n\"to\" = \"integer\"\n\
                    [tables.\"a b\"]\nprimary_key = [\"to\"]\nsearch = [\"x\\\"y\"]\n";
        let declared = mainstay_schema::read_text("app.toml", text).unwrap();
        let table = &declared.catalog.modules[0].tables[0];
        insta::assert_snapshot!(create(table).join(";\n"));
    }
}
