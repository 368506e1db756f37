//! HTTP/2 without TLS, by prior knowledge, with hyper's own client.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use mainstay_edge::EdgeConfig;

use crate::harness::{Server, config, eventually};

async fn connect(server: &Server) -> SendRequest<Full<Bytes>> {
    let stream = tokio::net::TcpStream::connect(server.public).await.unwrap();
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn request(path: &str, body: &'static str) -> Request<Full<Bytes>> {
    let uri = format!("http://test{path}");
    Request::post(uri).body(Full::new(Bytes::from_static(body.as_bytes()))).unwrap()
}

#[tokio::test]
async fn many_requests_travel_on_one_connection_by_the_same_rules() {
    let server = Server::with_defaults();
    let mut sender = connect(&server).await;
    for round in 0..20 {
        let response = sender.send_request(request("/echo", "hello")).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{round}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(response.headers()["x-request-id"].len(), 36);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hello");
    }
    let long = format!("/{}", "a".repeat(9_000));
    for (path, status) in [("/a%2fb", 400), ("/panic", 500), (long.as_str(), 414), ("/", 200)] {
        let response = sender.send_request(request(path, "")).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{path}");
        assert!(!response.headers().contains_key("connection"));
    }
}

#[tokio::test]
async fn a_host_that_contradicts_the_authority_is_refused() {
    let server = Server::with_defaults();
    let mut sender = connect(&server).await;
    for (host, status) in [("test", 200), ("TEST", 200), ("other", 400)] {
        let mut request = request("/", "");
        request.headers_mut().insert("host", host.parse().unwrap());
        assert_eq!(sender.send_request(request).await.unwrap().status().as_u16(), status, "{host}");
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_413() {
    let server = Server::start(EdgeConfig { max_body_bytes: 4, ..config() });
    let mut sender = connect(&server).await;
    let response = sender.send_request(request("/echo", "hello")).await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(sender.send_request(request("/echo", "four")).await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_finishes_the_stream_that_is_open() {
    let server = Server::with_defaults();
    let mut sender = connect(&server).await;
    let waiting = tokio::spawn(sender.send_request(request("/wait", "")));
    server.await_work();
    server.shutdown.begin();
    eventually("it is not ready", || server.telemetry.health.is_draining());
    server.gate.add_permits(1);
    assert_eq!(waiting.await.unwrap().unwrap().status(), StatusCode::OK);
    let summary = server.summary();
    assert!(summary.drained && summary.cut == 0, "{summary:?}");
}
