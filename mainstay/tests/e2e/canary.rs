//! Secrets are sent in every field that a request has; none of them may ever reach the log.

use serde_json::json;

use crate::harness::{Forge, Server, exchange, test_app};

/// Recognisable wherever they turn up, also cut in half.
const PASSWORD: &str = "canary-hunter2-password";
const QUERY: &str = "canary-in-the-query";
const BODY: &str = "canary-in-the-body";
const COOKIE: &str = "canary-in-a-cookie";
const PATH: &str = "canary-in-the-path";

#[test]
fn no_secret_that_a_request_carries_reaches_the_log() {
    let everything = [("MAINSTAY_TELEMETRY_LOG_LEVEL", "debug")];
    let server = Server::start("serve", &test_app("lab.toml"), &[], &everything);
    let user = Forge::new(server.secret()).claim("email", json!("canary@example.org")).token();
    let forged = Forge::new("no secret of this server, but long enough").token();
    let secrets =
        [server.anon(), server.service(), server.secret(), &user, &forged].map(str::to_owned);
    ask_everything(&server, &user, &forged);
    let output = server.stop();
    assert!(output.contains("http.request"), "requests are logged: {output}");
    for secret in secrets {
        let signature = secret.rsplit('.').next().unwrap();
        assert!(!output.contains(signature), "a token is in the log");
    }
    for canary in [PASSWORD, QUERY, BODY, COOKIE, "canary@example.org"] {
        assert!(!output.contains(canary), "{canary} is in the log:\n{output}");
    }
}

/// Every field, in requests that go well and in requests that fail on every layer.
fn ask_everything(server: &Server, user: &str, forged: &str) {
    let key = server.service().to_owned();
    let in_query = format!("/rest/v1/people?apikey={key}&handle=eq.{QUERY}&password=eq.{PASSWORD}");
    server.bare("GET", &in_query).send();
    server.bare("GET", &format!("/rest/v1/people?apikey={key}")).send().expect(200);
    server.bare("GET", &format!("/rest/v1/people?apikey={forged}")).send().expect(401);
    server.bare("GET", &format!("/rest/v1/{PATH}?apikey={key}")).send().expect(404);
    server.bare("GET", &format!("/nowhere?token={user}&password={PASSWORD}")).send().expect(404);
    server.visitor("GET", "/people").bearer(user).send().expect(200);
    server.visitor("GET", "/people").bearer(forged).send().expect(401);
    server
        .visitor("GET", "/people")
        .header("Authorization", &format!("Basic {PASSWORD}"))
        .send()
        .expect(401);
    server
        .rest("GET", "/people")
        .header("Cookie", COOKIE)
        .header("X-Api-Key", PASSWORD)
        .send()
        .expect(200);
    server
        .rest("GET", "/people")
        .header("User-Agent", PASSWORD)
        .header("Referer", &format!("https://x/{PASSWORD}"))
        .send();
    server
        .rest("GET", "/people")
        .header("X-Client-Info", PASSWORD)
        .header("Prefer", PASSWORD)
        .send();
    server.rest("GET", "/people").header("X-Request-Id", &format!("{PASSWORD} {PASSWORD}")).send();
    server.rest("GET", "/people").header("Accept", &format!("text/{PASSWORD}")).send().expect(406);
    server.rest("GET", "/people").header("Accept-Profile", PASSWORD).send().expect(406);
    server.rest("POST", "/people").json(&format!(r#"{{"handle":"{BODY}"}}"#)).send().expect(400);
    server
        .rest("POST", "/people")
        .json(&format!(r#"{{"password":"{PASSWORD}"}}"#))
        .send()
        .expect(400);
    server.rest("POST", "/people").json(&format!("{{{BODY}")).send().expect(400);
    server
        .rest("POST", "/things")
        .json(&format!(r#"{{"name":"x","note":"{BODY}","size":"{BODY}"}}"#))
        .send()
        .expect(400);
    server
        .rest("POST", "/things")
        .json(&format!(r#"{{"name":"n","note":"{BODY}"}}"#))
        .send()
        .expect(201);
    server
        .rest("POST", "/things")
        .json(&format!(r#"{{"name":"n","note":"{BODY}"}}"#))
        .send()
        .expect(409);
    server
        .rest("PATCH", &format!("/things?note=eq.{BODY}"))
        .json(&format!(r#"{{"kind":"{PASSWORD}"}}"#))
        .send()
        .expect(400);
    exchange(
        &server.address,
        format!("GET /{QUERY} HTTP/1.1\r\nHost: x\r\nbad header {PASSWORD}\r\n\r\n").as_bytes(),
    );
}
