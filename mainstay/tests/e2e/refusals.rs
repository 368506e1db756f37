//! Every error code that can be met over HTTP is met here or in a neighbour, with its whole body
//! where clients read it.

use serde_json::json;

use crate::harness::{Server, now, sign, test_app};
use crate::reading::stocked;

#[test]
fn broken_constraints_are_told_in_the_words_of_postgres() {
    let server = stocked();
    let create = |body: &str| server.rest("POST", "/things").json(body).send();
    create(r#"{"name":"Pan"}"#).expect_error(
        409,
        "23505",
        "duplicate key value violates unique constraint \"things_name_key\"",
        Some("Key (name)=(Pan) already exists."),
        None,
    );
    server.rest("POST", "/people").json(r#"{"id":1,"handle":"xx"}"#).send().expect_error(
        409,
        "23505",
        "duplicate key value violates unique constraint \"people_pkey\"",
        Some("Key (id)=(1) already exists."),
        None,
    );
    create(r#"{"name":"N","owner":9}"#).expect_error(
        409,
        "23503",
        "insert or update on table \"things\" violates foreign key constraint \"things_owner_fkey\"",
        Some("Key (owner)=(9) is not present in table \"people\"."),
        None,
    );
    server.rest("DELETE", "/people?id=eq.1").send().expect_error(
        409,
        "23503",
        "update or delete on table \"people\" violates foreign key constraint \"things_owner_fkey\" on table \"things\"",
        Some("Key (id)=(1) is still referenced from table \"things\"."),
        None,
    );
    let null = create(r#"{"name":null}"#);
    assert_eq!(null.refusal(), (400, "23502".to_owned()));
    let message =
        "null value in column \"name\" of relation \"things\" violates not-null constraint";
    assert_eq!(null.json()["message"], message);
    assert_eq!(create(r#"{"size":1}"#).json()["message"], message, "left out is null too");
    for (body, constraint) in [
        (r#"{"name":"N","size":600}"#, "things_big_has_a_note"),
        (r#"{"name":"N","size":1001,"note":"x"}"#, "things_size_check"),
        (r#"{"name":"N","size":-1}"#, "things_size_check"),
        (r#"{"name":"N?"}"#, "things_name_check"),
        (r#"{"name":""}"#, "things_name_check"),
        (r#"{"name":"N","price":"-0.01"}"#, "things_price_check"),
    ] {
        let refused = create(body);
        assert_eq!(refused.refusal(), (400, "23514".to_owned()), "{body}");
        let message =
            format!("new row for relation \"things\" violates check constraint \"{constraint}\"");
        assert_eq!(refused.json()["message"], message, "{body}");
    }
    let long = create(r#"{"name":"abcdefghijklmnopqrstuvwxyz"}"#);
    assert_eq!(long.refusal(), (400, "22001".to_owned()));
    assert_eq!(long.json()["message"], "value too long for type character varying(20)");
}

#[test]
fn unknown_names_are_refused_with_the_nearest_right_one() {
    let server = stocked();
    let table = server.rest("GET", "/thing").send();
    assert_eq!(table.refusal(), (404, "PGRST205".to_owned()));
    let table = table.json();
    assert!(
        table["message"]
            .as_str()
            .unwrap()
            .starts_with("Could not find the table 'lab.thing' in the schema cache")
            || table["message"]
                .as_str()
                .unwrap()
                .starts_with("Could not find the table 'public.thing' in the schema cache"),
        "{table}"
    );
    assert!(table["hint"].as_str().unwrap().contains("things"), "{table}");
    for query in ["select=nam", "nam=eq.x", "order=nam", "or=(nam.eq.x,id.eq.1)", "select=nam->x"] {
        let column = server.rest("GET", &format!("/things?{query}")).send();
        assert_eq!(column.refusal(), (400, "42703".to_owned()), "{query}");
        assert_eq!(column.json()["message"], "column things.nam does not exist", "{query}");
        assert!(
            column.json()["hint"].as_str().is_some_and(|hint| hint.contains("name")),
            "{query}"
        );
    }
    let body = server.rest("POST", "/things").json(r#"{"nam":"x"}"#).send();
    let message = "Could not find the 'nam' column of 'things' in the schema cache";
    assert_eq!(
        (body.refusal(), body.json()["message"].clone()),
        ((400, "PGRST204".to_owned()), json!(message))
    );
    let function = server.rest("POST", "/rpc/nothing").json("{}").send();
    assert_eq!(function.refusal(), (404, "PGRST202".to_owned()));
}

#[test]
fn what_does_not_parse_is_refused_by_name() {
    let server = stocked();
    for (query, code) in [
        ("id=1", "PGRST100"),
        ("id=foo.1", "PGRST100"),
        ("id=is.maybe", "PGRST100"),
        ("id=in.1", "PGRST100"),
        ("or=id.eq.1", "PGRST100"),
        ("or=(id.eq.1", "PGRST100"),
        ("and=()", "PGRST100"),
        ("select=id,", "PGRST100"),
        ("select=(", "PGRST100"),
        ("order=id.up", "PGRST100"),
        ("limit=x", "PGRST100"),
        ("name=eq.%FF", "PGRST100"),
        ("child.name=eq.1", "PGRST108"),
        ("select=id.sum()", "PGRST123"),
        ("select=count()", "PGRST123"),
        ("select=id,pairs(*)", "PGRST200"),
        ("name=fts.x", "PGRST127"),
        ("size=sl.1", "PGRST127"),
        ("name=like(any).a", "22P02"),
        ("select=id::nonsense", "42704"),
        ("name=match.%5B", "2201B"),
        ("name=like.x%5C", "22025"),
    ] {
        let refused = server.rest("GET", &format!("/things?{query}")).send();
        assert_eq!(refused.refusal(), (400, code.to_owned()), "{query}: {}", refused.body);
    }
    for (body, kind) in [
        ("", "application/json"),
        ("{", "application/json"),
        ("1", "application/json"),
        (r#""x""#, "application/json"),
        ("[1]", "application/json"),
        (r#"{"name":"a"} x"#, "application/json"),
        (r#"{"name":"a","name":"b"}"#, "application/json"),
        ("name,size\nA", "text/csv"),
    ] {
        let refused = server.rest("POST", "/things").body(kind, body).send();
        assert_eq!(refused.refusal(), (400, "PGRST102".to_owned()), "{body}: {}", refused.body);
    }
    let generated = server.rest("POST", "/things").json(r#"{"name":"G","doubled":4}"#).send();
    assert_eq!(generated.refusal(), (400, "428C9".to_owned()));
    let numbered = server.rest("POST", "/numbered").json(r#"{"id":4}"#).send();
    assert_eq!(numbered.refusal(), (400, "428C9".to_owned()));
}

#[test]
fn operators_are_refused_on_types_that_they_are_not_made_for() {
    let server = stocked();
    for (query, code, status) in [
        ("size=is.true", "42804", 400),
        ("size=like.1*", "42883", 404),
        ("size=match.1", "42883", 404),
    ] {
        let refused = server.rest("GET", &format!("/things?{query}")).send();
        assert_eq!(refused.refusal(), (status, code.to_owned()), "{query}: {}", refused.body);
    }
}

#[test]
fn paths_and_methods_that_are_not_there_are_told_apart() {
    let server = Server::lab();
    for (method, path, status, code) in [
        ("GET", "/things/1", 404, "PGRST125"),
        ("GET", "/rpc/a/b", 404, "PGRST125"),
        ("TRACE", "/things", 405, "PGRST117"),
        ("PROPFIND", "/things", 405, "PGRST117"),
        ("POST", "/", 405, "PGRST117"),
        ("POST", "/rpc/later", 404, "PGRST202"),
        ("DELETE", "/rpc/later", 405, "PGRST101"),
    ] {
        let refused = server.rest(method, path).send();
        assert_eq!(
            refused.refusal(),
            (status, code.to_owned()),
            "{method} {path}: {}",
            refused.body
        );
    }
    let nowhere = server.bare("GET", "/nowhere").send().expect(404);
    assert_eq!(nowhere.header("content-type"), Some("application/problem+json"));
    assert_eq!(nowhere.json()["code"], "not_found");
}

#[test]
fn who_uses_a_wrong_method_is_told_the_right_ones() {
    let server = Server::of(&test_app("desk.toml"));
    for (method, path, allow) in [
        ("TRACE", "/tickets", Some("OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE")),
        ("PUT", "/tickets", Some("OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE")),
        ("TRACE", "/open_tickets", Some("OPTIONS,GET,HEAD,POST,PATCH,DELETE")),
        ("DELETE", "/load?team=eq.1", Some("OPTIONS,GET,HEAD")),
        ("DELETE", "/rpc/whoami", Some("OPTIONS,GET,HEAD,POST")),
        ("GET", "/rpc/forget?id=1", Some("OPTIONS,POST")),
        ("POST", "/", Some("OPTIONS,GET,HEAD")),
        // What is not there has no methods.
        ("TRACE", "/nothing", None),
        ("DELETE", "/rpc/nothing", None),
    ] {
        let refused = server.rest(method, path).send().expect(405);
        assert_eq!(refused.header("allow"), allow, "{method} {path}: {}", refused.body);
    }
}

#[test]
fn what_no_rule_opens_is_closed_and_signing_in_is_suggested_only_where_it_may_help() {
    let server = stocked();
    let exp = now() + 600;
    let user = sign(server.secret(), &json!({ "role": "authenticated", "sub": "u1", "exp": exp }));
    let staff = sign(server.secret(), &json!({ "role": "staff", "sub": "u2", "exp": exp }));
    let thing = r#"{"name":"Mine"}"#;
    for (token, method, path, body, status) in [
        ("", "GET", "/closed", "", 401),
        ("", "POST", "/things", thing, 401),
        ("", "PATCH", "/things?id=eq.1", r#"{"size":1}"#, 401),
        ("", "DELETE", "/things?id=eq.1", "", 401),
        (&user, "GET", "/closed", "", 403),
        (&user, "POST", "/things", thing, 201),
        (&user, "PATCH", "/things?id=eq.1", r#"{"size":1}"#, 403),
        (&user, "DELETE", "/things?id=eq.1", "", 403),
        (&user, "PUT", "/things?id=eq.1", r#"{"id":1,"name":"Mine"}"#, 403),
        (&staff, "PATCH", "/things?id=eq.1", r#"{"size":1}"#, 204),
        (&staff, "DELETE", "/things?id=eq.1", "", 204),
        (&staff, "GET", "/numbered", "", 403),
    ] {
        let mut ask = server.visitor(method, path);
        if !token.is_empty() {
            ask = ask.bearer(token);
        }
        if !body.is_empty() {
            ask = ask.json(body);
        }
        // 401 is Code::ForbiddenAnonymous, 403 is Code::Forbidden: one code, two statuses.
        let answer = ask.send().expect(status);
        if status > 400 {
            assert_eq!(answer.json()["code"], "42501", "{method} {path}");
        }
    }
    let anonymous = server.visitor("GET", "/closed").send();
    anonymous.expect_error(401, "42501", "permission denied for table closed", None, None);
    assert!(anonymous.header("www-authenticate").is_some());
    let merging = server.visitor("POST", "/things?on_conflict=name").bearer(&user);
    let merging = merging.prefer("resolution=merge-duplicates").json(r#"{"name":"Pan"}"#).send();
    assert_eq!(
        merging.refusal(),
        (403, "42501".to_owned()),
        "an upsert also needs the right to update"
    );
}

#[test]
fn a_column_that_the_caller_may_not_read_does_not_exist_for_it() {
    let server = Server::lab();
    let staff = sign(server.secret(), &json!({ "role": "staff", "exp": now() + 600 }));
    let made = server.visitor("POST", "/priced").prefer("return=representation");
    let made = made.json(r#"{"name":"a","cost":9}"#).send().expect(201);
    assert_eq!(made.json(), json!([{ "amount": null, "id": 1, "name": "a", "grade": 1 }]));
    for path in
        ["?select=cost", "?cost=eq.9", "?order=cost", "?or=(cost.gt.1)", "?select=a:cost::text"]
    {
        let hidden = server.visitor("GET", &format!("/priced{path}")).send();
        let absent = path.replace("cost", "nocolumn");
        let absent = server.visitor("GET", &format!("/priced{absent}")).send();
        assert_eq!(hidden.status, 400, "{path}");
        assert_eq!(hidden.body.replace("cost", "nocolumn"), absent.body, "{path}");
    }
    let csv = server.visitor("GET", "/priced").header("Accept", "text/csv").send().expect(200);
    assert_eq!(csv.body, "amount,id,name,grade\n,1,a,1");
    let seen = server.visitor("GET", "/priced?cost=eq.9").bearer(&staff).send().expect(200);
    assert_eq!(seen.json()[0]["cost"], 9, "the control: staff see it");
    let graded = server.visitor("POST", "/priced").json(r#"{"name":"b","grade":2}"#).send();
    graded.expect_error(401, "42501", "permission denied for column grade", None, None);
    let changed = server.visitor("PATCH", "/priced?id=eq.1").bearer(&staff);
    let changed = changed.json(r#"{"cost":1}"#).send();
    changed.expect_error(403, "42501", "permission denied for column cost", None, None);
}

#[test]
fn a_closed_column_is_told_neither_by_an_error_nor_by_the_order_of_rows() {
    let server = Server::lab();
    for (name, secret) in [("a", "zz"), ("b", "bb"), ("c", "aa")] {
        let body = json!({ "name": name, "secret": secret }).to_string();
        server.rest("POST", "/priced").json(&body).send().expect(201);
    }
    let twice = server.visitor("POST", "/priced").json(r#"{"name":"d","secret":"zz"}"#).send();
    let text = "duplicate key value violates a unique constraint";
    twice.expect_error(409, "23505", text, None, None);
    let control = server.rest("POST", "/priced").json(r#"{"name":"d","secret":"zz"}"#).send();
    assert_eq!(control.json()["details"], "Key (secret)=(zz) already exists.");
    for filter in ["id=not.is.null", "id=neq.9", "id=not.in.(9)", "or=(id.eq.2,id.gt.0)"] {
        let read = server.visitor("GET", &format!("/priced?select=id&{filter}")).send().expect(200);
        assert_eq!(read.column("id"), [json!(1), json!(2), json!(3)], "{filter}");
    }
}

#[test]
fn a_number_that_a_caller_chooses_cannot_end_the_numbering() {
    let server = Server::lab();
    let last = server.visitor("POST", "/priced").json(r#"{"id":9223372036854775807,"name":"x"}"#);
    assert_eq!(last.send().refusal(), (400, "22003".to_owned()));
    let next = server.visitor("POST", "/priced").json(r#"{"name":"y"}"#).send();
    next.expect(201);
    let nulled = server.rest("PATCH", "/priced?name=eq.y").json(r#"{"id":null}"#).send();
    assert_eq!(nulled.refusal(), (400, "23502".to_owned()));
}

#[test]
fn an_upsert_needs_the_right_to_read_what_it_may_meet() {
    let server = Server::lab();
    let staff = sign(server.secret(), &json!({ "role": "staff", "exp": now() + 600 }));
    for (method, path, resolution) in [
        ("POST", "/unread?on_conflict=id", "resolution=ignore-duplicates"),
        ("POST", "/unread?on_conflict=id", "resolution=merge-duplicates"),
        ("PUT", "/unread?id=eq.1", "return=minimal"),
    ] {
        let asked = server.visitor(method, path).bearer(&staff).prefer(resolution);
        let answer = asked.json(r#"{"id":1}"#).send();
        assert_eq!(answer.refusal(), (403, "42501".to_owned()), "{method} {resolution}");
    }
    let plain = server.visitor("POST", "/unread").bearer(&staff).json(r#"{"id":1}"#).send();
    plain.expect(201);
}

#[test]
fn a_filter_compares_with_the_number_that_was_given() {
    let server = Server::lab();
    server.rest("POST", "/priced").json(r#"{"name":"one","amount":1}"#).send().expect(201);
    for (filter, count) in [
        ("amount=eq.1.001", 0),
        ("amount=in.(1.001,2)", 0),
        ("amount=gt.0.999", 1),
        ("amount=lt.99999999999", 1),
        ("amount=eq.1.00", 1),
    ] {
        let read = server.rest("GET", &format!("/priced?{filter}")).send().expect(200);
        assert_eq!(read.column("id").len(), count, "{filter}");
    }
}

#[test]
fn an_update_sets_what_columns_lists_and_the_body_lacks() {
    let server = Server::lab();
    let made = json!({ "name": "n", "grade": 5, "amount": 2 }).to_string();
    server.rest("POST", "/priced").json(&made).send().expect(201);
    let path = "/priced?name=eq.n&columns=grade,amount&select=grade,amount";
    let update = server.rest("PATCH", path).prefer("missing=default,return=representation");
    let update = update.json("{}").send().expect(200);
    assert_eq!(update.body, r#"[{"grade":1,"amount":null}]"#);
}

#[test]
fn a_request_that_proves_nothing_is_told_how_to_begin() {
    let server = Server::lab();
    let none = server.bare("GET", "/rest/v1/things").send().expect(401);
    let body = none.json();
    assert_eq!(body["message"], "No API key found in request");
    assert_eq!(body["hint"], "No `apikey` request header or url param was found.");
    assert_eq!(body["code"], "api_key_missing");
    let query = format!("/rest/v1/things?apikey={}", server.anon());
    server.bare("GET", &query).send().expect(200);
    server.bare("GET", "/rest/v1/things").bearer(server.anon()).send().expect(200);
    let basic = server.visitor("GET", "/things").header("Authorization", "Basic eDp5").send();
    assert_eq!(basic.refusal(), (401, "PGRST301".to_owned()));
}
