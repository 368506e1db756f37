//! Which names a declaration can take over. SQLite allows names that are empty, hold control
//! characters, or stand at many constraints at once; a module's names are unique and printable.

use std::collections::HashSet;

use mainstay_schema::limits::MAX_ADOPTED_NAME_BYTES;
use mainstay_schema::name::is_table_function;

/// Why no column can be declared by this name.
pub(super) fn column_refusal(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("its name is empty")
    } else if name.len() > MAX_ADOPTED_NAME_BYTES {
        Some("its name is longer than 1,024 bytes")
    } else if name.chars().any(char::is_control) {
        Some("its name has a control character in it")
    } else if starts_with(name, "_mainstay") {
        Some("names that start with _mainstay are kept for Mainstay's own use")
    } else {
        None
    }
}

/// Why no table, view, index or constraint can be declared by this name.
pub(super) fn refusal(name: &str) -> Option<&'static str> {
    column_refusal(name).or_else(|| {
        if starts_with(name, "sqlite_") {
            Some("names that start with sqlite_ are SQLite's own")
        } else {
            is_table_function(name).then_some("it would hide a function of SQLite")
        }
    })
}

fn starts_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// The names that are taken in a module, as SQLite compares them.
#[derive(Debug, Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// Takes a name; false when it is taken already.
    pub fn take(&mut self, name: &str) -> bool {
        self.0.insert(name.to_ascii_lowercase())
    }

    /// The name of a constraint, or why it goes by a name of ours.
    pub fn constraint(&mut self, name: Option<&str>) -> Result<String, &'static str> {
        match name {
            None => Ok(String::new()),
            Some(name) if refusal(name).is_some() => Err("no declaration can have such a name"),
            Some(name) if !self.take(name) => Err("the name is used more than once"),
            Some(name) => Ok(name.to_owned()),
        }
    }
}
