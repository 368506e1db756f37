//! Messages that two readers could understand differently are refused with 400 and the connection
//! is closed. Each case is followed by a smuggled request, which must never be answered.

use crate::harness::{Client, Server, get};

const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n";

/// What stands before the first line end, and what after it up to the end of the body.
const MALFORMED: &[(&str, &str)] = &[
    (
        "length and chunked",
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "chunked and length",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    ),
    (
        "two lengths that differ",
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    ),
    (
        "two lengths that agree",
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    ),
    ("a list of lengths", "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5, 5\r\n\r\nhello"),
    ("a signed length", "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: +5\r\n\r\nhello"),
    ("a negative length", "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: -1\r\n\r\n"),
    (
        "a hexadecimal length",
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 0x5\r\n\r\nhello",
    ),
    ("an empty length", "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: \r\n\r\n"),
    (
        "a length that overflows",
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 18446744073709551617\r\n\r\n",
    ),
    (
        "an unknown coding",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "a list of codings",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ),
    ("identity", "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: identity\r\n\r\n"),
    (
        "chunked twice",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "a coding in quotes",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
    ),
    (
        "a vertical tab before the coding",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "chunked in HTTP/1.0",
        "POST /echo HTTP/1.0\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "a space before the colon",
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length : 5\r\n\r\nhello",
    ),
    ("a folded header", "GET / HTTP/1.1\r\nHost: test\r\nX-A: b\r\n c\r\n\r\n"),
    ("a space before the first header", "GET / HTTP/1.1\r\n Host: test\r\n\r\n"),
    ("a header without a colon", "GET / HTTP/1.1\r\nHost: test\r\nnonsense\r\n\r\n"),
    ("a header without a name", "GET / HTTP/1.1\r\nHost: test\r\n: b\r\n\r\n"),
    ("a NUL in a value", "GET / HTTP/1.1\r\nHost: test\r\nX-A: b\0c\r\n\r\n"),
    ("a lone CR in a value", "GET / HTTP/1.1\r\nHost: test\r\nX-A: b\rX-B: c\r\n\r\n"),
    ("a lone LF after a header", "GET / HTTP/1.1\r\nHost: test\nX-A: b\r\n\r\n"),
    ("a lone LF after the request line", "GET / HTTP/1.1\nHost: test\r\n\r\n"),
    ("lone LFs throughout", "GET / HTTP/1.1\nHost: test\n\n"),
    ("no Host", "GET / HTTP/1.1\r\nX-A: b\r\n\r\n"),
    ("two Hosts", "GET / HTTP/1.1\r\nHost: test\r\nHost: other\r\n\r\n"),
    ("two Hosts that agree", "GET / HTTP/1.1\r\nHost: test\r\nHost: test\r\n\r\n"),
    ("an empty Host", "GET / HTTP/1.1\r\nHost: \r\n\r\n"),
    ("a list of hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
    ("a user in Host", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
    ("a path in Host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    ("a target of another host", "GET http://other/ HTTP/1.1\r\nHost: test\r\n\r\n"),
    ("a target with a user", "GET http://a@test/ HTTP/1.1\r\nHost: test\r\n\r\n"),
    ("a target without a slash", "GET smuggled HTTP/1.1\r\nHost: test\r\n\r\n"),
    ("a target of another scheme", "GET file:///etc/passwd HTTP/1.1\r\nHost: test\r\n\r\n"),
    ("a target with a fragment", "GET /a#b HTTP/1.1\r\nHost: test\r\n\r\n"),
    ("a target with a space", "GET /a b HTTP/1.1\r\nHost: test\r\n\r\n"),
    ("a target with raw UTF-8", "GET /\u{fc} HTTP/1.1\r\nHost: test\r\n\r\n"),
    ("a star for GET", "GET * HTTP/1.1\r\nHost: test\r\n\r\n"),
    ("a tunnel", "CONNECT test:80 HTTP/1.1\r\nHost: test\r\n\r\n"),
    ("no version", "GET /\r\nHost: test\r\n\r\n"),
    ("a version to come", "GET / HTTP/1.2\r\nHost: test\r\n\r\n"),
    ("a version in lower case", "GET / http/1.1\r\nHost: test\r\n\r\n"),
    ("two spaces", "GET  / HTTP/1.1\r\nHost: test\r\n\r\n"),
    ("a tab for a space", "GET\t/ HTTP/1.1\r\nHost: test\r\n\r\n"),
    ("a method that is no token", "G(T / HTTP/1.1\r\nHost: test\r\n\r\n"),
    (
        "an unknown expectation",
        "POST /echo HTTP/1.1\r\nHost: test\r\nExpect: 200-ok\r\nContent-Length: 5\r\n\r\nhello",
    ),
    ("an encoded slash", "GET /a%2fb HTTP/1.1\r\nHost: test\r\n\r\n"),
    ("an encoded dot segment", "GET /a/%2e%2e/b HTTP/1.1\r\nHost: test\r\n\r\n"),
    ("an empty segment", "GET //a HTTP/1.1\r\nHost: test\r\n\r\n"),
    (
        "a chunk size that is no number",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ),
    (
        "a signed chunk size",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n",
    ),
    (
        "a chunk size that overflows",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
    ),
    (
        "a chunk longer than its size",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
    ),
    (
        "a lone LF in a chunk extension",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5;a\nb\r\nhello\r\n0\r\n\r\n",
    ),
    ("TLS without TLS", "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03"),
];

#[test]
fn malformed_framings_are_refused_with_400_and_close() {
    let server = Server::with_defaults();
    for (name, bytes) in MALFORMED {
        let mut client = server.connect();
        client.send(format!("{bytes}{SMUGGLED}"));
        let reply = client.reply().unwrap_or_else(|| panic!("{name}: no answer"));
        assert_eq!(reply.status, 400, "{name}: {}", reply.text());
        assert_eq!(reply.header("connection"), Some("close"), "{name}");
        assert_eq!(reply.json()["code"], "bad_request", "{name}");
        assert_eq!(reply.json()["instance"], reply.header("x-request-id").unwrap(), "{name}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{name}");
        client.expect_closed();
    }
    let log = server.log();
    assert!(!log.contains("/smuggled"), "a smuggled request was heard");
    assert_eq!(log.matches("\"status\":400").count(), MALFORMED.len());
}

#[test]
fn well_formed_messages_pass_the_same_harness() {
    let server = Server::with_defaults();
    for (name, bytes, close) in [
        ("a plain request", get("/ok", ""), false),
        ("absolute form", "GET http://TEST/ok HTTP/1.1\r\nHost: test\r\n\r\n".to_owned(), false),
        ("an empty line before", format!("\r\n{}", get("/ok", "")), false),
        ("an upgrade that nobody answers", get("/ok", "Upgrade: h2c\r\nConnection: upgrade\r\n"), false),
        ("OPTIONS of the server", "OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n".to_owned(), false),
        ("a length", "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello".to_owned(), false),
        ("chunked", "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n".to_owned(), true),
        ("HTTP/1.0", "GET /ok HTTP/1.0\r\n\r\n".to_owned(), true),
    ] {
        let mut client = server.connect();
        client.send(&bytes);
        let reply = client.reply().unwrap();
        assert_eq!(reply.status, 200, "{name}: {}", reply.text());
        if bytes.contains("/echo") {
            assert_eq!(reply.text(), "hello", "{name}");
        }
        if close {
            client.expect_closed();
        } else {
            client.send(get("/again", ""));
            assert_eq!(client.reply().unwrap().status, 200, "{name}: the connection is kept");
        }
    }
}

#[test]
fn pipelined_requests_are_answered_in_order_up_to_the_one_that_is_malformed() {
    let server = Server::with_defaults();
    let mut client = server.connect();
    let post = "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc";
    let bad = "GET / HTTP/1.1\r\nHost: test\r\nHost: test\r\n\r\n";
    client.send([&get("/1", ""), post, &get("/2", ""), bad, SMUGGLED].concat());
    assert_eq!(client.reply().unwrap().text(), "\"/1\"");
    assert_eq!(client.reply().unwrap().text(), "abc");
    assert_eq!(client.reply().unwrap().text(), "\"/2\"");
    assert_eq!(client.reply().unwrap().status, 400);
    client.expect_closed();
}

#[test]
fn nothing_that_follows_a_chunked_body_is_read_as_a_request() {
    let server = Server::with_defaults();
    let mut client = server.connect();
    let chunked =
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    client.send(format!("{chunked}{SMUGGLED}"));
    let reply = client.reply().unwrap();
    assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
    client.expect_closed();
    assert!(!server.log().contains("/smuggled"));
}

#[test]
fn a_request_that_arrives_byte_by_byte_is_the_same_request() {
    let server = Server::with_defaults();
    let mut client = server.connect();
    let post = "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc";
    for byte in [post, &get("/next", "")].concat().bytes() {
        client.send([byte]);
    }
    assert_eq!(client.reply().unwrap().text(), "abc");
    assert_eq!(client.reply().unwrap().text(), "\"/next\"");
}

/// hyper must never find a fault that `framing` let pass: its own refusal has no request id.
#[test]
fn whatever_byte_stands_in_a_target_the_door_answers_and_not_the_engine() {
    let server = Server::with_defaults();
    for place in ["/a{}b", "/a?b{}c", "http://te{}st/"] {
        for byte in 1..=255_u8 {
            let mut client = server.connect();
            let (before, after) = place.split_once("{}").unwrap();
            client.send([b"GET ", before.as_bytes(), &[byte], after.as_bytes()].concat());
            client.send(b" HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
            let reply = client.reply().unwrap_or_else(|| panic!("{place} {byte:#x}"));
            assert!(reply.header("x-request-id").is_some(), "{place} {byte:#x}: {}", reply.head);
            assert!(matches!(reply.status, 200 | 400), "{place} {byte:#x}");
        }
    }
}

#[test]
fn a_refusal_below_the_data_api_has_the_shape_that_its_clients_expect() {
    let server = Server::with_defaults();
    let reply = server.ask("GET /rest/v1/t HTTP/1.1\r\nX-A: b\r\n\r\n");
    assert_eq!(
        reply.json(),
        serde_json::json!({"code": "bad_request", "message": "The Host header is missing",
                           "details": null, "hint": null})
    );
    assert_eq!(server.get("/rest/v1/a%2fb").json()["code"], "bad_request");
    let client: &mut Client = &mut server.connect();
    client.send("GET /x HTTP/1.1\r\nX-A: b\r\n\r\n");
    let reply = client.reply().unwrap();
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
}
