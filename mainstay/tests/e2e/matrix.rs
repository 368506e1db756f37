//! Every route, every method, every kind of caller: the whole table is written down in
//! `snapshots/`, and a route, a method or an answer that is not in it fails. What the table has to
//! say whatever is in it (nothing without a key, nothing of another's, nothing of a tenant's without
//! the claim) is said here as well. Writes are undone by `tx=rollback`, so each asks the same rows.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Answer, Server, now, sign, test_app};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// A caller: its name, its role, its user, its tenant.
const CALLERS: [(&str, &str, Option<&str>, Option<&str>); 10] = [
    ("anon", "anon", None, None),
    ("anon+t", "anon", None, Some("t1")),
    ("user", "authenticated", Some("ada"), None),
    ("user+t", "authenticated", Some("ada"), Some("t1")),
    ("other", "authenticated", Some("bela"), None),
    ("other+t", "authenticated", Some("bela"), Some("t1")),
    ("staff", "staff", Some("carl"), None),
    ("staff+t", "staff", Some("carl"), Some("t1")),
    ("service", "service_role", None, None),
    ("service+t", "service_role", None, Some("t1")),
];

/// Something that answers: the template of its route, the path, what is asked of rows that are
/// there, and the body that is sent to make one.
struct Place {
    route: &'static str,
    path: String,
    query: &'static str,
    new: Value,
    change: Value,
}

fn place(route: &'static str, path: &str, query: &'static str, new: Value, change: Value) -> Place {
    Place { route, path: path.to_owned(), query, new, change }
}

/// At least one for each route; for each table, view and function one.
fn places() -> Vec<Place> {
    let table = |name: &str, query, new, change| {
        place("/rest/v1/{table}", &format!("/rest/v1/{name}"), query, new, change)
    };
    let call = |name: &str, arguments: Value| {
        place("/rest/v1/rpc/{function}", &format!("/rest/v1/rpc/{name}"), "", arguments, json!({}))
    };
    let bare = |route, path: &str| place(route, path, "", json!({}), json!({}));
    let title = || json!({ "title": "changed" });
    let read_mine = json!({ "operations": [{ "method": "GET", "path": "/mine?id=eq.1" }] });
    vec![
        bare("/livez", "/livez"),
        bare("/readyz", "/readyz"),
        bare("/healthz", "/healthz"),
        bare("/openapi.json", "/openapi.json"),
        bare("/rest/v1/", "/rest/v1"),
        bare("/rest/v1/", "/rest/v1/"),
        place("/rest/v1/batch", "/rest/v1/batch", "", read_mine, json!({})),
        table("open", "id=eq.1", json!({ "id": 9, "title": "new" }), title()),
        table("closed", "id=eq.1", json!({ "id": 9, "title": "new" }), title()),
        table("mine", "id=eq.1", json!({ "id": 9, "title": "new", "code": "new" }), title()),
        table(
            "parts",
            "id=eq.1",
            json!({ "id": 9, "of": 1, "body": "new" }),
            json!({ "body": "x" }),
        ),
        table("links", "a=eq.1&b=eq.2", json!({ "a": 1, "b": 1 }), json!({ "b": 1 })),
        table("ours", "id=eq.1", json!({ "id": 9, "title": "new" }), title()),
        table("both", "id=eq.1", json!({ "id": 9, "title": "new" }), title()),
        table("mine_shown", "id=eq.1", json!({ "id": 9, "title": "new" }), title()),
        table("ours_counted", "org=eq.t1", json!({ "org": "t1", "rows": 1 }), json!({ "rows": 1 })),
        call("mine_all", json!({})),
        call("mine_named", json!({ "prefix": "a" })),
        call("mine_touched", json!({ "id": 1 })),
        call("ours_all", json!({})),
        call("closed_all", json!({})),
        table("nothing", "id=eq.1", json!({ "id": 9 }), json!({ "id": 9 })),
        call("nothing", json!({})),
        bare("unmatched", "/metrics"),
        bare("unmatched", "/"),
        bare("unmatched", "/rest/v2/mine"),
    ]
}

/// Rows of two users and two tenants.
pub fn lay(server: &Server) {
    let rows = [
        ("open", json!([{ "id": 1, "title": "for all" }])),
        ("closed", json!([{ "id": 1, "title": "for none" }])),
        (
            "mine",
            json!([
                { "id": 1, "owner": "ada", "title": "ada-title", "code": "ada-code", "secret": "ada-secret" },
                { "id": 2, "owner": "bela", "title": "bela-title", "code": "bela-code", "secret": "bela-secret" },
            ]),
        ),
        (
            "parts",
            json!([{ "id": 1, "of": 1, "body": "ada-body" }, { "id": 2, "of": 2, "body": "bela-body" }]),
        ),
        ("links", json!([{ "a": 1, "b": 2 }, { "a": 2, "b": 1 }])),
        (
            "ours",
            json!([{ "id": 1, "org": "t1", "title": "t1-title" }, { "id": 2, "org": "t2", "title": "t2-title" }]),
        ),
        (
            "both",
            json!([
                { "id": 1, "org": "t1", "owner": "ada", "title": "ada-both", "ours": 1 },
                { "id": 2, "org": "t2", "owner": "ada", "title": "ada-elsewhere", "ours": 2 },
            ]),
        ),
    ];
    for (table, rows) in rows {
        server.rest("POST", &format!("/{table}")).json(&rows.to_string()).send().expect(201);
    }
}

/// A token of a caller.
pub fn token(server: &Server, role: &str, uid: Option<&str>, tenant: Option<&str>) -> String {
    let mut claims = json!({ "role": role, "exp": now() + 3600 });
    if let Some(uid) = uid {
        claims["sub"] = uid.into();
    }
    if let Some(tenant) = tenant {
        claims["tenant"] = tenant.into();
    }
    sign(server.secret(), &claims)
}

/// Status, code of an error, number of rows.
fn cell(answer: &Answer) -> String {
    let mut cell = answer.status.to_string();
    let counted = answer.header("content-range").and_then(|range| range.rsplit_once('/'));
    match counted {
        Some((_, rows)) if rows != "*" => cell.push_str(&format!(":{rows}")),
        _ => {}
    }
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    if let Some(code) = body["code"].as_str().filter(|_| answer.status >= 400) {
        cell.push_str(&format!(" {code}"));
    }
    cell
}

fn ask(server: &Server, place: &Place, method: &str, token: Option<&str>) -> Answer {
    let is_call = place.route == "/rest/v1/rpc/{function}";
    let is_key = place.query.contains("eq.") && method == "PUT";
    let mut target = place.path.clone();
    match method {
        "GET" | "HEAD" | "PATCH" | "DELETE" if !place.query.is_empty() => {
            target = format!("{target}?{}", place.query);
        }
        "GET" | "HEAD" if is_call => {
            let arguments = place.new.as_object().unwrap().iter();
            let pairs: Vec<String> = arguments
                .map(|(name, value)| format!("{name}={}", value.to_string().trim_matches('"')))
                .collect();
            target = format!("{target}?{}", pairs.join("&"));
        }
        "PUT" if is_key => target = format!("{target}?id=eq.9"),
        _ => {}
    }
    let mut ask = server.bare(method, &target).prefer("tx=rollback, count=exact");
    if let Some(token) = token {
        ask = ask.header("apikey", token);
    }
    match method {
        "POST" | "PUT" => ask = ask.json(&place.new.to_string()),
        "PATCH" => ask = ask.json(&place.change.to_string()),
        _ => {}
    }
    ask.send()
}

/// The cells of one line, by caller; the first brings no key.
struct Line {
    path: String,
    method: &'static str,
    cells: Vec<(&'static str, String)>,
}

fn lines(server: &Server) -> Vec<Line> {
    let tokens = CALLERS.map(|(_, role, uid, tenant)| token(server, role, uid, tenant));
    let mut lines = Vec::new();
    for place in places() {
        for method in METHODS {
            let mut cells = vec![("nobody", cell(&ask(server, &place, method, None)))];
            for ((name, ..), token) in CALLERS.iter().zip(&tokens) {
                cells.push((name, cell(&ask(server, &place, method, Some(token)))));
            }
            lines.push(Line { path: place.path.clone(), method, cells });
        }
    }
    lines
}

#[test]
fn every_route_answers_every_caller_as_it_is_written_down() {
    let server = Server::of(&test_app("guarded.toml"));
    lay(&server);
    let lines = lines(&server);
    every_route_has_a_row(&server);
    for line in &lines {
        must_hold(line);
    }
    insta::assert_snapshot!("matrix", written(&lines));
    let said = server.stop();
    assert!(!said.contains("\"level\":\"error\""), "{said}");
}

/// One row for each line; where all callers with a key get the same, it is said once.
fn written(lines: &[Line]) -> String {
    let mut table = String::new();
    let mut row = |first: &str, cells: Vec<&str>| {
        let cells: String = cells.iter().map(|cell| format!(" {cell:<15}")).collect();
        table.push_str(format!("{first:<33}{cells}").trim_end());
        table.push('\n');
    };
    row("", lines[0].cells.iter().map(|(name, _)| *name).collect());
    for line in lines {
        let first = format!("{:<7} {}", line.method, line.path);
        let cells: Vec<&str> = line.cells.iter().map(|(_, cell)| cell.as_str()).collect();
        match cells.as_slice() {
            [all, rest @ ..] if rest.iter().all(|cell| cell == all) => {
                row(&first, vec!["all:", all])
            }
            [nobody, some, rest @ ..] if rest.iter().all(|cell| cell == some) => {
                row(&first, vec![nobody, "with any key:", some]);
            }
            _ => row(&first, cells),
        }
    }
    table
}

/// The router's own list, what the server counted, and what its document names: all are asked.
fn every_route_has_a_row(server: &Server) {
    let places = places();
    let asked: BTreeSet<&str> = places.iter().map(|place| place.route).collect();
    // Accounts have a table of their own: crates/gate/tests/it/admin.rs walks all their routes.
    for route in mainstay::routes().filter(|route| !route.starts_with("/auth/v1")) {
        assert!(asked.contains(route), "no row in the matrix asks {route}");
    }
    let metrics = server.operate("/metrics").send().expect(200).body;
    let seen = metrics.lines().filter_map(|line| line.split("http_route=\"").nth(1));
    for route in seen.filter_map(|rest| rest.split('"').next()) {
        // `/metrics` is the operator's own; refusals and preflights reach no route.
        let own = ["/metrics", "refused", "preflight"].contains(&route);
        assert!(own || asked.contains(route), "the server has a route {route} without a row");
    }
    let document = server.bare("GET", "/openapi.json").header("apikey", server.service());
    let document = document.send().expect(200).json();
    for path in document["paths"].as_object().unwrap().keys() {
        let known = places.iter().any(|place| place.path == *path);
        assert!(known, "the document names {path}, and no row of the matrix asks it");
    }
}

/// What no line may say, whatever is written down.
fn must_hold(line: &Line) {
    let Line { path, method, cells } = line;
    // Health is public, and which methods a document knows is no secret.
    let public = ["/livez", "/readyz", "/healthz"].contains(&path.as_str())
        || (path == "/openapi.json" && *method == "OPTIONS");
    for (caller, cell) in cells {
        let says = |what: &str| panic!("{what}: {method} {path} as {caller}: {cell}");
        let good = cell.starts_with('2');
        let writes = ["POST", "PUT", "PATCH", "DELETE"].contains(method);
        let rows = cell.split([':', ' ']).nth(1).and_then(|rows| rows.parse::<u64>().ok());
        let some = good && rows.is_some_and(|rows| rows > 0);
        if cell.starts_with("50") {
            says("a fault of ours");
        }
        if *caller == "nobody" && good && !public {
            says("an answer without a key");
        }
        let is = |name: &str| path.ends_with(name);
        let service = caller.starts_with("service");
        if good && *method != "OPTIONS" && !service && (is("/closed") || is("/closed_all")) {
            says("something that no rule opens");
        }
        let owned = ["/mine", "/parts", "/both", "/mine_shown"].iter().any(|name| is(name));
        let stranger = caller.starts_with("anon") || caller.starts_with("other");
        if owned && stranger && some && *method != "POST" && *method != "PUT" {
            says("a row of somebody else");
        }
        let tenanted = is("/ours") || is("/both") || is("/ours_counted");
        if tenanted && good && *method != "OPTIONS" && !service && !caller.ends_with("+t") {
            says("a tenant's table without the claim");
        }
        if caller.starts_with("anon")
            && good
            && writes
            && !is("/ours")
            && !path.contains("/rpc/")
            && !is("/batch")
        {
            says("a write by a visitor");
        }
    }
}

#[test]
fn nothing_is_open_that_no_rule_opens() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shut.toml");
    let text = std::fs::read_to_string(test_app("guarded.toml")).unwrap();
    std::fs::write(&file, without_rules(&text)).unwrap();
    let server = Server::of(&file);
    lay(&server);
    for line in lines(&server) {
        let data = line.path.starts_with("/rest/v1/") && line.path != "/rest/v1/";
        for (caller, cell) in
            line.cells.iter().filter(|(caller, _)| data && !caller.starts_with("service"))
        {
            let shut = line.method == "OPTIONS"
                || !cell.starts_with('2')
                || cell == "200" && line.path.ends_with("/batch");
            assert!(shut, "{} {} as {caller}: {cell}", line.method, line.path);
        }
    }
    // The batch answers, but what is inside of it does not.
    let user = token(&server, "authenticated", Some("ada"), Some("t1"));
    let body = json!({ "operations": [{ "method": "GET", "path": "/mine" }] }).to_string();
    let batch = server.bare("POST", "/rest/v1/batch").header("apikey", &user).json(&body).send();
    assert!(batch.status == 403 && !batch.body.contains("ada-title"), "{batch:?}");
    let document = server.bare("GET", "/openapi.json").header("apikey", &user).send().expect(200);
    for name in ["mine", "ours", "closed", "rpc/mine_all"] {
        let path = format!("/rest/v1/{name}");
        assert!(
            !document.body.contains(&path),
            "{name} in the document of a caller without rights"
        );
    }
    // The control: the rows are there.
    let rows = server.rest("GET", "/mine").send().expect(200);
    assert_eq!(rows.column("title"), [json!("ada-title"), json!("bela-title")]);
}

/// The declaration with every `allow`, and the sections of them, left out.
fn without_rules(text: &str) -> String {
    let mut kept = Vec::new();
    let mut within = false;
    for line in text.lines() {
        if line.starts_with('[') {
            within = line.ends_with(".allow]");
        }
        if !within && !line.starts_with("allow") {
            kept.push(line);
        }
    }
    let mut text = kept.join("\n");
    text = text.replace("[views.ours_counted]", "[views.ours_counted]\ntenant = false");
    assert!(!text.contains("allow"), "{text}");
    text
}
