//! Who guesses cannot say that it is somebody else, and sessions live on while an application is
//! developed.

use serde_json::{Value, json};

use crate::harness::{Answer, Server, run, test_app};

const PASSWORD: &str = "nine wild geese over water";
/// Wrong passwords that a place has, in these tests.
const TRIES: usize = 5;

fn sign_in(server: &Server, password: &str, headers: &[(&str, String)]) -> Answer {
    let body = json!({ "email": "ann@example.com", "password": password }).to_string();
    let asked = server.bare("POST", "/auth/v1/token?grant_type=password");
    let asked = asked.header("apikey", server.anon()).json(&body);
    headers.iter().fold(asked, |asked, (name, value)| asked.header(name, value)).send()
}

/// Tries of one client that says each time that it is another.
fn guess(server: &Server, header: &str, value: impl Fn(usize) -> String) -> Vec<u16> {
    let wrong = |n| sign_in(server, "not it", &[(header, value(n))]).status;
    (0..TRIES + 3).map(wrong).collect()
}

fn spoofable(trusted: &str) -> Server {
    let tries = TRIES.to_string();
    let variables = [
        ("MAINSTAY_AUTH_FAILURES_PER_PLACE", &*tries),
        ("MAINSTAY_SERVER_TRUSTED_PROXIES", trusted),
    ];
    Server::start("serve", &test_app("members.toml"), &[], &variables)
}

#[test]
fn no_header_gives_a_guesser_further_tries() {
    for header in [
        "X-Forwarded-For",
        "X-Real-IP",
        "Forwarded",
        "True-Client-IP",
        "CF-Connecting-IP",
        "X-Client-IP",
        "X-Originating-IP",
        "Client-IP",
        "Fly-Client-IP",
        "User-Agent",
    ] {
        let server = spoofable("[]");
        let value = |n: usize| match header {
            "Forwarded" => format!("for=192.0.2.{n}"),
            _ => format!("192.0.2.{n}"),
        };
        let statuses = guess(&server, header, value);
        assert_eq!(statuses[..TRIES], [400; TRIES], "{header}");
        assert_eq!(statuses[TRIES..], [429; 3], "{header}");
    }
}

#[test]
fn behind_a_trusted_proxy_each_client_has_tries_of_its_own() {
    let server = spoofable("[\"127.0.0.1\"]");
    let statuses = guess(&server, "X-Forwarded-For", |n| format!("192.0.2.{n}"));
    assert_eq!(statuses, [400; TRIES + 3], "each is another place");
    // What a client puts before the proxy's word is not believed.
    let statuses = guess(&server, "X-Forwarded-For", |n| format!("198.51.100.{n}, 203.0.113.7"));
    assert_eq!(statuses[..TRIES], [400; TRIES]);
    assert_eq!(statuses[TRIES..], [429; 3]);
}

#[test]
fn sessions_and_keys_live_on_while_an_application_changes() {
    let folder = tempfile::tempdir().unwrap();
    let app = folder.path().join("members.toml");
    let declared = std::fs::read_to_string(test_app("members.toml")).unwrap();
    std::fs::write(&app, &declared).unwrap();
    let server = Server::start("dev", &app, &[], &[]);
    let body = json!({ "email": "ann@example.com", "password": PASSWORD, "email_confirm": true });
    let made = server.bare("POST", "/auth/v1/admin/users").header("apikey", server.service());
    made.bearer(server.service()).json(&body.to_string()).send().expect(200);
    let session = sign_in(&server, PASSWORD, &[]).expect(200).json();
    let (path, data) = (app.to_str().unwrap(), server.data().to_str().unwrap());
    let made = run(&["keys", "create", path, "printer", "--role", "staff", "--data", data]);
    let key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    assert!(key.starts_with("sb_secret_"), "{key}");

    let wider = "columns.mood = { type = \"text\", null = true }\ncolumns.body  =";
    std::fs::write(&app, declared.replacen("columns.body  =", wider, 1)).unwrap();
    server.wait_for_stderr("reloaded members", 1);
    let notes = |token: &Value| {
        let asked = server.visitor("GET", "/notes?select=mood");
        asked.bearer(token["access_token"].as_str().unwrap()).send()
    };
    notes(&session).expect(200);
    let asked = server.bare("GET", "/rest/v1/notes?select=mood").header("apikey", &key);
    asked.send().expect(200);
    let asked = server.bare("POST", "/auth/v1/token?grant_type=refresh_token");
    let refresh = json!({ "refresh_token": session["refresh_token"] }).to_string();
    let next = asked.header("apikey", server.anon()).json(&refresh).send().expect(200).json();
    assert_ne!(next["refresh_token"], session["refresh_token"]);
    notes(&next).expect(200);
    let gone = server.bare("POST", "/auth/v1/logout").header("apikey", server.anon());
    gone.bearer(next["access_token"].as_str().unwrap()).send().expect(204);
    notes(&next).expect(401);
    notes(&session).expect(401);
    server.stop();
}
