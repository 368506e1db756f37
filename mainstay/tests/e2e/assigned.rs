//! Values that a caller may not write, sent in every form a write can have: as columns of an insert,
//! an update, an upsert, a PUT, in CSV, in forms, beside honest rows, in odd spellings, through a
//! view, in a batch. Nothing of them may be stored.

use serde_json::{Value, json};

use crate::harness::{Answer, Ask, Server, test_app};
use crate::matrix::{lay, token};

/// What is forged: the column and a value that its type takes.
const FORGED: [(&str, &str); 5] = [
    ("owner", "\"bela\""),
    ("secret", "\"forged\""),
    ("grade", "77"),
    ("made", "\"1999-01-01T00:00:00Z\""),
    ("doubled", "77"),
];

/// In the stored rows of `mine` nothing of it stands.
fn nothing_forged(server: &Server, what: &str) {
    let rows = server.rest("GET", "/mine?order=id").send().expect(200);
    for row in rows.json().as_array().unwrap() {
        let id = row["id"].as_u64().unwrap();
        let owner = if id == 2 { "bela" } else { "ada" };
        let secret = match id {
            1 => json!("ada-secret"),
            2 => json!("bela-secret"),
            _ => Value::Null,
        };
        assert_eq!(row["owner"], owner, "{what}: {row}");
        assert_eq!(row["secret"], secret, "{what}: {row}");
        assert_eq!((&row["grade"], &row["doubled"]), (&json!(1), &json!(2)), "{what}: {row}");
        assert!(!row["made"].as_str().unwrap().starts_with("1999"), "{what}: {row}");
    }
}

fn refused(answer: &Answer, what: &str) {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let code = body["code"].as_str().unwrap_or_default();
    // An upsert that may not change the row that it meets answers as a plain conflict.
    let known = ["42501", "428C9", "PGRST204", "42703", "23505"].contains(&code);
    assert!(known, "{what}: {answer:?}");
}

struct Ada {
    server: Server,
    token: String,
}

impl Ada {
    fn new() -> Self {
        let server = Server::of(&test_app("guarded.toml"));
        lay(&server);
        let token = token(&server, "authenticated", Some("ada"), Some("t1"));
        Self { server, token }
    }

    fn ask(&self, method: &str, path: &str) -> Ask {
        self.server.bare(method, &format!("/rest/v1{path}")).header("apikey", &self.token)
    }
}

#[test]
fn a_column_that_is_not_the_callers_to_write_is_written_in_no_form() {
    let ada = Ada::new();
    let merge = "resolution=merge-duplicates";
    for (column, value) in FORGED {
        let with = |more: &str| format!("{{{more},\"{column}\":{value}}}");
        let new = with("\"id\":40,\"title\":\"x\",\"code\":\"x\"");
        let old = with("\"id\":1,\"title\":\"ada-title\",\"code\":\"ada-code\"");
        let honest = "{\"id\":41,\"title\":\"y\",\"code\":\"y\"}";
        let plain = value.trim_matches('"');
        let csv = format!("id,title,code,{column}\n40,x,x,{plain}\n");
        let batch = |method: &str, path: &str, body: &str| {
            format!(
                "{{\"operations\":[{{\"method\":\"{method}\",\"path\":\"{path}\",\"body\":{body}}}]}}"
            )
        };
        let change = format!("{{\"{column}\":{value}}}");
        let cases = [
            ("insert", ada.ask("POST", "/mine").json(&new)),
            (
                "insert with rows back",
                ada.ask("POST", "/mine").prefer("return=representation").json(&new),
            ),
            (
                "many, one of them honest",
                ada.ask("POST", &format!("/mine?columns=id,title,code,{column}"))
                    .json(&format!("[{honest},{new}]"))
                    .prefer("missing=default"),
            ),
            (
                "listed in columns",
                ada.ask("POST", &format!("/mine?columns=id,title,code,{column}"))
                    .json(&format!("[{new}]")),
            ),
            ("csv", ada.ask("POST", "/mine").body("text/csv", &csv)),
            (
                "upsert of a new row",
                ada.ask("POST", "/mine?on_conflict=id").prefer(merge).json(&new),
            ),
            (
                "upsert of a row that is there",
                ada.ask("POST", "/mine?on_conflict=id").prefer(merge).json(&old),
            ),
            (
                "upsert by another key",
                ada.ask("POST", "/mine?on_conflict=code").prefer(merge).json(&old),
            ),
            ("put of a new row", ada.ask("PUT", "/mine?id=eq.40").json(&new)),
            ("put of a row that is there", ada.ask("PUT", "/mine?id=eq.1").json(&old)),
            ("update", ada.ask("PATCH", "/mine?id=eq.1").json(&change)),
            (
                "update beside an honest value",
                ada.ask("PATCH", "/mine?id=eq.1").json(&with("\"title\":\"ada-title\"")),
            ),
            (
                "update listed in columns",
                ada.ask("PATCH", &format!("/mine?id=eq.1&columns={column}")).json(&change),
            ),
            ("update of all", ada.ask("PATCH", "/mine?id=gt.0").json(&change)),
            ("batch: insert", ada.ask("POST", "/batch").json(&batch("POST", "/mine", &new))),
            (
                "batch: update",
                ada.ask("POST", "/batch").json(&batch("PATCH", "/mine?id=eq.1", &change)),
            ),
            ("batch: upsert", ada.ask("POST", "/batch").json(&batch("PUT", "/mine?id=eq.1", &old))),
        ];
        for (what, ask) in cases {
            let answer = ask.send();
            let what = format!("{column}: {what}");
            refused(&answer, &what);
            nothing_forged(&ada.server, &what);
        }
    }
    let there = ada.server.rest("GET", "/mine?select=id&order=id").send().expect(200);
    assert_eq!(there.column("id"), [json!(1), json!(2)], "nothing of a refused request is kept");
    // The control: without the forged value the same requests are taken.
    let new = "{\"id\":40,\"title\":\"x\",\"code\":\"x\"}";
    ada.ask("POST", "/mine").json(new).send().expect(201);
    ada.ask("PATCH", "/mine?id=eq.1").json("{\"title\":\"ada-title\"}").send().expect(204);
    nothing_forged(&ada.server, "honest");
    ada.server.stop();
}

#[test]
fn what_the_server_would_fill_in_may_be_said_and_nothing_else() {
    let ada = Ada::new();
    let row = |id: u64, owner: &str| {
        json!({ "id": id, "title": "x", "code": format!("c{id}"), "owner": owner }).to_string()
    };
    ada.ask("POST", "/mine").json(&row(50, "ada")).send().expect(201);
    refused(&ada.ask("POST", "/mine").json(&row(51, "bela")).send(), "another owner");
    refused(&ada.ask("POST", "/mine").json(&row(51, "ADA")).send(), "the owner in capitals");
    let null = "{\"id\":52,\"title\":\"x\",\"code\":\"c52\",\"owner\":null}";
    assert_ne!(ada.ask("POST", "/mine").json(null).send().status, 201, "no owner at all");
    let same = ada.ask("PATCH", "/mine?id=eq.50").json("{\"owner\":\"ada\"}").send();
    refused(&same, "every change is refused");
    nothing_forged(&ada.server, "owners");
    for (tenant, taken) in [("t1", true), ("t2", false), ("", false)] {
        let body =
            json!({ "id": if taken { 60 } else { 61 }, "org": tenant, "title": "x" }).to_string();
        for (what, ask) in [
            ("insert", ada.ask("POST", "/ours").prefer("tx=rollback").json(&body)),
            (
                "upsert",
                ada.ask("POST", "/ours?on_conflict=id")
                    .prefer("resolution=merge-duplicates,tx=rollback")
                    .json(&body),
            ),
            (
                "put",
                ada.ask("PUT", &format!("/ours?id=eq.{}", if taken { 60 } else { 61 }))
                    .prefer("tx=rollback")
                    .json(&body),
            ),
        ] {
            let answer = ask.send();
            match taken {
                true => assert!(answer.status < 300, "{what} {tenant}: {answer:?}"),
                false => refused(&answer, &format!("{what} {tenant}")),
            }
        }
    }
    for body in ["{\"org\":\"t2\"}", "{\"org\":null}", "{\"title\":\"x\",\"org\":\"t2\"}"] {
        refused(&ada.ask("PATCH", "/ours?id=eq.1").json(body).send(), body);
    }
    let orgs = ada.server.rest("GET", "/ours?select=id,org&order=id").send().expect(200).json();
    assert_eq!(orgs, json!([{ "id": 1, "org": "t1" }, { "id": 2, "org": "t2" }]));
    ada.server.stop();
}

#[test]
fn odd_spellings_of_a_column_write_nothing_either() {
    let ada = Ada::new();
    for body in [
        r#"{"id":70,"title":"x","code":"x","Owner":"bela"}"#,
        r#"{"id":70,"title":"x","code":"x","OWNER":"bela"}"#,
        r#"{"id":70,"title":"x","code":"x"," owner":"bela"}"#,
        r#"{"id":70,"title":"x","code":"x","owner ":"bela"}"#,
        r#"{"id":70,"title":"x","code":"x","\"owner\"":"bela"}"#,
        r#"{"id":70,"title":"x","code":"x","mine.owner":"bela"}"#,
        r#"{"id":70,"title":"x","code":"x","ownеr":"bela"}"#,
        r#"{"id":70,"title":"x","code":"x","owner":"ada","owner":"bela"}"#,
        r#"{"id":70,"title":"x","code":"x","owner":"bela","owner":"ada"}"#,
        r#"{"id":70,"title":"x","code":"x","\u006fwner":"bela"}"#,
        r#"{"id":70,"title":"x","code":"x","owner":{"owner":"bela"}}"#,
        r#"{"id":70,"title":"x","code":"x","owner":["bela"]}"#,
        r#"[{"id":70,"title":"x","code":"x"},{"id":71,"title":"x","code":"z","owner":"bela"}]"#,
        r#"{"id":70,"title":"x","code":"x","rowid":2}"#,
        r#"{"id":70,"title":"x","code":"x","_rowid_":2}"#,
        r#"{"id":70,"title":"x","code":"x","oid":2}"#,
    ] {
        for ask in [
            ada.ask("POST", "/mine").json(body),
            ada.ask("POST", "/mine?on_conflict=id")
                .prefer("resolution=merge-duplicates")
                .json(body),
            ada.ask("PATCH", "/mine?id=eq.1").json(body),
            ada.ask("PUT", "/mine?id=eq.70").json(body),
        ] {
            let answer = ask.prefer("tx=rollback, return=representation").send();
            assert!(answer.status < 500, "{body}: {answer:?}");
            assert!(!answer.body.contains("\"owner\":\"bela\""), "{body}: {answer:?}");
            if answer.status < 300 {
                assert!(answer.body.contains("\"owner\":\"ada\""), "{body}: {answer:?}");
            }
        }
        nothing_forged(&ada.server, body);
    }
    ada.server.stop();
}

#[test]
fn a_rule_of_a_column_judges_its_new_value_on_every_way() {
    let ada = Ada::new();
    let row = |id: u64, rank: i64| {
        json!({ "id": id, "title": "x", "code": format!("c{id}"), "rank": rank }).to_string()
    };
    let merge = "resolution=merge-duplicates";
    for (what, ask) in [
        ("insert", ada.ask("POST", "/mine").json(&row(80, 3))),
        ("many", ada.ask("POST", "/mine").json(&format!("[{},{}]", row(80, 1), row(81, 9)))),
        ("put", ada.ask("PUT", "/mine?id=eq.80").json(&row(80, 3))),
        ("update", ada.ask("PATCH", "/mine?id=eq.1").json("{\"rank\":2}")),
        ("update of nobody's", ada.ask("PATCH", "/mine?id=gt.0").json("{\"rank\":2}")),
        ("upsert", ada.ask("POST", "/mine?on_conflict=id").prefer(merge).json(&row(1, 2))),
        (
            "upsert beyond create",
            ada.ask("POST", "/mine?on_conflict=id").prefer(merge).json(&row(1, 5)),
        ),
    ] {
        refused(&ask.send(), what);
    }
    let ranks = ada.server.rest("GET", "/mine?select=rank").send().expect(200);
    assert_eq!(ranks.column("rank"), [json!(1), json!(1)]);
    ada.ask("POST", "/mine").json(&row(80, 2)).send().expect(201);
    ada.ask("PATCH", "/mine?id=eq.80").json("{\"rank\":1}").send().expect(204);
    refused(&ada.ask("PATCH", "/mine?id=eq.80").json("{\"rank\":2}").send(), "up again");
    ada.server.stop();
}

#[test]
fn a_view_is_no_way_around() {
    let ada = Ada::new();
    for body in [
        "{\"owner\":\"bela\"}",
        "{\"title\":\"ada-title\",\"owner\":\"bela\"}",
        "{\"secret\":\"forged\"}",
    ] {
        for prefer in ["return=minimal", "return=representation"] {
            let answer = ada.ask("PATCH", "/mine_shown?id=eq.1").prefer(prefer).json(body).send();
            refused(&answer, body);
        }
        nothing_forged(&ada.server, body);
    }
    ada.ask("PATCH", "/mine_shown?id=eq.1").json("{\"title\":\"seen\"}").send().expect(204);
    let control = ada.server.rest("GET", "/mine?id=eq.1&select=title").send().expect(200);
    assert_eq!(control.column("title"), [json!("seen")]);
    ada.server.stop();
}

#[test]
fn with_its_guard_taken_out_a_value_is_stored() {
    for (guard, instead, body, stored) in [
        (", readonly = true, index = true", "", "{\"owner\":\"bela\"}", ("owner", json!("bela"))),
        (", update = \"auth.role == 'staff'\" }", " }", "{\"grade\":77}", ("grade", json!(77))),
        (
            "update = \"new.rank <= row.rank\"",
            "update = \"true\"",
            "{\"rank\":9}",
            ("rank", json!(9)),
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("guarded.toml");
        let text = std::fs::read_to_string(test_app("guarded.toml")).unwrap();
        assert!(text.contains(guard), "{guard}");
        std::fs::write(&file, text.replacen(guard, instead, 1)).unwrap();
        let server = Server::of(&file);
        lay(&server);
        let token = token(&server, "authenticated", Some("ada"), Some("t1"));
        let change = server.bare("PATCH", "/rest/v1/mine?id=eq.1").header("apikey", &token);
        change.json(body).send().expect(204);
        let (column, value) = stored;
        let row = server.rest("GET", "/mine?id=eq.1").send().expect(200);
        assert_eq!(row.json()[0][column], value, "{guard}");
        server.stop();
    }
}
