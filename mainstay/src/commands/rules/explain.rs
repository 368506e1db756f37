//! One rule for one caller: as it was written, what is known of the caller in it, what is left,
//! and how that is asked of the database.

use std::sync::Arc;

use mainstay_base::{Clock, Error};
use mainstay_gate::{Action, Caller, Gate, Identity};
use mainstay_schema::model::Module;
use mainstay_schema::rule::{Asking, Residual};
use mainstay_schema::{Declared, Rule, Table};
use mainstay_store::query::{Rows, Source};
use mainstay_store::sqlite::compile::explain;

use super::explained::Explained;
use super::{Explain, caller, plain, scans};
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
            hint: mainstay_base::nearest(name, near.iter().map(String::as_str)).map_or_else(
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
        let mut rows = Vec::new();
        // What is not read is not changed.
        let needed = match self.action {
            Action::Update | Action::Delete => vec![Action::Read, self.action],
            action => vec![action],
        };
        for action in needed {
            self.tell_rule(table, action, &caller, &mut explained);
            let (catalog, (module, source)) = (&self.declared.catalog, self.place);
            match self.gate.permit(&caller, catalog, module, source, action) {
                Ok(permit) => rows.extend(permit.rows().cloned()),
                Err(error) => explained.refused = Some(error.message().to_owned()),
            }
        }
        self.tell_closed(table, &caller, &mut explained);
        if explained.refused.is_none() {
            self.tell_rows(table, &rows, &caller, &mut explained)?;
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
            let line = format!("allow.{word} is not there: closed to all but service_role");
            return explained.rules.push(line);
        };
        let spot = lint::spot(Some(rule), &self.declared.sources);
        let spot = spot.map_or_else(String::new, |(file, line)| format!("   ({file}:{line})"));
        explained.rules.push(format!("allow.{word} = \"{}\"{spot}", lint::on_one_line(rule)));
        if let Some(tenant) = table.tenant.filter(|_| action == self.action) {
            let name = &table.columns[tenant].name;
            let line = format!("tenant = {name:?}: only rows of the caller's own tenant");
            explained.rules.push(line);
        }
        if !self.identity.is_service() {
            self.tell_known(rule, action, caller, explained);
        }
    }

    /// What is known of the caller in a rule, and what it demands of rows that are written.
    fn tell_known(
        &self,
        rule: &Rule,
        action: Action,
        caller: &Caller<'_>,
        explained: &mut Explained,
    ) {
        let Some(bound) = rule.bound() else { return };
        let (_, check) = bound.ask(&Asking::new(self.identity.facts(), caller.now, caller));
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

    /// Which rows are left, and how they are asked for.
    fn tell_rows(
        &self,
        table: &Arc<Table>,
        rows: &[Arc<Residual>],
        caller: &Caller<'_>,
        explained: &mut Explained,
    ) -> Result<(), Error> {
        let module = self.module();
        if self.action != Action::Create {
            let left: Vec<String> = rows.iter().map(|rows| told::residual(rows)).collect();
            explained.left = Some(match left.as_slice() {
                [] => "true".to_owned(),
                [one] => one.clone(),
                many => many.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" && "),
            });
        }
        let is_table = self.place.1 < module.tables.len();
        let kind = if is_table { Rows::Stored } else { Rows::View };
        let source = Source { table: Arc::clone(table), rows: kind };
        let closed = self.gate.closed(caller, table, self.place);
        let Some(statement) = plain::statement(self.action, source, rows, &closed) else {
            return Ok(());
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        explained.plan = explain(module, &statement, &clock)?;
        explained.values = plain::values(&statement, rows);
        explained.warnings = scans::warnings(module, table, rows, &statement.sql, &explained.plan);
        explained.sql = Some(statement.sql);
        Ok(())
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
}
