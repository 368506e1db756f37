//! Calls to servers inside the test, honest and hostile, on free ports of loopback. Every guard has
//! its control: the same call goes through where the guard has nothing against it.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

// The one that the letters' tests have: a few lines of DER.
#[path = "../../../mail/tests/it/certificate.rs"]
mod certificate;
mod server;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mainstay_fleet::{Call, Failed, Outbound, Resolve, Settings};

use crate::certificate::Certificate;
use crate::server::Server;

/// Long enough never to decide a test.
const LONG: Duration = Duration::from_secs(300);
/// For servers that never answer.
const SHORT: Duration = Duration::from_millis(20);

fn settings(allowed: &[&str]) -> Settings {
    let allowed = allowed.iter().map(ToString::to_string).collect();
    Settings { allowed, connect: LONG, whole: LONG, ..Settings::default() }
}

/// Every name leads to these addresses, one after the other; how often it was asked.
fn leading_to(addresses: &[SocketAddr]) -> (Resolve, Arc<AtomicUsize>) {
    let (addresses, asked) = (addresses.to_vec(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    let resolve: Resolve = Arc::new(move |_, _| {
        let at = count.fetch_add(1, Ordering::SeqCst);
        let address = addresses[at.min(addresses.len() - 1)];
        Box::pin(async move { Ok(vec![address]) })
    });
    (resolve, asked)
}

async fn body(outbound: &Outbound, url: &str) -> Result<String, Failed> {
    let answer = outbound.send(Call::get(url)).await?;
    Ok(String::from_utf8(answer.body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_form_arrives_as_it_was_sent() {
    let server = Server::open(None).await;
    let outbound = Outbound::new(settings(&["127.0.0.1"])).unwrap();
    let call = Call::form(&server.url("/token?a=b"), &[("code", "a b&c=d+\u{e4}"), ("x-._~", "")]);
    let answer = outbound.send(call.json().authorized("Basic", "YTpi")).await.unwrap();
    assert_eq!(
        (answer.status, answer.headers["content-type"].as_bytes()),
        (200, &b"text/plain"[..])
    );
    let heard = server.heard().concat();
    assert!(heard.starts_with("POST /token?a=b HTTP/1.1\r\n"), "{heard}");
    for line in [
        "content-type: application/x-www-form-urlencoded\r\n",
        "accept: application/json\r\n",
        "authorization: Basic YTpi\r\n",
        "user-agent: mainstay\r\n",
        "\r\n\r\ncode=a%20b%26c%3Dd%2B%C3%A4&x-._~=",
    ] {
        assert!(heard.contains(line), "{line} in {heard}");
    }
}

#[tokio::test]
async fn a_certificate_must_be_of_an_authority_and_for_the_host() {
    let certificate = Certificate::of("idp.example");
    let server = Server::open(Some(&certificate)).await;
    let (right, wrong) = (server.named("idp.example"), server.named("other.example"));
    let (resolve, _) = leading_to(&[server.address]);
    let known = Settings {
        authorities: Some(certificate.pem()),
        resolve: Some(resolve),
        ..settings(&["idp.example", "other.example"])
    };
    let other = Certificate::of("idp.example").pem();
    let unknown = Settings { authorities: Some(other), ..known.clone() };
    let outbound = Outbound::new(known).unwrap();
    assert_eq!(body(&outbound, &right).await.unwrap(), "hello", "the control");
    assert!(matches!(body(&outbound, &wrong).await, Err(Failed::Away(_))));
    let outbound = Outbound::new(unknown).unwrap();
    assert!(matches!(body(&outbound, &right).await, Err(Failed::Away(_))));
    assert_eq!(server.heard().len(), 1, "nothing was said before the certificate was judged");
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_connected_to() {
    let certificate = Certificate::of("idp.example");
    let server = Server::open(Some(&certificate)).await;
    let (resolve, _) = leading_to(&[server.address]);
    for (allowed, reached) in [(&["idp.example"][..], 1), (&["other.example"], 0), (&[], 0)] {
        let before = server.connections();
        let settings = Settings {
            authorities: Some(certificate.pem()),
            resolve: Some(Arc::clone(&resolve)),
            ..settings(allowed)
        };
        let outbound = Outbound::new(settings).unwrap();
        let called = body(&outbound, &server.named("idp.example")).await;
        assert_eq!(server.connections() - before, reached, "{allowed:?}");
        assert_eq!(matches!(called, Err(Failed::Refused(_))), reached == 0, "{called:?}");
    }
}

#[tokio::test]
async fn loopback_is_reached_in_clear_by_its_literal_only_where_it_is_allowed() {
    let server = Server::open(None).await;
    let port = server.address.port();
    let open = Outbound::new(settings(&["127.0.0.1", "localhost"])).unwrap();
    assert_eq!(body(&open, &server.url("/")).await.unwrap(), "hello", "the control");
    let closed = Outbound::new(settings(&[])).unwrap();
    for url in [server.url("/"), format!("http://localhost:{port}/")] {
        assert!(matches!(body(&closed, &url).await, Err(Failed::Refused(_))), "{url}");
    }
    // Other ways to write the same address, and ways to hide it.
    for host in ["127.1", "2130706433", "0x7f.0.0.1", "user@127.0.0.1", "idp.example"] {
        let url = format!("http://{host}:{port}/");
        assert!(matches!(body(&open, &url).await, Err(Failed::Refused(_))), "{url}");
    }
    assert_eq!(server.heard().len(), 1);
}

#[tokio::test]
async fn a_name_is_asked_once_and_what_it_says_later_is_not_believed() {
    let certificate = Certificate::of("idp.example");
    let first = Server::open(Some(&certificate)).await;
    let second = Server::open(Some(&certificate)).await;
    let (resolve, asked) = leading_to(&[first.address, second.address]);
    let outbound = Outbound::new(Settings {
        authorities: Some(certificate.pem()),
        resolve: Some(resolve),
        ..settings(&["idp.example"])
    })
    .unwrap();
    assert_eq!(body(&outbound, &first.named("idp.example")).await.unwrap(), "hello");
    assert_eq!((asked.load(Ordering::SeqCst), second.connections()), (1, 0));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let server = Server::open(None).await;
    let outbound = Outbound::new(settings(&["127.0.0.1"])).unwrap();
    let answer = outbound.send(Call::get(&server.url("/redirect"))).await.unwrap();
    assert_eq!((answer.status, answer.headers["location"].to_str().unwrap()), (302, "/elsewhere"));
    assert_eq!(server.heard().len(), 1);
}

#[tokio::test]
async fn an_answer_has_a_bound_to_its_bytes() {
    let server = Server::open(None).await;
    for (bytes, fits) in [(1_000, true), (999, false)] {
        let settings = Settings { body_bytes: bytes, ..settings(&["127.0.0.1"]) };
        let outbound = Outbound::new(settings).unwrap();
        let called = body(&outbound, &server.url("/thousand")).await;
        assert_eq!(called, if fits { Ok("x".repeat(1_000)) } else { Err(Failed::Long) });
    }
    let outbound = Outbound::new(settings(&["127.0.0.1"])).unwrap();
    assert_eq!(body(&outbound, &server.url("/endless")).await, Err(Failed::Long));
    let called = body(&outbound, &server.url("/endless-head")).await;
    assert!(matches!(called, Err(Failed::Away(_))), "{called:?}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for() {
    let server = Server::open(None).await;
    let outbound = Outbound::new(Settings { whole: SHORT, ..settings(&["127.0.0.1"]) }).unwrap();
    assert_eq!(body(&outbound, &server.url("/silent")).await, Err(Failed::Late));
    assert_eq!(body(&outbound, &server.url("/half")).await, Err(Failed::Late));
    // It takes the connection and lets TLS wait.
    let certificate = Certificate::of("127.0.0.1");
    let silent = Settings {
        connect: SHORT,
        authorities: Some(certificate.pem()),
        ..settings(&["127.0.0.1"])
    };
    let port = Server::mute().await.port();
    let called = body(&Outbound::new(silent).unwrap(), &format!("https://127.0.0.1:{port}/")).await;
    assert!(matches!(called, Err(Failed::Away(_))), "{called:?}");
}

#[tokio::test]
async fn a_server_that_is_away_or_speaks_something_else_is_told_apart_from_one_that_answers() {
    let server = Server::open(None).await;
    let outbound = Outbound::new(settings(&["127.0.0.1"])).unwrap();
    let called = body(&outbound, &server.url("/babble")).await;
    assert!(matches!(called, Err(Failed::Away(_))), "{called:?}");
    let gone = server.url("/");
    drop(server);
    let called = body(&outbound, &gone).await;
    assert!(matches!(called, Err(Failed::Away(_))), "{called:?}");
}

#[test]
fn authorities_that_are_no_certificates_are_refused_and_nothing_secret_is_shown() {
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for pem in ["", "hello", garbage] {
        let settings = Settings { authorities: Some(pem.to_owned()), ..settings(&[]) };
        assert!(Outbound::new(settings).is_err(), "{pem}");
    }
    let call = Call::form("https://a.example/hunter1", &[("secret", "hunter2")]);
    let shown = format!("{:?}", call.authorized("Bearer", "hunter3"));
    assert!(!shown.contains("hunter"), "{shown}");
}

#[tokio::test]
async fn credentials_that_would_break_the_head_are_not_sent() {
    let server = Server::open(None).await;
    let outbound = Outbound::new(settings(&["127.0.0.1"])).unwrap();
    let call = Call::get(&server.url("/")).authorized("Bearer", "a\r\nx-admin: yes");
    assert!(matches!(outbound.send(call).await, Err(Failed::Refused(_))));
    assert_eq!(server.heard().len(), 0);
}
