//! The secret of accounts and the environment that has it: who comes with another one is told so, and
//! leaves everything as it was.

use std::path::Path;
use std::process::Output;

use serde_json::json;

use crate::harness::{Server, now, run, sign, test_app};

const SECRET: &str = "a-secret-for-this-test-only-of-40-bytes!";

fn listed(app: &Path, data: &Path) -> Output {
    let place = [app.to_str().unwrap(), "--data", data.to_str().unwrap()];
    run(&[&["user", "list"], &place[..]].concat())
}

#[track_caller]
fn refused(output: &Output, parts: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in parts {
        assert!(said.contains(part), "{part} in {said}");
    }
}

/// An application with the first lines of its settings changed.
fn app_with(folder: &Path, lines: &str) -> std::path::PathBuf {
    let app = folder.join("members.toml");
    let text = std::fs::read_to_string(test_app("members.toml")).unwrap();
    std::fs::write(&app, text.replacen("[auth]", &format!("[auth]\n{lines}"), 1)).unwrap();
    app
}

#[test]
fn a_command_with_another_secret_is_refused_and_takes_nothing_away() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [("MAINSTAY_AUTH_JWT_SECRET", SECRET)];
    let app = test_app("members.toml");
    let server = Server::start("serve", &app, &[], &variables);
    let keys = |server: &Server| {
        let told = server.bare("GET", "/auth/v1/.well-known/jwks.json").send().expect(200);
        told.json()["keys"].clone()
    };
    let before = keys(&server);
    let data = server.stop_keeping();
    refused(&listed(&app, data.path()), &["no keys.json", "--env"]);
    assert!(!data.path().join("keys.json").exists(), "no secret is made beside the one there is");
    let other = app_with(folder.path(), "jwt_secret = \"another-secret-for-this-test-only-of-it\"");
    refused(&listed(&other, data.path()), &["another auth.jwt_secret", "--env"]);
    let server = Server::over("serve", &app, &[], &variables, data);
    assert_eq!(keys(&server), before, "tokens that were given hold");
    server.stop();
}

#[test]
fn a_note_of_a_server_that_is_gone_misleads_no_command() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let app = test_app("members.toml");
    assert_eq!(listed(&app, &data).status.code(), Some(0), "the control");
    // Somebody else listens where the server was.
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let note = json!({ "address": other.local_addr().unwrap(), "process": 1 });
    std::fs::write(data.join("serving.json"), note.to_string()).unwrap();
    let wrong = app_with(folder.path(), "jwt_secret = \"another-secret-for-this-test-only-of-it\"");
    refused(&listed(&wrong, &data), &["another auth.jwt_secret"]);
    other.set_nonblocking(true).unwrap();
    assert!(other.accept().is_err(), "nobody was asked, and no key was shown");
}

#[test]
fn only_development_proves_addresses_by_letters_that_nobody_gets() {
    let anon = sign(SECRET, &json!({ "role": "anon", "exp": now() + 600 }));
    let by_mail = |environment: &str| {
        let variables = [("MAINSTAY_AUTH_JWT_SECRET", SECRET)];
        let app = test_app("members.toml");
        let server = Server::start("serve", &app, &["--env", environment], &variables);
        let told = server.bare("GET", "/auth/v1/settings").header("apikey", &anon).send();
        let email = told.expect(200).json()["external"]["email"].clone();
        (email, server.stop().contains("auth.without_letters"))
    };
    assert_eq!(by_mail("staging"), (json!(false), true));
    assert_eq!(by_mail("development"), (json!(true), false));
}

#[test]
fn settings_that_would_open_accounts_are_refused_before_anything_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let check = |old: &str, new: &str| {
        let app = folder.path().join("members.toml");
        let text = std::fs::read_to_string(test_app("members.toml")).unwrap();
        std::fs::write(&app, text.replacen(old, new, 1)).unwrap();
        run(&["check", app.to_str().unwrap()])
    };
    let roles = "roles           = [\"staff\"]";
    for role in ["anon", "authenticated", "service_role", "supabase_admin"] {
        refused(&check(roles, &format!("roles = [\"{role}\"]")), &["auth.roles", role]);
    }
    for (line, key) in [
        ("code_digits = 5", "auth.code_digits"),
        ("code_digits = 11", "auth.code_digits"),
        ("password_min = 5", "auth.password_min"),
    ] {
        refused(&check("[auth]", &format!("[auth]\n{line}")), &[key]);
    }
    for line in ["code_digits = 6", "code_digits = 10", "password_min = 6"] {
        let sound = check("[auth]", &format!("[auth]\n{line}"));
        assert_eq!(sound.status.code(), Some(0), "the control: {line}");
    }
}
