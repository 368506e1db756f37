//! Turns queries into SQL text. The only place where SQL is written: identifiers come from the
//! catalog and are always quoted, values are always bound.

pub mod sqlite;
mod sqlite_condition;
pub mod sqlite_ddl;
mod sqlite_expr;
mod sqlite_rule;
mod sqlite_rule_error;
mod sqlite_rule_value;
mod sqlite_scope;
pub mod sqlite_search;
pub mod sqlite_view;
pub mod sqlite_write;

use mainstay_schema::{Table, Value};

use crate::plan::{Slot, Statement};
use crate::query::{Given, Operand};

/// SQL text under construction, with the sources of its parameters.
#[derive(Debug, Default)]
pub(crate) struct Text {
    sql: String,
    slots: Vec<Slot>,
    /// Aliases that were given out.
    aliases: usize,
    /// Nothing but its conditions says which rows of a whole table are meant.
    scans: bool,
}

impl Text {
    pub fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// A number that no other alias of this text has.
    pub fn alias(&mut self) -> usize {
        self.aliases += 1;
        self.aliases
    }

    /// A quoted identifier.
    pub fn name(&mut self, name: &str) -> &mut Self {
        quote_into(name, &mut self.sql);
        self
    }

    pub fn column(&mut self, table: &Table, at: usize) -> &mut Self {
        self.name(&table.columns[at].name)
    }

    /// A parameter.
    pub fn bind(&mut self, operand: &Operand) -> &mut Self {
        match operand {
            Operand::Fixed(value) => self.fixed(value.clone()),
            Operand::Given(given) => self.given(*given),
        }
    }

    pub fn fixed(&mut self, value: Value) -> &mut Self {
        self.slots.push(Slot::Fixed(value));
        self.sql.push('?');
        self
    }

    /// A value of an access rule.
    pub fn rule(&mut self, at: usize) -> &mut Self {
        self.slots.push(Slot::Rule(at));
        self.sql.push('?');
        self
    }

    pub fn given(&mut self, given: Given) -> &mut Self {
        self.slots.push(Slot::Given(given));
        self.sql.push('?');
        self
    }

    /// `separator` between the items that `each` writes.
    pub fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        separator: &str,
        mut each: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.push(separator);
            }
            each(self, item);
        }
        self
    }

    pub fn finish(self) -> Statement {
        Statement { sql: self.sql, slots: self.slots }
    }

    pub fn into_sql(self) -> String {
        self.sql
    }
}

/// Quotes an identifier for both engines.
#[must_use]
pub fn quote(name: &str) -> String {
    let mut quoted = String::with_capacity(name.len() + 2);
    quote_into(name, &mut quoted);
    quoted
}

fn quote_into(name: &str, out: &mut String) {
    out.push('"');
    for c in name.chars() {
        if c == '"' {
            out.push('"');
        }
        out.push(c);
    }
    out.push('"');
}

/// A string literal; only for DDL, where nothing can be bound.
#[must_use]
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_cannot_leave_its_quotes() {
        assert_eq!(quote(r#"a"; drop table x; --"#), r#""a""; drop table x; --""#);
    }
}
