//! What is left of a rule for a caller, as the SQL that a read of the table becomes: from
//! declaration to statement without a database. The snapshot is the catalogue of what rules make.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

use std::fmt::Write;
use std::sync::Arc;

use http::{HeaderMap, Method};
use mainstay_base::{Clock, Result};
use mainstay_gate::{Action, Caller, Gate, Identity};
use mainstay_rest::parse::{self, Pairs};
use mainstay_rest::plan::rulings::Rulings;
use mainstay_rest::plan::viewer::Viewer;
use mainstay_rest::plan::{Index, Level, read, target};
use mainstay_rest::{Config, Plans};
use mainstay_schema::{AuthFacts, read_text};
use mainstay_store::Slot;
use serde_json::json;

const TABLES: &str = r#"
[tables.teams]
columns.name = "text"
columns.owner = { type = "uuid", null = true }
columns.up = { references = "teams", null = true }
[tables.members]
columns.team = { references = "teams" }
columns.user = "uuid"
[tables.docs]
columns.team = { references = "teams", null = true }
columns.author = "uuid"
columns.title = { type = "text", null = true }
columns.level = "integer"
columns.price = { type = "numeric(8,2)", null = true }
columns.wide = { type = "numeric(30,2)", null = true }
columns.open = { type = "boolean", null = true }
columns.due = { type = "date", null = true }
columns.made = "timestamptz"
columns.meta = { type = "json", null = true }
columns.tags = { type = "text[]", null = true }
"#;

const RULES: &[&str] = &[
    "true",
    "auth.role == 'authenticated'",
    "auth.role == 'staff'",
    "auth.role == 'staff' || row.author == auth.uid",
    "row.author == auth.uid && row.level < auth.claims.level",
    "row.author != auth.uid",
    "!(row.title == 'x' || row.open)",
    "row.title == null",
    "row.title != null && row.title.startsWith('a')",
    "row.open",
    "row.open == true",
    "row.level + 1 > 5 && row.level % 2 == 0 && -row.level < 0",
    "row.price * 2.0 >= 10.5 || row.wide == 1.0",
    "double(row.level) == row.price",
    "row.due < now && row.made > now - duration('24h')",
    "row.made + duration('1h') > now && row.made.getFullYear() == 2026",
    "row.level in [1, 2, 3]",
    "!(row.title in ['a', null])",
    "string(row.level) in auth.claims.teams",
    "auth.uid in [row.author, row.team.owner]",
    "'open' in row.tags && size(row.tags) < 3",
    "row.tags.exists(t, t.startsWith('x'))",
    "row.tags.all(t, t != row.title)",
    "auth.roles.exists(r, r == row.title)",
    "row.meta.plan == 'pro' && row.meta.seats > 3",
    "has(row.meta.plan) && !(row.meta.flags[0] == true)",
    "row.team.owner == auth.uid",
    "row.team.up.owner == auth.uid && row.team.name == row.title",
    "!(row.team.owner == auth.uid)",
    "row.team == null || row.team.name.lowerAscii().contains('red')",
    "members.exists(m, m.team == row.team && m.user == auth.uid)",
    "!members.exists(m, m.team == row.team && m.user == auth.uid)",
    "members.all(m, m.team != row.team || m.user == auth.uid)",
    "members.exists(m, m.user == auth.uid && m.team.up == row.team)",
    "teams.exists(t, t.owner == auth.uid && members.exists(m, m.team == t.id && m.user == row.author))",
    "row.open ? row.author == auth.uid : row.level > 3",
    "(row.open ? row.level : 7) == 7",
    "row.title.matches('^a.*b$')",
    "row.author == auth.email",
    "auth.claims.missing == row.title || row.level == 1",
];

struct Still;

impl Clock for Still {
    fn now(&self) -> i64 {
        1_767_323_045_000_000
    }
}

fn facts() -> AuthFacts {
    AuthFacts {
        uid: Some("11111111-1111-4111-8111-111111111111".to_owned()),
        role: "authenticated".to_owned(),
        roles: vec!["clerk".to_owned()],
        email: None,
        aal: None,
        claims: json!({ "level": 3, "teams": ["1", 2, null] }),
    }
}

fn plan(rule: &str) -> Result<String> {
    let text = format!("name = \"app\"\n{TABLES}[tables.docs.allow]\nread = {rule:?}\n");
    let declared = read_text("app.toml", &text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let index = Index::new(Arc::new(declared.catalog)).unwrap();
    let gate = Gate::new(&[1; 32], &[], Arc::new(Still));
    let identity = Arc::new(Identity::of_facts(facts()));
    let caller = Caller::of(&identity, Still.now());
    let viewer = Viewer { index: &index, gate: &gate, caller };
    let pairs = Pairs::read("select=title")?;
    let headers = HeaderMap::new();
    let intent = parse::intent(&Method::GET, "/docs", &headers, &pairs)?;
    let target = target(&viewer, &intent)?;
    let permit = viewer.permit(&target, Action::Read)?;
    let mut rulings = Rulings::default();
    let level = Level::new(&viewer, target, permit.rows(), &intent.query.part, &mut rulings)?;
    let (plans, config) = (Plans::new(), Config::default());
    let rules = rulings.finish();
    let plan = read::plan(&plans, &config, &level, &rules, &permit, &intent)?.plan;
    let statement = plan.rows.unwrap().statement;
    let condition = statement.sql.split_once(" WHERE ").map_or("1", |(_, behind)| behind);
    let condition = condition.split(" ORDER BY ").next().unwrap_or_default();
    let mut shown = condition.to_owned();
    for slot in &statement.slots {
        let _ = match slot {
            Slot::Rule(at) => write!(shown, "\n    -- {:?}", rules[*at]),
            Slot::Fixed(value) => write!(shown, "\n    -- fixed {value:?}"),
            Slot::Given(_) => Ok(()),
        };
    }
    Ok(shown)
}

#[test]
fn every_part_of_the_language_has_its_sql() {
    let mut shown = String::new();
    for rule in RULES {
        let planned = plan(rule).unwrap_or_else(|error| format!("refused: {}", error.message()));
        let _ = write!(shown, "{rule}\n    {planned}\n\n");
    }
    insta::assert_snapshot!(shown);
}
