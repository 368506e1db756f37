//! Requests that nobody of us thought of: Schemathesis makes them out of the document that the
//! server gives. No answer may be a fault of the server or one that the document does not know.
//! What is left out, and why, stands in mainstay/tests/attack.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Server, python, repository, skip, test_app};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attack")
}

#[test]
fn schemathesis_finds_nothing_in_a_small_application() {
    attack_all("schemathesis_finds_nothing_in_a_small_application", || {
        let desk = Server::of(&test_app("desk.toml"));
        let title = |number: usize| format!(r#"{{"title":"ticket {number}","team":1}}"#);
        for (path, rows) in [
            ("/teams", r#"[{"name":"blue"},{"name":"red"}]"#.to_owned()),
            ("/tickets", format!("[{}]", (0..20).map(title).collect::<Vec<_>>().join(","))),
            ("/tags", r#"{"label":"new"}"#.to_owned()),
            ("/ticket_tags", r#"{"ticket":1,"tag":1}"#.to_owned()),
            ("/hidden", r#"{"ticket":1,"note":"n"}"#.to_owned()),
        ] {
            desk.rest("POST", path).json(&rows).send().expect(201);
        }
        desk
    });
}

#[test]
fn schemathesis_finds_nothing_in_the_shop() {
    attack_all("schemathesis_finds_nothing_in_the_shop", || {
        Server::of(&repository().join("examples/shop"))
    });
}

/// As the service, to whom everything is open, and as a visitor. `ATTACK_ROUNDS` is how often, with
/// another seed each time, and `ATTACK_EXAMPLES` how many requests of a kind: few by themselves, so
/// that the tests end soon, and the same ones every time.
fn attack_all(test: &str, serve: impl Fn() -> Server) {
    let python = match python("python-attack", &folder().join("requirements.txt")) {
        Ok(python) => python,
        Err(why) => return skip(test, &why),
    };
    for seed in 1..=asked("ATTACK_ROUNDS", 1) {
        let server = serve();
        attack(&python, &server, server.service(), seed);
        attack(&python, &server, server.anon(), seed);
        let said = server.stop();
        assert!(!said.contains("\"level\":\"error\""), "{said}");
    }
}

fn asked(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

fn attack(python: &Path, server: &Server, key: &str, seed: usize) {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(python.with_file_name("st"))
        .arg("--config-file")
        .arg(folder().join("schemathesis.toml"))
        .args(["--no-color", "run", &format!("http://{}/openapi.json", server.address)])
        .args(["--header", &format!("apikey: {key}")])
        .args(["--seed", &seed.to_string()])
        .args(["--max-examples", &asked("ATTACK_EXAMPLES", 2).to_string()])
        .env("SCHEMATHESIS_HOOKS", folder().join("hooks.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(home.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaint}");
    let cases = said.lines().find(|line| line.contains(" generated, "));
    let cases = cases.unwrap_or_else(|| panic!("nothing was generated\n{said}"));
    println!("{}, seed {seed}", cases.trim());
}
