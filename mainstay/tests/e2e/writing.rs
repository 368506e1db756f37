//! Writing over raw HTTP: every verb, every form of body, every way to ask for what was written.

use crate::harness::{Server, test_app};
use crate::reading::stocked;

const ROWS: &str = "return=representation";

#[test]
fn a_create_answers_as_little_as_was_asked_for() {
    let server = Server::lab();
    let silent = server.rest("POST", "/people").json(r#"{"handle":"ada"}"#).send().expect(201);
    assert_eq!(silent.body, "");
    assert_eq!(silent.header("content-type"), None);
    assert_eq!(silent.header("content-length"), Some("0"));
    assert_eq!(silent.header("content-range"), Some("*/*"));
    assert_eq!(silent.header("preference-applied"), None);
    let rows = server.rest("POST", "/people").prefer(ROWS).json(r#"{"handle":"bela"}"#).send();
    assert_eq!(rows.expect(201).body, r#"[{"id":2,"handle":"bela"}]"#);
    let counted = server.rest("POST", "/people").prefer("count=exact");
    let counted = counted.json(r#"[{"handle":"c1"},{"handle":"c2"}]"#).send().expect(201);
    assert_eq!(counted.header("content-range"), Some("*/2"));
    let headers = server.rest("POST", "/people").prefer("return=headers-only");
    let headers = headers.json(r#"{"handle":"dan"}"#).send().expect(201);
    assert_eq!(headers.header("location"), Some("/people?id=eq.5"));
    assert_eq!((headers.body.as_str(), headers.header("content-type")), ("", None));
}

#[test]
fn a_location_names_every_column_of_the_key() {
    let server = Server::lab();
    let made = server.rest("POST", "/pairs").prefer("return=headers-only");
    let made = made.json(r#"{"a":"x y&z","b":7}"#).send().expect(201);
    let location = made.header("location").unwrap().to_owned();
    assert_eq!(location, "/pairs?a=eq.x%20y%26z&b=eq.7");
    assert_eq!(server.rest("GET", &location).send().expect(200).column("b"), [7]);
}

#[test]
fn a_bulk_is_one_transaction_and_keeps_its_order() {
    let server = Server::lab();
    let bulk = server.rest("POST", "/people?select=id,handle").prefer(ROWS);
    let bulk = bulk.json(r#"[{"handle":"c1"},{"handle":"c2"},{"handle":"c3"}]"#).send().expect(201);
    assert_eq!(bulk.column("handle"), ["c1", "c2", "c3"]);
    let half = server.rest("POST", "/people").json(r#"[{"handle":"d1"},{"handle":"c1"}]"#).send();
    assert_eq!(half.refusal(), (409, "23505".to_owned()));
    assert_eq!(server.rest("GET", "/people").send().json().as_array().unwrap().len(), 3);
    let empty = server.rest("POST", "/people").prefer(ROWS).json("[]").send().expect(201);
    assert_eq!(empty.body, "[]");
}

#[test]
fn an_empty_object_takes_every_default() {
    let server = Server::lab();
    let made = server.visitor("POST", "/singles").prefer(ROWS).json("{}").send().expect(201);
    let row = &made.json()[0];
    assert_eq!(row["n"], 0);
    let id = row["id"].as_str().unwrap();
    assert_eq!((id.len(), &id[14..15]), (36, "7"), "the server makes uuids of version 7");
    let numbered = server.rest("POST", "/numbered").prefer(ROWS).json("{}").send().expect(201);
    assert_eq!(numbered.body, r#"[{"id":1,"v":null}]"#);
}

#[test]
fn columns_choose_what_is_read_from_the_body() {
    let server = Server::lab();
    let body = r#"[{"name":"A","size":5,"nonsense":1},{"name":"B"}]"#;
    let nulls = server
        .rest("POST", "/things?columns=%22name%22,%22note%22&select=name,size,note")
        .prefer(ROWS);
    let nulls = nulls.json(body).send().expect(201);
    assert_eq!(nulls.column("size"), [1, 1], "what is not listed takes its default");
    let missing = server
        .rest("POST", "/things?columns=name,size")
        .json(r#"[{"name":"C","size":5},{"name":"D"}]"#);
    assert_eq!(missing.clone().send().refusal(), (400, "23502".to_owned()), "missing means null");
    let defaulted = server
        .rest("POST", "/things?columns=name,size&select=name,size")
        .prefer(ROWS)
        .prefer("missing=default");
    let defaulted = defaulted.json(r#"[{"name":"C","size":5},{"name":"D"}]"#).send().expect(201);
    assert_eq!(defaulted.column("size"), [5, 1]);
    assert_eq!(
        defaulted.header("preference-applied"),
        Some("missing=default, return=representation")
    );
    let differing =
        server.rest("POST", "/things").json(r#"[{"name":"E"},{"name":"F","size":1}]"#).send();
    assert_eq!(differing.refusal(), (400, "PGRST102".to_owned()));
    assert_eq!(differing.json()["message"], "All object keys must match");
    let unknown = server.rest("POST", "/things?columns=nam").json("{}").send();
    assert_eq!(unknown.refusal(), (400, "PGRST204".to_owned()));
}

#[test]
fn csv_and_forms_are_bodies_too() {
    let server = Server::lab();
    let csv = server.rest("POST", "/things?select=name,size,note,tags").prefer(ROWS);
    let csv = csv
        .body("text/csv", "name,size,note,tags\nA,3,NULL,\"{x,y}\"\n\"B, or so\",4,\"\",{}\n")
        .send();
    let rows = [
        r#"{"name":"A","size":3,"note":null,"tags":["x","y"]}"#,
        r#"{"name":"B, or so","size":4,"note":"","tags":[]}"#,
    ];
    assert_eq!(csv.expect(201).body, format!("[{}]", rows.join(",\n ")));
    for (columns, body, status, code) in [
        // The header is looked at even if nothing follows it.
        ("", "name,size\n", 201, None),
        ("", "nam,size\n", 400, Some("PGRST204")),
        ("?columns=name", "nam,name\n", 201, None),
        ("", "name,name\n", 400, Some("PGRST102")),
        ("", "", 400, Some("PGRST102")),
        ("", "\n\n", 400, Some("PGRST102")),
    ] {
        let answer =
            server.rest("POST", &format!("/things{columns}")).body("text/csv", body).send();
        assert_eq!(answer.status, status, "{body:?}: {}", answer.body);
        if let Some(code) = code {
            assert_eq!(answer.json()["code"], code, "{body:?}: {}", answer.body);
        }
    }
    let form = server.rest("POST", "/things?select=name,size").prefer(ROWS);
    let form = form.body("application/x-www-form-urlencoded", "name=C+1&size=9").send().expect(201);
    assert_eq!(form.body, r#"[{"name":"C 1","size":9}]"#);
    let unread = server.rest("POST", "/things").body("application/xml", "<a/>").send();
    assert_eq!(unread.refusal(), (415, "body_type_unsupported".to_owned()));
}

#[test]
fn an_upsert_merges_or_leaves_alone() {
    let server = stocked();
    let merge = |body: &str| {
        let ask = server.rest("POST", "/things?on_conflict=name&select=id,name,size,note");
        ask.prefer(ROWS).prefer("resolution=merge-duplicates").json(body).send()
    };
    let merged = merge(r#"[{"name":"Pan","size":21}]"#).expect(200);
    assert_eq!(merged.body, r#"[{"id":2,"name":"Pan","size":21,"note":null}]"#);
    assert_eq!(
        merged.header("preference-applied"),
        Some("resolution=merge-duplicates, return=representation")
    );
    let mixed = merge(r#"[{"name":"Pan","size":22},{"name":"New","size":1}]"#).expect(201);
    assert_eq!(mixed.column("size"), [22, 1]);
    let kept = merge(r#"[{"name":"Kettle","size":11}]"#).expect(200);
    assert_eq!(kept.column("note"), ["boils"], "columns that are not sent stay");
    let ignored = server.rest("POST", "/things?on_conflict=name&select=name").prefer(ROWS);
    let ignored = ignored.prefer("resolution=ignore-duplicates");
    let ignored =
        ignored.json(r#"[{"name":"Pan","size":99},{"name":"Newer","size":1}]"#).send().expect(201);
    assert_eq!(ignored.column("name"), ["Newer"]);
    let by_key = server.rest("POST", "/people").prefer("resolution=merge-duplicates");
    by_key.json(r#"{"id":1,"handle":"eve"}"#).send().expect(200);
    assert_eq!(server.rest("GET", "/people?id=eq.1").send().column("handle"), ["eve"]);
    let unfit =
        server.rest("POST", "/things?on_conflict=size").prefer("resolution=merge-duplicates");
    assert_eq!(unfit.json(r#"{"name":"X","size":1}"#).send().refusal(), (400, "42P10".to_owned()));
    let twice = merge(r#"[{"name":"T","size":1},{"name":"T","size":2}]"#);
    assert_eq!(twice.refusal(), (400, "21000".to_owned()), "Code::RowTwice");
}

#[test]
fn an_update_changes_what_the_filter_finds() {
    let server = stocked();
    let some =
        server.rest("PATCH", "/things?size=eq.30&select=name,size&order=name.desc").prefer(ROWS);
    let some = some.json(r#"{"size":31}"#).send().expect(200);
    assert_eq!(some.column("name"), ["Sand", "Ore"]);
    assert_eq!(some.header("content-range"), Some("0-1/*"));
    let silent =
        server.rest("PATCH", "/things?id=eq.1").json(r#"{"note":null}"#).send().expect(204);
    assert_eq!((silent.body.as_str(), silent.header("content-range")), ("", Some("0-0/*")));
    let none = server
        .rest("PATCH", "/things?id=eq.99")
        .prefer(ROWS)
        .json(r#"{"size":1}"#)
        .send()
        .expect(200);
    assert_eq!((none.body.as_str(), none.header("content-range")), ("[]", Some("*/*")));
    server.rest("PATCH", "/things?id=eq.99").json(r#"{"size":1}"#).send().expect(204);
    let nothing =
        server.rest("PATCH", "/things?id=eq.1").prefer(ROWS).json("{}").send().expect(200);
    assert_eq!(nothing.body, "[]");
    let listed = server.rest("PATCH", "/things?id=eq.1&columns=size&select=size,name").prefer(ROWS);
    let listed = listed.json(r#"{"size":5,"name":"not this"}"#).send().expect(200);
    assert_eq!(listed.body, r#"[{"size":5,"name":"Kettle"}]"#);
    let counted = server
        .rest("PATCH", "/things?kind=eq.raw")
        .prefer("count=exact")
        .json(r#"{"kind":"raw"}"#)
        .send();
    assert_eq!(counted.expect(204).header("content-range"), Some("0-3/4"));
}

#[test]
fn a_delete_gives_back_what_it_took() {
    let server = stocked();
    let gone = server
        .rest("DELETE", "/things?kind=eq.made&select=name&order=name.desc")
        .prefer(ROWS)
        .prefer("count=exact");
    let gone = gone.send().expect(200);
    assert_eq!(gone.column("name"), ["Pan", "Kettle"]);
    assert_eq!(gone.header("content-range"), Some("*/2"));
    let silent = server.rest("DELETE", "/things?id=eq.3").send().expect(204);
    assert_eq!(silent.header("content-range"), Some("*/*"));
    let none = server.rest("DELETE", "/things?id=eq.3").prefer(ROWS).send().expect(200);
    assert_eq!(none.body, "[]");
    assert_eq!(server.rest("GET", "/things?select=id&order=id").send().column("id"), [4, 5, 6]);
}

#[test]
fn a_put_writes_one_whole_row_under_its_key() {
    let server = Server::lab();
    let made = server.rest("PUT", "/pairs?a=eq.x&b=eq.1").json(r#"{"a":"x","b":1,"v":"one"}"#);
    made.send().expect(204);
    let row = server
        .rest("PUT", "/pairs?a=eq.x&b=eq.2")
        .prefer(ROWS)
        .json(r#"{"a":"x","b":2,"v":"two"}"#);
    assert_eq!(row.send().expect(201).body, r#"[{"a":"x","b":2,"v":"two"}]"#);
    let again =
        server.rest("PUT", "/pairs?a=eq.x&b=eq.2").prefer(ROWS).json(r#"{"a":"x","b":2,"v":"2"}"#);
    assert_eq!(again.send().expect(200).column("v"), ["2"]);
    let body = r#"{"a":"x","b":1,"v":"one"}"#;
    for (query, code, status) in [
        ("a=eq.x", "PGRST105", 405),
        ("a=eq.x&b=gt.1", "PGRST105", 405),
        ("a=eq.x&b=eq.1&v=eq.one", "PGRST105", 405),
        ("", "PGRST105", 405),
        ("a=eq.x&b=eq.1&limit=1", "PGRST114", 400),
        ("a=eq.y&b=eq.1", "PGRST115", 400),
    ] {
        let refused = server.rest("PUT", &format!("/pairs?{query}")).json(body).send();
        assert_eq!(refused.refusal(), (status, code.to_owned()), "{query}");
    }
    assert_eq!(server.rest("GET", "/pairs?order=b").send().column("v"), ["one", "2"]);
}

#[test]
fn what_was_acknowledged_is_there_after_a_restart() {
    let first = Server::lab();
    first.rest("POST", "/people").json(r#"{"handle":"ada"}"#).send().expect(201);
    let key = first.service().to_owned();
    let second = Server::over("serve", &test_app("lab.toml"), &[], &[], first.stop_keeping());
    assert_eq!(second.service(), key, "keys are made once");
    assert_eq!(second.rest("GET", "/people").send().expect(200).column("handle"), ["ada"]);
    second.stop();
}
