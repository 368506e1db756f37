//! What every answer has: an id, security headers, CORS as configured, compression when asked; and
//! the one path that the app sees.

use std::io::Read;

use flate2::read::GzDecoder;
use mainstay_edge::{Cors, EdgeConfig};

use crate::harness::{Server, config, get};

#[test]
fn every_answer_echoes_a_well_formed_request_id_and_replaces_others() {
    let server = Server::with_defaults();
    let ask = |path: &str, id: &str| {
        let reply = server.ask(get(path, &format!("X-Request-Id: {id}\r\n")));
        reply.header("x-request-id").unwrap().to_owned()
    };
    for path in ["/", "/panic", "/a%2fb", "/livez"] {
        assert_eq!(ask(path, "my-Id_1.2"), "my-Id_1.2", "{path}");
        for bad in ["a b", "a\"b", "<script>", &"a".repeat(65)] {
            let made = ask(path, bad);
            assert_eq!((made.len(), &made[14..15]), (36, "7"), "{path} {bad}: {made}");
        }
    }
    let twice = server.ask(get("/", "X-Request-Id: a\r\nX-Request-Id: b\r\n"));
    assert_eq!(twice.header("x-request-id").unwrap().len(), 36);
}

#[test]
fn every_answer_has_the_security_headers_and_only_https_is_insisted_on() {
    let plain = Server::with_defaults();
    let secure = Server::start(EdgeConfig { https: true, ..config() });
    for path in ["/", "/panic", "/a%2fb", "/livez", "/rest/v1/t"] {
        let reply = plain.get(path);
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{path}");
        let policy = "default-src 'none'; frame-ancestors 'none'";
        assert_eq!(reply.header("content-security-policy"), Some(policy), "{path}");
        assert_eq!(reply.header("strict-transport-security"), None, "{path}");
        let insist = "max-age=31536000; includeSubDomains";
        assert_eq!(secure.get(path).header("strict-transport-security"), Some(insist), "{path}");
    }
}

#[test]
fn by_default_any_origin_may_read_and_a_preflight_says_so() {
    let server = Server::with_defaults();
    let origin = "Origin: https://a.example\r\n";
    for path in ["/", "/panic"] {
        let reply = server.ask(get(path, origin));
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "{path}");
        let exposed = reply.header("access-control-expose-headers").unwrap();
        assert!(exposed.contains("Content-Range") && exposed.contains("X-Request-Id"));
        assert_eq!(reply.header("access-control-allow-credentials"), None);
        assert!(reply.all("vary").contains(&"Origin"));
    }
    let reply = server.ask(format!(
        "OPTIONS /rest/v1/t HTTP/1.1\r\nHost: test\r\n{origin}Access-Control-Request-Method: \
         PATCH\r\nAccess-Control-Request-Headers: apikey, x-client-info,prefer\r\n\r\n"
    ));
    assert_eq!((reply.status, reply.body.len()), (200, 0));
    let methods = reply.header("access-control-allow-methods").unwrap();
    assert!(methods.contains("PATCH") && methods.contains("DELETE"));
    let names = reply.header("access-control-allow-headers");
    assert_eq!(names, Some("apikey, x-client-info,prefer"));
    assert_eq!(reply.header("access-control-max-age"), Some("86400"));
    assert_eq!(server.get("/").header("access-control-allow-origin"), None);
}

#[test]
fn a_preflight_echoes_nothing_but_names_of_headers() {
    let server = Server::with_defaults();
    for names in ["a b", "a, <b>", ",", "a\"", &"a,".repeat(2_000)] {
        let reply = server.ask(format!(
            "OPTIONS / HTTP/1.1\r\nHost: test\r\nOrigin: https://a.example\r\n\
             Access-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: {names}\r\n\r\n"
        ));
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("access-control-allow-headers"), None, "{names}");
    }
}

#[test]
fn with_a_list_only_exactly_these_origins_may_read() {
    let cors = Cors::Origins(vec!["https://shop.example".to_owned()]);
    let server = Server::start(EdgeConfig { cors, ..config() });
    let allowed = |origin: &str| {
        let reply = server.ask(get("/", &format!("Origin: {origin}\r\n")));
        assert!(reply.all("vary").contains(&"Origin"));
        assert_eq!(reply.header("access-control-allow-credentials"), None);
        reply.header("access-control-allow-origin").map(str::to_owned)
    };
    assert_eq!(allowed("https://shop.example").as_deref(), Some("https://shop.example"));
    for origin in [
        "null",
        "https://shop.example.evil",
        "https://evil-shop.example",
        "http://shop.example",
        "https://shop.example:444",
        "https://a.shop.example",
        "https://SHOP.example",
        "*",
        "https://shop.example/",
    ] {
        assert_eq!(allowed(origin), None, "{origin}");
        let preflight = server.ask(format!(
            "OPTIONS / HTTP/1.1\r\nHost: test\r\nOrigin: {origin}\r\n\
             Access-Control-Request-Method: GET\r\n\r\n"
        ));
        assert_eq!(preflight.header("access-control-allow-methods"), None, "{origin}");
    }
    let off = Server::start(EdgeConfig { cors: Cors::Off, ..config() });
    let reply = off.ask(get("/", "Origin: https://shop.example\r\n"));
    assert_eq!(reply.header("access-control-allow-origin"), None);
}

#[test]
fn a_listed_null_allows_nobody() {
    let cors = Cors::Origins(vec!["null".to_owned()]);
    let server = Server::start(EdgeConfig { cors, ..config() });
    let reply = server.ask(get("/", "Origin: null\r\n"));
    assert_eq!(reply.header("access-control-allow-origin"), None);
}

#[test]
fn large_text_is_compressed_when_the_client_asks_and_only_then() {
    let server = Server::with_defaults();
    let plain = server.get("/large");
    assert_eq!(plain.header("content-encoding"), None);
    assert!(plain.all("vary").contains(&"Accept-Encoding"), "also when it was not asked for");
    let small = server.ask(get("/large", "Accept-Encoding: br, gzip\r\n"));
    assert_eq!(small.header("content-encoding"), Some("gzip"));
    assert!(small.body.len() < plain.body.len() / 5);
    let mut text = Vec::new();
    GzDecoder::new(small.body.as_slice()).read_to_end(&mut text).unwrap();
    assert_eq!(text, plain.body);
    let tiny = server.ask(get("/", "Accept-Encoding: gzip\r\n"));
    assert_eq!(tiny.header("content-encoding"), None);
    let refused = server.ask(get("/large", "Accept-Encoding: gzip;q=0\r\n"));
    assert_eq!(refused.header("content-encoding"), None);
}

#[test]
fn a_panic_costs_one_request_and_its_caller_learns_nothing_of_our_inside() {
    let server = Server::with_defaults();
    let mut client = server.connect();
    client.send(get("/panic", ""));
    let reply = client.reply().unwrap();
    assert_eq!((reply.status, &reply.json()["code"]), (500, &"internal".into()));
    assert!(!reply.text().contains("fell over"));
    client.send(get("/next", ""));
    assert_eq!(client.reply().unwrap().status, 200);
    let id = reply.header("x-request-id").unwrap();
    let log = server.log();
    let told = log.lines().find(|line| line.contains("http.panicked")).unwrap();
    assert!(told.contains("the app fell over") && told.contains(id), "{told}");
}

#[test]
fn the_app_sees_one_path_with_names_of_any_alphabet() {
    let server = Server::with_defaults();
    for (path, seen) in [
        ("/rest/v1/Order%20Details?x=%2f", "\"/rest/v1/Order Details\""),
        ("/%C3%9Cber", "\"/Über\""),
        ("/plain/", "\"/plain/\""),
        ("http://test/abs", "\"/abs\""),
    ] {
        assert_eq!(server.get(path).text(), seen, "{path}");
    }
}
