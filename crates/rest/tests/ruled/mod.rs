//! A table whose rule is the one to be tried: from the text of a rule to the statement that a read
//! becomes, without a database. Shared by those who show such statements and those who make rules up.

use std::sync::Arc;

use http::{HeaderMap, Method};
use mainstay_base::{Clock, Result};
use mainstay_gate::{Action, Caller, Gate, Identity};
use mainstay_rest::parse::{self, Pairs};
use mainstay_rest::plan::rulings::Rulings;
use mainstay_rest::plan::viewer::Viewer;
use mainstay_rest::plan::{Index, Level, read, target};
use mainstay_rest::{Config, Plans};
use mainstay_schema::model::Catalog;
use mainstay_schema::{AuthFacts, Mistakes, read_text};
use mainstay_store::Bound;
use serde_json::json;

pub const TABLES: &str = r#"
[tables.teams]
columns.name = "text"
columns.code = { type = "text", unique = true, null = true }
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
columns.begins = { type = "timestamp", null = true }
columns.meta = { type = "json", null = true }
columns.tags = { type = "text[]", null = true }
"#;

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
        claims: json!({ "level": 3, "teams": ["1", 2, null], "names": { "1": true, "x": {} } }),
    }
}

/// The application whose table `docs` has this rule.
pub fn declared(rule: &str) -> std::result::Result<Catalog, Mistakes> {
    let rule = serde_json::Value::from(rule);
    let text = format!("name = \"app\"\n{TABLES}[tables.docs.allow]\nread = {rule}\n");
    read_text("app.toml", &text).map(|declared| declared.catalog)
}

/// What a read of the table, with this query, becomes for the caller.
pub fn read_of(catalog: Catalog, query: &str) -> Result<Bound> {
    let index = Index::new(Arc::new(catalog))?;
    let gate = Gate::new(&[1; 32], &[], Arc::new(Still));
    let identity = Arc::new(Identity::of_facts(facts()));
    let caller = Caller::of(&identity, Still.now());
    let viewer = Viewer { index: &index, gate: &gate, caller };
    let (pairs, headers) = (Pairs::read(query)?, HeaderMap::new());
    let intent = parse::intent(&Method::GET, "/docs", &headers, &pairs)?;
    let target = target(&viewer, &intent)?;
    let permit = viewer.permit(&target, Action::Read)?;
    let mut rulings = Rulings::default();
    let level = Level::new(&viewer, target, permit.rows(), &intent.query.part, &mut rulings)?;
    let (plans, config, rules) = (Plans::new(), Config::default(), rulings.finish());
    Ok(read::plan(&plans, &config, &level, &rules, &permit, &intent)?.plan.rows.unwrap())
}
