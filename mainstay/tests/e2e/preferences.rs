//! `Prefer`: what is honoured is echoed in the dialect's order; what is not leaves no trace.

use crate::harness::{Server, test_app};
use crate::reading::stocked;

#[test]
fn what_was_honoured_is_echoed_in_the_order_of_the_dialect() {
    let server = stocked();
    let all = "max-affected=9, handling=strict, tx=commit, count=exact, return=representation, missing=default";
    let update = server.rest("PATCH", "/things?id=eq.1").prefer(all).json(r#"{"size":7}"#).send();
    let expected = "missing=default, return=representation, count=exact, tx=commit, handling=strict, max-affected=9";
    assert_eq!(update.expect(200).header("preference-applied"), Some(expected));
    let create = server
        .rest("POST", "/people")
        .prefer("count=exact")
        .prefer("return=minimal")
        .prefer("resolution=ignore-duplicates");
    let create = create.prefer("unknown=1").json(r#"{"id":1,"handle":"zz"}"#).send().expect(201);
    assert_eq!(
        create.header("preference-applied"),
        Some("resolution=ignore-duplicates, return=minimal, count=exact")
    );
    let read = server.rest("GET", "/things").prefer("return=minimal").send().expect(200);
    assert_eq!(read.header("preference-applied"), None);
    let counted = server.rest("GET", "/things").prefer("count=planned").send().expect(200);
    assert_eq!(counted.header("preference-applied"), Some("count=planned"));
}

#[test]
fn strict_handling_refuses_what_it_does_not_know() {
    let server = stocked();
    let strict =
        server.rest("GET", "/things").prefer("handling=strict, anything, count=exact").send();
    let message = "Invalid preferences given with handling=strict";
    strict.expect_error(400, "PGRST122", message, Some("Invalid preferences: anything"), None);
    server.rest("GET", "/things").prefer("handling=lenient, anything").send().expect(200);
    server.rest("GET", "/things").prefer("anything").send().expect(200);
}

#[test]
fn a_write_of_more_than_max_affected_rows_is_undone() {
    let server = stocked();
    let strict = "handling=strict, max-affected=2";
    for (method, body) in [("PATCH", r#"{"size":1}"#), ("DELETE", "")] {
        let ask = server.rest(method, "/things?id=gt.0").prefer(strict);
        let refused = if body.is_empty() { ask.send() } else { ask.json(body).send() };
        assert_eq!(refused.refusal(), (400, "PGRST124".to_owned()), "{method}");
    }
    assert_eq!(server.rest("GET", "/things?size=eq.1").send().body, "[]");
    server.rest("DELETE", "/things?size=eq.30").prefer(strict).send().expect(204);
    let lenient = server
        .rest("PATCH", "/things?id=gt.0")
        .prefer("max-affected=1")
        .json(r#"{"size":2}"#)
        .send();
    assert_eq!(lenient.expect(204).header("preference-applied"), None, "counts only with strict");
}

#[test]
fn a_rollback_shows_the_rows_and_keeps_none_of_them() {
    let server = stocked();
    let undo = "tx=rollback, return=representation";
    let made =
        server.rest("POST", "/people").prefer(undo).json(r#"{"handle":"zoe"}"#).send().expect(201);
    assert_eq!(made.column("handle"), ["zoe"]);
    assert_eq!(made.header("preference-applied"), Some("return=representation, tx=rollback"));
    let changed =
        server.rest("PATCH", "/people?id=eq.1").prefer(undo).json(r#"{"handle":"zoe"}"#).send();
    assert_eq!(changed.expect(200).column("handle"), ["zoe"]);
    server.rest("DELETE", "/things?id=gt.0").prefer(undo).send().expect(200);
    assert_eq!(server.rest("GET", "/people?order=id").send().column("handle"), ["ada", "bela"]);
    assert_eq!(server.rest("GET", "/things?select=id").send().column("id").len(), 6);
}

#[test]
fn a_rollback_is_not_honoured_unless_the_server_allows_it() {
    let off = &[("MAINSTAY_API_TRANSACTION_OVERRIDE", "false")];
    let server = Server::start("serve", &test_app("lab.toml"), &[], off);
    let made =
        server.rest("POST", "/people").prefer("tx=rollback").json(r#"{"handle":"zoe"}"#).send();
    assert_eq!(made.expect(201).header("preference-applied"), None);
    assert_eq!(server.rest("GET", "/people").send().column("handle"), ["zoe"]);
}

#[test]
fn a_write_without_a_filter_is_refused_unless_the_guard_is_off() {
    let server = stocked();
    let update = server.rest("PATCH", "/things").json(r#"{"size":1}"#).send();
    assert_eq!(update.refusal(), (400, "21000".to_owned()), "Code::WriteUnfiltered");
    assert_eq!(update.json()["message"], "UPDATE requires a WHERE clause");
    let delete = server.rest("DELETE", "/things").send();
    assert_eq!(delete.json()["message"], "DELETE requires a WHERE clause");
    let off = &[("MAINSTAY_API_SAFE_UPDATE", "false")];
    let server = Server::start("serve", &test_app("lab.toml"), &[], off);
    server.rest("POST", "/people").json(r#"[{"handle":"c1"},{"handle":"c2"}]"#).send().expect(201);
    let gone = server.rest("DELETE", "/people").prefer("count=exact").send().expect(204);
    assert_eq!(gone.header("content-range"), Some("*/2"));
}

#[test]
fn a_write_that_must_be_single_is_undone_when_it_is_not() {
    let server = stocked();
    let object = "application/vnd.pgrst.object+json";
    let many = server.rest("PATCH", "/things?size=eq.30").header("Accept", object);
    let many = many.prefer("return=representation").json(r#"{"note":"both"}"#).send();
    assert_eq!(many.refusal(), (406, "PGRST116".to_owned()));
    assert_eq!(many.json()["details"], "The result contains 2 rows");
    assert_eq!(server.rest("GET", "/things?note=eq.both").send().body, "[]");
    let none = server
        .rest("DELETE", "/things?id=eq.99")
        .header("Accept", object)
        .prefer("return=representation");
    assert_eq!(none.send().json()["details"], "The result contains 0 rows");
    let one =
        server.rest("POST", "/people").header("Accept", object).prefer("return=representation");
    assert_eq!(
        one.json(r#"{"handle":"solo"}"#).send().expect(201).body,
        r#"{"id":3,"handle":"solo"}"#
    );
    let two =
        server.rest("POST", "/people").header("Accept", object).prefer("return=representation");
    assert_eq!(two.json(r#"[{"handle":"d1"},{"handle":"d2"}]"#).send().refusal().0, 406);
    assert_eq!(server.rest("GET", "/people?handle=like.d*").send().body, "[]");
}

#[test]
fn a_timezone_moves_what_has_one() {
    let server = stocked();
    let zoned = "timezone=Asia/Kolkata";
    let moved = server.rest("PATCH", "/things?id=eq.1&select=made");
    let moved = moved.prefer("return=representation").prefer(zoned);
    let moved = moved.json(r#"{"made":"2024-01-31T10:20:30Z"}"#).send().expect(200);
    assert_eq!(moved.body, r#"[{"made":"2024-01-31T15:50:30+05:30"}]"#);
    assert_eq!(
        moved.header("preference-applied"),
        Some(&*format!("return=representation, {zoned}"))
    );
    let plain = server.rest("GET", "/things?id=eq.1&select=made").send().expect(200);
    assert_eq!(plain.body, r#"[{"made":"2024-01-31T10:20:30+00:00"}]"#);
    let nowhere = server.rest("GET", "/things?id=eq.1&select=made").prefer("timezone=Nowhere/Land");
    assert_eq!(nowhere.send().expect(200).header("preference-applied"), None);
    let strict = server.rest("GET", "/things").prefer("handling=strict, timezone=Nowhere/Land");
    strict.send().expect(400);
}
