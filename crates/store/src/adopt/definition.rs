//! What only the text of a definition tells: names of constraints, checks, generated columns, the
//! filter of a partial index, the query of a view. `facts` has the rest from pragmas.

use super::tokens::{Kind, Token, closing, rendered, tokens};

/// What was read from `CREATE TABLE`.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Definition {
    pub key_name: Option<String>,
    /// Columns and name.
    pub uniques: Vec<(Vec<String>, Option<String>)>,
    pub references: Vec<ReferenceText>,
    /// Name and expression.
    pub checks: Vec<(Option<String>, String)>,
    /// Column and expression.
    pub generated: Vec<(String, String)>,
    /// A constraint says `ON CONFLICT`.
    pub resolves_conflicts: bool,
}

/// A reference, in order of declaration.
#[derive(Debug, PartialEq)]
pub(super) struct ReferenceText {
    pub columns: Vec<String>,
    pub name: Option<String>,
    /// It is checked when a transaction commits.
    pub deferred: bool,
}

/// Reads the text of a table.
pub(super) fn table(sql: &str) -> Definition {
    let all = tokens(sql);
    let mut definition = Definition::default();
    let body = all.iter().position(|token| token.is_sign("("));
    let Some((open, close)) = body.and_then(|open| Some((open, closing(&all, open)?))) else {
        return definition;
    };
    for item in split(&all[open + 1..close]) {
        let mut walk = Walk { sql, item, column: column_name(item), ..Walk::new() };
        walk.read(&mut definition);
    }
    definition
}

/// The parts between commas that stand in no brackets.
fn split<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let mut depth = 0_usize;
    let parts = tokens.split(|token| {
        if token.is_sign("(") {
            depth += 1;
        } else if token.is_sign(")") {
            depth = depth.saturating_sub(1);
        }
        depth == 0 && token.is_sign(",")
    });
    parts.collect()
}

/// The column that an entry declares; none for a constraint of the table.
fn column_name(item: &[Token<'_>]) -> Option<String> {
    let constraints = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
    let first = item.first()?;
    (!constraints.iter().any(|word| first.is(word))).then(|| first.unquoted())
}

/// One entry of a table's body on its way through.
struct Walk<'t, 'a> {
    sql: &'a str,
    item: &'t [Token<'a>],
    column: Option<String>,
    /// `CONSTRAINT x`, until the constraint comes.
    name: Option<String>,
    in_foreign_key: bool,
}

impl Walk<'_, '_> {
    fn new() -> Self {
        Self { sql: "", item: &[], column: None, name: None, in_foreign_key: false }
    }

    fn read(&mut self, definition: &mut Definition) {
        let mut at = usize::from(self.column.is_some());
        while at < self.item.len() {
            at = self.step(at, definition);
        }
    }

    /// Reads what stands at `at` and says where to go on.
    fn step(&mut self, at: usize, definition: &mut Definition) -> usize {
        let token = &self.item[at];
        if token.is_sign("(") {
            return closing(self.item, at).map_or(self.item.len(), |end| end + 1);
        }
        if token.is("CONSTRAINT") {
            self.name = self.item.get(at + 1).map(Token::unquoted);
            return at + 2;
        }
        if token.is("PRIMARY") {
            definition.key_name = self.name.take();
        } else if token.is("UNIQUE") {
            definition.uniques.push((self.columns(at + 1), self.name.take()));
        } else if token.is("CHECK") {
            let check = self.expression(at + 1).map(|sql| (self.name.take(), sql));
            definition.checks.extend(check);
        } else if token.is("AS") {
            let generated = self.column.clone().zip(self.expression(at + 1));
            definition.generated.extend(generated);
        } else if token.is("FOREIGN") {
            let (columns, name) = (self.columns(at + 2), self.name.take());
            definition.references.push(ReferenceText { columns, name, deferred: false });
            self.in_foreign_key = true;
        } else if token.is("REFERENCES") {
            if !std::mem::take(&mut self.in_foreign_key) {
                let (columns, name) = (self.column.clone(), self.name.take());
                let columns = columns.into_iter().collect();
                definition.references.push(ReferenceText { columns, name, deferred: false });
            }
        } else if token.is("DEFERRED") && at > 0 && self.item[at - 1].is("INITIALLY") {
            if let Some(last) = definition.references.last_mut() {
                last.deferred = true;
            }
        } else if token.is("CONFLICT") {
            definition.resolves_conflicts = true;
        } else if token.is("DEFAULT") || token.is("COLLATE") || token.is("NOT") {
            self.name = None;
        }
        at + 1
    }

    /// The names in the brackets at `open`; those of the column itself when there are none.
    fn columns(&self, open: usize) -> Vec<String> {
        let brackets = self.item.get(open).is_some_and(|token| token.is_sign("("));
        match (brackets.then(|| closing(self.item, open)).flatten(), &self.column) {
            (Some(close), None) => split(&self.item[open + 1..close])
                .iter()
                .filter_map(|part| part.first().map(Token::unquoted))
                .collect(),
            (_, column) => column.iter().cloned().collect(),
        }
    }

    fn expression(&self, open: usize) -> Option<String> {
        self.item.get(open).filter(|token| token.is_sign("("))?;
        let close = closing(self.item, open)?;
        Some(rendered(self.sql, &self.item[open + 1..close]))
    }
}

/// The expression after `WHERE` in `CREATE INDEX`.
pub(super) fn index_filter(sql: &str) -> Option<String> {
    let all = tokens(sql);
    let open = all.iter().position(|token| token.is_sign("("))?;
    let close = closing(&all, open)?;
    let after = all.get(close + 1)?;
    after.is("WHERE").then(|| rendered(sql, &all[close + 2..]))
}

/// The query of `CREATE VIEW`, as it was written, and beside it without comments and brackets.
pub(super) fn view_query(sql: &str) -> Option<(String, String)> {
    let all = tokens(sql);
    // Its name stands right before, or a list of columns does; neither can be this word unquoted.
    let at = all.iter().position(|token| token.is("AS"))?;
    let (start, query) = (all.get(at + 1)?.range.start, &all[at + 1..]);
    let columns = all[..at].iter().position(|token| token.is_sign("("));
    let (raw, plain) = (sql[start..].trim().to_owned(), rendered(sql, query));
    let Some(open) = columns else {
        return Some((raw, plain));
    };
    // A view that names its columns: the same by a common table expression.
    let name = all[..open].iter().rfind(|token| matches!(token.kind, Kind::Word | Kind::Name))?;
    let head = crate::sql::quote(&name.unquoted());
    let list = rendered(sql, &all[open..at]);
    let wrapped = |query: &str| format!("WITH {head} {list} AS ({query}\n) SELECT * FROM {head}");
    Some((wrapped(&raw), wrapped(&plain)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_tells_what_no_pragma_tells() {
        let sql = r#"CREATE TABLE [t] (
            "check" INTEGER CONSTRAINT "the key" PRIMARY KEY, -- a comment, with (
            b TEXT DEFAULT (',') CONSTRAINT one UNIQUE ON CONFLICT IGNORE CHECK (b <> ')' /* ) */) REFERENCES x,
            c NUMERIC(10, 2) GENERATED ALWAYS AS ([b] || 'x') STORED,
            CONSTRAINT both UNIQUE (b COLLATE NOCASE, "check") CHECK(c > 0)
            CONSTRAINT far FOREIGN KEY (b, c) REFERENCES y (d, e) DEFERRABLE INITIALLY DEFERRED
        )"#;
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let expected = Definition {
            key_name: Some("the key".into()),
            uniques: vec![
                (names(&["b"]), Some("one".into())),
                (names(&["b", "check"]), Some("both".into())),
            ],
            references: vec![
                ReferenceText { columns: names(&["b"]), name: None, deferred: false },
                ReferenceText {
                    columns: names(&["b", "c"]),
                    name: Some("far".into()),
                    deferred: true,
                },
            ],
            checks: vec![(None, "b <> ')'".into()), (None, "c > 0".into())],
            generated: vec![("c".into(), "\"b\" || 'x'".into())],
            resolves_conflicts: true,
        };
        assert_eq!(table(sql), expected);
    }

    #[test]
    fn filters_of_indexes_and_queries_of_views_are_found() {
        let filter = |sql| index_filter(sql);
        assert_eq!(
            filter("CREATE INDEX i ON t (a, lower(b)) WHERE a > 0").as_deref(),
            Some("a > 0")
        );
        assert_eq!(filter("CREATE INDEX i ON t (a)"), None);
        let query = |sql| view_query(sql).map(|(raw, _)| raw);
        assert_eq!(query("CREATE VIEW v AS SELECT 1 AS one").as_deref(), Some("SELECT 1 AS one"));
        assert_eq!(
            query("CREATE VIEW \"v w\"(a, b) AS SELECT 1, 2").as_deref(),
            Some("WITH \"v w\" (a, b) AS (SELECT 1, 2\n) SELECT * FROM \"v w\"")
        );
    }
}
