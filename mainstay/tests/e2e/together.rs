//! Requests that happen once although they are sent twice, several that happen together, and reads
//! whose answer the client has already.

use serde_json::{Value, json};

use crate::functions::desk;
use crate::harness::Server;

const ROWS: &str = "return=representation";

fn count(server: &Server, table: &str) -> usize {
    server.rest("GET", &format!("/{table}")).send().expect(200).json().as_array().unwrap().len()
}

#[test]
fn a_write_under_a_key_happens_once() {
    let server = desk();
    let post = |key: &str, body: &str| {
        let ask = server.rest("POST", "/teams").prefer(ROWS).header("idempotency-key", key);
        ask.json(body).send()
    };
    let first = post("k1", r#"{"name":"green"}"#).expect(201);
    assert_eq!(first.header("idempotent-replayed"), None);
    let again = post("k1", r#"{"name":"green"}"#).expect(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(
        (again.body.as_str(), again.header("content-range")),
        (first.body.as_str(), first.header("content-range"))
    );
    assert_eq!(count(&server, "teams"), 3);
    let other = post("k1", r#"{"name":"yellow"}"#);
    assert_eq!(other.refusal(), (422, "idempotency_key_reused".to_owned()));
    // A refusal of the database is an answer like any other, and is kept.
    let taken = post("k2", r#"{"name":"green"}"#);
    assert_eq!(taken.refusal(), (409, "23505".to_owned()));
    server.rest("DELETE", "/teams?name=eq.green").send().expect(204);
    let kept = post("k2", r#"{"name":"green"}"#);
    assert_eq!(kept.refusal(), (409, "23505".to_owned()));
    assert_eq!(kept.header("idempotent-replayed"), Some("true"));
    // What was never begun leaves no trace.
    assert_eq!(post("k3", r#"{"nam":"x"}"#).refusal(), (400, "PGRST204".to_owned()));
    post("k3", r#"{"name":"x"}"#).expect(201);
    for key in ["", &"k".repeat(256)] {
        assert_eq!(post(key, "{}").refusal(), (400, "idempotency_key_invalid".to_owned()));
    }
    post(&"k".repeat(255), r#"{"name":"long"}"#).expect(201);
}

#[test]
fn a_key_is_its_callers_own() {
    let server = desk();
    let body = r#"{"a":1}"#;
    let call = |ask: crate::harness::Ask| ask.header("idempotency-key", "shared").json(body).send();
    call(server.rest("POST", "/rpc/add")).expect(200);
    let other = call(server.visitor("POST", "/rpc/add")).expect(200);
    assert_eq!(other.header("idempotent-replayed"), None);
}

#[test]
fn a_key_outlives_the_process() {
    let server = desk();
    let keyed = |server: &Server| {
        let ask = server.rest("POST", "/teams").prefer(ROWS).header("idempotency-key", "once");
        ask.json(r#"{"name":"green"}"#).send().expect(201)
    };
    let first = keyed(&server);
    let data = server.stop_keeping();
    let server = Server::over("serve", &crate::harness::test_app("desk.toml"), &[], &[], data);
    let again = keyed(&server);
    assert_eq!(
        (again.body.as_str(), again.header("idempotent-replayed")),
        (first.body.as_str(), Some("true"))
    );
}

#[test]
fn one_of_many_at_once_does_the_work() {
    let server = desk();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let ask = server.rest("POST", "/teams").prefer(ROWS).header("idempotency-key", "k");
            std::thread::spawn(move || ask.json(r#"{"name":"green"}"#).send())
        })
        .collect();
    let mut replays = 0;
    for thread in threads {
        let answer = thread.join().unwrap();
        match answer.status {
            201 => replays += usize::from(answer.header("idempotent-replayed").is_none()),
            409 => assert_eq!(answer.refusal().1, "idempotency_key_in_use"),
            other => panic!("{other}: {}", answer.body),
        }
    }
    assert_eq!(replays, 1);
    assert_eq!(count(&server, "teams"), 3);
}

fn batch(server: &Server, operations: &Value) -> crate::harness::Answer {
    let body = json!({ "operations": operations }).to_string();
    server.rest("POST", "/batch").json(&body).send()
}

#[test]
fn the_operations_of_a_batch_happen_together() {
    let server = desk();
    let operations = json!([
        { "id": "team", "method": "POST", "path": "/teams?select=id", "headers": { "Prefer": ROWS },
          "body": { "name": "green" } },
        { "id": "ticket", "method": "post", "path": "/tickets?select=id,teams(name)",
          "headers": { "prefer": ROWS },
          "body": [{ "title": "A", "team": { "$ref": "team.0.id" } },
                   { "title": "B", "team": { "$ref": "0.0.id" } }] },
        { "method": "PATCH", "path": "/tickets?id=eq.{{ticket.1.id}}", "body": { "hours": 1.50 } },
        { "method": "GET", "path": "/tickets?select=title,hours&team=eq.{{team.0.id}}&order=id" },
        { "method": "POST", "path": "/rpc/add", "body": { "a": 1 } },
    ]);
    let done = batch(&server, &operations).expect(200).json();
    assert_eq!(
        done["results"],
        json!([
            { "id": "team", "status": 201, "body": [{ "id": 3 }],
              "headers": { "content-range": "*/*", "preference-applied": ROWS } },
            { "id": "ticket", "status": 201,
              "headers": { "content-range": "*/*", "preference-applied": ROWS },
              "body": [{ "id": 6, "teams": { "name": "green" } },
                       { "id": 7, "teams": { "name": "green" } }] },
            { "id": null, "status": 204, "headers": { "content-range": "0-0/*" }, "body": null },
            { "id": null, "status": 200, "headers": { "content-range": "0-1/*" },
              "body": [{ "title": "A", "hours": 0.0 }, { "title": "B", "hours": 1.5 }] },
            { "id": null, "status": 200, "headers": {}, "body": 11 },
        ])
    );
}

#[test]
fn what_a_batch_refers_to_stays_a_value() {
    let server = desk();
    let name = json!({ "name": ",id.gt.0,name.eq." });
    server.rest("POST", "/teams").json(&name.to_string()).send().expect(201);
    for (path, status) in [
        ("/teams?or=(name.eq.{{x.0.name}},id.eq.99)&select=id", 200),
        ("/teams?name=in.%28{{x.0.name}}%29&select=id", 200),
        ("/teams?name=eq.{{x.0.name}}&select=id", 200),
        ("/teams?or=(name.eq.%22{{x.0.name}}%22,id.eq.99)&select=id", 400),
        ("/teams?name={{x.0.name}}", 400),
        ("/teams?select={{x.0.name}}", 400),
    ] {
        let read = json!({ "id": "x", "method": "GET", "path": "/teams?id=eq.3&select=name" });
        let done = batch(&server, &json!([read, { "method": "GET", "path": path }]));
        assert_eq!(done.status, status, "{path}: {}", done.body);
        if status == 200 {
            assert_eq!(done.json()["results"][1]["body"], json!([{ "id": 3 }]), "{path}");
        }
    }
}

#[test]
fn one_operation_that_fails_undoes_them_all() {
    let server = desk();
    for (last, status, code) in [
        (json!({ "method": "POST", "path": "/teams", "body": { "name": "red" } }), 409, "23505"),
        (json!({ "method": "POST", "path": "/teams", "body": { "nam": "x" } }), 400, "PGRST204"),
        (json!({ "method": "GET", "path": "/nobody" }), 404, "PGRST205"),
        (json!({ "method": "DELETE", "path": "/teams?id=eq.{{new.5.id}}" }), 400, "PGRST102"),
        (json!({ "method": "DELETE", "path": "/batch" }), 400, "PGRST102"),
        (json!({ "method": "DELETE", "path": "/teams?name=like.*#*&id=eq.0" }), 400, "PGRST102"),
        (json!({ "method": "DELETE", "path": "teams" }), 400, "PGRST102"),
        (
            json!({ "method": "POST", "path": "/rpc/close", "body": { "id": "x", "hours": 1 } }),
            400,
            "22P02",
        ),
        (
            json!({ "method": "GET", "path": "/teams?name=eq.red&id=eq.0",
                    "headers": { "Accept": "application/vnd.pgrst.object+json" } }),
            406,
            "PGRST116",
        ),
    ] {
        let first =
            json!({ "id": "new", "method": "POST", "path": "/teams", "body": { "name": "new" } });
        let refused = batch(&server, &json!([first, last]));
        assert_eq!(refused.refusal(), (status, code.to_owned()), "{last}");
        assert_eq!(refused.json()["operation"], json!({ "at": 1, "id": null }), "{last}");
        assert_eq!(count(&server, "teams"), 2, "{last}");
    }
}

#[test]
fn a_batch_under_a_key_that_fails_leaves_its_refusal_and_nothing_else() {
    let server = desk();
    let body = json!({ "operations": [
        { "method": "POST", "path": "/teams", "body": { "name": "ghost" } },
        { "method": "POST", "path": "/teams", "body": { "name": "red" } },
    ] })
    .to_string();
    for replayed in [None, Some("true")] {
        let ask = server.rest("POST", "/batch").header("idempotency-key", "half");
        let refused = ask.json(&body).send();
        assert_eq!(refused.refusal(), (409, "23505".to_owned()));
        assert_eq!(refused.header("idempotent-replayed"), replayed);
        assert_eq!(count(&server, "teams"), 2);
    }
}

#[test]
fn a_batch_is_bounded_and_its_parts_have_the_rights_of_its_caller() {
    let server = desk();
    let one = json!({ "method": "GET", "path": "/teams?limit=0" });
    let many = |count: usize| json!(vec![one.clone(); count]);
    batch(&server, &many(100)).expect(200);
    for wrong in [many(101), many(5000)] {
        assert_eq!(batch(&server, &wrong).refusal(), (400, "PGRST102".to_owned()));
    }
    for body in ["", "[]", "{}", r#"{"operations":1}"#, r#"{"operations":[{"path":"/teams"}]}"#] {
        let answer = server.rest("POST", "/batch").json(body).send();
        assert_eq!(answer.refusal(), (400, "PGRST102".to_owned()), "{body}");
    }
    let header =
        json!([{ "method": "GET", "path": "/teams", "headers": { "Authorization": "x" } }]);
    assert_eq!(batch(&server, &header).refusal(), (400, "PGRST102".to_owned()));
    let body = json!({ "operations": [
        { "method": "GET", "path": "/teams" },
        { "method": "POST", "path": "/teams", "body": { "name": "mine" } },
    ] });
    let visitor = server.visitor("POST", "/batch").json(&body.to_string()).send();
    assert_eq!(visitor.refusal(), (401, "42501".to_owned()));
    let undone = server.rest("POST", "/batch").prefer("tx=rollback");
    undone.json(&body.to_string()).send().expect(200);
    assert_eq!(count(&server, "teams"), 2);
    let once = || {
        let ask = server.rest("POST", "/batch").header("idempotency-key", "b");
        ask.json(&body.to_string()).send().expect(200)
    };
    let (first, again) = (once(), once());
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!((first.body, count(&server, "teams")), (again.body, 3));
}

#[test]
fn a_client_that_has_the_answer_is_told_so() {
    let server = desk();
    let first = server.rest("GET", "/teams").send().expect(200);
    let tag = first.header("etag").unwrap().to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let same = server.rest("GET", "/teams").header("if-none-match", &tag).send().expect(304);
    assert_eq!((same.body.as_str(), same.header("etag")), ("", Some(tag.as_str())));
    let listed = format!("\"x\", {tag}");
    server.rest("GET", "/teams").header("if-none-match", &listed).send().expect(304);
    server.rest("POST", "/teams").json(r#"{"name":"green"}"#).send().expect(201);
    let changed = server.rest("GET", "/teams").header("if-none-match", &tag).send().expect(200);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
    let head = server.rest("HEAD", "/teams").send().expect(200);
    assert_eq!(head.header("etag"), changed.header("etag"));
    let function = server.rest("GET", "/rpc/titles").send().expect(200);
    assert!(function.header("etag").is_some());
}
