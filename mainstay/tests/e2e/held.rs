//! Ways around the rules that an attacker once found: each stays closed.

use serde_json::{Value, json};

use crate::harness::{Answer, Ask, Server, now, sign, test_app};

fn server() -> Server {
    Server::of(&test_app("held.toml"))
}

fn ask(server: &Server, who: &str, method: &str, path: &str) -> Ask {
    asked(server, json!({ "sub": who, "tenant": who }), method, path)
}

fn asked(server: &Server, mut claims: Value, method: &str, path: &str) -> Ask {
    claims["role"] = "authenticated".into();
    claims["exp"] = (now() + 600).into();
    server.visitor(method, path).bearer(&sign(server.secret(), &claims))
}

fn lay(server: &Server, table: &str, rows: &Value) {
    server.rest("POST", &format!("/{table}")).json(&rows.to_string()).send().expect(201);
}

fn all(server: &Server, path: &str) -> Value {
    server.rest("GET", path).send().expect(200).json()
}

fn code(answer: &Answer) -> (u16, String) {
    answer.refusal()
}

#[test]
fn an_upsert_that_only_the_database_can_match_meets_nobody_elses_row() {
    let server = server();
    lay(&server, "docs", &json!({ "owner": "bela", "email": "Victim@x", "body": "hers" }));
    for resolution in ["merge-duplicates", "ignore-duplicates"] {
        let prefer = format!("resolution={resolution},return=representation");
        let ask = ask(&server, "ada", "POST", "/docs?on_conflict=key").prefer(&prefer);
        let answer = ask.json(r#"{"email":"victim@X","body":"mine"}"#).send();
        assert_eq!(code(&answer), (409, "23505".to_owned()), "{resolution}");
        assert_eq!(answer.json()["details"], Value::Null);
    }
    assert_eq!(all(&server, "/docs?select=owner,body"), json!([{"owner":"bela","body":"hers"}]));
    let own = ask(&server, "bela", "POST", "/docs?on_conflict=id").prefer("return=representation");
    own.json(r#"{"email":"other@x"}"#).send().expect(201);
}

#[test]
fn a_column_that_is_listed_is_written_whether_the_body_has_it_or_not() {
    let server = server();
    for (columns, expected) in [("email,verified", (403, "42501")), ("email,owner", (400, "428C9"))]
    {
        let path = format!("/docs?columns={columns}");
        let answer = ask(&server, "ada", "POST", &path).json(r#"{"email":"a@x"}"#).send();
        assert_eq!(code(&answer), (expected.0, expected.1.to_owned()), "{columns}");
    }
    assert_eq!(all(&server, "/docs"), json!([]));
    let made = ask(&server, "ada", "POST", "/docs?columns=email").json(r#"{"email":"a@x"}"#);
    made.send().expect(201);
    assert_eq!(all(&server, "/docs?select=owner,verified")[0]["owner"], "ada", "the control");
}

#[test]
fn what_a_view_computes_is_not_judged_by_what_it_was() {
    let server = server();
    lay(&server, "docs", &json!({ "owner": "ada", "email": "a@x", "body": "abc" }));
    let change = ask(&server, "ada", "PATCH", "/long_docs?email=eq.a@x");
    let answer = change.json(r#"{"body":"abcdef"}"#).send();
    assert_eq!(code(&answer), (403, "42501".to_owned()));
    assert_eq!(all(&server, "/docs?select=body"), json!([{ "body": "abc" }]));
}

#[test]
fn the_rule_of_a_column_means_its_table_behind_a_view_too() {
    let server = server();
    for (owner, text) in [("ada", "first"), ("bela", "ada")] {
        lay(&server, "notes", &json!({ "owner": owner, "text": text }));
    }
    let pin = |text: &str| {
        let path = format!("/board?text=eq.{text}");
        ask(&server, "ada", "PATCH", &path).json(r#"{"pinned":true}"#).send()
    };
    assert_eq!(code(&pin("ada")), (403, "42501".to_owned()), "says whose it is not");
    pin("first").expect(204);
    let pinned = all(&server, "/notes?select=owner&pinned=is.true");
    assert_eq!(pinned, json!([{ "owner": "ada" }]));
}

#[test]
fn no_reference_leads_into_another_tenant() {
    let server = server();
    for (id, org) in [("p1", "ada"), ("p2", "bela")] {
        lay(&server, "parents", &json!({ "id": id, "org": org, "a": id, "b": id }));
    }
    let same = |path: &str, foreign: &str, missing: &str| {
        let send = |body: &str| ask(&server, "ada", "POST", path).json(body).send();
        let (foreign, missing) = (send(foreign), send(missing));
        assert_eq!(code(&foreign), (403, "42501".to_owned()), "{path}");
        assert_eq!(foreign.body, missing.body, "{path}: one who is not there is told apart");
    };
    for path in ["/kids", "/shown_kids"] {
        same(path, r#"{"parent":"p2"}"#, r#"{"parent":"nobody"}"#);
        same(path, r#"{"a":"p2","b":"p2"}"#, r#"{"a":"x","b":"y"}"#);
        let own = r#"{"parent":"p1","a":"p1","b":"p1"}"#;
        ask(&server, "ada", "POST", path).json(own).send().expect(201);
        let path = format!("{path}?parent=eq.p1");
        let change = ask(&server, "ada", "PATCH", &path).json(r#"{"parent":"p2"}"#).send();
        assert_eq!(code(&change), (403, "42501".to_owned()), "{path}");
    }
    let through = ask(&server, "ada", "PATCH", "/all_kids?n=eq.0").json(r#"{"n":1}"#).send();
    assert_eq!(through.status, 405, "what shows all tenants is not written through");
    ask(&server, "bela", "DELETE", "/parents?id=eq.p2").send().expect(204);
}

#[test]
fn what_names_no_tenant_is_as_good_as_no_claim() {
    let server = server();
    for tenant in [Value::Null, json!(5.5), json!(["ada"]), json!({ "ada": 1 }), json!(true)] {
        let claims = json!({ "sub": "ada", "tenant": tenant });
        let answer = asked(&server, claims, "GET", "/parents").send();
        assert_eq!(code(&answer), (403, "42501".to_owned()), "{tenant}");
    }
    ask(&server, "ada", "GET", "/parents").send().expect(200);
}

#[test]
fn a_filter_that_fails_says_nothing_of_rows_that_are_hidden() {
    let server = server();
    let mut items = vec![1; 3000];
    items.push(7);
    lay(&server, "lists", &json!({ "id": "b", "owner": "bela", "items": items }));
    let answers = [7, 8].map(|wanted| {
        let list = vec![wanted.to_string(); 900].join(",");
        let path = format!("/lists?select=id&items=cs.{{{list}}}");
        let answer = ask(&server, "ada", "GET", &path).send();
        (answer.status, answer.body)
    });
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0, 200);
    let list = vec!["7"; 900].join(",");
    let shown = ask(&server, "bela", "GET", &format!("/lists?select=id&items=cs.{{{list}}}"));
    assert_eq!(shown.send().status, 500, "the control: it fails for whom it may");
}

#[test]
fn kinds_that_json_has_not_equal_nothing_that_json_says() {
    let server = server();
    let moment = "2025-01-02T03:04:05+00:00";
    let extra = json!({ "at": moment, "raw": "\\x6162", "list": [moment, "\\x6162"] });
    let row = json!({ "id": "x", "owner": "ada", "items": [], "extra": extra, "at": moment, "raw": "\\x6162" });
    lay(&server, "lists", &row);
    let seen = ask(&server, "ada", "GET", "/odd_lists?select=id").send().expect(200);
    assert_eq!(seen.json(), json!([]));
}

#[test]
fn a_path_is_one_however_it_is_written() {
    let server = server();
    for path in ["/paths", "/p%61ths", "/path%73"] {
        let answer = ask(&server, "ada", "GET", path).send();
        assert_eq!(code(&answer), (403, "42501".to_owned()), "{path}");
    }
}

#[test]
fn errors_of_references_name_nothing_that_is_hidden() {
    let server = server();
    lay(&server, "named", &json!({ "id": "n1" }));
    lay(&server, "holders", &json!({ "id": "h1", "named": "n1" }));
    let missing = ask(&server, "ada", "POST", "/named").json(r#"{"id":"n2","vault":"v"}"#).send();
    assert_eq!(code(&missing), (409, "23503".to_owned()));
    assert_eq!(missing.json()["details"], Value::Null, "the table `vaults` is closed");
    let held = ask(&server, "ada", "DELETE", "/named?id=eq.n1").send();
    assert_eq!(code(&held), (409, "23503".to_owned()));
    for word in ["holders", "named_fkey"] {
        assert!(!held.body.contains(word), "{word} in {}", held.body);
    }
}

#[test]
fn a_repeated_key_shows_nothing_that_the_rights_of_now_hide() {
    let server = server();
    let send = |claims: Value| {
        let ask = asked(&server, claims, "POST", "/rights").prefer("return=representation");
        ask.header("Idempotency-Key", "k1").json(r#"{"name":"x"}"#).send()
    };
    let first = send(json!({ "sub": "ada", "aal": "aal2" })).expect(201);
    assert_eq!(first.json()[0]["secret"], "hush");
    let again = send(json!({ "sub": "ada", "aal": "aal2", "iat": 5 })).expect(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"), "the control");
    let weaker = send(json!({ "sub": "ada", "aal": "aal1" }));
    assert!(!weaker.body.contains("hush"), "{}", weaker.body);
    assert_eq!(weaker.status, 422);
    let elsewhere = send(json!({ "sub": "ada", "aal": "aal2", "tenant": "t2" })).expect(201);
    assert_eq!(elsewhere.header("idempotent-replayed"), None, "another tenant, another caller");
}

#[test]
fn an_upsert_makes_no_row_into_what_an_update_may_not() {
    let server = server();
    lay(&server, "ranks", &json!({ "id": "r", "level": "low" }));
    let upsert = |level: &str| {
        let request = ask(&server, "ada", "POST", "/ranks")
            .json(&format!(r#"{{"id":"r","level":"{level}"}}"#));
        request.header("prefer", "resolution=merge-duplicates").send()
    };
    assert_eq!(code(&upsert("top")), (409, "23505".to_owned()));
    assert_eq!(all(&server, "/ranks?select=level"), json!([{ "level": "low" }]));
    upsert("mid").expect(200);
    assert_eq!(all(&server, "/ranks?select=level"), json!([{ "level": "mid" }]), "the control");
}

#[test]
fn what_the_database_will_make_is_no_null() {
    let server = server();
    let make = |name: &str| {
        let body = format!(r#"{{"name":"{name}"}}"#);
        ask(&server, "ada", "POST", "/made").json(&body).prefer("return=representation").send()
    };
    assert_eq!(code(&make("other")), (403, "42501".to_owned()));
    make("known").expect(201);
}
