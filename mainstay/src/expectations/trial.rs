//! One expectation: its rows are laid down, the caller asks, and the answer is judged.

use mainstay_schema::Table;
use mainstay_schema::model::{Deed, Expectation, ExpectedRow};
use serde_json::{Map, Value};

use super::ground::{Answer, Ground, alike, encoded, quoted};
use super::rows::Rows;

/// Codes by which the data API says that a caller may not; a column that is closed for reading is
/// unknown to it.
const REFUSALS: &[&str] = &["42501", "428C9", "42703", "PGRST204"];

/// Characters of an answer that are shown.
const SHOWN: usize = 300;

/// What came of asking.
enum Came {
    Done(String),
    /// Refused, or nothing was found: to the caller both are a no.
    Not(String),
    /// Neither: something else is in the way.
    Unclear(String),
}

/// # Errors
/// What happened instead, as a sentence.
pub fn judge(ground: &Ground<'_>, expectation: &Expectation) -> Result<(), String> {
    let trial = Trial::new(ground, expectation)?;
    // What cannot be done to several columns cannot be done to any of them.
    let single = !expectation.allowed && expectation.columns.len() > 1;
    let rounds: Vec<&[String]> = match single {
        true => expectation.columns.chunks(1).collect(),
        false => vec![&expectation.columns],
    };
    let mut rows = trial.rows();
    rows.lay_all()?;
    for columns in rounds {
        match (trial.ask(&mut rows, columns)?, expectation.allowed) {
            (Came::Done(_), true) | (Came::Not(_), false) => {}
            (Came::Done(what), false) | (Came::Not(what), true) => return Err(what),
            (Came::Unclear(what), _) => return Err(format!("it could not be tried out: {what}")),
        }
    }
    Ok(())
}

struct Trial<'t> {
    ground: &'t Ground<'t>,
    expectation: &'t Expectation,
    /// The position of the table; none for a view.
    table: Option<usize>,
    /// The path of the source.
    path: String,
    token: String,
}

impl<'t> Trial<'t> {
    fn new(ground: &'t Ground<'t>, expectation: &'t Expectation) -> Result<Self, String> {
        let module = &ground.module;
        let name = &expectation.source;
        let table = module.tables.iter().position(|table| table.name == *name);
        let source = module.sources().find(|source| source.name == *name);
        let source = source.ok_or_else(|| format!("the view `{name}` was not compiled"))?;
        let named = expectation.columns.iter().chain(expectation.row.keys());
        if let Some(unknown) =
            named.chain(expectation.new.keys()).find(|column| source.column(column).is_none())
        {
            return Err(format!("`{name}` has no column `{unknown}`"));
        }
        let token =
            ground.token(&expectation.caller).map_err(|error| error.message().to_owned())?;
        let path = format!("/{}", encoded(name));
        Ok(Self { ground, expectation, table, path, token })
    }

    /// The row in question first, then those beside it.
    fn rows(&self) -> Rows<'t> {
        let module = &self.ground.module;
        let position = |name: &str| module.tables.iter().position(|table| table.name == name);
        let there = self.table.filter(|_| self.expectation.deed != Deed::Create);
        let first = there.map(|table| (table, self.expectation.row.clone()));
        let given = self.expectation.given.iter();
        let given = given.filter_map(|(name, row)| Some((position(name)?, row.clone())));
        Rows::new(self.ground, first.into_iter().chain(given).collect())
    }

    fn ask(&self, rows: &mut Rows<'t>, columns: &[String]) -> Result<Came, String> {
        let body = self.body(rows, columns)?;
        let filter = match (self.expectation.deed, self.table) {
            (Deed::Create, _) => String::new(),
            (_, None) => filter(self.expectation.row.iter()),
            (_, Some(table)) => match rows.stored(0) {
                Some(stored) => match self.found(&self.ground.module.tables[table], stored)? {
                    Some(filter) => filter,
                    None => return Ok(Came::Not("the row was not found".to_owned())),
                },
                None => String::new(),
            },
        };
        let path = &self.path;
        match self.expectation.deed {
            Deed::Read => {
                let select = match columns {
                    [] => "*".to_owned(),
                    columns => {
                        columns.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(",")
                    }
                };
                let answer = self.send("GET", &format!("{path}?select={select}&{filter}"), None)?;
                Ok(came(&answer, answer.rows().len(), "read"))
            }
            Deed::Create => {
                let answer = self.send("POST", path, Some(&body))?;
                Ok(came(&answer, 1, "created"))
            }
            Deed::Update => {
                let answer = self.send("PATCH", &format!("{path}?{filter}"), Some(&body))?;
                Ok(came(&answer, counted(&answer), "updated"))
            }
            Deed::Delete => {
                let answer = self.send("DELETE", &format!("{path}?{filter}"), None)?;
                Ok(came(&answer, counted(&answer), "deleted"))
            }
        }
    }

    /// What is written: the values of `new`, and made-up ones for further columns.
    fn body(&self, rows: &mut Rows<'t>, columns: &[String]) -> Result<Value, String> {
        let mut body = self.expectation.new.clone();
        let Some(table) = self.table else {
            return Ok(Value::Object(body));
        };
        if self.expectation.deed == Deed::Create {
            body = rows.sent(table, &body, &self.expectation.caller)?;
        }
        if matches!(self.expectation.deed, Deed::Create | Deed::Update) {
            let declared = &self.ground.module.tables[table];
            for name in columns.iter().filter(|name| !self.expectation.new.contains_key(*name)) {
                if let Some(column) = declared.column(name) {
                    let value = rows.value(table, column)?;
                    body.insert(name.clone(), value);
                }
            }
        }
        Ok(Value::Object(body))
    }

    /// Filters that find the row, of columns that the caller may name; nothing where it sees no
    /// such row. A caller to whom the key is closed finds the row by what it does see.
    fn found(&self, table: &Table, stored: &ExpectedRow) -> Result<Option<String>, String> {
        let key = table.primary_key.columns.iter().map(|at| &table.columns[*at].name);
        let key: Map<String, Value> =
            key.filter_map(|name| Some((name.clone(), stored.get(name)?.clone()))).collect();
        if !key.is_empty() {
            let filter = filter(key.iter());
            let select: Vec<String> = key.keys().map(|name| quoted(name)).collect();
            let target = format!("{}?select={}&{filter}", self.path, select.join(","));
            if self.send("GET", &target, None)?.code() != "42703" {
                return Ok(Some(filter));
            }
        }
        let answer = self.send("GET", &format!("{}?select=*", self.path), None)?;
        let same = |row: &&Map<String, Value>| {
            row.iter().all(|(name, value)| stored.get(name).is_some_and(|own| alike(own, value)))
        };
        let seen = answer.rows().iter().filter_map(Value::as_object).find(same);
        let plain = |(_, value): &(&String, &Value)| !value.is_array() && !value.is_object();
        Ok(seen.map(|row| filter(row.iter().filter(plain))))
    }

    fn send(&self, method: &str, target: &str, body: Option<&Value>) -> Result<Answer, String> {
        let answer = self.ground.ask(&self.token, method, target, body);
        answer.map_err(|error| error.message().to_owned())
    }
}

fn filter<'v>(values: impl Iterator<Item = (&'v String, &'v Value)>) -> String {
    let parts = values.map(|(name, value)| {
        let name = quoted(name);
        match value {
            Value::Null => format!("{name}=is.null"),
            Value::String(text) => format!("{name}=eq.{}", encoded(text)),
            other => format!("{name}=eq.{}", encoded(&other.to_string())),
        }
    });
    parts.collect::<Vec<_>>().join("&")
}

fn counted(answer: &Answer) -> usize {
    answer.counted.and_then(|rows| usize::try_from(rows).ok()).unwrap_or(0)
}

fn came(answer: &Answer, rows: usize, done: &str) -> Came {
    match (answer.is_good(), rows) {
        (true, 0) => Came::Not("no row was found".to_owned()),
        (true, _) => {
            let shown: String = match answer.rows() {
                [] => String::new(),
                rows => Value::Array(rows.to_vec()).to_string(),
            };
            let shown: String = shown.chars().take(SHOWN).collect();
            let colon = if shown.is_empty() { "" } else { ": " };
            Came::Done(format!("the row was {done}{colon}{shown}"))
        }
        (false, _) if REFUSALS.contains(&answer.code()) => {
            Came::Not(format!("it was refused: {}", answer.told()))
        }
        (false, _) => Came::Unclear(answer.told()),
    }
}
