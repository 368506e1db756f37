//! The two texts of a rule. Plain CEL knows no references: a step is written as the search for the
//! one row with that key, which is an error where there is none.

use super::{Column, Expr, Over, Root};
use crate::world::Table;

/// As a declaration has it.
#[must_use]
pub fn written(expr: &Expr, tables: &[Table]) -> String {
    Writer { tables, plain: false, searches: 0 }.text(expr)
}

/// For the interpreter: a table is a list of maps.
#[must_use]
pub fn plain(expr: &Expr, tables: &[Table]) -> String {
    Writer { tables, plain: true, searches: 0 }.text(expr)
}

struct Writer<'t> {
    tables: &'t [Table],
    plain: bool,
    /// Names given to rows that are searched.
    searches: usize,
}

impl Writer<'_> {
    fn text(&mut self, expr: &Expr) -> String {
        match expr {
            Expr::Literal(text) => text.clone(),
            Expr::Fact(name) => (*name).to_owned(),
            Expr::Element(name) => name.clone(),
            Expr::Column(column) => self.column(column),
            Expr::Not(one) => format!("!{}", self.text(one)),
            Expr::Negate(one) => format!("-({})", self.text(one)),
            Expr::Binary(operator, left, right) => {
                format!("({} {operator} {})", self.text(left), self.text(right))
            }
            Expr::Choice(test, yes, no) => {
                format!("({} ? {} : {})", self.text(test), self.text(yes), self.text(no))
            }
            Expr::List(items) => format!("[{}]", self.list(items)),
            Expr::Method(name, on, items) => {
                format!("{}.{name}({})", self.text(on), self.list(items))
            }
            Expr::Function(name, items) => format!("{name}({})", self.list(items)),
            Expr::Index(of, place) => format!("{}[{}]", self.text(of), self.text(place)),
            Expr::Made { list, word, name, body } => {
                format!("{}.{word}({name}, {})", self.text(list), self.text(body))
            }
            Expr::Has(one) => format!("has({})", self.text(one)),
            Expr::Every { over, name, all, condition } => {
                let over = match over {
                    Over::Table(table) => self.tables[*table].name.clone(),
                    Over::List(list) => self.text(list),
                };
                let word = if *all { "all" } else { "exists" };
                format!("{over}.{word}({name}, {})", self.text(condition))
            }
        }
    }

    fn list(&mut self, items: &[Expr]) -> String {
        items.iter().map(|item| self.text(item)).collect::<Vec<_>>().join(", ")
    }

    fn column(&mut self, column: &Column) -> String {
        let mut text = match &column.root {
            Root::Row => "row".to_owned(),
            Root::New => "new".to_owned(),
            Root::Bound(name) => name.clone(),
        };
        let mut table = column.table;
        for (at, step) in column.steps.iter().enumerate() {
            let here = &self.tables[table].columns[*step];
            text = format!("{text}.{}", here.name);
            if at + 1 == column.steps.len() {
                break;
            }
            let Some(reference) = here.reference else { break };
            table = reference.table;
            if self.plain {
                text = self.search(table, &text);
            }
        }
        column.inside.iter().fold(text, |text, name| format!("{text}.{name}"))
    }

    /// The row of `table` with this key.
    fn search(&mut self, table: usize, key: &str) -> String {
        self.searches += 1;
        let (there, name) = (&self.tables[table], format!("o{}", self.searches));
        let column = there.key.first().map_or("", |at| &there.columns[*at].name);
        format!("{}.filter({name}, {name}.{column} == {key})[0]", there.name)
    }
}
