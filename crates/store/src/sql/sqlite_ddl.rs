//! Tables as SQLite text: STRICT, one storage form per type, named constraints. What an
//! application may loosen without touching its rows (lengths, patterns, ranges, labels) is
//! checked before the database and not written here, so that loosening it stays additive.

use mainstay_schema::model::{Action, Check, Column, Default, ForeignKey, Identity, Index, Module};
use mainstay_schema::{Table, Type, Value};

use super::{Text, literal, sqlite_search};

/// The statements that make a table, its indexes and what its search needs.
#[must_use]
pub fn create(module: &Module, table: &Table) -> Vec<String> {
    let mut text = Text::default();
    text.push("CREATE TABLE ").name(&table.name).push(" (\n  ");
    text.list(&table.columns, ",\n  ", |text, column| {
        column_definition(text, table, column, true);
    });
    key(&mut text, table);
    for unique in &table.uniques {
        constraint(&mut text, &unique.name).push("UNIQUE ");
        columns(&mut text, table, &unique.columns);
    }
    for check in &table.checks {
        check_clause(&mut text, check);
    }
    for foreign_key in &table.foreign_keys {
        constraint(&mut text, &foreign_key.name).push("FOREIGN KEY ");
        columns(&mut text, table, &foreign_key.columns);
        references(&mut text, module, foreign_key);
    }
    text.push("\n) STRICT");
    if clusters_by_key(table) {
        text.push(", WITHOUT ROWID");
    }
    let mut statements = vec![text.into_sql()];
    statements.extend(table.indexes.iter().map(|index| create_index(table, index)));
    statements.extend(sqlite_search::create(table));
    statements
}

/// Rows live in the tree of their own key when we make that key ourselves: the keys arrive in
/// order, and a second tree for a 36-character key would double the pages of every insert.
#[must_use]
pub fn clusters_by_key(table: &Table) -> bool {
    !table.adopted && table.has_made_key()
}

/// Takes a table away that may be there: for databases in memory, which hold no rows.
#[must_use]
pub fn forget(table: &str) -> String {
    let mut text = Text::default();
    text.push("DROP TABLE IF EXISTS ").name(table);
    text.into_sql()
}

/// `ALTER TABLE … ADD COLUMN …`
#[must_use]
pub fn add_column(module: &Module, table: &Table, at: usize) -> String {
    let mut text = Text::default();
    text.push("ALTER TABLE ").name(&table.name).push(" ADD COLUMN ");
    // SQLite adds no column whose default is computed.
    column_definition(&mut text, table, &table.columns[at], false);
    for foreign_key in &table.foreign_keys {
        if foreign_key.columns == [at] {
            text.push(" CONSTRAINT ").name(&foreign_key.name).push(" ");
            references(&mut text, module, foreign_key);
        }
    }
    text.into_sql()
}

/// `CREATE INDEX …`
#[must_use]
pub fn create_index(table: &Table, index: &Index) -> String {
    let mut text = Text::default();
    text.push(if index.unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
    text.name(&index.name).push(" ON ").name(&table.name).push(" (");
    text.list(&index.columns, ", ", |text, part| {
        text.column(table, part.column).push(if part.descending { " DESC" } else { "" });
    });
    text.push(")");
    if let Some(filter) = &index.filter {
        text.push(" WHERE ").push(filter);
    }
    text.into_sql()
}

fn column_definition(text: &mut Text, table: &Table, column: &Column, computes: bool) {
    text.name(&column.name).push(" ").push(storage(&column.ty));
    if let Some(collation) = &column.collation {
        text.push(" COLLATE ").name(collation);
    }
    if is_row_number(table, column) {
        text.push(" CONSTRAINT ").name(&table.primary_key.name);
        text.push(" PRIMARY KEY AUTOINCREMENT");
    }
    if !column.null {
        text.push(" NOT NULL");
    }
    match &column.default {
        Some(Default::Value(value)) => {
            text.push(" DEFAULT ").push(&constant(value));
        }
        Some(Default::Sql(sql)) => {
            text.push(" DEFAULT (").push(sql).push(")");
        }
        Some(Default::Now) if computes => {
            text.push(" DEFAULT (").push(now(&column.ty)).push(")");
        }
        Some(Default::Uuid) if computes => {
            text.push(" DEFAULT (uuidv7())");
        }
        Some(Default::Now | Default::Uuid | Default::AuthUid | Default::AuthTenant) | None => {}
    }
    if let Some(generated) = &column.generated {
        text.push(" GENERATED ALWAYS AS (").push(&generated.sql).push(")");
        text.push(if generated.stored { " STORED" } else { " VIRTUAL" });
    }
    if column.generated.is_none() {
        type_check(text, table, column);
    }
}

/// The moment in the stored form of a type: for SQL that people write, since rows of the data API
/// come with it.
fn now(ty: &Type) -> &'static str {
    match ty {
        Type::Date => "substr(now(), 1, 10)",
        Type::Time => "replace(substr(now(), 12), '+00:00', '')",
        Type::Timestamp => "replace(now(), '+00:00', '')",
        _ => "now()",
    }
}

/// The key column is SQLite's own row number.
fn is_row_number(table: &Table, column: &Column) -> bool {
    let alone = matches!(table.primary_key.columns.as_slice(),
        [at] if table.columns[*at].name == column.name);
    alone && matches!(column.identity, Some(Identity::ByDefault | Identity::Always))
}

/// The column type that keeps a declared type.
pub(super) fn storage(ty: &Type) -> &'static str {
    match ty {
        Type::SmallInt | Type::Integer | Type::BigInt | Type::Boolean => "INTEGER",
        Type::Numeric(_) if ty.is_short_numeric() => "REAL",
        Type::Numeric(_) => "TEXT COLLATE mainstay_numeric",
        Type::Real | Type::Double => "REAL",
        Type::Bytes => "BLOB",
        _ => "TEXT",
    }
}

/// Keeps another program that writes to the file from leaving what no reader could show.
fn type_check(text: &mut Text, table: &Table, column: &Column) {
    let name = format!("{}_{}_type", table.name, column.name);
    let check = |text: &mut Text, before: &str, after: &str| {
        text.push(" CONSTRAINT ").name(&name).push(" CHECK (").push(before);
        text.name(&column.name).push(after).push(")");
    };
    match &column.ty {
        Type::Boolean => check(text, "", " IN (0, 1)"),
        Type::Uuid => check(text, "length(", ") = 36"),
        Type::Json => check(text, "json_valid(", ")"),
        Type::Array(_) => check(text, "json_type(", ") = 'array'"),
        _ => {}
    }
}

fn key(text: &mut Text, table: &Table) {
    let key = &table.primary_key;
    let numbered = key.columns.iter().any(|at| is_row_number(table, &table.columns[*at]));
    if !key.columns.is_empty() && !numbered {
        constraint(text, &key.name).push("PRIMARY KEY ");
        columns(text, table, &key.columns);
    }
}

fn constraint<'a>(text: &'a mut Text, name: &str) -> &'a mut Text {
    text.push(",\n  CONSTRAINT ").name(name).push(" ")
}

fn check_clause(text: &mut Text, check: &Check) {
    constraint(text, &check.name).push("CHECK (").push(&check.sql).push(")");
}

fn columns(text: &mut Text, table: &Table, columns: &[usize]) {
    text.push("(").list(columns, ", ", |text, at| {
        text.column(table, *at);
    });
    text.push(")");
}

fn references(text: &mut Text, module: &Module, foreign_key: &ForeignKey) {
    let target = &module.tables[foreign_key.table];
    text.push(" REFERENCES ").name(&target.name).push(" ");
    columns(text, target, &foreign_key.references);
    for (event, action) in
        [(" ON DELETE ", foreign_key.on_delete), (" ON UPDATE ", foreign_key.on_update)]
    {
        match action {
            Action::NoAction => {}
            Action::Restrict => drop(text.push(event).push("RESTRICT")),
            Action::Cascade => drop(text.push(event).push("CASCADE")),
            Action::SetNull => drop(text.push(event).push("SET NULL")),
            Action::SetDefault => drop(text.push(event).push("SET DEFAULT")),
        }
    }
}

/// A constant of a declaration, as DDL text.
fn constant(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Real(number) if number.is_infinite() => {
            if *number > 0.0 { "9e999" } else { "-9e999" }.to_owned()
        }
        Value::Real(number) => format!("{number:?}"),
        Value::Text(text) => literal(text),
        Value::Blob(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("x'{digits}'")
        }
    }
}
