//! `mainstay dev`: what can be added is served at once, what would lose data is refused, and what
//! was served before goes on.

use std::path::Path;

use crate::harness::{Server, run};

const FIRST: &str = r#"name = "diary"
[tables.notes]
columns.text = { type = "text", max = 100 }
columns.mood = { type = "text", null = true }
allow.read = "true"
"#;

fn write(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap();
}

#[test]
fn changes_that_add_are_served_and_changes_that_lose_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("diary.toml");
    write(&file, FIRST);
    let server = Server::start("dev", &file, &[], &[]);
    server.rest("POST", "/notes").json(r#"{"text":"first","mood":"good"}"#).send().expect(201);

    let wider = FIRST
        .replace("allow.read", "columns.page = { type = \"integer\", default = 7 }\nallow.read")
        + "[tables.tags]\ncolumns.name = \"text\"\nallow.read = \"true\"\n";
    write(&file, &wider);
    server.wait_for_stderr("reloaded diary", 1);
    let said = server.output();
    assert!(said.contains("page") && said.contains("tags"), "what was done is said: {said}");
    let notes = server.visitor("GET", "/notes?select=text,mood,page").send().expect(200);
    assert_eq!(notes.body, r#"[{"text":"first","mood":"good","page":7}]"#);
    server.visitor("GET", "/tags").send().expect(200);

    let lossy = wider.replace("columns.mood = { type = \"text\", null = true }\n", "");
    write(&file, &lossy);
    server.wait_for_stderr("still serving what was there before", 1);
    assert!(server.output().contains("mood"), "{}", server.output());
    let notes = server.visitor("GET", "/notes?select=mood").send().expect(200);
    assert_eq!(notes.body, r#"[{"mood":"good"}]"#);
    server.rest("POST", "/notes").json(r#"{"text":"second"}"#).send().expect(201);

    write(&file, "name = \"diary\"\n[tables.notes]\ncolumns.text = \"strng\"\n");
    server.wait_for_stderr("still serving what was there before", 2);
    assert!(server.output().contains("strng"), "{}", server.output());
    server.visitor("GET", "/notes").send().expect(200);

    write(&file, &wider.replace("allow.read = \"true\"\n[tables.tags]", "[tables.tags]"));
    server.wait_for_stderr("reloaded diary", 2);
    let closed = server.visitor("GET", "/notes").send();
    assert_eq!(closed.refusal(), (401, "42501".to_owned()), "rules change at once, too");
    server.stop();
}

#[test]
fn serve_does_not_follow_changes_but_makes_additive_ones_at_its_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("diary.toml");
    write(&file, FIRST);
    let first = Server::start("serve", &file, &[], &[]);
    first.rest("POST", "/notes").json(r#"{"text":"first"}"#).send().expect(201);
    let data = first.stop_keeping();
    write(
        &file,
        &FIRST.replace(
            "allow.read",
            "columns.page = { type = \"integer\", null = true }\nallow.read",
        ),
    );
    let second = Server::over("serve", &file, &[], &[], data);
    assert_eq!(second.wait_for_log("schema.changed")["level"], "info");
    let data = second.stop_keeping();
    write(&file, &FIRST.replace("columns.mood = { type = \"text\", null = true }\n", ""));
    let folder = data.path().to_str().unwrap().to_owned();
    let flags =
        ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data", folder.as_str()];
    let refused = run(&[&["serve", file.to_str().unwrap()], &flags[..]].concat());
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("mood"), "{said}");
}
