//! Everything is bounded: one step inside each bound works, one step outside is refused by name.

use serde_json::json;

use crate::harness::{Server, test_app};
use crate::reading::stocked;

/// At the bound, one over it, and far over it.
fn held(server: &Server, what: &str, bound: usize, far: usize, query: impl Fn(usize) -> String) {
    let send = |size: usize| server.rest("GET", &query(size)).send();
    assert_eq!(send(bound).status, 200, "{what} of {bound}: {}", send(bound).body);
    for size in [bound + 1, far] {
        assert_eq!(send(size).refusal(), (400, "PGRST100".to_owned()), "{what} of {size}");
    }
}

fn repeated(part: &str, times: usize) -> String {
    vec![part; times].join(",")
}

#[test]
fn what_a_query_may_hold_is_bounded() {
    let server = stocked();
    held(&server, "depth of a tree", 20, 1000, |depth| {
        let inner = "or(".repeat(depth - 1) + "id.eq.1" + &")".repeat(depth - 1);
        format!("/things?select=id&and=({inner})")
    });
    held(&server, "keys of an order", 32, 2000, |n| format!("/things?order={}", repeated("id", n)));
    held(&server, "items of a select", 500, 2500, |n| {
        format!("/things?select={}", repeated("id", n))
    });
    held(&server, "items of a list", 2000, 4000, |n| {
        format!("/things?id=in.({})", repeated("1", n))
    });
    held(&server, "items of any", 2000, 4000, |n| {
        format!("/things?id=eq(any).%7B{}%7D", repeated("1", n))
    });
    held(&server, "filters", 200, 700, |n| format!("/things?{}", vec!["id=gt.0"; n].join("&")));
    held(&server, "steps of a path", 32, 2500, |n| {
        format!("/things?meta{}=is.null", "->a".repeat(n))
    });
}

#[test]
fn embeds_are_bounded_in_depth_and_number() {
    let server = crate::functions::desk();
    held(&server, "depth of embeds", 5, 700, |depth| {
        format!("/tickets?select={}id{}", "parent(".repeat(depth), ")".repeat(depth))
    });
    held(&server, "number of embeds", 30, 500, |n| {
        format!("/tickets?select={}", repeated("teams(id)", n))
    });
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
