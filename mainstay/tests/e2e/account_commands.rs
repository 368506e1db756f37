//! `mainstay user`, `keys` and `audit`: the same with a server over the data and without one, wrong
//! input with its exit codes, and a journal that somebody has changed.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::harness::{Server, run, test_app};

/// The data of one application, seen from the command line.
struct Place<'d> {
    data: &'d Path,
}

impl Place<'_> {
    /// `words` are the command; `rest` stands behind the application.
    fn run(&self, words: &[&str], rest: &[&str]) -> Output {
        let app = test_app("members.toml");
        let place = [app.to_str().unwrap(), "--data", self.data.to_str().unwrap()];
        run(&[words, &place[..], rest].concat())
    }

    #[track_caller]
    fn told(&self, words: &[&str], rest: &[&str]) -> String {
        let output = self.run(words, rest);
        assert_eq!(output.status.code(), Some(0), "{words:?} {rest:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    fn json(&self, words: &[&str], rest: &[&str]) -> Value {
        serde_json::from_str(&self.told(words, &[rest, &["--json"]].concat())).unwrap()
    }

    /// What stderr says of a command that ends with this code.
    #[track_caller]
    fn refused(&self, code: i32, words: &[&str], rest: &[&str]) -> String {
        let output = self.run(words, rest);
        assert_eq!(output.status.code(), Some(code), "{words:?} {rest:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{words:?} {rest:?}");
        stderr(&output)
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Everything that the three commands do, once.
fn walk(place: &Place<'_>) {
    let made = place.json(&["user", "create"], &["ann@example.com", "--role", "staff"]);
    assert_eq!((&made["email"], &made["role"]), (&"ann@example.com".into(), &"staff".into()));
    let link = made["action_link"].as_str().unwrap();
    assert!(link.contains("/auth/v1/verify?") && link.contains("type=recovery"), "{link}");
    let id = made["id"].as_str().unwrap();
    let bob = place.told(&["user", "create"], &["bob@example.com"]);
    assert!(bob.contains("authenticated") && bob.contains("to set a password"), "{bob}");

    let listed = place.told(&["user", "list"], &[]);
    assert!(listed.contains(id) && listed.contains("bob@example.com"), "{listed}");
    let users = place.json(&["user", "list"], &[])["users"].clone();
    assert_eq!(users.as_array().unwrap().len(), 2);

    let plain = place.json(&["user", "set-role"], &["Ann@Example.com", "authenticated"]);
    assert_eq!((&plain["id"], &plain["role"]), (&id.into(), &"authenticated".into()));
    assert_eq!(place.json(&["user", "set-role"], &[id, "staff"])["role"], "staff");
    let banned = place.json(&["user", "ban"], &["ann@example.com", "--for", "24h"]);
    assert!(banned["banned_until"].is_string(), "{banned}");
    assert!(place.told(&["user", "list"], &[]).contains("banned until"));
    assert!(place.json(&["user", "unban"], &[id])["banned_until"].is_null());
    assert_eq!(place.json(&["user", "reset-mfa"], &["ann@example.com"])["removed"], 0);
    assert_eq!(place.json(&["user", "sign-out"], &[id])["id"], id);

    let key = place.told(&["keys", "create"], &["printer", "--role", "staff", "--expires", "90d"]);
    let key = key.trim();
    assert!(key.starts_with("sb_secret_"), "{key}");
    let listed = place.told(&["keys", "list"], &[]);
    assert!(listed.contains("printer") && listed.contains("staff"), "{listed}");
    assert!(!listed.contains(key), "a key is shown once");
    assert!(place.told(&["keys", "revoke"], &["printer"]).contains("printer"));
    place.told(&["keys", "create"], &["front door"]);
    assert!(place.told(&["keys", "revoke"], &["front door"]).contains("front door"));
    assert!(!place.told(&["keys", "list"], &[]).contains("printer"));
    let before = place.json(&["keys", "rotate"], &[])["keys"].as_array().unwrap().len();
    assert!(before >= 2, "the new one and the one that signs");

    assert_eq!(place.json(&["user", "delete"], &["bob@example.com"])["email"], "bob@example.com");
    let gone = place.refused(1, &["user", "sign-out"], &["bob@example.com"]);
    assert!(gone.contains("There is no user bob@example.com"), "{gone}");

    let journal = place.told(&["audit", "list"], &["--most", "200"]);
    for action in [
        "user_made",
        "user_changed",
        "user_banned",
        "user_removed",
        "key_made",
        "key_revoked",
        "signing_key_rotated",
    ] {
        assert!(journal.contains(action), "{action} in\n{journal}");
    }
    assert!(!journal.contains(key));
    let whole = place.json(&["audit", "verify"], &[]);
    assert_eq!(whole["whole"], true, "{whole}");
    let (number, seal) = (whole["events"].to_string(), whole["seal"].as_str().unwrap());
    place.told(&["audit", "verify"], &["--number", &number, "--seal", seal]);
    place.refused(1, &["audit", "verify"], &["--number", &number, "--seal", "another"]);
    place.refused(2, &["audit", "verify"], &["--number", &number]);
}

#[test]
fn the_commands_of_accounts_work_while_the_server_runs() {
    let server = Server::of(&test_app("members.toml"));
    let place = Place { data: server.data() };
    walk(&place);
    let made = place.told(&["keys", "create"], &["door", "--role", "staff"]);
    let notes = || server.bare("GET", "/rest/v1/notes").header("apikey", made.trim()).send();
    notes().expect(200);
    place.told(&["keys", "revoke"], &["door"]);
    notes().expect(401);
    let said = server.stop();
    assert!(!said.contains("\"level\":\"error\""), "{said}");
}

#[test]
fn the_commands_of_accounts_work_while_nobody_serves() {
    let data = tempfile::tempdir().unwrap();
    walk(&Place { data: data.path() });
    let place = Place { data: data.path() };
    let key = place.told(&["keys", "create"], &["door", "--role", "staff"]);
    let server = Server::over("serve", &test_app("members.toml"), &[], &[], data);
    let notes = server.bare("GET", "/rest/v1/notes").header("apikey", key.trim()).send();
    notes.expect(200);
    // What a server says of itself outlives a server that was killed, and misleads nobody.
    let data = server.kill_keeping();
    assert!(data.path().join("serving.json").is_file());
    let users = Place { data: data.path() }.json(&["user", "list"], &[])["users"].clone();
    assert_eq!(users[0]["email"], "ann@example.com");
}

#[test]
fn wrong_input_is_told_with_a_code_and_a_hint() {
    let data = tempfile::tempdir().unwrap();
    let place = Place { data: data.path() };
    place.told(&["user", "create"], &["ann@example.com"]);
    let role = place.refused(1, &["user", "set-role"], &["ann@example.com", "stuff"]);
    assert!(role.contains("stuff") && role.contains("hint"), "{role}");
    let role = place.refused(1, &["user", "create"], &["eve@example.com", "--role", "stuff"]);
    assert!(role.contains("stuff"), "{role}");
    let role = place.refused(1, &["keys", "create"], &["printer", "--role", "stuff"]);
    assert!(role.contains("stuff"), "{role}");
    for words in
        [&["user", "ban"][..], &["user", "unban"], &["user", "reset-mfa"], &["user", "delete"]]
    {
        let unknown = place.refused(1, words, &["nobody@example.com"]);
        assert!(
            unknown.contains("nobody@example.com") && unknown.contains("user list"),
            "{unknown}"
        );
    }
    let none = "00000000-0000-4000-8000-000000000000";
    place.refused(1, &["user", "sign-out"], &[none]);
    let odd = place.refused(1, &["user", "sign-out"], &["no id"]);
    assert!(!odd.contains("our side"), "{odd}");
    place.refused(1, &["user", "create"], &["no address"]);
    let twice = place.refused(1, &["user", "create"], &["ann@example.com", "--json"]);
    let twice: Value = serde_json::from_str(&twice).unwrap();
    assert_eq!(twice["code"], "email_exists", "{twice}");
    place.refused(1, &["user", "ban"], &["ann@example.com", "--for", "soon"]);
    place.refused(2, &["keys", "create"], &["printer", "--expires", "soon"]);
    place.refused(1, &["keys", "revoke"], &["printer"]);
    place.refused(2, &["user", "promote"], &["ann@example.com"]);
    for command in [&["user", "list"][..], &["keys", "list"], &["audit", "list"]] {
        let missing = run(&[command, &["no-such-folder"]].concat());
        assert_eq!(missing.status.code(), Some(2), "{command:?}: {}", stderr(&missing));
    }
}

#[test]
fn a_journal_that_somebody_changed_is_found_out() {
    let data = tempfile::tempdir().unwrap();
    let place = Place { data: data.path() };
    for name in ["ann", "bob", "eve"] {
        place.told(&["user", "create"], &[&format!("{name}@example.com")]);
    }
    let whole = place.json(&["audit", "verify"], &[]);
    let (number, seal) = (whole["events"].to_string(), whole["seal"].as_str().unwrap().to_owned());
    let file = data.path().join("auth.db");
    let change = |text: &str| {
        let database = rusqlite::Connection::open(&file).unwrap();
        assert_eq!(database.execute(text, []).unwrap(), 1, "{text}");
    };
    change("update events set action = 'sign_in' where number = 2");
    let said = place.refused(1, &["audit", "verify"], &[]);
    assert!(said.contains("breaks at event 2"), "{said}");
    change("update events set action = 'link_made' where number = 2");
    place.told(&["audit", "verify"], &[]);
    change("delete from events where number = (select max(number) from events)");
    place.told(&["audit", "verify"], &[]);
    place.refused(1, &["audit", "verify"], &["--number", &number, "--seal", &seal]);
    change("delete from events where number = 3");
    let said = place.refused(1, &["audit", "verify"], &["--json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert!(said["message"].as_str().unwrap().contains("not as it was written"), "{said}");
}
