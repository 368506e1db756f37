//! The command line: what each command says, where it says it, and its exit code.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::harness::{Server, repository, run, test_app};

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn path(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

const BROKEN: &str = r#"name = "broken"
[tables.posts]
columns.title = { type = "strng" }
columns.author = { references = "autors" }
columns.size = { type = "integer", min = 5, max = 1 }
[tables.posts.allow]
read = "auth.rol == 'x'"
update = "row.owner == auth.uid"
[tables.authors]
columns.name = "text"
colour = "red"
"#;

#[test]
fn check_shows_every_mistake_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.toml");
    std::fs::write(&file, BROKEN).unwrap();
    let output = run(&["check", &path(&file)]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    for part in
        ["strng", "text", "autors", "authors", "min", "auth.rol", "row", "colour", "broken.toml:"]
    {
        assert!(said.contains(part), "{part} in\n{said}");
    }
    let json = run(&["check", &path(&file), "--json"]);
    assert_eq!(json.status.code(), Some(2));
    let mistakes: Value = serde_json::from_str(&stderr(&json)).unwrap();
    assert!(mistakes.as_array().unwrap().len() >= 6, "{mistakes}");
    let served = run(&["serve", &path(&file), "--listen", "127.0.0.1:0"]);
    assert_eq!(served.status.code(), Some(2), "what is wrong is not served");
}

#[test]
fn every_example_is_sound() {
    for example in ["examples/blog.toml", "examples/shop", "examples/teams"] {
        let output = run(&["check", &path(&repository().join(example))]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(stdout(&output).contains("is sound"));
    }
}

#[test]
fn config_shows_each_value_with_its_source_and_no_secret() {
    let shop = path(&repository().join("examples/shop"));
    let output = run(&["config", &shop, "--json"]);
    let shown: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let shown = shown.as_array().unwrap().clone();
    let find = |key: &str| shown.iter().find(|one| one["key"] == key).unwrap().clone();
    assert_eq!(find("environment")["value"], "development");
    assert_eq!(find("server.listen")["value"], "127.0.0.1:8080");
    assert_eq!(find("server.listen")["source"], "default");
    assert_eq!(find("auth.roles")["value"], serde_json::json!(["staff", "admin"]));
    assert!(find("auth.roles")["source"].as_str().unwrap().ends_with("mainstay.toml"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    std::fs::write(
        &file,
        "name = \"a\"\n[auth]\njwt_secret = \"very-secret-very-secret-very-secret\"\n[tables.t]\n",
    )
    .unwrap();
    let masked = run(&["config", &path(&file)]);
    assert!(stdout(&masked).contains("(secret)") && !stdout(&masked).contains("very-secret"));
    let refused = run(&["config", &path(&file), "--env", "production"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("stands in clear"), "{}", stderr(&refused));
}

#[test]
fn keys_are_printed_as_the_server_accepts_them() {
    let server = Server::lab();
    let (app, data) = (path(&test_app("lab.toml")), path(server.data()));
    let keys = |more: &[&str]| {
        let output = run(&[&["keys", &app, "--data", &data], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output).trim().to_owned()
    };
    let both: Value = serde_json::from_str(&keys(&["--json"])).unwrap();
    assert_eq!(both["anon"], server.anon());
    assert_eq!(both["service_role"], server.service());
    assert_eq!(keys(&["--anon"]), server.anon());
    assert_eq!(keys(&["--service-role"]), server.service());
    let staff = keys(&["--role", "staff", "--uid", "u1"]);
    server.visitor("DELETE", "/things?id=eq.1").bearer(&staff).send().expect(204);
    let mode = std::fs::metadata(server.data().join("keys.json")).unwrap().permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
}

#[test]
fn a_new_application_serves_at_once() {
    for (template, table) in [("blog", "posts"), ("shop", "products")] {
        let folder = tempfile::tempdir().unwrap();
        let app = folder.path().join(format!("my-{template}"));
        let output = run(&["new", &path(&app), "--template", template]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(stdout(&output).contains(&format!("mainstay dev {}", path(&app))));
        let written = std::fs::read_to_string(app.join("mainstay.toml")).unwrap();
        assert!(
            written.contains(&format!("name = \"my-{template}\"")) && !written.contains('{'),
            "{written}"
        );
        let server = Server::of(&app);
        let rows = server.visitor("GET", &format!("/{table}")).send().expect(200);
        assert!(rows.json().as_array().unwrap().len() > 2, "{template}: {}", rows.body);
        server.stop();
        let again = run(&["new", &path(&app)]);
        assert_eq!(again.status.code(), Some(2));
        assert!(stderr(&again).contains("not an empty folder"));
    }
    let into_empty = tempfile::tempdir().unwrap();
    let made = run(&["new", &path(&into_empty.path().join("diary")), "--json"]);
    let made: Value = serde_json::from_str(&stdout(&made)).unwrap();
    assert_eq!(made["name"], "diary");
    for name in ["1up", "a b", "", ".", "..", "é"] {
        let output = run(&["new", name]);
        assert_eq!(output.status.code(), Some(2), "{name}");
    }
}

#[test]
fn wrong_use_ends_with_two_and_help_with_zero() {
    for arguments in [
        &["nonsense"][..],
        &[],
        &["serve"],
        &["check", "x", "--nonsense"],
        &["new", "x", "--template", "y"],
        &["types"],
        &["types", "cobol", "x"],
    ] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    for arguments in
        [&["--help"][..], &["serve", "--help"], &["types", "typescript", "--help"], &["--version"]]
    {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty());
    }
    let missing = run(&["check", "no-such-folder"]);
    assert_eq!(missing.status.code(), Some(2), "{}", stderr(&missing));
    let near = stderr(&run(&["serv", "x"]));
    assert!(near.contains("serve"), "{near}");
}

#[test]
fn completions_are_written_for_each_shell() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        assert!(
            stdout(&output).contains("mainstay") && stdout(&output).contains("adopt"),
            "{shell}"
        );
    }
}

#[test]
fn check_finds_what_only_the_engine_can_judge() {
    let folder = tempfile::tempdir().unwrap();
    let app = folder.path().join("app.toml");
    let text = r#"
name = "app"
[tables.a]
columns.x = { type = "integer", check = "nope > 1" }
[views.v]
sql = "select absent from a"
[functions.f]
args = { y = "integer" }
sql = "update a set z = :y"
"#;
    std::fs::write(&app, text).unwrap();
    let app = app.to_str().unwrap();
    for command in [&["check", app][..], &["serve", app, "--listen", "127.0.0.1:0"]] {
        let refused = run(command);
        assert_eq!(refused.status.code(), Some(2), "{command:?}");
        let said = String::from_utf8_lossy(&refused.stderr);
        for line in ["app.a: no such column: nope", "app.v: no such", "app.f: no such"] {
            assert!(said.contains(line), "{command:?}: {line} in {said}");
        }
    }
    assert!(!folder.path().join("data").exists(), "nothing was made");
}
