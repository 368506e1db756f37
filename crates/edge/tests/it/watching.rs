//! What the log and the metrics say about requests, and what they must never say.

use mainstay_telemetry::catalogue;
use prometheus_parse::{Scrape, Value};

use crate::harness::{Client, Server, eventually, get};

#[test]
fn secrets_in_every_place_of_a_request_never_reach_the_log() {
    let server = Server::with_defaults();
    // A character that no request id has, or the id would be taken over, and logged, by contract.
    let canary = "canary+S3CR3T/eyJhbGciOiJIUzI1NiJ9";
    let names = [
        "Authorization",
        "apikey",
        "Cookie",
        "X-Api-Key",
        "Proxy-Authorization",
        "X-Request-Id",
        "User-Agent",
        "Referer",
        "Origin",
        "Accept",
        "Prefer",
        "Range",
        "X-Forwarded-For",
        "Forwarded",
        "X-Client-Info",
        "Content-Type",
        "Accept-Profile",
        "Content-Profile",
        "traceparent",
        "X-Anything",
        "If-None-Match",
        "Idempotency-Key",
        "Accept-Encoding",
        "Access-Control-Request-Headers",
        "Access-Control-Request-Method",
    ];
    let headers: String = names.iter().map(|name| format!("{name}: {canary}\r\n")).collect();
    for path in ["/echo", "/panic", "/who", "/livez", "/rest/v1/t"] {
        for method in ["POST", "GET", "OPTIONS"] {
            let reply = server.ask(format!(
                "{method} {path}?apikey={canary}&{canary}&select={canary} HTTP/1.1\r\n\
                 Host: test\r\n{headers}Content-Length: {}\r\n\r\n{canary}",
                canary.len()
            ));
            // 405: a probe is only read.
            assert!(matches!(reply.status, 200 | 405 | 500), "{method} {path} {}", reply.status);
        }
    }
    // Refusals see the request before it is understood.
    for bytes in [
        format!("GET /?apikey={canary} HTTP/1.1\r\napikey: {canary}\r\n\r\n"),
        format!("GET /?{canary}#x HTTP/1.1\r\nHost: test\r\n\r\n"),
        format!("GET / {canary}\r\n\r\n"),
        format!("{canary} / HTTP/1.1\r\nHost: test\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {canary}\r\n\r\n"),
        format!(
            "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n{canary}\r\n"
        ),
    ] {
        assert_eq!(server.ask(bytes).status, 400);
    }
    let log = server.log();
    assert!(log.matches("http.request").count() >= 21);
    for part in ["canary", "S3CR3T", "eyJ"] {
        assert!(!log.contains(part), "{part} is in the log:\n{log}");
        assert!(!server.telemetry.registry.text().contains(part), "{part} is in the metrics");
    }
}

#[test]
fn a_request_is_one_line_with_all_that_is_known_about_it() {
    let server = Server::with_defaults();
    server.ask(get("/who?select=a", "X-Request-Id: r-1\r\n"));
    let log = server.log();
    let line = log.lines().find(|line| line.contains("\"r-1\"")).unwrap();
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    for (key, value) in [
        ("event", "http.request"),
        ("level", "info"),
        ("method", "GET"),
        ("path", "/who"),
        ("route", "/test"),
        ("role", "authenticated"),
        ("user_id", "user-1"),
    ] {
        assert_eq!(line[key], value, "{key}");
    }
    assert_eq!((&line["status"], &line["bytes"]), (&200.into(), &1.into()));
    assert!(line["duration_us"].is_u64() && line["time"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn no_request_can_forge_a_line_of_the_log() {
    let server = Server::with_defaults();
    for path in [
        "/a%22,%22event%22:%22forged%22",
        "/\"},{\"event\":\"forged\"}",
        "/a%E2%80%AEb",
        "/%1b[2J",
        "/a%0d%0a{\"event\":\"forged\"}",
    ] {
        server.get(path);
    }
    for line in server.log().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_ne!(line["event"], "forged");
    }
}

#[test]
fn metrics_are_read_by_a_parser_that_is_not_ours_and_only_on_the_operators_address() {
    let server = Server::with_defaults();
    for _ in 0..3 {
        server.get("/who?x=1");
    }
    server.ask("BREW /who HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(server.get("/metrics").text(), "\"/metrics\"", "the public sees only the app");
    let mut operator = Client::to(server.operator);
    operator.send(get("/metrics", ""));
    let reply = operator.reply().unwrap();
    assert!(reply.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    let scrape = Scrape::parse(reply.text().lines().map(|line| Ok(line.to_owned()))).unwrap();
    let find = |name: &str, method: &str| {
        let sample = scrape.samples.iter().find(|sample| {
            sample.metric == name
                && sample.labels.get("http_request_method").is_none_or(|it| it == method)
                && sample.labels.get("http_route").is_none_or(|it| it == "/test")
        });
        sample.unwrap_or_else(|| panic!("{name} is missing in\n{}", reply.text())).value.clone()
    };
    assert_eq!(find("http_server_requests_total", "GET"), Value::Untyped(4.0));
    assert_eq!(find("http_server_requests_total", "_OTHER"), Value::Untyped(1.0));
    let duration = find("http_server_request_duration_seconds", "GET");
    assert!(matches!(duration, Value::Histogram(buckets) if buckets.last().unwrap().count == 4.0));
    assert!(
        matches!(find("process_resident_memory_bytes", ""), Value::Gauge(bytes) if bytes > 1e6)
    );
    for name in ["http_server_active_requests", "edge_open_connections", "process_open_fds"] {
        assert!(matches!(find(name, ""), Value::Gauge(_)), "{name}");
    }
    assert!(reply.text().contains("log_lines_dropped_total 0"));
}

#[test]
fn the_operators_address_answers_probes_and_nothing_else() {
    let server = Server::with_defaults();
    server.telemetry.health.check("store", || Err("disk is gone".to_owned()));
    let mut operator = Client::to(server.operator);
    for (path, status) in [("/livez", 200), ("/readyz", 503), ("/healthz", 503), ("/other", 404)] {
        operator.send(get(path, ""));
        assert_eq!(operator.reply().unwrap().status, status, "{path}");
    }
    operator.send(get("/readyz?verbose", ""));
    assert!(operator.reply().unwrap().text().contains("store failed: disk is gone"));
    operator.send("DELETE /metrics HTTP/1.1\r\nHost: test\r\n\r\n");
    let refused = operator.reply().unwrap();
    assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD")));
    let public = server.get("/readyz?verbose");
    assert_eq!(public.status, 503);
    assert!(public.text().contains("store failed\n") && !public.text().contains("disk"));
}

#[test]
fn a_probe_is_only_read_and_says_so() {
    let server = Server::with_defaults();
    for path in ["/livez", "/readyz", "/healthz", "/readyz?verbose"] {
        for method in ["TRACE", "POST", "DELETE", "OPTIONS", "PROPFIND"] {
            let mut client = Client::to(server.public);
            client.send(format!("{method} {path} HTTP/1.1\r\nHost: test\r\n\r\n"));
            let reply = client.reply().unwrap();
            let said = (reply.status, reply.header("allow"));
            assert_eq!(said, (405, Some("GET, HEAD")), "{method} {path}");
        }
    }
    assert_eq!(server.get("/jazz").status, 200, "what only ends so is the application's");
}

#[test]
fn connections_are_counted_up_and_down() {
    let server = Server::with_defaults();
    let open = |count: usize| {
        server.telemetry.registry.text().contains(&format!("edge_open_connections {count}\n"))
    };
    let clients = [server.connect(), server.connect()];
    eventually("two are open", || open(2));
    drop(clients);
    eventually("none is open", || open(0));
}

#[test]
fn the_vocabulary_of_the_door_is_free_of_mistakes() {
    let (events, measures) = (mainstay_edge::observe::EVENTS, mainstay_edge::observe::MEASURES);
    assert_eq!(catalogue::mistakes(&[events], &[measures]), Vec::<String>::new());
}
