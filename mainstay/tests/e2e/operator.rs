//! What whoever runs the server sees: readiness, metrics, the end, and the second process.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Server, binary, test_app};

#[test]
fn readiness_lists_every_store() {
    let server = Server::of(&crate::harness::repository().join("examples/shop"));
    let verbose = server.operate("/readyz?verbose").send().expect(200);
    for module in ["catalog", "orders", "payments"] {
        assert!(verbose.body.contains(module), "{module} in {}", verbose.body);
    }
    for probe in ["/livez", "/healthz", "/readyz"] {
        server.operate(probe).send().expect(200);
    }
    assert_eq!(server.bare("GET", "/metrics").send().status, 404, "metrics are the operator's");
}

#[test]
fn metrics_are_read_by_a_parser_of_somebody_else() {
    let server = Server::lab();
    server.rest("GET", "/people").send().expect(200);
    server.rest("POST", "/people").json(r#"{"handle":"ada"}"#).send().expect(201);
    server.rest("GET", "/nothing").send().expect(404);
    let text = server.operate("/metrics").send().expect(200).body;
    // That parser ends the labels at the first brace, which the format allows inside quotes.
    let lines = text.lines().map(|line| Ok(line.replace("{table}", ":table")));
    let scrape = prometheus_parse::Scrape::parse(lines).unwrap();
    let of = |name: &'static str| scrape.samples.iter().filter(move |sample| sample.metric == name);
    let tables: Vec<_> = of("http_server_requests_total")
        .filter(|sample| sample.labels.get("http_route") == Some("/rest/v1/:table"))
        .collect();
    for (method, status) in [("GET", "200"), ("POST", "201"), ("GET", "404")] {
        let found = tables.iter().any(|sample| {
            sample.labels.get("http_request_method") == Some(method)
                && sample.labels.get("http_response_status_code") == Some(status)
        });
        assert!(found, "{method} {status} in\n{text}");
    }
    for name in ["http_server_request_duration_seconds", "http_server_active_requests"] {
        assert!(of(name).next().is_some(), "{name} in\n{text}");
    }
    for part in ["queue", "wal", "commit", "cpu", "memory", "open_f"] {
        let found = scrape.samples.iter().any(|sample| sample.metric.contains(part));
        assert!(found, "something about {part} in\n{text}");
    }
    read_with_python(&text);
}

/// The reference parser, where pip can bring it.
fn read_with_python(text: &str) {
    let program = "import sys
from prometheus_client.parser import text_string_to_metric_families as read
print(len(list(read(sys.stdin.read()))))";
    let folder = tempfile::tempdir().unwrap();
    let pip = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"])
        .args([folder.path().to_str().unwrap(), "prometheus_client"])
        .output();
    if !pip.is_ok_and(|output| output.status.success()) {
        println!("skipped: pip cannot bring prometheus_client");
        return;
    }
    let mut python = Command::new("python3")
        .args(["-c", program])
        .env("PYTHONPATH", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut python.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    let families: usize = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap();
    assert!(output.status.success() && families > 10, "{families}");
}

#[test]
fn a_second_process_on_the_same_data_ends_at_once_and_names_the_holder() {
    let server = Server::lab();
    let began = Instant::now();
    let second = Command::new(binary())
        .args(["serve", test_app("lab.toml").to_str().unwrap(), "--listen", "127.0.0.1:0"])
        .args(["--admin-listen", "127.0.0.1:0", "--data", server.data().to_str().unwrap()])
        .output()
        .unwrap();
    // Generous, because timing decides no test: that it ends at all, and names the holder, does.
    assert!(began.elapsed() < Duration::from_secs(30));
    let said = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("process {}", server.pid())), "{said}");
    server.rest("GET", "/people").send().expect(200);
    server.stop();
}

#[test]
fn an_address_that_is_taken_is_told() {
    let server = Server::lab();
    let data = tempfile::tempdir().unwrap();
    let second = Command::new(binary())
        .args(["serve", test_app("lab.toml").to_str().unwrap(), "--listen", &server.address])
        .args(["--admin-listen", "127.0.0.1:0", "--data", data.path().to_str().unwrap()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains(&server.address), "{said}");
}

#[test]
fn a_stop_is_orderly_and_logged() {
    let server = Server::lab();
    server.rest("GET", "/people").send().expect(200);
    let output = server.stop();
    for event in ["server.listening", "http.request", "server.draining", "server.stopped"] {
        assert!(output.contains(event), "{event} in\n{output}");
    }
}

#[test]
fn a_request_id_is_taken_when_it_is_well_formed_and_stands_in_the_log() {
    let server = Server::lab();
    let asked =
        server.rest("GET", "/people").header("X-Request-Id", "my-request-1").send().expect(200);
    assert_eq!(asked.header("x-request-id"), Some("my-request-1"));
    let odd = server.rest("GET", "/people").header("X-Request-Id", "a b\"c").send().expect(200);
    assert_ne!(odd.header("x-request-id"), Some("a b\"c"));
    let output = server.stop();
    assert!(output.contains("my-request-1") && !output.contains("a b\\\"c"), "{output}");
}

#[test]
fn production_refuses_to_make_a_secret_and_loads_no_seeds() {
    let shop = crate::harness::repository().join("examples/shop");
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let refused = crate::harness::run(&[
        "serve",
        shop.to_str().unwrap(),
        "--env",
        "production",
        "--data",
        folder,
    ]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("SHOP_JWT_SECRET"), "{said}");
    let secret = [("SHOP_JWT_SECRET", "a-secret-for-this-test-only-of-40-bytes!")];
    let flags = ["--env", "production", "--apply-changes"];
    let server = Server::start("serve", &shop, &flags, &secret);
    assert!(!server.data().join("keys.json").exists(), "no key is written down");
    let token = crate::harness::sign(
        secret[0].1,
        &serde_json::json!({ "role": "anon", "exp": crate::harness::now() + 60 }),
    );
    let rows = server.bare("GET", "/rest/v1/products").bearer(&token).send().expect(200);
    assert_eq!(rows.body, "[]");
    assert!(rows.header("strict-transport-security").is_some(), "public_url is https");
}
