//! Reading over raw HTTP: statuses, ranges, counts, media types, filters, what clients do not show.

use serde_json::json;

use crate::harness::Server;

/// The lab with two people and six things.
pub fn stocked() -> Server {
    let server = Server::lab();
    server
        .rest("POST", "/people")
        .json(r#"[{"handle":"ada"},{"handle":"bela"}]"#)
        .send()
        .expect(201);
    let things = json!([
        {"name":"Kettle","size":10,"note":"boils","price":"49.90","kind":"made","owner":1,"tags":["a","b"],
         "meta":{"colour":"red","dims":{"w":3,"list":[5,6]},"ok":true}},
        {"name":"Pan","size":20,"note":null,"price":"29.00","kind":"made","owner":1,"tags":[],
         "meta":{"colour":"blue","dims":{"w":12}}},
        {"name":"Ore","size":30,"note":"heavy","price":null,"kind":"raw","owner":null,"tags":["c"],"meta":null},
        {"name":"Sand","size":30,"note":null,"price":"0.50","kind":"raw","owner":2,"tags":[],"meta":{}},
        {"name":"a,b (c)","size":40,"note":"50% *","price":"1.00","kind":"raw","owner":2,"tags":[],"meta":null},
        {"name":"zinc","size":0,"note":"Ätze","price":"7.00","kind":"raw","owner":null,"tags":[],"meta":null},
    ]);
    server.rest("POST", "/things").json(&things.to_string()).send().expect(201);
    server
}

#[test]
fn every_filter_chooses_the_rows_that_the_dialect_says() {
    let server = stocked();
    for (query, names) in [
        ("name=eq.Kettle", &["Kettle"][..]),
        ("size=neq.30", &["Kettle", "Pan", "a,b (c)", "zinc"]),
        ("price=neq.1", &["Kettle", "Pan", "Sand", "zinc"]),
        ("size=gt.20&size=lt.40", &["Ore", "Sand"]),
        ("size=gte.30", &["Ore", "Sand", "a,b (c)"]),
        ("size=lte.10", &["Kettle", "zinc"]),
        ("price=eq.49.9", &["Kettle"]),
        ("size=in.(10,20)", &["Kettle", "Pan"]),
        ("size=in.()", &[]),
        ("size=not.in.()", &["Kettle", "Pan", "Ore", "Sand", "a,b (c)", "zinc"]),
        ("name=in.(%22a,b%20(c)%22,zinc)", &["a,b (c)", "zinc"]),
        ("note=is.null", &["Pan", "Sand"]),
        ("note=is.NULL", &["Pan", "Sand"]),
        ("note=is.not_null", &["Kettle", "Ore", "a,b (c)", "zinc"]),
        ("note=not.is.null", &["Kettle", "Ore", "a,b (c)", "zinc"]),
        ("name=like.*a*", &["Pan", "Sand", "a,b (c)"]),
        ("name=like.K%25", &["Kettle"]),
        ("name=ilike.ORE", &["Ore"]),
        ("note=ilike.%C3%A4*", &["zinc"]),
        ("note=like.50%5C%25*", &["a,b (c)"]),
        ("name=match.%5E%5BKP%5D", &["Kettle", "Pan"]),
        ("name=imatch.%5Ek", &["Kettle"]),
        ("note=isdistinct.boils", &["Pan", "Ore", "Sand", "a,b (c)", "zinc"]),
        ("or=(size.eq.10,name.eq.zinc)", &["Kettle", "zinc"]),
        ("and=(size.gt.5,or(name.eq.Pan,name.eq.%22a,b%20(c)%22))", &["Pan", "a,b (c)"]),
        ("not.or=(size.lt.30,kind.eq.made)", &["Ore", "Sand", "a,b (c)"]),
        ("not.and=(kind.eq.raw,size.gte.30)", &["Kettle", "Pan", "zinc"]),
        (
            "or=(not.and(size.gt.5,note.is.null),name.not.like.*n*)",
            &["Kettle", "Ore", "a,b (c)", "zinc"],
        ),
        ("meta->>colour=eq.red", &["Kettle"]),
        ("meta->dims->w=eq.12", &["Pan"]),
        ("meta->dims->list->0=eq.5", &["Kettle"]),
        ("kind=eq.made&owner=eq.1", &["Kettle", "Pan"]),
        ("name=eq.a%2Cb+(c)", &["a,b (c)"]),
    ] {
        let answer =
            server.visitor("GET", &format!("/things?select=name&{query}")).send().expect(200);
        assert_eq!(answer.column("name"), names, "{query}");
    }
}

#[test]
fn a_select_list_renames_casts_and_opens_json() {
    let server = stocked();
    for (select, row) in [
        ("id,label:name", r#"{"id":1,"label":"Kettle"}"#),
        ("price::text", r#"{"price":"49.90"}"#),
        ("size::text,n:price::integer", r#"{"size":"10","n":50}"#),
        ("meta->colour", r#"{"colour":"red"}"#),
        ("meta->>colour", r#"{"colour":"red"}"#),
        ("w:meta->dims->w", r#"{"w":3}"#),
        ("w:meta->dims->>w", r#"{"w":"3"}"#),
        ("meta->dims->list->1", r#"{"list":6}"#),
        ("meta->missing", r#"{"missing":null}"#),
        ("tags,doubled", r#"{"tags":["a","b"],"doubled":20}"#),
        ("", "{}"),
    ] {
        let answer =
            server.rest("GET", &format!("/things?id=eq.1&select={select}")).send().expect(200);
        assert_eq!(answer.body, format!("[{row}]"), "{select}");
    }
}

#[test]
fn rows_come_in_the_order_asked_for_and_nulls_where_postgres_puts_them() {
    let server = stocked();
    for (order, ids) in [
        ("price", [4, 5, 6, 2, 1, 3]),
        ("price.desc", [3, 1, 2, 6, 5, 4]),
        ("price.asc.nullsfirst", [3, 4, 5, 6, 2, 1]),
        ("price.desc.nullslast", [1, 2, 6, 5, 4, 3]),
        ("size.desc,id.desc", [5, 4, 3, 2, 1, 6]),
        ("name", [1, 3, 2, 4, 5, 6]),
    ] {
        let answer =
            server.rest("GET", &format!("/things?select=id&order={order}")).send().expect(200);
        assert_eq!(answer.column("id"), ids, "{order}");
    }
    let unordered = server.rest("GET", "/things?select=id").send();
    assert_eq!(unordered.column("id"), [1, 2, 3, 4, 5, 6], "without an order, as inserted");
}

#[test]
fn ranges_and_counts_have_the_statuses_and_headers_of_the_dialect() {
    let server = stocked();
    for (query, prefer, range, status, content_range) in [
        ("", "", "", 200, "0-5/*"),
        ("", "count=exact", "", 200, "0-5/6"),
        ("limit=2", "count=exact", "", 206, "0-1/6"),
        ("limit=2&offset=4", "count=exact", "", 206, "4-5/6"),
        ("limit=2", "count=planned", "", 206, "0-1/6"),
        ("limit=2", "count=estimated", "", 206, "0-1/6"),
        ("limit=0", "", "", 200, "*/*"),
        ("limit=0", "count=exact", "", 206, "*/6"),
        ("offset=6", "", "", 200, "*/*"),
        ("size=eq.999", "", "", 200, "*/*"),
        ("size=eq.999", "count=exact", "", 200, "*/0"),
        ("", "", "0-1", 200, "0-1/*"),
        ("", "count=exact", "1-2", 206, "1-2/6"),
        ("", "", "4-", 200, "4-5/*"),
        ("limit=1", "", "0-3", 200, "0-0/*"),
    ] {
        let mut ask = server.rest("GET", &format!("/things?{query}"));
        if !prefer.is_empty() {
            ask = ask.prefer(prefer);
        }
        if !range.is_empty() {
            ask = ask.header("Range-Unit", "items").header("Range", range);
        }
        let answer = ask.clone().send().expect(status);
        assert_eq!(answer.header("content-range"), Some(content_range), "{query} {prefer} {range}");
    }
}

#[test]
fn a_range_outside_of_the_result_is_416_with_the_reason() {
    let server = stocked();
    let beyond = server.rest("GET", "/things?offset=7").prefer("count=exact").send();
    let details = "An offset of 7 was requested, but there are only 6 rows.";
    beyond.expect_error(416, "PGRST103", "Requested range not satisfiable", Some(details), None);
    for (query, range) in [("limit=-1", ""), ("", "5-2")] {
        let mut ask = server.rest("GET", &format!("/things?{query}"));
        if !range.is_empty() {
            ask = ask.header("Range", range);
        }
        assert_eq!(ask.send().refusal(), (416, "PGRST103".to_owned()), "{query} {range}");
    }
}

#[test]
fn head_has_the_headers_of_a_get_and_nothing_more() {
    let server = stocked();
    let get = server.rest("GET", "/things?size=eq.30").prefer("count=exact").send().expect(200);
    let head = server.rest("HEAD", "/things?size=eq.30").prefer("count=exact").send().expect(200);
    assert_eq!(head.body, "");
    for name in ["content-type", "content-range", "content-location", "preference-applied"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
    assert_eq!(head.header("content-range"), Some("0-1/2"));
    let missing = server.rest("HEAD", "/nothing").send().expect(404);
    assert_eq!(missing.header("proxy-status"), Some("PostgREST; error=PGRST205"));
    assert_eq!(missing.body, "");
}

#[test]
fn the_location_of_the_content_has_its_parameters_sorted_and_no_key() {
    let server = stocked();
    let target = format!("/things?select=id&apikey={}&limit=1&id=eq.1", server.anon());
    let answer = server.bare("GET", &format!("/rest/v1{target}")).send().expect(200);
    assert_eq!(answer.header("content-location"), Some("/things?id=eq.1&limit=1&select=id"));
}

#[test]
fn each_media_type_has_its_form() {
    let server = stocked();
    let get = |accept: &str| {
        let ask = server.rest("GET", "/things?id=eq.3&select=id,name,note,price,meta");
        ask.header("Accept", accept).send()
    };
    let full = r#"{"id":3,"name":"Ore","note":"heavy","price":null,"meta":null}"#;
    let bare = r#"{"id":3,"name":"Ore","note":"heavy"}"#;
    for (accept, kind, body) in [
        ("application/json", "application/json; charset=utf-8", format!("[{full}]")),
        ("*/*", "application/json; charset=utf-8", format!("[{full}]")),
        ("image/png, */*;q=0.1", "application/json; charset=utf-8", format!("[{full}]")),
        (
            "application/vnd.pgrst.object+json",
            "application/vnd.pgrst.object+json; charset=utf-8",
            full.to_owned(),
        ),
        (
            "application/vnd.pgrst.object+json;nulls=stripped",
            "application/vnd.pgrst.object+json; charset=utf-8",
            bare.to_owned(),
        ),
        (
            "application/vnd.pgrst.array+json;nulls=stripped",
            "application/vnd.pgrst.array+json; charset=utf-8",
            format!("[{bare}]"),
        ),
        (
            "text/csv",
            "text/csv; charset=utf-8",
            "id,name,note,price,meta\n3,Ore,heavy,,".to_owned(),
        ),
    ] {
        let answer = get(accept).expect(200);
        let known = answer.header("content-type").unwrap();
        // nulls=stripped may be repeated in the answer's type.
        assert!(known.replace("nulls=stripped; ", "") == kind, "{accept}: {known}");
        assert_eq!(answer.body, body, "{accept}");
    }
    let message = "None of these media types are available: image/png";
    get("image/png").expect_error(406, "PGRST107", message, None, None);
}

#[test]
fn csv_quotes_only_what_needs_it() {
    let server = stocked();
    let ask = server.rest("GET", "/things?id=in.(1,5)&select=name,tags,meta,kind&order=id");
    let answer = ask.header("Accept", "text/csv").send().expect(200);
    let rows = [
        "name,tags,meta,kind",
        r#"Kettle,"{a,b}","{""colour"":""red"",""dims"":{""list"":[5,6],""w"":3},""ok"":true}",made"#,
        r#""a,b (c)",{},,raw"#,
    ];
    assert_eq!(answer.body, rows.join("\n"));
}

#[test]
fn a_single_object_must_be_single() {
    let server = stocked();
    let object = "application/vnd.pgrst.object+json";
    for (query, rows) in [("size=eq.30", 2), ("size=eq.999", 0)] {
        let answer =
            server.rest("GET", &format!("/things?{query}")).header("Accept", object).send();
        let message = "Cannot coerce the result to a single JSON object";
        let details = format!("The result contains {rows} rows");
        answer.expect_error(406, "PGRST116", message, Some(&details), None);
    }
    let one = server.rest("GET", "/things?id=eq.2&select=id").header("Accept", object).send();
    assert_eq!(one.expect(200).body, r#"{"id":2}"#);
}

#[test]
fn names_that_need_quotes_can_be_used_everywhere() {
    let server = Server::lab();
    let made = server
        .rest("POST", "/Odd%20Name?select=%22A%20b%22,%C3%B1")
        .prefer("return=representation");
    let made = made.json(r#"{"A b":"x","ñ":"y"}"#).send().expect(201);
    assert_eq!(made.body, r#"[{"A b":"x","ñ":"y"}]"#);
    let queries = [
        "%22A%20b%22=eq.x",
        "A%20b=eq.x",
        "%C3%B1=eq.y",
        "order=%22A%20b%22.desc",
        // As people type them in a shell.
        "\"A%20b\"=eq.x",
        "\u{f1}=eq.y",
    ];
    for query in queries {
        let read =
            server.visitor("GET", &format!("/Odd%20Name?select=%C3%B1&{query}")).send().expect(200);
        assert_eq!(read.body, r#"[{"ñ":"y"}]"#, "{query}");
    }
}

#[test]
fn a_profile_names_the_module_and_is_named_in_the_answer() {
    let server = Server::lab();
    for profile in ["lab", "public"] {
        let answer =
            server.rest("GET", "/things").header("Accept-Profile", profile).send().expect(200);
        assert_eq!(answer.header("content-profile"), Some("lab"), "{profile}");
    }
    let plain = server.rest("GET", "/things").send().expect(200);
    assert_eq!(plain.header("content-profile"), None);
    let wrong = server.rest("GET", "/things").header("Accept-Profile", "bad").send().expect(406);
    assert_eq!(wrong.refusal().1, "PGRST106");
    let message = wrong.json();
    assert!(message["hint"].as_str().is_some_and(|hint| hint.contains("lab")), "{message}");
    let written = server.rest("POST", "/people").header("Content-Profile", "bad").json("{}").send();
    assert_eq!(written.refusal(), (406, "PGRST106".to_owned()));
}

#[test]
fn options_says_what_can_be_done_and_preflights_are_answered() {
    let server = Server::lab();
    let options = server.rest("OPTIONS", "/things").send().expect(200);
    assert_eq!(options.header("allow"), Some("OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE"));
    assert_eq!(options.body, "");
    let preflight = server
        .bare("OPTIONS", "/rest/v1/things")
        .header("Origin", "https://app.example")
        .header("Access-Control-Request-Method", "PATCH")
        .header(
            "Access-Control-Request-Headers",
            "apikey,authorization,x-client-info,x-retry-count",
        )
        .send()
        .expect(200);
    assert_eq!(preflight.header("access-control-allow-origin"), Some("*"));
    assert_eq!(preflight.header("access-control-max-age"), Some("86400"));
    let allowed = preflight.header("access-control-allow-headers").unwrap();
    assert!(allowed.contains("x-retry-count"), "{allowed}");
    let methods = preflight.header("access-control-allow-methods").unwrap();
    assert!(methods.contains("PATCH"), "{methods}");
    let actual = server.rest("GET", "/things").header("Origin", "https://app.example").send();
    let exposed = actual.header("access-control-expose-headers").unwrap().to_lowercase();
    for name in [
        "content-range",
        "content-location",
        "content-type",
        "location",
        "range-unit",
        "preference-applied",
    ] {
        assert!(exposed.contains(name), "{name} in {exposed}");
    }
}

#[test]
fn rows_beyond_the_cap_are_left_out_and_the_range_says_so() {
    let app = crate::harness::test_app("lab.toml");
    let server = Server::start("serve", &app, &[], &[("MAINSTAY_API_MAX_ROWS", "3")]);
    server
        .rest("POST", "/people")
        .json(r#"[{"handle":"p1"},{"handle":"p2"},{"handle":"p3"},{"handle":"p4"}]"#)
        .send()
        .expect(201);
    let read = server.rest("GET", "/people?limit=100").send().expect(200);
    assert_eq!(read.header("content-range"), Some("0-2/*"));
    let counted = server.rest("GET", "/people").prefer("count=exact").send().expect(206);
    assert_eq!(counted.header("content-range"), Some("0-2/4"));
}
