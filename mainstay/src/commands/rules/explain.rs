//! One rule for one caller: as it was written, what is known of the caller in it, what is left,
//! and how that is asked of the database.

use std::sync::Arc;

use mainstay_base::{Clock, Error};
use mainstay_gate::{Action, Caller, Gate, Identity};
use mainstay_schema::model::Module;
use mainstay_schema::rule::{Asking, Residual};
use mainstay_schema::{Declared, Table, Value};
use mainstay_store::Statement;
use mainstay_store::plan::Slot;
use mainstay_store::query::{
    Delete, Expr, Filter, Given, Operand, Rows, Ruled, Select, Source, Update,
};
use mainstay_store::sql::{sqlite, sqlite_write};
use mainstay_store::sqlite::compile::explain;
use serde_json::json;

use super::{Explain, caller, scans};
use crate::clock::SystemClock;
use crate::openness::{Rules, rule};
use crate::report::{Failure, say};
use crate::settings::Flags;
use crate::{commands, lint, told};

const ACTIONS: [(&str, Action); 4] = [
    ("read", Action::Read),
    ("create", Action::Create),
    ("update", Action::Update),
    ("delete", Action::Delete),
];

/// What there is to say; lists are lines.
#[derive(Default)]
struct Explained {
    source: String,
    action: &'static str,
    role: String,
    /// Rules as they were written, with their places.
    rules: Vec<String>,
    /// What is known of the caller in them.
    known: Vec<String>,
    /// Why the gate refuses before the database is asked.
    refused: Option<String>,
    /// Which rows.
    left: Option<String>,
    /// What must hold of a row that is written.
    checks: Option<String>,
    /// Columns that are closed, by what for.
    closed: Vec<String>,
    sql: Option<String>,
    values: Vec<String>,
    plan: Vec<String>,
    warnings: Vec<String>,
}

pub(super) fn run(args: &Explain, as_json: bool) -> Result<(), Failure> {
    let flags = Flags { environment: args.env.clone(), ..Flags::default() };
    let (declared, configured) = commands::read(&args.path, &flags)?;
    let (word, action) = action(&args.action)?;
    let place = place(&declared, &args.table)?;
    let roles = &configured.settings.auth.roles;
    let known = Rules::new(&declared.catalog, roles).roles;
    let facts = caller::read(&args.caller, &known)?;
    let identity = Arc::new(Identity::of_facts(facts));
    let gate = Gate::new(&[], roles, Arc::new(SystemClock));
    let asked = Asked { declared: &declared, gate: &gate, identity: &identity, place, action };
    let mut explained = asked.explain()?;
    explained.action = word;
    match as_json {
        true => say!("{}", explained.in_json()),
        false => explained.tell(),
    }
    Ok(())
}

fn action(word: &str) -> Result<(&'static str, Action), Failure> {
    ACTIONS.into_iter().find(|(name, _)| *name == word).ok_or_else(|| Failure::Misused {
        message: format!("There is no action {word}"),
        hint: "Actions are read, create, update and delete.".to_owned(),
    })
}

/// The module and the source that are meant by `module.table` or `table`.
fn place(declared: &Declared, name: &str) -> Result<(usize, usize), Failure> {
    let mut found = Vec::new();
    let mut near: Vec<String> = Vec::new();
    for (at, module) in declared.catalog.modules.iter().enumerate() {
        for (source, table) in module.sources().enumerate() {
            let full = format!("{}.{}", module.name, table.name);
            if full == name || table.name == name {
                found.push((full == name, (at, source)));
            }
            near.push(full);
        }
    }
    // A table whose name holds a dot is still meant by its full name.
    found.sort_by_key(|(full, _)| !full);
    match found.as_slice() {
        [(_, place)] | [(true, place), (false, _), ..] => Ok(*place),
        [] => Err(Failure::Misused {
            message: format!("There is no table or view {name}"),
            hint: mainstay_schema::nearest(name, near.iter().map(String::as_str)).map_or_else(
                || format!("There are {}.", near.join(", ")),
                |right| format!("Did you mean {right}?"),
            ),
        }),
        _ => Err(Failure::Misused {
            message: format!("Several modules have a {name}"),
            hint: "Write module.table.".to_owned(),
        }),
    }
}

struct Asked<'a> {
    declared: &'a Declared,
    gate: &'a Gate,
    identity: &'a Arc<Identity>,
    place: (usize, usize),
    action: Action,
}

impl Asked<'_> {
    fn module(&self) -> &Arc<Module> {
        &self.declared.catalog.modules[self.place.0]
    }

    fn explain(&self) -> Result<Explained, Error> {
        let module = self.module();
        let Some(table) = module.source(self.place.1) else { return Ok(Explained::default()) };
        let mut explained = Explained {
            source: format!("{}.{}", module.name, table.name),
            role: self.identity.role().to_owned(),
            ..Explained::default()
        };
        let caller = Caller::of(self.identity, SystemClock.now());
        let catalog = &self.declared.catalog;
        let mut rows = Vec::new();
        // What is not read is not changed.
        let needed = match self.action {
            Action::Update | Action::Delete => vec![Action::Read, self.action],
            action => vec![action],
        };
        for action in needed {
            self.tell_rule(table, action, &caller, &mut explained);
            match self.gate.permit(&caller, catalog, self.place.0, self.place.1, action) {
                Ok(permit) => rows.extend(permit.rows().cloned()),
                Err(error) => explained.refused = Some(error.message().to_owned()),
            }
        }
        self.tell_closed(table, &caller, &mut explained);
        if explained.refused.is_some() {
            return Ok(explained);
        }
        if self.action != Action::Create {
            let left: Vec<String> = rows.iter().map(|rows| told::residual(rows)).collect();
            explained.left = Some(match left.as_slice() {
                [] => "true".to_owned(),
                [one] => one.clone(),
                many => many.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" && "),
            });
        }
        if let Some(statement) = self.statement(table, &rows, &caller) {
            explained.plan =
                explain(module, &statement, &(Arc::new(SystemClock) as Arc<dyn Clock>))?;
            explained.values = values(&statement, &rows);
            explained.warnings =
                scans::warnings(module, table, &rows, &statement.sql, &explained.plan);
            explained.sql = Some(statement.sql);
        }
        Ok(explained)
    }

    /// The rule as it was written, and what is known of the caller in it.
    fn tell_rule(
        &self,
        table: &Table,
        action: Action,
        caller: &Caller<'_>,
        explained: &mut Explained,
    ) {
        let word = ACTIONS.iter().find(|(_, known)| *known == action).map_or("", |(name, _)| name);
        let Some(rule) = rule(&table.allow, action) else {
            explained
                .rules
                .push(format!("allow.{word} is not there: closed to all but service_role"));
            return;
        };
        let spot = lint::spot(Some(rule), &self.declared.sources);
        let spot = spot.map_or_else(String::new, |(file, line)| format!("   ({file}:{line})"));
        explained.rules.push(format!("allow.{word} = \"{}\"{spot}", lint::on_one_line(rule)));
        if let Some(tenant) = table.tenant.filter(|_| action == self.action) {
            let name = &table.columns[tenant].name;
            explained
                .rules
                .push(format!("tenant = {name:?}: only rows of the caller's own tenant"));
        }
        if self.identity.is_service() {
            return;
        }
        let Some(bound) = rule.bound() else { return };
        let asking = Asking::new(self.identity.facts(), caller.now, caller);
        let (_, check) = bound.ask(&asking);
        let knowns: Vec<_> = check.known().map(|(_, value)| value.cloned()).collect();
        for (known, value) in check.known().filter(|(known, _)| !known.text.is_empty()) {
            let line = match value {
                Some(_) => format!("{} is {}", known.text, told::constant(value)),
                None => format!("{} is an error, which denies", known.text),
            };
            if !explained.known.contains(&line) {
                explained.known.push(line);
            }
        }
        if bound.judges() && matches!(action, Action::Create | Action::Update) {
            explained.checks = Some(told::condition(bound.parts().1, &knowns));
        }
    }

    fn tell_closed(&self, table: &Table, caller: &Caller<'_>, explained: &mut Explained) {
        let closed = self.gate.closed(caller, table, self.place);
        let lists = match self.action {
            Action::Create => vec![("reading", &closed.read), ("creating", &closed.create)],
            Action::Update => vec![("reading", &closed.read), ("updating", &closed.update)],
            _ => vec![("reading", &closed.read)],
        };
        for (what, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            let names: Vec<&str> = list.iter().map(|at| &*table.columns[*at].name).collect();
            explained.closed.push(format!("for {what}: {}", names.join(", ")));
        }
    }

    /// The plainest statement of this kind that the caller can send.
    fn statement(
        &self,
        table: &Arc<Table>,
        rows: &[Arc<Residual>],
        caller: &Caller<'_>,
    ) -> Option<Statement> {
        let closed = self.gate.closed(caller, table, self.place);
        let mut filter = Filter::NONE;
        let mut first = 0;
        for residual in rows {
            filter = filter.and(Filter::Rule(Ruled { residual: Arc::clone(residual), first }));
            first += residual.values.len();
        }
        let is_table = self.place.1 < self.module().tables.len();
        let table = Arc::clone(table);
        let is_open = |at: &usize| !closed.read.contains(at);
        Some(match self.action {
            Action::Read => {
                let outputs = (0..table.columns.len()).filter(is_open).map(Expr::Column).collect();
                let rows = if is_table { Rows::Stored } else { Rows::View };
                let select = Select::all(Source { table, rows }, outputs);
                sqlite::select(&Select { filter, ..select })
            }
            Action::Update if is_table => {
                let key = &table.primary_key.columns;
                let is_set = |at: &usize| {
                    !key.contains(at)
                        && !closed.update.contains(at)
                        && table.columns[*at].generated.is_none()
                        && !table.columns[*at].readonly
                };
                let set = (0..table.columns.len()).find(is_set)?;
                let set = vec![(set, Operand::Given(Given(0)))];
                sqlite_write::update(&Update { table, set, filter, returning: Vec::new() })
            }
            Action::Delete if is_table => {
                sqlite_write::delete(&Delete { table, filter, returning: Vec::new() })
            }
            _ => return None,
        })
    }
}

/// What the parameters are bound to, in order.
fn values(statement: &Statement, rows: &[Arc<Residual>]) -> Vec<String> {
    let bound: Vec<&Value> = rows.iter().flat_map(|rows| &rows.values).collect();
    let shown = |value: &Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Real(number) => format!("{number:?}"),
        Value::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
    };
    let slots = statement.slots.iter().map(|slot| match slot {
        Slot::Fixed(value) => shown(value),
        Slot::Given(_) => "a value of the request".to_owned(),
        Slot::Rule(at) => bound.get(*at).map_or_else(String::new, |value| shown(value)),
    });
    slots.collect()
}

impl Explained {
    fn in_json(&self) -> serde_json::Value {
        json!({
            "source": self.source,
            "action": self.action,
            "role": self.role,
            "rules": self.rules,
            "known": self.known,
            "refused": self.refused,
            "residual": self.left,
            "checks": self.checks,
            "closed_columns": self.closed,
            "sql": self.sql,
            "values": self.values,
            "plan": self.plan,
            "warnings": self.warnings,
        })
    }

    fn tell(&self) {
        let one = |line: &Option<String>| line.iter().cloned().collect::<Vec<_>>();
        let values = match self.values.as_slice() {
            [] => Vec::new(),
            values => vec![values.join(", ")],
        };
        let refused = self.refused.as_ref().map(|message| {
            format!("{message} (42501): it holds for no row, so the database is not asked")
        });
        say!("{} {} as {}", self.action, self.source, self.role);
        for (title, lines) in [
            ("rule", &self.rules),
            ("known", &self.known),
            ("refused", &one(&refused)),
            ("left", &one(&self.left)),
            ("new rows", &one(&self.checks)),
            ("closed", &self.closed),
            ("sql", &one(&self.sql)),
            ("values", &values),
            ("plan", &self.plan),
            ("warning", &self.warnings),
        ] {
            for (at, line) in lines.iter().enumerate() {
                let title = if at == 0 || title == "warning" { title } else { "" };
                say!("  {title:<9} {line}");
            }
        }
    }
}
