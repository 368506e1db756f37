//! Views and functions as SQLite text: what people wrote, put where the engine compiles it. Views
//! are temporary views of each connection, so that a file holds nothing but its tables.

use mainstay_schema::model::{Module, Piece, Sql, View};
use mainstay_schema::sql::pieces;

use super::{Text, quote};

/// The text for this engine, if there is one.
#[must_use]
pub fn text(sql: &Sql) -> Option<&str> {
    match sql {
        Sql::Both(text) => Some(text),
        Sql::Each { sqlite, .. } => sqlite.as_deref(),
    }
}

/// The one statement of a view, without comments; nothing when it is not one, or asks for more
/// than the rows of tables.
#[must_use]
pub fn query(view: &View) -> Option<String> {
    let statements = pieces(text(&view.sql)?, &[]);
    match statements.as_slice() {
        [statement] => match statement.as_slice() {
            [Piece::Text(text)] => Some(text.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// `CREATE TEMP VIEW …`
#[must_use]
pub fn create(name: &str, query: &str) -> String {
    let mut text = Text::default();
    text.push("CREATE TEMP VIEW ").name(name).push(" AS ").push(query);
    text.into_sql()
}

/// The statements that make every compiled view of a module on a connection, in any order: SQLite
/// looks at what a view reads when it is asked.
#[must_use]
pub fn create_all(module: &Module) -> Vec<String> {
    let compiled = module.views.iter().filter(|view| view.compiled.is_some());
    compiled.filter_map(|view| Some(create(&view.name, &query(view)?))).collect()
}

/// All columns of a view, under the names by which it is asked.
#[must_use]
pub fn whole(name: &str) -> String {
    format!("SELECT * FROM {}", quote(name))
}

/// One statement of a function, with a parameter for each value in the order of the text.
#[must_use]
pub fn statement(pieces: &[Piece]) -> String {
    let parts = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => text.as_str(),
        Piece::Argument(_) | Piece::Caller(_) => "?",
    });
    parts.collect()
}
