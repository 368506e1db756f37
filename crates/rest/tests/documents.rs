//! What the documents tell, by role: everything that a caller may use, and not even the name of
//! what is closed. The snapshots are what a reviewer reads.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

use std::sync::Arc;

use mainstay_base::{Clock, Code};
use mainstay_gate::{Gate, Identity};
use mainstay_rest::plan::Index;
use mainstay_rest::{Config, Describer};
use mainstay_schema::read_texts;
use mainstay_store::sqlite::compile::compile;
use serde_json::{Value, json};

const MAIN: &str = r#"
name = "app"
default_module = "library"
[auth]
roles = ["staff"]
"#;

const LIBRARY: &str = r#"
doc = "Books and who wrote them."
[tables.writers]
columns.id = { type = "bigint", primary_key = true, identity = "always" }
columns.name = { type = "text", min = 1, max = 40, pattern = "^[^<>]+$", doc = "As printed." }
columns.hush = { type = "text", null = true, read = "auth.role == 'staff'" }
allow.read = "true"
allow.create = "auth.role == 'staff'"
[tables.books]
doc = "One row for each."
columns.title = "text"
columns.writer = { references = "writers", doc = "Who wrote it." }
columns.state = { type = "enum", values = ["a", "b"], null = true }
columns.price = { type = "numeric(8,2)", default = 1, min = 0 }
columns.tags = { type = "smallint[]", null = true, max = 3 }
columns.added = { type = "timestamptz", default = "now" }
columns.twice = { type = "integer", null = true, generated = "price * 2" }
allow.read = "true"
allow.create = "true"
allow.update = "auth.role == 'staff'"
allow.delete = "auth.role == 'staff'"
[tables.vault]
columns.treasure = { references = "books" }
[tables.inbox]
columns.words = "text"
allow.create = "true"
[views.titles]
sql = "select id, title as name from books"
allow.read = "true"
allow.update = "auth.role == 'staff'"
[functions.count_books]
sql = "select count(*) from books where title = :title"
args = { title = { type = "text", default = "x" } }
returns = "bigint"
allow = "true"
[functions.clear_all]
sql = "delete from books"
returns = "void"
"#;

const OTHER: &str = r#"
[tables.books]
columns.isbn = "text"
allow.read = "true"
"#;

struct Still;

impl Clock for Still {
    fn now(&self) -> i64 {
        1_700_000_000_000_000
    }
}

fn describer(role: &str) -> Describer {
    let files =
        [("mainstay.toml", MAIN), ("modules/library.toml", LIBRARY), ("modules/other.toml", OTHER)];
    let mut declared = read_texts("app", &files).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let clock: Arc<dyn Clock> = Arc::new(Still);
    assert!(compile(&mut declared.catalog, &clock).unwrap().is_empty());
    declared.bind_views().unwrap();
    Describer {
        index: Index::new(Arc::new(declared.catalog)).unwrap(),
        gate: Gate::new(&[1; 32], &["staff".to_owned()], clock),
        identity: Arc::new(Identity::of_role(role)),
        now: 0,
        config: Config { public_url: Some("https://a.example/b/".into()), ..Config::default() },
    }
}

fn openapi(role: &str, module: Option<&str>) -> Value {
    serde_json::from_str(&describer(role).openapi(module).unwrap()).unwrap()
}

fn swagger(role: &str, module: Option<&str>) -> Value {
    serde_json::from_str(&describer(role).swagger(module).unwrap()).unwrap()
}

/// A line for each operation: what it takes and what it may answer.
fn outline(document: &Value) -> String {
    let mut lines = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let taken = operation["parameters"].as_array().into_iter().flatten();
            let taken: Vec<&str> = taken
                .map(|one| one["$ref"].as_str().or(one["name"].as_str()).unwrap())
                .map(|name| name.trim_start_matches("#/components/parameters/"))
                .collect();
            let statuses: Vec<&String> =
                operation["responses"].as_object().unwrap().keys().collect();
            lines.push(format!("{method} {path} {}", operation["operationId"]));
            lines.push(format!("    {}", taken.join(" ")));
            lines.push(format!("    {statuses:?}"));
        }
    }
    lines.join("\n")
}

#[test]
fn the_documents_of_each_role_stay_as_they_are() {
    for role in ["anon", "service_role"] {
        let document = openapi(role, None);
        insta::assert_snapshot!(format!("openapi_outline_{role}"), outline(&document));
        let schemas = serde_json::to_string_pretty(&document["components"]["schemas"]).unwrap();
        insta::assert_snapshot!(format!("openapi_schemas_{role}"), schemas);
        insta::assert_snapshot!(
            format!("swagger_{role}"),
            serde_json::to_string_pretty(&swagger(role, None)).unwrap()
        );
    }
    insta::assert_snapshot!("types", describer("service_role").typescript());
}

#[test]
fn what_is_closed_is_in_no_document_even_by_name() {
    let closed = ["hush", "vault", "treasure", "clear_all"];
    let all = |role: &str| {
        let describer = describer(role);
        [
            describer.openapi(None).unwrap(),
            describer.openapi(Some("library")).unwrap(),
            describer.swagger(None).unwrap(),
            describer.typescript(),
        ]
    };
    for text in all("anon") {
        for name in closed {
            assert!(!text.contains(name), "{name} in\n{text}");
        }
    }
    for text in all("service_role") {
        for name in closed {
            assert!(text.contains(name), "{name} not in\n{text}");
        }
    }
}

#[test]
fn a_method_is_documented_for_whom_it_is_open() {
    let methods = |role: &str, path: &str| -> Vec<String> {
        let document = openapi(role, None);
        let methods = document["paths"][path].as_object();
        methods.into_iter().flat_map(serde_json::Map::keys).cloned().collect()
    };
    for (role, path, expected) in [
        ("anon", "/rest/v1/books", &["get", "post"][..]),
        ("staff", "/rest/v1/books", &["delete", "get", "patch", "post", "put"]),
        ("anon", "/rest/v1/inbox", &["post"]),
        ("anon", "/rest/v1/vault", &[]),
        ("anon", "/rest/v1/titles", &["get"]),
        ("staff", "/rest/v1/titles", &["get", "patch"]),
        ("anon", "/rest/v1/rpc/count_books", &["get", "post"]),
        ("staff", "/rest/v1/rpc/clear_all", &[]),
        ("service_role", "/rest/v1/rpc/clear_all", &["post"]),
    ] {
        assert_eq!(methods(role, path), expected, "{role} {path}");
    }
    // Nothing comes back from what may only be written.
    let inbox = &openapi("anon", None)["paths"]["/rest/v1/inbox"]["post"];
    assert_eq!(inbox["responses"]["201"]["content"], Value::Null);
}

#[test]
fn a_name_in_two_modules_is_documented_for_the_default_one() {
    let books = &openapi("anon", None)["paths"]["/rest/v1/books"]["get"];
    assert_eq!(books["tags"], json!(["library"]));
    assert!(books["description"].as_str().unwrap().contains("/openapi.json?profile=other"));
    let alone = openapi("anon", Some("other"));
    assert_eq!(alone["paths"]["/rest/v1/books"]["get"]["tags"], json!(["other"]));
    let profile = &alone["components"]["parameters"]["accept.other"];
    assert_eq!(profile["required"], true);
    assert_eq!(profile["schema"]["const"], "other");
    let unknown = describer("anon").openapi(Some("nothing")).unwrap_err();
    assert_eq!(unknown.code(), Code::SchemaUnknown);
    assert_eq!(openapi("anon", Some("public"))["tags"][0]["name"], "library");
}

#[test]
fn documents_name_the_public_address() {
    assert_eq!(openapi("anon", None)["servers"][0]["url"], "https://a.example/b");
    let document = swagger("anon", None);
    let found = [&document["schemes"][0], &document["host"], &document["basePath"]];
    assert_eq!(found, ["https", "a.example", "/b/rest/v1"]);
}
