//! Everything that is Ada's, asked for as somebody else: by key, filter, order, page, embed, function,
//! view, batch, upsert, a repeated key of idempotency, a tag. No byte of her values may come back,
//! and an answer must be the one that is given where her rows were never there.

use serde_json::{Value, json};

use crate::harness::{Answer, Ask, Server, test_app};
use crate::matrix::token;

/// Ada's values; they stand nowhere else, and no request has a whole one in it.
const TITLE: &str = "zq7-title-of-ada";
const CODE: &str = "zq7-code-of-ada";
const SECRET: &str = "zq7-secret-of-ada";
const BODY: &str = "zq7-body-of-ada";
const BOTH: &str = "zq7-both-of-ada";
const OURS: &str = "zq7-ours-of-t1";

/// Somebody who asks: a name, a role, a user, a tenant, and what is hidden from them.
type Asker = (
    &'static str,
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
    &'static [&'static str],
);

const ASKERS: [Asker; 6] = [
    ("a colleague", "authenticated", Some("bela"), Some("t1"), &[TITLE, CODE, SECRET, BODY, BOTH]),
    ("a stranger", "authenticated", Some("bela"), Some("t2"), &ALL),
    ("no member", "authenticated", Some("bela"), None, &ALL),
    ("a visitor", "anon", None, None, &ALL),
    ("a service without a user", "authenticated", None, Some("t2"), &ALL),
    // Ada herself where she is not in this tenant: her rows that have none are hers as before.
    ("ada elsewhere", "authenticated", Some("ada"), Some("t2"), &[SECRET, BOTH, OURS]),
];

const ALL: [&str; 6] = [TITLE, CODE, SECRET, BODY, BOTH, OURS];

const MADE: &str = "2025-01-01T00:00:00+00:00";

fn lay(server: &Server, with_ada: bool) {
    let mine = |id: u64, owner: &str, title: &str, code: &str, secret: &str| json!({ "id": id, "owner": owner, "title": title, "code": code, "secret": secret, "made": MADE });
    let hers = [
        ("mine", mine(1, "ada", TITLE, CODE, SECRET)),
        ("parts", json!({ "id": 1, "of": 1, "body": BODY })),
        ("ours", json!({ "id": 1, "org": "t1", "title": OURS })),
        ("both", json!({ "id": 1, "org": "t1", "owner": "ada", "title": BOTH, "ours": 1 })),
    ];
    let others = [
        ("mine", mine(2, "bela", "bela-title", "bela-code", "bela-secret")),
        ("parts", json!({ "id": 2, "of": 2, "body": "bela-body" })),
        ("ours", json!({ "id": 2, "org": "t2", "title": "t2-title" })),
        ("both", json!({ "id": 2, "org": "t2", "owner": "bela", "title": "bela-both", "ours": 2 })),
        ("links", json!({ "a": 2, "b": 2 })),
    ];
    let rows = hers.iter().filter(|_| with_ada).chain(&others);
    for (table, row) in rows {
        server.rest("POST", &format!("/{table}")).json(&row.to_string()).send().expect(201);
    }
    if with_ada {
        let links = json!([{ "a": 1, "b": 2 }, { "a": 2, "b": 1 }]).to_string();
        server.rest("POST", "/links").json(&links).send().expect(201);
    }
}

/// One way to ask.
#[derive(Clone)]
struct Way {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
}

fn way(method: &'static str, path: impl Into<String>) -> Way {
    Way { method, path: path.into(), headers: Vec::new(), body: None }
}

impl Way {
    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    fn send(&self, server: &Server, token: &str) -> Answer {
        let target = format!("/rest/v1{}", self.path);
        let mut ask: Ask = server.bare(self.method, &target).header("apikey", token);
        for (name, value) in &self.headers {
            ask = ask.also(name, value);
        }
        if let Some(body) = &self.body {
            ask = ask.json(&body.to_string());
        }
        ask.send()
    }

    fn shown(&self) -> String {
        format!("{} {} {:?} {:?}", self.method, self.path, self.headers, self.body)
    }
}

/// Reads of a table or view by everything that a query can say of its rows.
fn reads(name: &str, columns: &[&str]) -> Vec<Way> {
    let mut queries: Vec<String> = [
        "",
        "id=eq.1",
        "id=in.(1,2)",
        "id=lt.5",
        "id=not.eq.2",
        "id=neq.2",
        "id=gte.1&id=lte.1",
        "or=(id.eq.1,id.eq.9)",
        "and=(id.gt.0,id.lt.2)",
        "not.or=(id.eq.2,id.eq.3)",
        "id=not.in.(2)",
        "id=is.not.null",
        "id=isdistinct.2",
        "id=eq(any).{1,2}",
        "limit=1",
        "limit=1&offset=1",
        "order=id.desc&limit=1",
        "select=count()",
        "select=id.max(),id.min(),id.sum(),id.avg()",
        "select=id&order=id.desc",
        "select=*,id::text",
    ]
    .map(str::to_owned)
    .to_vec();
    for column in columns {
        for query in [
            "{c}=like.zq7*",
            "{c}=ilike.ZQ7*",
            "{c}=match.^zq7",
            "{c}=imatch.^ZQ",
            "{c}=gt.zq7",
            "{c}=gte.zq&{c}=lt.zr",
            "{c}=not.is.null",
            "{c}=neq.x",
            "{c}=not.like.x*",
            "select={c}",
            "select=a:{c}::text",
            "select={c}.max()",
            "select={c}.min(),count()",
            "select=count(),{c}",
            "order={c}.desc",
            "order={c}.asc.nullsfirst&limit=1",
        ] {
            queries.push(query.replace("{c}", column));
        }
    }
    let mut ways: Vec<Way> =
        queries.iter().map(|query| way("GET", format!("/{name}?{query}"))).collect();
    let plain = way("GET", format!("/{name}?id=eq.1"));
    ways.extend([
        plain.clone().header("Accept", "text/csv"),
        plain.clone().header("Accept", "application/vnd.pgrst.object+json"),
        plain.clone().header("Prefer", "count=exact"),
        plain.clone().header("Prefer", "count=planned"),
        plain.clone().header("Range", "0-9").header("Prefer", "count=exact"),
        way("HEAD", format!("/{name}?select=id")).header("Prefer", "count=exact"),
        way("GET", format!("/{name}")).header("Range", "1-1").header("Prefer", "count=exact"),
        way("GET", format!("/{name}?offset=5")).header("Prefer", "count=exact"),
        way("OPTIONS", format!("/{name}")),
    ]);
    ways
}

fn embeds() -> Vec<Way> {
    [
        "/mine?select=*,parts(*)",
        "/mine?select=id,parts!inner(body)",
        "/parts?select=*,of(*)",
        "/parts?select=*,mine(*)",
        "/parts?select=id,mine!inner(title,code)",
        "/parts?select=id,...of(title,code)",
        "/parts?select=id,of!inner(title)&of.title=like.zq*",
        "/parts?select=id&of.title=like.zq*",
        "/parts?select=id,of(title)&order=of(title)",
        "/parts?select=id,of(parts(body),title)",
        "/mine?select=id,parts(count)",
        "/mine?select=id,parts(body.max())",
        "/mine?select=id&parts=not.is.null",
        "/parts?select=id,of(id)&of=not.is.null",
        "/mine?select=id,parts(*)&parts.order=body.desc&parts.limit=1",
        "/ours?select=*,both(*)",
        "/both?select=*,ours(*)",
        "/both?select=id,ours!inner(title)",
        "/both?select=...ours(title)",
        "/mine_shown?select=*,parts(*)",
    ]
    .map(|path| way("GET", path))
    .to_vec()
}

/// Through a table that everybody may read: its own rows are there, the ends are not.
fn through() -> Vec<Way> {
    [
        "/links?select=*,a(*),b(*)",
        "/links?select=a,b,x:mine!links_a_fkey(*),y:mine!links_b_fkey(title,code)",
        "/links?select=*,a!inner(*)",
        "/links?select=...a(title)",
        "/links?select=a(parts(body))",
        "/mine?select=id,b:mine!links(title)",
        "/links?select=*&order=a(title)",
        "/links?select=a(id)&a.title=like.zq*",
    ]
    .map(|path| way("GET", path))
    .to_vec()
}

fn calls() -> Vec<Way> {
    let call = |name: &str, body: Value| way("POST", format!("/rpc/{name}")).body(body);
    vec![
        way("GET", "/rpc/mine_all"),
        way("GET", "/rpc/mine_all?id=eq.1&select=title,code"),
        way("GET", "/rpc/mine_all?title=like.zq*&order=title.desc"),
        way("GET", "/rpc/mine_all?select=*,parts(*)"),
        way("GET", "/rpc/mine_all?select=count()"),
        way("HEAD", "/rpc/mine_all").header("Prefer", "count=exact"),
        way("GET", "/rpc/mine_named?prefix=zq"),
        way("GET", "/rpc/ours_all"),
        way("GET", "/rpc/ours_all?select=*,both(*)"),
        call("mine_all", json!({})),
        call("mine_named", json!({ "prefix": "zq7" })),
        call("mine_named", json!({ "prefix": "" })).header("Accept", "text/csv"),
        call("ours_all", json!({})).header("Prefer", "count=exact"),
        call("closed_all", json!({})),
    ]
}

fn documents() -> Vec<Way> {
    vec![way("GET", "/"), way("GET", "/").header("Accept", "application/openapi+json")]
}

/// The same reads in one batch.
fn batches() -> Vec<Way> {
    let paths = [
        "/mine?id=eq.1",
        "/parts?select=*,of(*)",
        "/both",
        "/ours",
        "/mine_shown?id=eq.1",
        "/rpc/mine_all",
    ];
    let alone = paths.map(|path| json!({ "operations": [{ "method": "GET", "path": path }] }));
    alone.into_iter().map(|body| way("POST", "/batch").body(body)).collect()
}

/// Attempts to change what is Ada's, or to be told about it.
fn writes() -> Vec<Way> {
    let all = "return=representation";
    let mine = || json!({ "id": 1, "title": "taken", "code": "taken" });
    let mut ways = Vec::new();
    for (name, key) in [
        ("mine", "title"),
        ("parts", "body"),
        ("ours", "title"),
        ("both", "title"),
        ("mine_shown", "title"),
    ] {
        let change = json!({ key: "taken" });
        for query in ["id=eq.1", "id=in.(1)", "or=(id.eq.1,id.eq.7)", &*format!("{key}=like.zq7*")]
        {
            let path = format!("/{name}?{query}");
            ways.push(way("PATCH", &*path).header("Prefer", all).body(change.clone()));
            ways.push(way("PATCH", &*path).header("Prefer", "count=exact").body(change.clone()));
            ways.push(way("DELETE", &*path).header("Prefer", all));
            ways.push(way("DELETE", &*path).header("Prefer", "count=exact"));
        }
        let row = json!({ "id": 1, key: "taken" });
        for prefer in ["", "resolution=merge-duplicates", "resolution=ignore-duplicates"] {
            let prefer = format!("{all},{prefer}");
            ways.push(way("POST", format!("/{name}")).header("Prefer", &prefer).body(row.clone()));
            ways.push(
                way("POST", format!("/{name}?on_conflict=id"))
                    .header("Prefer", &prefer)
                    .body(json!([row])),
            );
        }
        ways.push(way("PUT", format!("/{name}?id=eq.1")).header("Prefer", all).body(row.clone()));
    }
    ways.push(way("POST", "/mine").header("Prefer", "return=headers-only").body(mine()));
    ways.push(way("PUT", "/mine?id=eq.1").header("Prefer", all).body(mine()));
    ways.push(
        way("POST", "/mine?on_conflict=id")
            .header("Prefer", &format!("{all},resolution=merge-duplicates"))
            .body(mine()),
    );
    ways.push(
        way("POST", "/parts")
            .header("Prefer", all)
            .body(json!({ "id": 7, "of": 1, "body": "hung on" })),
    );
    ways.push(
        way("POST", "/parts?select=*,of(*)")
            .header("Prefer", all)
            .body(json!({ "id": 7, "of": 1, "body": "hung on" })),
    );
    ways.push(
        way("POST", "/both?select=*,ours(*)")
            .header("Prefer", all)
            .body(json!({ "id": 7, "title": "hung on", "ours": 1 })),
    );
    ways.push(way("PATCH", "/parts?id=eq.2").header("Prefer", all).body(json!({ "of": 1 })));
    ways.push(way("POST", "/rpc/mine_touched").body(json!({ "id": 1 })));
    ways.push(way("POST", "/batch").body(json!({ "operations": [
        { "method": "PATCH", "path": "/mine?id=eq.1", "body": { "title": "taken" }, "headers": { "prefer": all } },
        { "method": "DELETE", "path": "/parts?id=eq.1", "headers": { "prefer": all } },
    ] })));
    // What is tried must not stay: Bela's own rows are there for the next.
    ways.into_iter().map(|way| way.header("Prefer", "tx=rollback")).collect()
}

fn every_read() -> Vec<Way> {
    let text = |name, columns: &[&str]| reads(name, columns);
    [
        text("mine", &["title", "code", "owner", "secret"]),
        text("parts", &["body"]),
        text("ours", &["title", "org"]),
        text("both", &["title", "owner"]),
        text("mine_shown", &["title", "owner", "secret"]),
        vec![
            way("GET", "/mine?title=fts.zq7"),
            way("GET", "/mine?title=wfts.zq7"),
            way("GET", "/mine?title=plfts.zq7"),
            way("GET", "/ours_counted"),
            way("GET", "/ours_counted?org=eq.t1"),
            way("GET", "/ours_counted?select=rows.sum()"),
        ],
        embeds(),
        calls(),
        documents(),
        batches(),
    ]
    .concat()
}

fn tells(answer: &Answer, hidden: &[&str]) -> Option<String> {
    let headers: String =
        answer.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let all = format!("{headers}{}", answer.body);
    hidden.iter().find(|value| all.contains(**value)).map(|value| format!("{value} in {all}"))
}

/// What an answer says, without what differs from one request to the next.
fn said(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let fresh = ["date", "x-request-id"];
    let headers = answer.headers.iter().filter(|(name, _)| !fresh.contains(&name.as_str()));
    (answer.status, answer.body.clone(), headers.cloned().collect())
}

fn kept(server: &Server) -> Vec<Value> {
    let tables = [
        "/mine?order=id",
        "/parts?order=id",
        "/ours?order=id",
        "/both?order=id",
        "/links?order=a,b",
    ];
    tables.map(|path| server.rest("GET", path).send().expect(200).json()).to_vec()
}

#[test]
fn nobody_is_told_what_is_adas() {
    let server = Server::of(&test_app("guarded.toml"));
    lay(&server, true);
    let before = kept(&server);
    let ways = [every_read(), through(), writes()].concat();
    let mut asked = 0;
    for (name, role, uid, tenant, hidden) in ASKERS {
        let token = token(&server, role, uid, tenant);
        for way in &ways {
            let answer = way.send(&server, &token);
            assert!(answer.status < 500, "{name}: {}: {answer:?}", way.shown());
            let told = tells(&answer, hidden);
            assert_eq!(told, None, "{name}: {}", way.shown());
            asked += 1;
        }
    }
    assert!(asked > 1_000, "{asked}");
    assert_eq!(kept(&server), before, "nothing was changed");
    // The control: whoever may see it is told.
    let ada = token(&server, "authenticated", Some("ada"), Some("t1"));
    for (path, values) in [
        ("/mine?select=*,parts(*)", &[TITLE, CODE, BODY][..]),
        ("/both?select=*,ours(*)", &[BOTH, OURS]),
    ] {
        let answer = way("GET", path).send(&server, &ada);
        assert!(values.iter().all(|value| answer.body.contains(value)), "{answer:?}");
    }
    let service = server.rest("GET", "/mine?select=secret").send().expect(200);
    assert!(service.body.contains(SECRET));
    server.stop();
}

#[test]
fn an_answer_is_the_one_that_is_given_where_adas_rows_never_were() {
    let secret = [("MAINSTAY_AUTH_JWT_SECRET", "the-same-secret-for-two-servers-of-this-test")];
    let serve = || Server::start("serve", &test_app("guarded.toml"), &[], &secret);
    let (with, without) = (serve(), serve());
    let signed = |role, uid, tenant| {
        let claims = json!({ "role": role, "exp": 4_102_444_800_u64 });
        let mut claims = claims.as_object().unwrap().clone();
        let further = [("sub", uid), ("tenant", tenant)];
        claims.extend(further.into_iter().filter_map(|(name, value): (&str, Option<&str>)| {
            Some((name.to_owned(), value?.into()))
        }));
        crate::harness::sign(secret[0].1, &Value::Object(claims))
    };
    let service = signed("service_role", None, None);
    for (server, with_ada) in [(&with, true), (&without, false)] {
        lay_as(server, &service, with_ada);
    }
    let mut good = 0;
    for (name, role, uid, tenant, _) in ASKERS.iter().filter(|(name, ..)| *name != "ada elsewhere")
    {
        let token = signed(role, *uid, *tenant);
        for way in every_read() {
            // The rows of a tenant are for everybody in it.
            if *name == "a colleague" && (way.path.contains("ours") || way.shown().contains("ours"))
            {
                continue;
            }
            let (one, other) = (way.send(&with, &token), way.send(&without, &token));
            good += usize::from(one.status < 300);
            // The document of the root says at which address it was asked for.
            let host = |text: String| {
                text.replace(&with.address, "host").replace(&without.address, "host")
            };
            let (one, other) = (said(&one), said(&other));
            if way.path == "/" {
                assert_eq!(
                    (one.0, host(one.1)),
                    (other.0, host(other.1)),
                    "{name}: {}",
                    way.shown()
                );
                continue;
            }
            assert_eq!(one, other, "{name}: {}", way.shown());
        }
    }
    assert!(good > 300, "only {good} answers had rows to compare");
    with.stop();
    without.stop();
}

/// `lay` where the keys are not beside the data.
fn lay_as(server: &Server, service: &str, with_ada: bool) {
    let send = |table: &str, row: Value| {
        let ask = server.bare("POST", &format!("/rest/v1/{table}")).header("apikey", service);
        ask.json(&row.to_string()).send().expect(201);
    };
    for (id, owner, tenant) in [(1, "ada", "t1"), (2, "bela", "t2")] {
        if owner == "ada" && !with_ada {
            continue;
        }
        let value = |what: &str| {
            if owner == "ada" { format!("zq7-{what}-of-ada") } else { format!("bela-{what}") }
        };
        send(
            "mine",
            json!({ "id": id, "owner": owner, "title": value("title"), "code": value("code"), "secret": value("secret"), "made": MADE }),
        );
        send("parts", json!({ "id": id, "of": id, "body": value("body") }));
        send("ours", json!({ "id": id, "org": tenant, "title": value("ours") }));
        send(
            "both",
            json!({ "id": id, "org": tenant, "owner": owner, "title": value("both"), "ours": id }),
        );
    }
}

#[test]
fn a_repeated_request_is_answered_to_its_caller_only() {
    let server = Server::of(&test_app("guarded.toml"));
    lay(&server, true);
    let write = |token: &str, table: &str, body: &Value| {
        let ask = server.bare("POST", &format!("/rest/v1/{table}")).header("apikey", token);
        let ask = ask.prefer("return=representation").header("Idempotency-Key", "one-and-the-same");
        ask.json(&body.to_string()).send()
    };
    // The title is the server's to give back, not the request's: it comes from the row.
    let ada = token(&server, "authenticated", Some("ada"), Some("t1"));
    let body = json!({ "id": 30, "title": "of the tenant" });
    let first = write(&ada, "ours", &body).expect(201);
    assert_eq!(first.json()[0]["org"], "t1");
    let again = write(&ada, "ours", &body).expect(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"), "{again:?}");
    let fresh = token(&server, "authenticated", Some("ada"), Some("t1"));
    let again = write(&fresh, "ours", &body).expect(201);
    assert_eq!(again.body, first.body, "a new token of the same caller is the same caller");
    for (name, role, uid, tenant) in [
        ("another user", "authenticated", Some("bela"), Some("t1")),
        ("another tenant", "authenticated", Some("ada"), Some("t2")),
        ("no tenant", "authenticated", Some("ada"), None),
        ("another role", "staff", Some("ada"), Some("t1")),
        ("nobody of another tenant", "authenticated", None, Some("t2")),
    ] {
        let other = token(&server, role, uid, tenant);
        let answer = write(&other, "ours", &body);
        assert_eq!(answer.header("idempotent-replayed"), None, "{name}: {answer:?}");
        assert!(!answer.body.contains("\"t1\"") || tenant == Some("t1"), "{name}: {answer:?}");
    }
    server.stop();
}

#[test]
fn a_tag_of_adas_answer_says_nothing_to_others() {
    let server = Server::of(&test_app("guarded.toml"));
    lay(&server, true);
    let ada = token(&server, "authenticated", Some("ada"), Some("t1"));
    for path in ["/mine?id=eq.1", "/mine", "/both", "/parts?select=*,of(*)", "/mine_shown"] {
        let hers = way("GET", path).send(&server, &ada).expect(200);
        let tag = hers.header("etag").unwrap().to_owned();
        let same = way("GET", path).header("If-None-Match", &tag);
        same.send(&server, &ada).expect(304);
        for (name, role, uid, tenant, hidden) in
            ASKERS.iter().filter(|(name, ..)| *name != "ada elsewhere")
        {
            let token = token(&server, role, *uid, *tenant);
            let answer = same.send(&server, &token);
            assert_ne!(answer.status, 304, "{name}: {path}");
            assert_ne!(answer.header("etag"), Some(&*tag), "{name}: {path}");
            assert_eq!(tells(&answer, hidden), None, "{name}: {path}");
        }
    }
    server.stop();
}

/// A guarded application with one guard taken out.
fn without(guard: &str, instead: &str) -> (tempfile::TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("guarded.toml");
    let text = std::fs::read_to_string(test_app("guarded.toml")).unwrap();
    assert!(text.contains(guard), "{guard}");
    std::fs::write(&file, text.replacen(guard, instead, 1)).unwrap();
    let server = Server::of(&file);
    lay(&server, true);
    (folder, server)
}

#[test]
fn with_a_guard_taken_out_a_stranger_is_told_something() {
    for (guard, instead, told) in [
        ("read   = \"row.owner == auth.uid || auth.role == 'staff'\"", "read = true", TITLE),
        (
            "allow.read   = \"row.of.owner == auth.uid || auth.role == 'staff'\"",
            "allow.read = true",
            BODY,
        ),
        ("null = true, read = \"auth.role == 'staff'\" }", "null = true }", SECRET),
        ("[tables.ours]\ntenant = \"org\"", "[tables.ours]", OURS),
        ("[functions.mine_all]", "[functions.mine_all]\nsecurity = \"definer\"", CODE),
    ] {
        let (_folder, server) = without(guard, instead);
        let stranger = token(&server, "authenticated", Some("bela"), Some("t2"));
        let ada = token(&server, "authenticated", Some("ada"), Some("t1"));
        // A hidden column is hidden from its owner, too.
        let asker = if told == SECRET { &ada } else { &stranger };
        let heard =
            every_read().iter().any(|way| tells(&way.send(&server, asker), &[told]).is_some());
        assert!(heard, "without {guard} nobody was told {told}");
        server.stop();
    }
}
