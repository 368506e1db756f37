//! Every bound that a stranger can run into, at the bound and beyond it.

use std::time::Duration;

use mainstay_edge::EdgeConfig;

use crate::harness::{Client, Server, config, eventually, get};

/// Short for the server, so that a cut comes soon; the client waits for it patiently.
const SOON: Duration = Duration::from_millis(150);

#[test]
fn a_slow_head_is_cut_although_it_keeps_dripping() {
    let server = Server::start(EdgeConfig { head_timeout: SOON, ..config() });
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: test\r\n");
    let dripping = client.stream.try_clone().unwrap();
    std::thread::spawn(move || {
        let mut drip = dripping;
        while std::io::Write::write_all(&mut drip, b"X-A: b\r\n").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    client.expect_closed();
    eventually("the cut is logged", || server.log().contains("slow_head"));
}

#[test]
fn a_connection_that_says_nothing_is_cut() {
    let server = Server::start(EdgeConfig { head_timeout: SOON, ..config() });
    server.connect().expect_closed();
    let mut half_a_preface = server.connect();
    half_a_preface.send("PRI * HTTP/2.0\r\n");
    half_a_preface.expect_closed();
}

#[test]
fn a_slow_second_head_is_cut_as_well() {
    let server = Server::start(EdgeConfig { head_timeout: SOON, ..config() });
    let mut client = server.connect();
    client.send(get("/", ""));
    assert_eq!(client.reply().unwrap().status, 200);
    client.send("GET / HT");
    client.expect_closed();
}

#[test]
fn an_idle_connection_is_closed() {
    let server = Server::start(EdgeConfig { idle_timeout: SOON, ..config() });
    let mut client = server.connect();
    client.send(get("/", ""));
    assert_eq!(client.reply().unwrap().status, 200);
    client.expect_closed();
    eventually("the cut is logged", || server.log().contains("\"reason\":\"idle\""));
}

#[test]
fn an_answer_that_takes_longer_than_idling_is_not_cut() {
    let server = Server::start(EdgeConfig { idle_timeout: SOON, head_timeout: SOON, ..config() });
    let mut client = server.connect();
    client.send(get("/wait", ""));
    std::thread::sleep(SOON * 4);
    server.gate.add_permits(1);
    assert_eq!(client.reply().unwrap().status, 200);
}

#[test]
fn a_slow_body_is_refused_with_408() {
    let server = Server::start(EdgeConfig { body_timeout: SOON, ..config() });
    for head in ["Content-Length: 10\r\n", "Transfer-Encoding: chunked\r\n"] {
        let mut client = server.connect();
        client.send(format!("POST /echo HTTP/1.1\r\nHost: test\r\n{head}\r\n5\r\n"));
        let reply = client.reply().unwrap();
        assert_eq!((reply.status, reply.header("connection")), (408, Some("close")));
        assert_eq!(reply.json()["code"], "request_timeout");
        client.expect_closed();
    }
}

#[test]
fn a_reader_that_takes_nothing_is_cut() {
    let server = Server::start(EdgeConfig { write_timeout: SOON, ..config() });
    let mut client = server.connect();
    client.send(get("/huge", ""));
    eventually("the cut is logged", || server.log().contains("slow_reader"));
    drop(client);
}

#[test]
fn a_body_passes_at_the_limit_and_is_refused_one_byte_beyond() {
    let server = Server::start(EdgeConfig { max_body_bytes: 1000, ..config() });
    let sized = |count: usize| {
        let body = "x".repeat(count);
        format!("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: {count}\r\n\r\n{body}")
    };
    let chunked = |count: usize| {
        let body = "x".repeat(count - 500);
        let first = "y".repeat(500);
        format!(
            "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n\
             1f4\r\n{first}\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        )
    };
    for request in [sized(1000), chunked(1000)] {
        let reply = server.ask(request);
        assert_eq!((reply.status, reply.body.len()), (200, 1000));
    }
    for request in [sized(1001), chunked(1001), sized(5_000_000), chunked(5_000_000)] {
        let mut client = server.connect();
        client.send(request);
        let reply = client.reply().unwrap();
        assert_eq!((reply.status, reply.header("connection")), (413, Some("close")));
        assert_eq!(reply.json()["code"], "body_too_large");
    }
}

#[test]
fn a_body_that_is_announced_too_large_is_refused_before_it_is_sent() {
    let server = Server::with_defaults();
    let mut client = server.connect();
    client.send(
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 99999999\r\n\
         Expect: 100-continue\r\n\r\n",
    );
    assert_eq!(client.reply().unwrap().status, 413);
    let mut client = server.connect();
    client.send(
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
    );
    assert_eq!(client.reply().unwrap().status, 100);
    client.send("ok");
    assert_eq!(client.reply().unwrap().text(), "ok");
}

#[test]
fn a_url_passes_at_the_limit_and_is_refused_beyond_it() {
    let server = Server::with_defaults();
    let path = |count: usize| format!("/{}", "a".repeat(count - 1));
    assert_eq!(server.get(&path(8192)).status, 200);
    for count in [8193, 20_000, 1_000_000] {
        let reply = server.get(&path(count));
        assert_eq!((reply.status, reply.header("connection")), (414, Some("close")), "{count}");
        assert_eq!(reply.json()["code"], "url_too_long");
    }
    let reply = server.get(&format!("/rest/v1/t?{}", "a".repeat(9_000)));
    assert_eq!(reply.json()["message"], "The path and query are too long");
}

#[test]
fn headers_pass_at_the_limit_and_are_refused_beyond_it() {
    let server = Server::with_defaults();
    // "Host: test", "X: ", and three line ends.
    let block = |count: usize| get("/", &format!("X: {}\r\n", "v".repeat(count - 19)));
    assert_eq!(server.ask(block(16_384)).status, 200);
    for request in [
        block(16_385),
        block(1_000_000),
        get("/", &"X: y\r\n".repeat(101)),
        get("/", &"X: y\r\n".repeat(10_000)),
    ] {
        let reply = server.ask(request);
        assert_eq!((reply.status, reply.header("connection")), (431, Some("close")));
        assert_eq!(reply.json()["code"], "headers_too_large");
    }
    assert_eq!(server.ask(get("/", &"X: y\r\n".repeat(99))).status, 200);
}

#[test]
fn connections_beyond_the_bound_of_one_client_get_503_and_places_come_back() {
    let server = Server::start(EdgeConfig { max_connections_per_client: 2, ..config() });
    let mut kept = [server.connect(), server.connect()];
    for client in &mut kept {
        client.send(get("/", ""));
        assert_eq!(client.reply().unwrap().status, 200);
    }
    let reply = server.connect().reply().unwrap();
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
    assert_eq!(reply.json()["instance"], reply.header("x-request-id").unwrap());
    drop(kept);
    eventually("a place is free", || {
        let mut client = server.connect();
        client.send(get("/", ""));
        client.reply().is_some_and(|reply| reply.status == 200)
    });
}

#[test]
fn requests_beyond_the_bound_are_shed_while_health_is_still_answered() {
    let server = Server::start(EdgeConfig { max_requests_in_flight: 1, ..config() });
    let mut busy = server.connect();
    busy.send(get("/wait", ""));
    server.await_work();
    let reply = server.get("/rest/v1/t");
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
    assert_eq!(reply.json()["code"], "overloaded");
    assert_eq!(server.get("/livez").status, 200);
    assert_eq!(server.get("/readyz").status, 200);
    server.gate.add_permits(1);
    assert_eq!(busy.reply().unwrap().status, 200);
    assert_eq!(server.get("/").status, 200);
}

#[test]
fn an_answer_that_does_not_come_in_time_is_504() {
    let server = Server::start(EdgeConfig { request_deadline: SOON, ..config() });
    let reply = server.get("/wait");
    assert_eq!((reply.status, &reply.json()["code"]), (504, &"deadline_exceeded".into()));
    assert_eq!(server.get("/").status, 200);
}

#[test]
fn a_client_that_leaves_takes_its_request_with_it() {
    let server = Server::start(EdgeConfig { max_requests_in_flight: 1, ..config() });
    let mut client = Client::to(server.public);
    client.send(get("/wait", ""));
    server.await_work();
    drop(client);
    eventually("its place is free again", || server.get("/").status == 200);
}
