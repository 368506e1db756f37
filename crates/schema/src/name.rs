//! Names of constraints that were not given one: PostgreSQL's, because clients see them in
//! messages. `check` counts them up where two would be equal; `write` leaves out those that `check`
//! would make.

use crate::limits::MAX_NAME_BYTES;

/// `<table>_<columns>_<label>` as PostgreSQL's `makeObjectName` builds it: the longer of the two
/// names loses bytes until all fits.
#[must_use]
pub fn object_name(table: &str, columns: &str, label: &str) -> String {
    let (mut table, mut columns) = (table, columns);
    let joints = if columns.is_empty() { 1 } else { 2 };
    while table.len() + columns.len() + label.len() + joints > MAX_NAME_BYTES {
        let longer = if table.len() > columns.len() { &mut table } else { &mut columns };
        let Some((last, _)) = longer.char_indices().next_back() else {
            break;
        };
        *longer = &longer[..last];
    }
    match columns {
        "" => format!("{table}_{label}"),
        _ => format!("{table}_{columns}_{label}"),
    }
}

/// The tables that the search index of a table is made of: our two and those that the engine
/// makes for the first of them. Nothing else in the module may be called so.
pub fn search_names(table: &str) -> impl Iterator<Item = String> {
    const PARTS: &[&str] =
        &["search", "search_rows", "search_data", "search_idx", "search_docsize", "search_config"];
    PARTS.iter().map(move |part| format!("{table}_{part}"))
}

/// A table or view of this name would hide a function that statements read lists with.
#[must_use]
pub fn is_table_function(name: &str) -> bool {
    ["json_each", "json_tree"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraint_names_are_those_of_postgres() {
        assert_eq!(object_name("posts", "author", "fkey"), "posts_author_fkey");
        assert_eq!(object_name("posts", "", "pkey"), "posts_pkey");
        let long = object_name(&"t".repeat(60), &"é".repeat(20), "key1");
        assert!(long.len() <= 63 && long.ends_with("_key1"), "{long}");
    }
}
