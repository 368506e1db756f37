//! How the server ends: readiness first, then nothing new, then what is in flight, then force.

use std::net::TcpStream;
use std::time::Duration;

use mainstay_edge::EdgeConfig;

use crate::harness::{Client, PATIENCE, Server, config, eventually, get};

fn busy(server: &Server) -> Client {
    let mut client = server.connect();
    client.send(get("/wait", ""));
    server.await_work();
    client
}

#[test]
fn a_stop_finishes_what_is_in_flight_and_takes_nothing_new() {
    let server = Server::with_defaults();
    let mut idle = server.connect();
    idle.send(get("/", ""));
    assert_eq!(idle.reply().unwrap().status, 200);
    let mut client = busy(&server);
    server.shutdown.begin();
    idle.expect_closed();
    eventually("new connections are refused", || TcpStream::connect(server.public).is_err());
    let mut probe = Client::to(server.operator);
    probe.send(get("/readyz?verbose", ""));
    let reply = probe.reply().unwrap();
    assert_eq!(reply.status, 503, "the operator still sees why");
    assert!(reply.text().contains("[-] accepting failed: the server is stopping"));
    server.gate.add_permits(1);
    let reply = client.reply().unwrap();
    assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
    client.expect_closed();
    let summary = server.summary();
    assert!(summary.drained && summary.cut == 0, "{summary:?}");
    assert!(server.log().contains("\"event\":\"server.stopped\",\"drained\":true,\"cut\":0"));
}

#[test]
fn readiness_goes_before_accepting_stops() {
    let server = Server::start(EdgeConfig { drain_pause: PATIENCE, ..config() });
    assert_eq!(server.get("/readyz").status, 200);
    server.shutdown.begin();
    eventually("readiness is false on an open port", || server.get("/readyz").status == 503);
    assert_eq!(server.get("/livez").status, 200);
    assert_eq!(server.get("/").status, 200, "requests that still come are served");
}

#[test]
fn a_second_signal_forces() {
    let server = Server::with_defaults();
    let mut client = busy(&server);
    server.shutdown.begin();
    eventually("the first is heard", || server.telemetry.health.is_draining());
    server.shutdown.begin();
    let summary = server.summary();
    assert!(!summary.drained && summary.cut == 1, "{summary:?}");
    client.expect_closed();
}

#[test]
fn after_the_grace_period_what_is_left_is_cut() {
    let server = Server::start(EdgeConfig { grace: Duration::from_millis(100), ..config() });
    let mut client = busy(&server);
    server.shutdown.begin();
    let summary = server.summary();
    assert!(!summary.drained && summary.cut == 1, "{summary:?}");
    client.expect_closed();
}

#[test]
fn an_address_in_use_is_said_with_the_address() {
    let server = Server::with_defaults();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime
        .block_on(async { mainstay_edge::bind(EdgeConfig { listen: server.public, ..config() }) })
        .unwrap_err();
    assert!(error.to_string().contains(&server.public.to_string()), "{error}");
}
