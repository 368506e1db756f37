//! Which row a name means. A statement's own table keeps its name; every other source gets an
//! alias of a number (`_mainstay_1`, a prefix that no table may have), so that a self reference or
//! two embeds of one table never meet.

use mainstay_schema::model::Piece;
use mainstay_schema::{Table, Type};

use super::{Text, sqlite_condition};
use crate::query::{From, Given, Join, Junction, Link, Rows, Select, Source};

/// A row at hand, with the rows that joins put beside it.
pub(super) struct Scope<'q> {
    pub table: &'q Table,
    pub joins: &'q [Join],
    /// The rows are a table's own, not what a view or a function made of them.
    stored: bool,
    alias: Option<usize>,
    /// Its own columns need no qualifier: nothing else is in sight.
    bare: bool,
    /// Aliases of the joins.
    numbers: Vec<usize>,
}

impl<'q> Scope<'q> {
    /// The one table of a statement.
    pub fn of(table: &'q Table) -> Self {
        Self { table, joins: &[], stored: true, alias: None, bare: true, numbers: Vec::new() }
    }

    /// The sources of a select; a nested one has an alias.
    pub fn open(text: &mut Text, select: &'q Select, nested: bool) -> Self {
        let From { source, joins } = &select.from;
        Self {
            table: &source.table,
            joins,
            stored: source.rows == Rows::Stored,
            alias: nested.then(|| text.alias()),
            bare: !nested && joins.is_empty() && select.keys.is_none(),
            numbers: joins.iter().map(|_| text.alias()).collect(),
        }
    }

    /// One source of its own, with an alias.
    pub fn alone(text: &mut Text, source: &'q Source) -> Self {
        Self {
            table: &source.table,
            joins: &[],
            stored: source.rows == Rows::Stored,
            alias: Some(text.alias()),
            bare: false,
            numbers: Vec::new(),
        }
    }

    /// The same row, named in full: for conditions inside of a nested statement.
    pub fn qualified(&self) -> Scope<'q> {
        Scope { numbers: self.numbers.clone(), bare: false, ..*self }
    }

    pub fn number(&self) -> Option<usize> {
        self.alias
    }

    /// Columns of our own tables have the collation of their type.
    pub fn carries_collation(&self) -> bool {
        self.stored && !self.table.adopted
    }

    /// The row that a join puts beside this one.
    pub fn joined(&self, at: usize) -> Scope<'q> {
        let source = &self.joins[at].source;
        Scope {
            table: &source.table,
            joins: &[],
            stored: source.rows == Rows::Stored,
            alias: self.numbers.get(at).copied(),
            bare: false,
            numbers: Vec::new(),
        }
    }

    pub fn column(&self, text: &mut Text, at: usize) {
        if self.bare {
            text.column(self.table, at);
        } else {
            self.outer(text, at);
        }
    }

    /// A column as it is named from inside a nested statement.
    pub fn outer(&self, text: &mut Text, at: usize) {
        self.qualifier(text);
        text.push(".").column(self.table, at);
    }

    fn qualifier(&self, text: &mut Text) {
        match self.alias {
            Some(number) => text.push(&format!("_mainstay_{number}")),
            None => text.name(&self.table.name),
        };
    }

    /// Something of the row that is no declared column.
    pub fn hidden(&self, text: &mut Text, name: &str) {
        if !self.bare {
            self.qualifier(text);
            text.push(".");
        }
        text.push(name);
    }
}

/// `… FROM source [AS alias] [LEFT JOIN …]`
pub(super) fn from(text: &mut Text, scope: &Scope<'_>, select: &Select) {
    from_with(text, scope, select, "");
}

/// The same with a hint behind the source itself.
pub(super) fn from_with(text: &mut Text, scope: &Scope<'_>, select: &Select, hint: &str) {
    text.push(" FROM ");
    if let Some(keys) = select.keys {
        text.push("json_each(").given(keys).push(") AS _mainstay_0 CROSS JOIN ");
    }
    source(text, &select.from.source, scope.alias);
    text.push(hint);
    if let Some(key) = select.keys.map(|_| &scope.table.primary_key.columns) {
        text.push(" ON ").list(key.iter().enumerate(), " AND ", |text, (place, at)| {
            scope.column(text, *at);
            let ty = &scope.table.columns[*at].ty;
            text.push(" = ").push(&element("_mainstay_0.value", place, ty));
        });
    }
    for (at, join) in select.from.joins.iter().enumerate() {
        let row = scope.joined(at);
        text.push(" LEFT JOIN ");
        source(text, &join.source, row.alias);
        text.push(" ON ");
        match join.beside {
            None => link(text, scope, &row, &join.link, None),
            Some(other) => link(text, &scope.joined(other), &row, &join.link, None),
        }
        sqlite_condition::and(text, &row, &join.filter);
    }
}

/// A source with its alias: a name, or what stands in brackets.
pub(super) fn source(text: &mut Text, source: &Source, alias: Option<usize>) {
    match &source.rows {
        Rows::Stored | Rows::View => {
            text.name(&source.table.name);
            if let Some(number) = alias {
                text.push(&format!(" AS _mainstay_{number}"));
            }
            return;
        }
        Rows::Query { pieces, first, named } => {
            text.push("(");
            if !named {
                text.push("WITH _mainstay_value (").list(
                    &source.table.columns,
                    ", ",
                    |text, column| {
                        text.name(&column.name);
                    },
                );
                text.push(") AS (");
            }
            for piece in pieces.iter() {
                self::piece(text, piece, *first);
            }
            text.push(if *named { "\n)" } else { "\n) SELECT * FROM _mainstay_value)" });
        }
        Rows::Json(rows) => json_rows(text, &source.table, *rows),
    }
    text.push(" AS ");
    match alias {
        Some(number) => text.push(&format!("_mainstay_{number}")),
        None => text.name(&source.table.name),
    };
}

/// A part of a function's SQL. The facts about the caller come before the arguments.
pub(super) fn piece(text: &mut Text, piece: &Piece, first: usize) {
    match piece {
        Piece::Text(sql) => text.push(sql),
        Piece::Caller(fact) => text.given(Given(first + *fact as usize)),
        Piece::Argument(at) => text.given(Given(first + crate::plan::CALLER_FACTS + at)),
    };
}

/// Rows that were kept as a JSON array of arrays.
fn json_rows(text: &mut Text, table: &Table, rows: Given) {
    text.push("(SELECT ").list(table.columns.iter().enumerate(), ", ", |text, (at, column)| {
        text.push(&element("value", at, &column.ty)).push(" AS ").name(&column.name);
    });
    if table.columns.is_empty() {
        text.push("1");
    }
    text.push(" FROM json_each(").given(rows).push("))");
}

/// An element of a JSON array as it is stored: JSON has no bytes, so they are hex digits.
fn element(array: &str, at: usize, ty: &Type) -> String {
    match ty {
        Type::Bytes => format!("unhex({array} ->> {at})"),
        _ => format!("{array} ->> {at}"),
    }
}

/// The condition by which `there` belongs to `here`. A junction must stand in the same `FROM`,
/// under the alias given.
pub(super) fn link(
    text: &mut Text,
    here: &Scope<'_>,
    there: &Scope<'_>,
    link: &Link,
    junction: Option<usize>,
) {
    text.list(&link.pairs, " AND ", |text, (own, other)| {
        // SQLite compares by the collation of the left side. Only adopted columns have one of their
        // own, and a reference follows that of the column it points to.
        if here.table.columns[*own].collation.is_some() {
            here.outer(text, *own);
            text.push(" = ");
        }
        match (&link.junction, junction) {
            (Some(between), Some(number)) => {
                text.push(&format!("_mainstay_{number}.")).column(&between.table, *other);
            }
            _ => there.outer(text, *other),
        }
        if here.table.columns[*own].collation.is_none() {
            text.push(" = ");
            here.outer(text, *own);
        }
    });
}

/// `source AS tN [JOIN junction AS tM ON …] WHERE link`
pub(super) fn linked(
    text: &mut Text,
    here: &Scope<'_>,
    there: &Scope<'_>,
    link: &Link,
    joins: impl FnOnce(&mut Text),
) {
    joins(text);
    let junction = link.junction.as_ref().map(|Junction { table, pairs, filter }| {
        let source = Source::stored(table);
        let between = Scope::alone(text, &source);
        let number = between.alias.unwrap_or_default();
        text.push(" JOIN ").name(&table.name).push(&format!(" AS _mainstay_{number} ON "));
        text.list(pairs, " AND ", |text, (from, to)| {
            text.push(&format!("_mainstay_{number}.")).column(table, *from).push(" = ");
            there.outer(text, *to);
        });
        sqlite_condition::and(text, &between, filter);
        number
    });
    text.push(" WHERE ");
    self::link(text, here, there, link, junction);
}
