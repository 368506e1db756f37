//! From a request's text to every statement that would be run for it, without a database.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use mainstay_base::{Clock, Code, Error, Result};
use mainstay_gate::{Action, Caller, Gate, Identity};
use mainstay_rest::parse::{self, Intent, Pairs, Resource, Verb};
use mainstay_rest::plan::call::{self, CallWork, Called};
use mainstay_rest::plan::change::{self, Asked};
use mainstay_rest::plan::insert::{self, Wanted};
use mainstay_rest::plan::made::Maker;
use mainstay_rest::plan::rulings::Rulings;
use mainstay_rest::plan::through::Permits;
use mainstay_rest::plan::viewer::Viewer;
use mainstay_rest::plan::{Index, Level, Target, Written, arguments, put, read, target};
use mainstay_rest::{Config, Plans};
use mainstay_schema::{Catalog, read_text};
use mainstay_store::plan::{Change, Guard, Reread};
use mainstay_store::sqlite::compile;
use mainstay_store::{Statement, WritePlan};

pub const APP: &str = r#"
name = "app"
[tables.people]
search = ["email", "full name"]
columns.id = { type = "bigint", primary_key = true, identity = true }
columns."full name" = { type = "text", max = 40 }
columns.email = { type = "text", unique = true, null = true }
columns.score = { type = "numeric(8,2)", default = 1, null = true }
columns.long = { type = "numeric(30,10)", null = true }
columns.data = { type = "json", null = true }
columns.seen = { type = "timestamptz", default = "now" }
columns.ok = { type = "boolean", null = true }
columns.tags = { type = "text[]", null = true }
columns.bytes = { type = "bytes", null = true }
columns.mood = { type = "enum", values = ["good", "bad"], null = true }
[tables.notes]
columns.person = { references = "people" }
columns.text = "text"
columns.reply = { references = "notes", null = true }
[tables.profiles]
columns.person = { references = "people", primary_key = true }
columns.bio = { type = "text", null = true }
[tables.groups]
columns.name = "text"
[tables.members]
primary_key = ["person", "group"]
columns.person = { references = "people" }
columns.group = { references = "groups" }
columns.since = { type = "date", null = true }
[tables.letters]
columns.sender = { references = "people" }
columns.receiver = { references = "people" }
[tables.pairs]
primary_key = ["a", "b"]
columns.a = "integer"
columns.b = "text"
columns.c = { type = "text", null = true }
[tables.'O"dd; --']
columns.'a"b' = { type = "text", null = true }
[views.good]
sql = "select id, email, score from people where score > 1"
[views.sums]
sql = "select person, count(*) as n from notes group by person"
columns.n = "bigint"
[functions.sum]
args = { a = "integer", b = { type = "integer", default = 1 } }
sql = "select :a + :b as sum"
returns = "integer"
[functions.near]
args = { word = "text" }
sql = "select * from people where email = :word"
[functions.note]
args = { person = "bigint", text = "text" }
sql = "insert into notes (id, person, text) values (uuidv7(), :person, :text) returning *"
"#;

#[derive(Clone, Copy)]
pub struct Still;

impl Clock for Still {
    fn now(&self) -> i64 {
        1_700_000_000_000_000
    }
}

pub struct Planner {
    index: Index,
    plans: Plans,
    gate: Gate,
    identity: Arc<Identity>,
}

/// Every statement of a request.
pub struct Planned {
    pub all: Vec<Arc<Statement>>,
}

impl Planner {
    pub fn new() -> Self {
        let declared = read_text("app.toml", APP).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let mut catalog = declared.catalog;
        let clock: Arc<dyn Clock> = Arc::new(Still);
        let refused = compile::compile(&mut catalog, &clock).unwrap();
        assert!(refused.is_empty(), "{refused:?}");
        Self {
            index: Index::new(Arc::new(catalog)).unwrap(),
            plans: Plans::new(),
            gate: Gate::new(&[1; 32], &[], clock),
            identity: Arc::new(Identity::service()),
        }
    }

    pub fn catalog(&self) -> &Catalog {
        &self.index.catalog
    }

    /// `METHOD path?query`, `Name: value` lines, an empty line, the body. What is no HTTP is
    /// refused like what is no request.
    pub fn plan(&self, request: &str) -> Result<Planned> {
        let no_http = |_| Error::new(Code::QueryUnreadable, "no HTTP");
        let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
        let mut lines = head.split('\n');
        let (method, url) = lines.next().and_then(|line| line.split_once(' ')).unwrap_or_default();
        let mut headers = HeaderMap::new();
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| no_http(()))?;
            headers.insert(name, HeaderValue::from_str(value).map_err(|_| no_http(()))?);
        }
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let pairs = Pairs::read(query)?;
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| no_http(()))?;
        let intent = parse::intent(&method, path, &headers, &pairs)?;
        let all = match intent.resource {
            Resource::Function(name) => self.call(name, &intent, body.as_bytes())?,
            _ => self.of_table(&intent, body.as_bytes())?,
        };
        Ok(Planned { all })
    }

    fn config() -> Config {
        Config { aggregates: true, ..Config::default() }
    }

    fn viewer(&self) -> Viewer<'_> {
        let caller = Caller::of(&self.identity, Still.now());
        Viewer { index: &self.index, gate: &self.gate, caller }
    }

    fn of_table(&self, intent: &Intent<'_>, body: &[u8]) -> Result<Vec<Arc<Statement>>> {
        let viewer = self.viewer();
        let target = target(&viewer, intent)?;
        let permit = viewer.permit(&target, Action::Read)?;
        let (config, plans) = (Self::config(), &self.plans);
        let maker = Maker::new(Still.now(), &self.identity);
        let part = &intent.query.part;
        let permits = Permits {
            act: permit.clone(),
            read: Some(permit.clone()),
            update: Some(permit.clone()),
        };
        let written = &Written::new(&viewer, target, permits, part)?;
        let returning = intent.prefer.represents().then_some(part);
        let guard = Guard::default();
        let asked = Asked { viewer: &viewer, intent, written, returning, guard };
        let write = match intent.verb {
            Verb::Read { .. } => {
                let plan =
                    read::plan(plans, &config, &written.level, &written.rules, &permit, intent)?
                        .plan;
                let bounds = plan.before.iter().chain(&plan.rows).chain(&plan.count);
                return Ok(bounds.map(|bound| Arc::clone(&bound.statement)).collect());
            }
            Verb::Create => {
                let upserting = insert::upserting(&written.table, intent)?;
                let wanted =
                    Wanted { viewer: &viewer, written, returning, upserting, guard, blind: false };
                insert::plan(plans, &config, intent, body, &wanted, &maker)?
            }
            Verb::Put => put::plan(plans, &config, &asked, body, &maker, false)?,
            Verb::Update => match change::update(plans, &config, &asked, body, &maker)? {
                Some(planned) => planned,
                None => return Ok(Vec::new()),
            },
            Verb::Delete => change::delete(plans, &config, &asked)?,
            Verb::Options => return Ok(Vec::new()),
        };
        Ok(of_write(&write.plan))
    }

    fn call(&self, name: &str, intent: &Intent<'_>, body: &[u8]) -> Result<Vec<Arc<Statement>>> {
        let viewer = self.viewer();
        let unknown = || Error::new(Code::FunctionUnknown, "no such function");
        let index = self.index.modules[0].functions.get(name).ok_or_else(unknown)?;
        let function = &self.index.catalog.modules[0].functions[index.at];
        let compiled = function.compiled.as_ref().unwrap();
        let permit = self.gate.call(&viewer.caller, &self.index.catalog, 0, index.at)?;
        let given = arguments::read("app", function, intent, body, &self.identity)?;
        let rows = call::source_rows(compiled, function.args.len());
        let target = Target { rows, ..self.index.result(0, index) };
        let mut rulings = Rulings::default();
        let level = Level::new(&viewer, target, None, &intent.query.part, &mut rulings)?;
        let called = Called { permit, index, compiled, level, rules: rulings.finish() };
        let guard = Guard::default();
        let planned = call::plan(&self.plans, &Self::config(), &called, given, intent, guard)?;
        Ok(match &planned.work {
            CallWork::Read(plan) => {
                let bounds = plan.before.iter().chain(&plan.rows).chain(&plan.count);
                bounds.map(|bound| Arc::clone(&bound.statement)).collect()
            }
            CallWork::Write(plan) => of_write(plan),
        })
    }
}

fn of_write(plan: &WritePlan) -> Vec<Arc<Statement>> {
    let mut all = Vec::new();
    match &plan.change {
        Change::Insert(runs) => {
            for run in runs {
                all.push(Arc::clone(&run.statement));
                all.extend(run.upsert.iter().map(|upsert| Arc::clone(&upsert.probe)));
            }
        }
        Change::Update(update) => {
            all.push(Arc::clone(&update.bound.statement));
            all.extend(update.referenced.iter().map(|one| Arc::clone(&one.bound.statement)));
        }
        Change::Delete(delete) => {
            all.push(Arc::clone(&delete.bound.statement));
            all.extend(delete.referenced.iter().map(|one| Arc::clone(&one.bound.statement)));
        }
        Change::Call(call) => {
            all.extend(call.statements.iter().map(|bound| Arc::clone(&bound.statement)));
            if let Some(rows) = &call.rows {
                all.push(Arc::clone(&rows.shown.statement));
                all.extend(rows.count.iter().map(|bound| Arc::clone(&bound.statement)));
            }
        }
    }
    match &plan.reread {
        Some(Reread::Keys(bound) | Reread::Before(bound)) => {
            all.push(Arc::clone(&bound.statement));
        }
        None => {}
    }
    all
}
