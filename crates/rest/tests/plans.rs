//! The SQL of every kind of plan, and what its places are bound to: from request to statement
//! without a database. The snapshot is the catalogue of what this server ever asks SQLite.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

use std::sync::Arc;

use http::{HeaderMap, Method};
use mainstay_base::{Clock, Code, Result};
use mainstay_gate::{Action, Caller, Gate, Identity};
use mainstay_rest::parse::{self, Intent, Pairs, Verb};
use mainstay_rest::plan::change::{self, Asked};
use mainstay_rest::plan::insert::{self, Wanted};
use mainstay_rest::plan::made::Maker;
use mainstay_rest::plan::through::Permits;
use mainstay_rest::plan::viewer::Viewer;
use mainstay_rest::plan::{Index, Written, put, read, target};
use mainstay_rest::{Config, Plans};
use mainstay_schema::read_text;
use mainstay_store::plan::{Change, Guard, Reread};
use mainstay_store::{Bound, Slot, Statement};

const APP: &str = r#"
name = "app"
[tables.people]
columns.id = { type = "bigint", primary_key = true, identity = true }
columns."full name" = { type = "text", max = 10 }
columns.email = { type = "text", unique = true, null = true }
columns.score = { type = "numeric(8,2)", default = 1, null = true }
columns.data = { type = "json", null = true }
columns.seen = { type = "timestamptz", default = "now" }
columns.ok = { type = "boolean", null = true }
columns.tags = { type = "text[]", null = true }
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
"#;

struct Still;

impl Clock for Still {
    fn now(&self) -> i64 {
        1_700_000_000_000_000
    }
}

struct Planner {
    index: Index,
    plans: Plans,
    gate: Gate,
    identity: Arc<Identity>,
}

impl Planner {
    fn new() -> Self {
        let declared = read_text("app.toml", APP).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        Self {
            index: Index::new(Arc::new(declared.catalog)).unwrap(),
            plans: Plans::new(),
            gate: Gate::new(&[1; 32], &[], Arc::new(Still)),
            identity: Arc::new(Identity::service()),
        }
    }

    /// `METHOD path?query`, `Name: value` lines, an empty line, the body.
    fn plan(&self, request: &str) -> Result<Vec<String>> {
        let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
        let mut lines = head.lines();
        let (method, url) = lines.next().unwrap_or_default().split_once(' ').unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.insert(name, value.parse().unwrap());
        }
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let pairs = Pairs::read(query)?;
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let intent = parse::intent(&method, path, &headers, &pairs)?;
        self.of_verb(&intent, body.as_bytes())
    }

    fn of_verb(&self, intent: &Intent<'_>, body: &[u8]) -> Result<Vec<String>> {
        let caller = Caller::of(&self.identity, Still.now());
        let viewer = Viewer { index: &self.index, gate: &self.gate, caller };
        let target = target(&viewer, intent)?;
        let permit = viewer.permit(&target, Action::Read)?;
        let config = Config { aggregates: true, ..Config::default() };
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
                let level = &written.level;
                let plan =
                    read::plan(&self.plans, &config, level, &written.rules, &permit, intent)?.plan;
                let mut shown = vec![format!("lane {:?}", plan.lane)];
                shown.extend(plan.rows.iter().map(draw));
                shown.extend(plan.count.iter().map(draw));
                return Ok(shown);
            }
            Verb::Create => {
                let upserting = insert::upserting(&written.table, intent)?;
                let wanted =
                    Wanted { viewer: &viewer, written, returning, upserting, guard, blind: false };
                insert::plan(&self.plans, &config, intent, body, &wanted, &maker)?
            }
            Verb::Put => put::plan(&self.plans, &config, &asked, body, &maker, false)?,
            Verb::Update => {
                let planned = change::update(&self.plans, &config, &asked, body, &maker)?;
                match planned {
                    Some(planned) => planned,
                    None => return Ok(vec!["nothing to do".to_owned()]),
                }
            }
            Verb::Delete => change::delete(&self.plans, &config, &asked)?,
            Verb::Options => return Ok(Vec::new()),
        };
        let mut shown = draw_change(&write.plan.change);
        match &write.plan.reread {
            Some(Reread::Keys(bound)) => shown.push(format!("then {}", draw(bound))),
            Some(Reread::Before(bound)) => shown.insert(0, format!("first {}", draw(bound))),
            None => {}
        }
        Ok(shown)
    }
}

fn draw(bound: &Bound) -> String {
    format!("{}{}", bound.statement.sql, draw_slots(&bound.statement, &bound.values))
}

fn draw_slots(statement: &Statement, values: &[mainstay_schema::Value]) -> String {
    let slots = statement.slots.iter().map(|slot| match slot {
        Slot::Rule(at) => format!("rule {at}"),
        Slot::Fixed(value) => format!("={value:?}"),
        Slot::Given(given) => {
            values.get(given.0).map_or_else(|| format!("#{}", given.0), draw_value)
        }
    });
    let slots: Vec<String> = slots.collect();
    if slots.is_empty() { String::new() } else { format!("  -- {}", slots.join(", ")) }
}

/// A key that the server makes is another one at each run.
fn draw_value(value: &mainstay_schema::Value) -> String {
    match value {
        mainstay_schema::Value::Text(text) if text.len() == 36 => "<new id>".to_owned(),
        value => format!("{value:?}"),
    }
}

fn draw_change(change: &Change) -> Vec<String> {
    match change {
        Change::Insert(runs) => runs
            .iter()
            .flat_map(|run| {
                let rows =
                    run.rows.iter().map(|row| format!("row{}", draw_slots(&run.statement, row)));
                let probe = run.upsert.iter().map(|upsert| format!("probe {}", upsert.probe.sql));
                let lines: Vec<String> =
                    [run.statement.sql.clone()].into_iter().chain(probe).chain(rows).collect();
                lines
            })
            .collect(),
        Change::Update(update) => {
            let referenced =
                update.referenced.iter().map(|one| format!("if refused {}", draw(&one.bound)));
            [draw(&update.bound)].into_iter().chain(referenced).collect()
        }
        Change::Delete(delete) => {
            let referenced =
                delete.referenced.iter().map(|one| format!("if refused {}", draw(&one.bound)));
            [draw(&delete.bound)].into_iter().chain(referenced).collect()
        }
        Change::Call(call) => {
            let shown = call.rows.iter().map(|rows| format!("shown {}", draw(&rows.shown)));
            call.statements.iter().map(draw).chain(shown).collect()
        }
    }
}

const REQUESTS: &[&str] = &[
    "GET /people",
    "GET /people?select=id,n:full name,data->a->>b,score::text&id=eq.5",
    "GET /people?email=eq.x&select=id",
    "GET /people?email=eq.x&ok=is.true&limit=5&offset=2",
    "GET /people?score=gte.1.5&score=lt.9&order=score.desc,id.asc.nullsfirst",
    "GET /people?full name=like.a*&email=not.ilike.*@x.com",
    "GET /people?id=in.(1,2,3)&email=not.in.(\"a,b\",c)",
    "GET /people?or=(id.eq.1,not.and(ok.is.false,score.is.null),data->>k.eq.v)",
    "GET /people?data->n=gt.5&order=data->n.desc",
    "GET /people?email=match.^a&email=not.imatch.B",
    "GET /people?score=isdistinct.3\nPrefer: count=exact",
    "HEAD /people\nPrefer: count=exact",
    "GET /people?select=",
    "GET /notes?select=text,person(id,email)",
    "GET /people?select=id,notes(text,created:id)&notes.order=text.desc&notes.limit=3&notes.text=like.a*",
    "GET /people?select=id,profiles(bio)",
    "GET /profiles?select=bio,people(*)",
    "GET /people?select=id,groups(name,members(since))",
    "GET /notes?select=text,parent:reply(text),replies:notes!reply(text)",
    "GET /letters?select=from:people!sender(id),to:people!letters_receiver_fkey(id)",
    "GET /people?select=id,notes!inner(text)&notes.text=eq.x&id=gt.1\nPrefer: count=exact",
    "GET /people?select=id,notes()&notes=is.null",
    "GET /people?select=id,notes()&or=(notes.not.is.null,id.eq.1)",
    "GET /notes?select=text,...people(email,...profiles(bio))",
    "GET /people?select=id,...notes(text,reply)",
    "GET /notes?select=text,people(email)&order=people(email).desc,text",
    "GET /notes?select=person,count(),text.max()",
    "GET /people?select=id,notes(count())",
    "GET /notes?select=id.count(),...people(score.sum())",
    "GET /people?select=score.avg()::text,score::text.max()&order=\nPrefer: count=exact",
    "GET /people?tags=cs.{a,b}&data=cd.{\"a\":1}&tags=ov.{x}",
    "GET /people?email=like(any).{a*,b*}&id=gt(all).{1,2}&id=eq(any).{5,6}",
    "GET /people?select=id,notes(text)\nAccept: application/vnd.pgrst.array+json;nulls=stripped",
    "GET /people\nRange: 10-19",
    "GET /people?limit=5000",
    "POST /people\nPrefer: return=representation\n\n{\"full name\":\"Ann\",\"email\":null}",
    "POST /people\n\n[{\"full name\":\"A\"},{\"full name\":\"B\"}]",
    "POST /people?columns=\"full name\",score\nPrefer: missing=default\n\n[{\"full name\":\"A\"},{\"full name\":\"B\",\"score\":2,\"x\":1}]",
    "POST /people?on_conflict=email&select=id\nPrefer: resolution=merge-duplicates,return=representation\n\n{\"email\":\"x\",\"full name\":\"A\"}",
    "POST /people?on_conflict=email\nPrefer: resolution=ignore-duplicates\n\n{\"email\":\"x\",\"full name\":\"A\"}",
    "POST /people?order=email.desc&select=id\nPrefer: return=representation\n\n[{\"full name\":\"A\"}]",
    "POST /notes?select=text,people(email)\nPrefer: return=representation\n\n{\"person\":1,\"text\":\"a\"}",
    "PATCH /notes?person=eq.1&select=text,people!inner(email)&people.email=eq.x\nPrefer: return=representation\n\n{\"text\":\"a\"}",
    "DELETE /notes?person=eq.1&select=text,people(email)\nPrefer: return=representation",
    "POST /people\n\n[]",
    "POST /pairs\nPrefer: resolution=merge-duplicates\n\n{\"a\":1,\"b\":\"x\",\"c\":\"y\"}",
    "PUT /pairs?b=eq.x&a=eq.1\n\n{\"a\":1,\"b\":\"x\",\"c\":\"y\"}",
    "PATCH /people?id=eq.1\nPrefer: return=representation\n\n{\"score\":\"3.456\",\"tags\":[\"a\"]}",
    "PATCH /people?score=gt.1\n\n{\"id\":7}",
    "PATCH /pairs?order=b.desc&a=eq.1\nPrefer: return=representation\n\n{\"c\":\"z\"}",
    "PATCH /people?id=eq.1\n\n{}",
    "DELETE /people?id=eq.1",
    "DELETE /pairs?a=eq.1&select=b&order=b\nPrefer: return=representation",
];

#[test]
fn every_kind_of_request_has_its_statement() {
    let planner = Planner::new();
    let mut shown = String::new();
    for request in REQUESTS {
        let lines = planner.plan(request).unwrap_or_else(|error| panic!("{request}: {error}"));
        shown.push_str(&format!(
            "{}\n    {}\n\n",
            request.replace('\n', "\n  "),
            lines.join("\n    ")
        ));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn what_cannot_be_planned_is_refused_before_the_database() {
    let planner = Planner::new();
    for (request, code) in [
        ("GET /nobody", "PGRST205"),
        ("GET /people\nAccept-Profile: other", "PGRST106"),
        ("GET /people?select=nam", "42703"),
        ("GET /people?nam=eq.1", "42703"),
        ("GET /people?order=nam", "42703"),
        ("GET /people?id=eq.x", "22P02"),
        ("GET /people?id=in.(1,x)", "22P02"),
        ("GET /people?seen=gt.soon", "22007"),
        ("GET /people?seen=gt.2024-13-01", "22008"),
        ("GET /people?id=like.1*", "42883"),
        ("GET /people?email->a=eq.1", "42883"),
        ("GET /people?email=is.true", "42804"),
        ("GET /people?email=match.(", "2201B"),
        ("GET /people?email=like.a\\", "22025"),
        ("GET /people?select=id::money", "42704"),
        ("GET /people?select=pairs(*)", "PGRST200"),
        ("GET /people?select=letters(*)", "PGRST201"),
        ("GET /notes?select=notes(*)", "PGRST201"),
        ("GET /people?select=notes!nobody(*)", "PGRST200"),
        ("GET /people?select=notes(nam)", "42703"),
        ("GET /people?notes.text=eq.1", "PGRST108"),
        ("GET /people?notes.order=text", "PGRST108"),
        ("GET /people?select=id,notes(id)&notes.nobody.id=eq.1", "PGRST108"),
        ("GET /people?select=id,notes(id)&order=notes(id)", "PGRST118"),
        ("GET /people?order=notes(id)", "PGRST108"),
        ("GET /people?select=id,notes(id)&notes=eq.1", "PGRST120"),
        ("GET /people?select=id.count()&order=email", "42803"),
        ("GET /people?select=email.sum()", "42883"),
        ("GET /people?email=cs.{a}", "42883"),
        ("GET /people?data=ov.{a}", "42883"),
        ("GET /people?email=fts.a", "PGRST127"),
        ("GET /people?id=sl.[1,2)", "PGRST127"),
        ("GET /people?id=eq(any).1", "22P02"),
        ("GET /people?limit=-1", "PGRST103"),
        ("GET /people\nAccept: image/png", "PGRST107"),
        ("GET /a/b/c", "PGRST125"),
        ("FETCH /people", "PGRST117"),
        ("GET /people\nPrefer: handling=strict, nonsense", "PGRST122"),
        ("POST /people\n\n{\"nam\":1}", "PGRST204"),
        ("POST /people\n\n[{\"email\":\"a\"},{\"id\":1}]", "PGRST102"),
        ("POST /people\n\n[1]", "PGRST102"),
        ("POST /people\n\n{\"email\":\"a\",\"email\":\"b\"}", "PGRST102"),
        ("POST /people\n\n", "PGRST102"),
        ("POST /people\n\n{\"full name\":\"more than ten\"}", "22001"),
        ("POST /people\n\n{\"full name\":null}", "23502"),
        ("POST /people\n\n{\"score\":1e9}", "22003"),
        (
            "POST /people?on_conflict=score\nPrefer: resolution=merge-duplicates\n\n{\"full name\":\"A\"}",
            "42P10",
        ),
        ("PUT /pairs?a=eq.1\n\n{\"a\":1,\"b\":\"x\"}", "PGRST105"),
        ("PUT /pairs?a=eq.1&b=eq.x&limit=1\n\n{\"a\":1,\"b\":\"x\"}", "PGRST114"),
        ("PUT /pairs?a=eq.1&b=eq.x\n\n{\"a\":2,\"b\":\"x\"}", "PGRST115"),
        ("PATCH /people\n\n{\"score\":1}", "21000"),
        ("DELETE /people", "21000"),
        ("DELETE /people?id=gt.0&limit=1", "PGRST127"),
    ] {
        match planner.plan(request) {
            Ok(lines) => panic!("{request}: {lines:?}"),
            Err(error) => assert_eq!(error.code().text(), code, "{request}: {error}"),
        }
    }
}

#[test]
fn a_change_without_a_filter_is_refused_by_the_safe_update_guard() {
    let refused = Planner::new().plan("DELETE /people").unwrap_err();
    assert_eq!(refused.code(), Code::WriteUnfiltered);
}

#[test]
fn values_never_change_the_shape() {
    let planner = Planner::new();
    for requests in [
        ["GET /people?id=eq.1&limit=5", "GET /people?id=eq.99&limit=7"],
        ["GET /people?id=in.(1,2)", "GET /people?id=in.(1,2,3,4,5,6)"],
        ["GET /people?email=like.a*", "GET /people?email=like.*b_%25"],
        ["GET /people?or=(id.eq.1,email.eq.a)", "GET /people?or=(id.eq.2,email.eq.%22x)%22)"],
        [
            "POST /people\n\n{\"full name\":\"A\"}",
            "POST /people\n\n[{\"full name\":\"B\"},{\"full name\":\"C\"}]",
        ],
        [
            "GET /people?select=id,notes(text)&notes.text=eq.a&notes.limit=2&limit=1",
            "GET /people?select=id,notes(text)&notes.text=eq.b&notes.limit=9&notes.offset=3",
        ],
        ["GET /people?id=gt(all).{1,2}&tags=cs.{a}", "GET /people?id=gt(all).{1}&tags=cs.{a,b}"],
        ["PATCH /pairs?a=eq.1\n\n{\"c\":\"z\"}", "PATCH /pairs?a=eq.2\n\n{\"c\":null}"],
    ] {
        let before = planner.plans.observed.read().1;
        for request in requests {
            planner.plan(request).unwrap();
        }
        let made = planner.plans.observed.read().1 - before;
        assert_eq!(made, 1, "{requests:?} are one shape");
    }
    // The control: what is no value does change it.
    let before = planner.plans.observed.read().1;
    for request in [
        "GET /people?id=gt.1&order=id",
        "GET /people?id=gte.1&order=id",
        "GET /people?id=gt.1&order=id.desc",
    ] {
        planner.plan(request).unwrap();
    }
    assert_eq!(planner.plans.observed.read().1 - before, 3);
}
