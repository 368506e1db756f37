//! Everything is bounded: one step inside each bound works, one step outside is refused by name.

use serde_json::json;

use crate::harness::{Server, test_app};
use crate::reading::stocked;

#[test]
fn logic_trees_are_read_to_their_depth_and_no_further() {
    let server = stocked();
    let nested = |depth: usize| {
        let inner = "or(".repeat(depth - 1) + "id.eq.1" + &")".repeat(depth - 1);
        server.rest("GET", &format!("/things?select=id&and=({inner})")).send()
    };
    assert_eq!(nested(20).expect(200).column("id"), [1]);
    assert_eq!(nested(21).refusal(), (400, "PGRST100".to_owned()));
}

#[test]
fn lists_and_counts_in_a_query_are_bounded() {
    let server = stocked();
    let repeated = |part: &str, times: usize| vec![part; times].join(",");
    for (fits, exceeds) in [
        (format!("order={}", repeated("id", 32)), format!("order={}", repeated("id", 33))),
        (format!("select={}", repeated("id", 500)), format!("select={}", repeated("id", 501))),
        (format!("id=in.({})", repeated("1", 2000)), format!("id=in.({})", repeated("1", 2001))),
        (vec!["id=gt.0"; 200].join("&"), vec!["id=gt.0"; 201].join("&")),
        (format!("meta{}=is.null", "->a".repeat(32)), format!("meta{}=is.null", "->a".repeat(33))),
    ] {
        server.rest("GET", &format!("/things?{fits}")).send().expect(200);
        let refused = server.rest("GET", &format!("/things?{exceeds}")).send();
        assert_eq!(refused.refusal(), (400, "PGRST100".to_owned()), "{}", refused.body);
    }
}

#[test]
fn a_bulk_has_at_most_ten_thousand_rows() {
    let server = Server::of(&test_app("types.toml"));
    let rows = |count: usize| format!("[{}]", vec![r#"{"i":1}"#; count].join(","));
    let fits = server.rest("POST", "/kinds").prefer("count=exact").json(&rows(10_000)).send();
    assert_eq!(fits.expect(201).header("content-range"), Some("*/10000"));
    let refused = server.rest("POST", "/kinds").json(&rows(10_001)).send();
    assert_eq!(refused.refusal(), (400, "PGRST102".to_owned()));
    let counted = server.rest("HEAD", "/kinds").prefer("count=exact").send().expect(206);
    assert_eq!(counted.header("content-range"), Some("0-999/10000"));
}

#[test]
fn bodies_urls_and_headers_are_bounded_at_the_door() {
    let limit = &[("MAINSTAY_LIMITS_BODY_BYTES", "2000")];
    let server = Server::start("serve", &test_app("lab.toml"), &[], limit);
    let body = json!({ "name": "x", "note": "n".repeat(3000) }).to_string();
    let refused = server.rest("POST", "/things").json(&body).send();
    assert_eq!(refused.refusal(), (413, "body_too_large".to_owned()));
    let long = server.rest("GET", &format!("/things?select={}", "a".repeat(9000))).send();
    assert_eq!(long.refusal(), (414, "url_too_long".to_owned()));
    let heavy = server.rest("GET", "/things").header("X-Filler", &"h".repeat(17_000)).send();
    assert_eq!(heavy.refusal(), (431, "headers_too_large".to_owned()));
}

#[test]
fn json_is_read_to_its_depth_and_no_further() {
    let server = Server::of(&test_app("types.toml"));
    let nested = |depth: usize| format!(r#"{{"j":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    server.rest("POST", "/kinds").json(&nested(64)).send().expect(201);
    let deeper = server.rest("POST", "/kinds").json(&nested(66)).send();
    assert_eq!(deeper.refusal(), (400, "22P02".to_owned()));
    let absurd = server.rest("POST", "/kinds").json(&nested(5000)).send();
    assert!(absurd.status == 400, "{}", absurd.status);
}

#[test]
fn a_statement_that_runs_too_long_is_stopped_and_others_go_on() {
    let limit = &[("MAINSTAY_LIMITS_STATEMENT_TIMEOUT", "1ms")];
    let server = Server::start("serve", &test_app("types.toml"), &[], &[]);
    let texts: Vec<_> =
        (0..5000).map(|n| json!({ "j": { "n": n, "text": "x".repeat(100) } })).collect();
    for part in texts.chunks(2500) {
        server.rest("POST", "/kinds").json(&json!(part).to_string()).send().expect(201);
    }
    let data = server.stop_keeping();
    let server = Server::over("serve", &test_app("types.toml"), &[], limit, data);
    let slow = "j->>text=not.imatch.y%7B20%7D&j->>text=not.ilike.*zz*&order=j->>text";
    let refused = server.rest("GET", &format!("/kinds?{slow}")).prefer("count=exact").send();
    assert_eq!(refused.refusal(), (500, "57014".to_owned()), "{}", refused.body);
    server.rest("GET", "/kinds?id=eq.1").send().expect(200);
}

#[test]
fn a_pattern_is_read_to_its_bound() {
    let server = stocked();
    let like = |bytes: usize| {
        let pattern = "a".repeat(bytes);
        server.rest("GET", &format!("/things?name=like.{pattern}")).send()
    };
    like(4096).expect(200);
    assert_eq!(like(4097).refusal(), (500, "54001".to_owned()));
}

#[test]
fn requests_beyond_the_bound_in_flight_are_sent_away_with_a_time_to_come_back() {
    let none = &[("MAINSTAY_LIMITS_REQUESTS_IN_FLIGHT", "0")];
    let server = Server::start("serve", &test_app("lab.toml"), &[], none);
    let refused = server.rest("GET", "/things").send();
    assert_eq!(refused.refusal(), (503, "overloaded".to_owned()));
    assert!(refused.header("retry-after").is_some());
}

#[test]
fn what_is_no_well_formed_request_is_refused_before_anybody_asks_who_sent_it() {
    let server = Server::lab();
    let refused = server.rest("GET", "/th%2fings").send();
    assert_eq!(refused.refusal(), (400, "bad_request".to_owned()));
    let posted = server.operate("/metrics").method("POST").send();
    assert_eq!(posted.refusal(), (405, "method_not_allowed".to_owned()));
}
