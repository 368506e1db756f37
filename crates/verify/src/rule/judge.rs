//! The judge: the interpreter of the `cel` crate over rows in memory. Nothing of Mainstay's own
//! reading of rules is used here.

use std::sync::Arc;

use cel::common::types::CelString;
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, Env, Value};

use super::Expr;
use crate::model::Verdict;
use crate::world::cell::{json_to_cel, map};
use crate::world::{Caller, Cell, NOW, Row, Table};

type Held = Box<dyn Val>;

/// Evaluates rules.
pub struct Judge {
    env: Arc<Env>,
}

/// A rule that can be evaluated, and its parts that `&&` joins.
#[derive(Debug)]
pub struct Program(cel::Program);

/// All rows of all tables as the rules see them, at one moment.
pub struct Snapshot {
    names: Vec<String>,
    tables: Vec<Held>,
    /// By table and place.
    rows: Vec<Vec<Held>>,
}

/// What is known of a request.
pub struct Facts {
    auth: Held,
    request: Held,
    now: Held,
}

impl Judge {
    #[must_use]
    pub fn new() -> Self {
        let mut env = Env::stdlib();
        // Of CEL's string extensions, which the crate has not. Nothing is declared twice here.
        let _ = cel::add_member_overload!(env, fn lower_ascii: (CelString) -> CelString);
        let _ = cel::add_member_overload!(env, fn upper_ascii: (CelString) -> CelString);
        Self { env: Arc::new(env) }
    }

    /// # Errors
    /// What the parser says: the rule cannot be judged.
    pub fn read(&self, rule: &Expr, tables: &[Table]) -> Result<Program, String> {
        let text = super::plain(rule, tables);
        self.env.compile(&text).map(Program).map_err(|error| format!("{text}: {error}"))
    }

    /// Whether the rule says `true`: an error is no, and so is everything that is no truth.
    #[must_use]
    pub fn holds(&self, program: &Program, scope: &Scope<'_>) -> bool {
        let mut context = Context::with_env(Arc::clone(&self.env));
        context.set_variable_resolver(scope);
        program.0.execute(&context) == Ok(Value::Bool(true))
    }

    /// What a part comes to that looks at no row.
    #[must_use]
    pub fn verdict(&self, program: &Program, facts: &Facts, snapshot: &Snapshot) -> Verdict {
        let scope = Scope { facts, snapshot, row: None, new: None };
        let mut context = Context::with_env(Arc::clone(&self.env));
        context.set_variable_resolver(&scope);
        match program.0.execute(&context) {
            Ok(Value::Bool(true)) => Verdict::True,
            Ok(Value::Bool(false)) => Verdict::False,
            Ok(Value::List(items)) if items.is_empty() => Verdict::Nothing,
            Ok(_) => Verdict::Unknown,
            Err(_) => Verdict::Error,
        }
    }
}

fn lower_ascii(this: &CelString<'_>) -> CelString<'static> {
    CelString::from(this.inner().to_ascii_lowercase())
}

fn upper_ascii(this: &CelString<'_>) -> CelString<'static> {
    CelString::from(this.inner().to_ascii_uppercase())
}

impl std::default::Default for Judge {
    fn default() -> Self {
        Self::new()
    }
}

/// The variables of one evaluation.
#[derive(Clone, Copy)]
pub struct Scope<'s> {
    pub facts: &'s Facts,
    pub snapshot: &'s Snapshot,
    pub row: Option<&'s dyn Val>,
    pub new: Option<&'s dyn Val>,
}

impl VariableResolver for Scope<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let found: &dyn Val = match variable {
            "auth" => self.facts.auth.as_ref(),
            "request" => self.facts.request.as_ref(),
            "now" => self.facts.now.as_ref(),
            "row" => self.row?,
            "new" => self.new?,
            name => {
                let at = self.snapshot.names.iter().position(|known| known == name)?;
                self.snapshot.tables[at].as_ref()
            }
        };
        Some(CowVal::Borrowed(found))
    }
}

impl Snapshot {
    #[must_use]
    pub fn new(tables: &[Table], rows: &[Vec<Row>]) -> Self {
        let values: Vec<Vec<Value>> = tables
            .iter()
            .zip(rows)
            .map(|(table, rows)| rows.iter().map(|row| row_value(table, row)).collect())
            .collect();
        Self {
            names: tables.iter().map(|table| table.name.clone()).collect(),
            tables: values.iter().map(|rows| held(Value::List(Arc::new(rows.clone())))).collect(),
            rows: values.into_iter().map(|rows| rows.into_iter().map(held).collect()).collect(),
        }
    }

    #[must_use]
    pub fn row(&self, table: usize, at: usize) -> &dyn Val {
        self.rows[table][at].as_ref()
    }
}

/// A row that is in no table.
#[must_use]
pub fn loose(table: &Table, row: &Row) -> Held {
    held(row_value(table, row))
}

fn row_value(table: &Table, row: &Row) -> Value {
    let columns = table.columns.iter().zip(row);
    map(columns.map(|(column, cell)| (column.name.clone(), Cell::to_cel(cell))))
}

fn held(value: Value) -> Held {
    let text = format!("{value:?}");
    value.try_into().unwrap_or_else(|error| unreachable!("{text} is a plain value: {error}"))
}

impl Facts {
    /// `headers` are those that rules may ask for, with names in lower case.
    #[must_use]
    pub fn new(caller: &Caller, method: &str, path: &str, headers: &[(String, String)]) -> Self {
        let text = |text: &str| Value::from(text.to_owned());
        let headers = map(headers.iter().map(|(name, value)| (name.clone(), text(value))));
        let request = [("method", text(method)), ("path", text(path)), ("headers", headers)];
        let request = map(request.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Self {
            auth: held(auth(caller)),
            request: held(request),
            now: held(Cell::Moment(NOW).to_cel()),
        }
    }
}

/// What the caller lacks is no key of the map.
fn auth(caller: &Caller) -> Value {
    let claims = caller.all_claims();
    let mut fields = vec![("role".to_owned(), Value::from(caller.role.to_owned()))];
    let listed = claims.get("roles").map_or_else(
        || Value::List(Arc::new(vec![Value::from(caller.role.to_owned())])),
        json_to_cel,
    );
    fields.push(("roles".to_owned(), listed));
    for (name, claim) in [("uid", "sub"), ("email", "email"), ("aal", "aal")] {
        if let Some(value) = claims.get(claim) {
            fields.push((name.to_owned(), json_to_cel(value)));
        }
    }
    let claims = claims.iter().map(|(name, value)| (name.clone(), json_to_cel(value)));
    fields.push(("claims".to_owned(), map(claims)));
    map(fields.into_iter())
}
