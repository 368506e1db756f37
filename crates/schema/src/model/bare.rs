//! Tables and columns with nothing but what makes them: for answers in the form of a table, and for
//! whoever tries out a declaration.

use super::{Allow, Column, ColumnAllow, Key, Table};
use crate::Type;

impl Column {
    /// A column that may be null and has no bounds, default or rules.
    #[must_use]
    pub fn bare(name: &str, ty: Type) -> Self {
        Self {
            name: name.to_owned(),
            doc: None,
            ty,
            null: true,
            default: None,
            identity: None,
            generated: None,
            min_len: None,
            max_len: None,
            min: None,
            max: None,
            pattern: None,
            readonly: false,
            collation: None,
            allow: ColumnAllow::default(),
        }
    }
}

impl Table {
    /// A table without a key, constraints, indexes or rules.
    #[must_use]
    pub fn bare(name: &str, columns: Vec<Column>) -> Self {
        Self {
            name: name.to_owned(),
            doc: None,
            columns,
            primary_key: Key::default(),
            uniques: Vec::new(),
            checks: Vec::new(),
            foreign_keys: Vec::new(),
            indexes: Vec::new(),
            search: Vec::new(),
            cache: None,
            allow: Allow::default(),
            tenant: None,
            adopted: false,
        }
    }
}
