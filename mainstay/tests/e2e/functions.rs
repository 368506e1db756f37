//! Declared functions and views, and text search, over raw HTTP.

use serde_json::json;

use crate::harness::{Server, test_app};

const ROWS: &str = "return=representation";

/// Two teams and five tickets.
pub fn desk() -> Server {
    let server = Server::of(&test_app("desk.toml"));
    server.rest("POST", "/teams").json(r#"[{"name":"red"},{"name":"blue"}]"#).send().expect(201);
    let tickets = r#"[
        {"title":"Printer on fire","body":"The printer burns brightly","hours":1.5,"team":1},
        {"title":"Login fails","body":"Users cannot log in","hours":0.25,"team":1},
        {"title":"Fire drill","body":"Practise leaving the house","hours":2,"team":2},
        {"title":"Paper","body":"The printers need paper","hours":0.1,"team":null},
        {"title":"Secret","body":"","hours":0,"team":2}]"#;
    server.rest("POST", "/tickets").json(tickets).send().expect(201);
    server
}

#[test]
fn every_kind_of_result_has_its_shape() {
    let server = desk();
    for (path, expect) in [
        ("/rpc/add?a=1", "11"),
        ("/rpc/add?a=1&b=-4", "-3"),
        ("/rpc/whoami", "\"nobody/service_role\""),
        (
            "/rpc/titles",
            "[\"Printer on fire\",\n \"Login fails\",\n \"Fire drill\",\n \"Paper\",\n \"Secret\"]",
        ),
        ("/rpc/titles?limit=1&offset=1", r#"["Login fails"]"#),
        ("/rpc/ticket?id=99", "null"),
        ("/rpc/ticket?id=2&select=title", r#"{"title":"Login fails"}"#),
        ("/rpc/totals", r#"[{"state":"open","hours":3.85}]"#),
        (
            "/rpc/of_team?team=red&select=title&order=title",
            "[{\"title\":\"Login fails\"},\n {\"title\":\"Printer on fire\"}]",
        ),
        ("/rpc/of_team?team=red&hours=gt.1&select=id", r#"[{"id":1}]"#),
        (
            "/rpc/of_team?team=red&select=id,teams(name)&limit=1",
            r#"[{"id":1,"teams":{"name":"red"}}]"#,
        ),
        ("/rpc/of_team?team=red&select=hours.sum()", r#"[{"sum":1.75}]"#),
    ] {
        let answer = server.rest("GET", path).send();
        assert_eq!((answer.status, answer.body.as_str()), (200, expect), "{path}");
    }
    let posted = server.rest("POST", "/rpc/add").json(r#"{"a":5}"#).send().expect(200);
    assert_eq!(posted.body, "15");
    let form = server.rest("POST", "/rpc/add");
    let form = form.body("application/x-www-form-urlencoded", "a=5&b=6").send();
    assert_eq!(form.expect(200).body, "11");
    let counted =
        server.rest("GET", "/rpc/titles?limit=2").prefer("count=exact").send().expect(206);
    assert_eq!(counted.header("content-range"), Some("0-1/5"));
    let head = server.rest("HEAD", "/rpc/titles").send().expect(200);
    assert_eq!((head.body.as_str(), head.header("content-range")), ("", Some("0-4/*")));
    let single = server.rest("POST", "/rpc/of_team").json(r#"{"team":"red"}"#);
    let single = single.header("accept", "application/vnd.pgrst.object+json").send();
    assert_eq!(single.refusal(), (406, "PGRST116".to_owned()));
    let csv = server.rest("GET", "/rpc/totals").header("accept", "text/csv").send().expect(200);
    assert_eq!(csv.body, "state,hours\nopen,3.85");
}

#[test]
fn a_function_that_writes_is_one_transaction() {
    let server = desk();
    let closed = server.rest("POST", "/rpc/close?select=id,state,hours,teams(name)");
    let closed = closed.json(r#"{"id":1,"hours":0.5}"#).send().expect(200);
    assert_eq!(
        closed.json(),
        json!([{ "id": 1, "state": "done", "hours": 2.0, "teams": { "name": "red" } }])
    );
    let again = server.rest("POST", "/rpc/close").json(r#"{"id":1,"hours":0.5}"#).send();
    assert_eq!(again.status, 409);
    assert_eq!(
        again.json(),
        json!({
            "code": "PT409", "message": "The ticket is closed already", "details": "ticket 1",
            "hint": "Open it again first",
        })
    );
    // The second statement has run when the check of the column refuses it.
    let refused = server.rest("POST", "/rpc/close").json(r#"{"id":2,"hours":-9}"#).send();
    assert_eq!(refused.refusal(), (400, "23514".to_owned()));
    let kept = server.rest("GET", "/tickets?id=eq.2&select=state,hours").send();
    assert_eq!(kept.expect(200).json(), json!([{ "state": "open", "hours": 0.25 }]));
    let gone = server.rest("POST", "/rpc/forget").json(r#"{"id":2}"#).send().expect(204);
    assert_eq!((gone.body.as_str(), gone.header("content-type")), ("", None));
    assert_eq!(server.rest("GET", "/tickets?id=eq.2").send().expect(200).body, "[]");
    let undone = server.rest("POST", "/rpc/forget").prefer("tx=rollback").json(r#"{"id":3}"#);
    undone.send().expect(204);
    assert_ne!(server.rest("GET", "/tickets?id=eq.3").send().expect(200).body, "[]");
    // What is refused after the function has run has not happened.
    let beyond = server.rest("POST", "/rpc/close?offset=5").prefer("count=exact");
    let beyond = beyond.json(r#"{"id":3,"hours":1}"#).send();
    assert_eq!(beyond.refusal(), (416, "PGRST103".to_owned()));
    let none = server.rest("POST", "/rpc/close?limit=0").json(r#"{"id":3,"hours":1}"#);
    let none = none.header("accept", "application/vnd.pgrst.object+json").send();
    assert_eq!(none.refusal(), (406, "PGRST116".to_owned()));
    let open = server.rest("GET", "/tickets?id=eq.3&select=state").send().expect(200);
    assert_eq!(open.json(), json!([{ "state": "open" }]));
    let many = server.rest("POST", "/rpc/close").prefer("handling=strict, max-affected=0");
    let many = many.json(r#"{"id":3,"hours":1}"#).send();
    assert_eq!(many.refusal(), (400, "PGRST124".to_owned()));
    let scalar = server.rest("POST", "/rpc/add").prefer("handling=strict, max-affected=1");
    assert_eq!(scalar.json(r#"{"a":1}"#).send().refusal(), (400, "PGRST128".to_owned()));
}

#[test]
fn groups_are_made_at_every_level() {
    let server = desk();
    server.rest("POST", "/rpc/close").json(r#"{"id":1,"hours":0}"#).send().expect(200);
    server.rest("POST", "/teams").json(r#"{"name":"empty"}"#).send().expect(201);
    let groups =
        "/teams?select=name,tickets(state,hours.sum(),count())&tickets.order=state&order=id";
    assert_eq!(
        server.rest("GET", groups).send().expect(200).json(),
        json!([
            { "name": "red", "tickets": [
                { "state": "done", "sum": 1.50, "count": 1 },
                { "state": "open", "sum": 0.25, "count": 1 },
            ] },
            { "name": "blue", "tickets": [{ "state": "open", "sum": 2.00, "count": 2 }] },
            { "name": "empty", "tickets": [] },
        ])
    );
    // The cast is grouped by, not what stands behind it.
    let casts = "/tickets?select=whole:hours::integer,count()&order=hours&title=neq.x";
    assert_eq!(server.rest("GET", casts).send().refusal(), (400, "42803".to_owned()));
    let casts = server.rest("GET", "/tickets?select=whole:hours::integer,count()").send();
    assert_eq!(
        casts.expect(200).json(),
        json!([{ "whole": 0, "count": 3 }, { "whole": 2, "count": 2 }])
    );
    let spread = "/teams?select=name,...tickets(state,hours.sum())&tickets.order=state&id=eq.1";
    assert_eq!(
        server.rest("GET", spread).send().expect(200).json(),
        json!([{ "name": "red", "state": ["done", "open"], "sum": [1.50, 0.25] }])
    );
}

#[test]
fn a_list_that_is_summed_up_does_not_group_the_row_it_stands_in() {
    let server = desk();
    let spread = "/teams?select=name,...tickets(hours.sum())&order=id";
    assert_eq!(
        server.rest("GET", spread).send().expect(200).json(),
        json!([{ "name": "red", "sum": [1.75] }, { "name": "blue", "sum": [2.00] }])
    );
    // Nothing stands beside a ticket without a team, not even an empty list.
    let beside = "/tickets?select=id,...teams(name,all:tickets(id))&id=in.(3,4)&order=id";
    assert_eq!(
        server.rest("GET", beside).send().expect(200).json(),
        json!([
            { "id": 3, "name": "blue", "all": [{ "id": 3 }, { "id": 5 }] },
            { "id": 4, "name": null, "all": null },
        ])
    );
}

#[test]
fn an_alias_leaves_the_name_of_its_relation_to_the_column() {
    let server = desk();
    for (query, expect) in [
        ("select=id,of:team(name)&team=eq.2", json!([3, 5])),
        ("select=id,of:team(name)&team=is.null&of.name=eq.red", json!([4])),
        ("select=id,of:team(name)&of=is.null&of.name=eq.red", json!([3, 4, 5])),
        ("select=id,of:team!inner(name)&team.name=eq.blue", json!([3, 5])),
        ("select=id,of:teams(name)&teams=is.null", json!([4])),
        ("select=id,of:teams(name)&order=teams(name).nullsfirst,id&id=lt.5", json!([4, 3, 1, 2])),
    ] {
        let found = server.rest("GET", &format!("/tickets?{query}&order=id")).send().expect(200);
        assert_eq!(json!(found.column("id")), expect, "{query}");
    }
    let compared = server.rest("GET", "/tickets?select=id,team(name)&team=eq.1").send();
    assert_eq!(compared.refusal(), (400, "PGRST120".to_owned()));
}

#[test]
fn a_closed_column_of_a_junction_relates_nothing() {
    let server = desk();
    server.rest("POST", "/tags").json(r#"[{"label":"hot"}]"#).send().expect(201);
    server.rest("POST", "/ticket_tags").json(r#"[{"ticket":1,"tag":1}]"#).send().expect(201);
    let tags = "/tags?select=label,tickets(title)";
    let staff = server.rest("GET", tags).send().expect(200);
    assert_eq!(staff.json()[0]["tickets"], json!([{ "title": "Printer on fire" }]));
    let visitor = server.visitor("GET", tags).send();
    assert_eq!(visitor.refusal(), (400, "PGRST200".to_owned()));
    let inner = server.visitor("GET", "/tags?select=label,tickets!inner()").send();
    assert_eq!(inner.refusal(), (400, "PGRST200".to_owned()));
}

#[test]
fn what_cannot_be_called_says_why() {
    let server = desk();
    for (method, path, body, status, code) in [
        ("POST", "/rpc/nobody", "{}", 404, "PGRST202"),
        ("POST", "/rpc/add", "{}", 404, "PGRST202"),
        ("POST", "/rpc/add", r#"{"a":1,"c":2}"#, 404, "PGRST202"),
        ("POST", "/rpc/add", r#"{"a":"x"}"#, 400, "22P02"),
        ("POST", "/rpc/add", r#"{"a":1,"a":2}"#, 400, "PGRST102"),
        ("POST", "/rpc/add", "[1]", 400, "PGRST102"),
        ("GET", "/rpc/close?id=1&hours=1", "", 405, "25006"),
        ("PUT", "/rpc/add", "{}", 405, "PGRST101"),
        ("GET", "/rpc/of_team?team=red&nam=eq.1", "", 400, "42703"),
        ("GET", "/rpc/titles?select=title", "", 200, ""),
    ] {
        let answer = server.rest(method, path);
        let answer = if body.is_empty() { answer.send() } else { answer.json(body).send() };
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.body);
        if !code.is_empty() {
            assert_eq!(answer.refusal().1, code, "{path}");
        }
    }
    let hint = server.rest("POST", "/rpc/ad").json(r#"{"a":1}"#).send().json();
    assert_eq!(hint["hint"], "Perhaps you meant to call the function desk.add");
    let allow =
        |path| server.rest("OPTIONS", path).send().expect(200).header("allow").unwrap().to_owned();
    assert_eq!(allow("/rpc/add"), "OPTIONS,GET,HEAD,POST");
    assert_eq!(allow("/rpc/close"), "OPTIONS,POST");
    assert_eq!(allow("/load"), "OPTIONS,GET,HEAD");
    assert_eq!(allow("/open_tickets"), "OPTIONS,GET,HEAD,POST,PATCH,DELETE");
}

#[test]
fn a_function_is_as_open_as_its_rule() {
    let server = desk();
    let answer = server.visitor("POST", "/rpc/close").json(r#"{"id":1,"hours":1}"#).send();
    assert_eq!(answer.refusal(), (401, "42501".to_owned()));
    let answer = server.visitor("POST", "/rpc/closed_to_all").json("{}").send();
    assert_eq!(answer.refusal(), (401, "42501".to_owned()));
    assert_eq!(server.visitor("GET", "/rpc/whoami").send().expect(200).body, "\"nobody/anon\"");
    // A name that is closed to the caller is not told either.
    let hint = server.visitor("POST", "/rpc/closed_to_al").json("{}").send();
    assert!(!hint.body.contains("closed_to_all"), "{}", hint.body);
}

#[test]
fn a_function_that_takes_its_time_is_answered_and_holds_nobody_up() {
    let server = desk();
    let slow = "/rpc/count_up?to=300000";
    for _ in 0..3 {
        assert_eq!(server.rest("GET", slow).send().expect(200).body, "300000");
    }
    assert_eq!(server.rest("GET", "/rpc/count_up?to=3").send().expect(200).body, "3");
    let counted = server.rest("GET", "/rpc/titles").prefer("count=exact").send().expect(200);
    assert_eq!(counted.header("content-range"), Some("0-4/5"));
}

#[test]
fn a_function_that_only_refuses_gives_nothing() {
    let server = desk();
    server.rest("POST", "/rpc/close").json(r#"{"id":2,"hours":0}"#).send().expect(200);
    for (id, status) in [(1, 204), (2, 409), (99, 404)] {
        let body = format!(r#"{{"id":{id}}}"#);
        let posted = server.rest("POST", "/rpc/expect_open").json(&body).send();
        assert_eq!(posted.status, status, "{}", posted.body);
        let got = server.rest("GET", &format!("/rpc/expect_open?id={id}")).send();
        assert_eq!((got.status, got.body), (status, posted.body));
    }
}

#[test]
fn a_view_is_asked_like_a_table() {
    let server = desk();
    let load = server.rest("GET", "/load?order=team.nullsfirst&select=*,teams(name)").send();
    assert_eq!(
        load.expect(200).json(),
        json!([
            { "team": null, "tickets": 1, "hours": 0.10, "teams": null },
            { "team": 1, "tickets": 2, "hours": 1.75, "teams": { "name": "red" } },
            { "team": 2, "tickets": 2, "hours": 2.00, "teams": { "name": "blue" } },
        ])
    );
    let inherited = server.rest("GET", "/teams?select=name,open_tickets(subject)&order=id&limit=1");
    assert_eq!(
        inherited.send().expect(200).json()[0]["open_tickets"],
        json!([{ "subject": "Printer on fire" }, { "subject": "Login fails" }])
    );
    let refused = server.rest("PATCH", "/load?team=eq.1").json(r#"{"tickets":1}"#).send();
    assert_eq!(refused.refusal(), (405, "PGRST117".to_owned()));
}

#[test]
fn a_plain_view_is_written_through() {
    let server = desk();
    let made = server.rest("POST", "/open_tickets?select=id,subject,teams(name)").prefer(ROWS);
    let made = made.json(r#"{"subject":"New","team":2}"#).send().expect(201);
    assert_eq!(made.json(), json!([{ "id": 6, "subject": "New", "teams": { "name": "blue" } }]));
    let changed = server.rest("PATCH", "/open_tickets?subject=like.New*").prefer(ROWS);
    let changed = changed.json(r#"{"hours":3}"#).send().expect(200);
    assert_eq!(changed.json(), json!([{ "id": 6, "subject": "New", "hours": 3.0, "team": 2 }]));
    let upserted = server.rest("POST", "/open_tickets").prefer("resolution=merge-duplicates");
    let upserted = upserted.json(r#"{"id":6,"subject":"Newer"}"#).send();
    assert_eq!(upserted.refusal(), (400, "PGRST127".to_owned()), "it may hide the row");
    let put = server.rest("PUT", "/open_tickets?id=eq.6").json(r#"{"id":6,"subject":"N"}"#).send();
    assert_eq!(put.refusal(), (400, "PGRST127".to_owned()));
    // A row that leaves the view is no single row any more, so nothing has changed.
    let left = server.rest("PATCH", "/tickets?id=eq.6&select=id,teams!inner(id)&teams.name=eq.red");
    let left = left.prefer(ROWS).header("accept", "application/vnd.pgrst.object+json");
    let left = left.json(r#"{"hours":8}"#).send();
    assert_eq!(left.refusal(), (406, "PGRST116".to_owned()));
    assert_eq!(server.rest("GET", "/tickets?id=eq.6").send().json()[0]["hours"], 3.0);
    let unknown = server.rest("POST", "/open_tickets").json(r#"{"title":"x"}"#).send();
    assert_eq!(unknown.refusal(), (400, "PGRST204".to_owned()));
    let near = server.rest("POST", "/open_tickets").json(r#"{"secre":"x"}"#).send();
    assert!(
        !near.body.contains("secret"),
        "what the view does not show is not told: {}",
        near.body
    );
    server.rest("PATCH", "/tickets?id=eq.1").json(r#"{"state":"done"}"#).send().expect(204);
    let hidden = server.rest("DELETE", "/open_tickets?id=in.(1,6)").prefer(ROWS).send();
    assert_eq!(hidden.expect(200).column("id"), [6], "what the view does not show stays");
    assert_eq!(server.rest("GET", "/tickets?id=eq.1").send().json().as_array().unwrap().len(), 1);
}

#[test]
fn words_are_found_where_search_is_declared() {
    let server = desk();
    for (query, expect) in [
        ("title=fts.fire", vec![1, 3]),
        ("title=fts.fire %26 !drill", vec![1]),
        ("title=not.fts.fire", vec![2, 4, 5]),
        ("body=plfts.printers need", vec![4]),
        ("body=plfts(english).printing", vec![]),
        ("body=phfts.cannot log", vec![2]),
        ("body=wfts.printer -burns", vec![4]),
        ("body=wfts.\"leaving the\" or paper", vec![3, 4]),
        ("title=fts.!fire", vec![2, 4, 5]),
        ("or=(title.fts.paper,body.fts.log)", vec![2, 4]),
    ] {
        let query = query.replace(' ', "%20").replace('"', "%22");
        let found = server.rest("GET", &format!("/tickets?select=id&order=id&{query}")).send();
        assert_eq!(found.expect(200).column("id"), expect, "{query}");
    }
    server.rest("PATCH", "/tickets?id=eq.5").json(r#"{"title":"Fireworks on fire"}"#).send();
    server.rest("DELETE", "/tickets?id=eq.3").send();
    let found = server.rest("GET", "/tickets?select=id&title=fts.fire&order=id").send();
    assert_eq!(found.expect(200).column("id"), [1, 5]);
    let wrong = server.rest("GET", "/tickets?title=fts.a%20%26").send();
    assert_eq!(wrong.refusal(), (400, "42601".to_owned()));
    let unsearched = server.rest("GET", "/teams?name=fts.red").send();
    assert_eq!(unsearched.refusal(), (400, "PGRST127".to_owned()));
    assert!(unsearched.json()["hint"].as_str().unwrap().contains("search = [\"name\"]"));
}
