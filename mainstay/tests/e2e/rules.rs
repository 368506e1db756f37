//! The tools around rules: expectations that are tried out, the matrix, the explanation of one
//! rule, and the warnings of `check`. Each has a case in which it must find something.

use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{repository, run};

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A one-file application in a folder of its own.
fn app(text: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.toml");
    std::fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap().to_owned();
    (folder, path)
}

fn json(arguments: &[&str]) -> (Option<i32>, Value) {
    let output = run(&[arguments, &["--json"]].concat());
    let said = stdout(&output);
    let read = serde_json::from_str(&said);
    let complaint = String::from_utf8_lossy(&output.stderr);
    (output.status.code(), read.unwrap_or_else(|_| panic!("no JSON: {said}{complaint}")))
}

const NOTES: &str = r#"
name = "notes"
[auth]
roles = ["staff"]

[tables.teams]
columns.name = { type = "text", pattern = "^[A-Z]{2}-[0-9]{4}$", unique = true }
allow.read = "members.exists(m, m.team == row.id && m.user == auth.uid)"

[tables.members]
columns.team = { references = "teams" }
columns.user = "uuid"
allow.read = "row.user == auth.uid"

[tables.notes]
columns.team   = { references = "teams" }
columns.by     = { type = "uuid", default = "auth.uid", readonly = true }
columns.body   = { type = "text", min = 3, max = 20, create = "auth.role != 'staff'" }
columns.rating = { type = "smallint", min = 1, max = 5 }
columns.secret = { type = "text", null = true, read = "auth.role == 'staff'" }

[tables.notes.allow]
read   = "row.by == auth.uid || auth.role == 'staff'"
create = "members.exists(m, m.team == new.team && m.user == auth.uid)"
update = "row.by == auth.uid && new.rating >= row.rating"
delete = "auth.role == 'staff' && auth.aal == 'aal2'"

[views.good]
sql = "select id, team, rating from notes where rating > 3"
allow.read = "row.rating == 4"

[functions.best]
sql = "select max(rating) from notes"
returns = "smallint"
allow = "auth.claims.level > 2"
"#;

const ADA: &str = "00000000-0000-7000-8000-0000000000a1";
const TEAM: &str = "00000000-0000-7000-8000-000000000001";

/// Everything that an expectation can say, and all of it true.
fn held() -> String {
    let member = format!("given = {{ members = [{{ team = \"{TEAM}\", user = \"{ADA}\" }}] }}");
    let ada = format!("as = {{ uid = \"{ADA}\" }}\ntable = \"notes\"");
    let mine = format!("row = {{ by = \"{ADA}\", rating = 2 }}");
    let blocks = [
        format!("{ada}\ncan = \"read\"\n{mine}"),
        format!("{ada}\ncannot = \"read\""),
        format!("{ada}\ncannot = \"read\"\ncolumns = [\"secret\"]\n{mine}"),
        format!("{ada}\ncan = \"create\"\nnew = {{ team = \"{TEAM}\" }}\n{member}"),
        format!("{ada}\ncannot = \"create\"\n{member}"),
        format!("{ada}\ncannot = \"create\"\nnew = {{ team = \"{TEAM}\", by = \"{TEAM}\" }}\n{member}"),
        format!("{ada}\ncan = \"update\"\nnew = {{ rating = 2 }}\n{mine}"),
        format!("{ada}\ncannot = \"update\"\nnew = {{ rating = 1 }}\n{mine}"),
        format!("{ada}\ncannot = \"update\"\ncolumns = [\"secret\", \"by\"]\n{mine}"),
        format!("{ada}\ncan = \"update\"\ncolumns = [\"body\", \"team\"]\n{mine}\nnew = {{ rating = 5 }}"),
        format!("{ada}\ncannot = \"delete\"\n{mine}"),
        "as = { role = \"staff\", aal = \"aal2\" }\ntable = \"notes\"\ncan = \"delete\"".to_owned(),
        "as = \"staff\"\ntable = \"notes\"\ncannot = \"delete\"".to_owned(),
        "as = \"staff\"\ntable = \"notes\"\ncan = \"read\"\ncolumns = [\"secret\", \"body\"]".to_owned(),
        "as = \"anon\"\ntable = \"good\"\ncan = \"read\"\nrow = { rating = 4 }\ngiven = { notes = [{ rating = 4 }] }".to_owned(),
        "as = \"anon\"\ntable = \"good\"\ncannot = \"read\"\nrow = { rating = 5 }\ngiven = { notes = [{ rating = 5 }, { rating = 4 }] }".to_owned(),
    ];
    blocks.iter().map(|block| format!("\n[[expect]]\n{block}\n")).collect()
}

/// The opposite of each expectation.
fn turned(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once(char::is_whitespace) {
        Some(("can", rest)) => format!("cannot {rest}"),
        Some(("cannot", rest)) => format!("can {rest}"),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn an_expectation_holds_and_its_opposite_does_not() {
    let (_folder, path) = app(&format!("{NOTES}{}", held()));
    let (code, found) = json(&["check", &path, "--rules"]);
    assert_eq!((code, &found["failures"]), (Some(0), &serde_json::json!([])), "{found:#}");
    assert_eq!(found["expectations"], 16);
    let (_folder, path) = app(&format!("{NOTES}{}", turned(&held())));
    let (code, found) = json(&["check", &path, "--rules"]);
    let failures = found["failures"].as_array().unwrap();
    let first = &failures[0];
    assert_eq!(code, Some(1));
    // Of several columns it is enough that one is refused, so turned round they stay refused.
    assert_eq!(failures.len(), 16, "{found:#}");
    assert_eq!(first["expected"], format!("authenticated {ADA} cannot read notes"));
    assert!(first["happened"].as_str().unwrap().starts_with("the row was read: "), "{first}");
    assert_eq!(first["rules"][0]["residual"], format!("row.by == '{ADA}'"));
    assert!(first["rules"][0]["spot"].as_str().unwrap().ends_with("app.toml:23"), "{first}");
    let unclear = failures.iter().find(|one| one["happened"].as_str().unwrap().contains("tried"));
    assert_eq!(unclear, None, "all of them are about rules");
}

#[test]
fn what_cannot_be_tried_out_fails_and_says_why() {
    let cases = [
        ("as = \"boss\"\ncannot = \"read\"\ntable = \"notes\"", "there is no role `boss`"),
        (
            "as = \"anon\"\ncannot = \"read\"\ntable = \"good\"\nrow = { stars = 1 }",
            "`good` has no column `stars`",
        ),
        (
            "as = \"anon\"\ncannot = \"read\"\ntable = \"notes\"\nrow = { rating = 9 }",
            "cannot be in `notes`",
        ),
    ];
    for (block, why) in cases {
        let (_folder, path) = app(&format!("{NOTES}\n[[expect]]\n{block}\n"));
        let output = run(&["check", &path, "--rules"]);
        assert_eq!(output.status.code(), Some(1), "{block}");
        assert!(stdout(&output).contains(why), "{}", stdout(&output));
        assert_eq!(run(&["check", &path]).status.code(), Some(0), "only --rules tries");
    }
}

#[test]
fn the_examples_say_what_they_expect_and_it_holds() {
    for example in ["examples/shop", "examples/teams", "examples/blog.toml"] {
        let path = repository().join(example).to_str().unwrap().to_owned();
        let (code, found) = json(&["check", &path, "--rules", "--strict"]);
        assert_eq!(code, Some(0), "{example}: {found:#}");
    }
    for (example, module) in [("shop", "orders"), ("shop", "catalog"), ("teams", "work")] {
        let folder = tempfile::tempdir().unwrap();
        let there = repository().join("examples").join(example);
        copy(&there.join("mainstay.toml"), &folder.path().join("mainstay.toml"), |text| text);
        let file = Path::new("modules").join(format!("{module}.toml"));
        std::fs::create_dir(folder.path().join("modules")).unwrap();
        copy(&there.join(&file), &folder.path().join(&file), |text| turned(&text));
        let main = folder.path().join("mainstay.toml");
        copy(&main, &main, |text| text.replace("default_module = \"catalog\"", ""));
        let (_, found) = json(&["check", folder.path().to_str().unwrap(), "--rules"]);
        let failed = found["failures"].as_array().unwrap();
        assert_eq!(found["expectations"], failed.len(), "{module}: each can fail: {failed:#?}");
    }
}

fn copy(from: &Path, to: &Path, change: impl Fn(String) -> String) {
    std::fs::write(to, change(std::fs::read_to_string(from).unwrap())).unwrap();
}

#[test]
fn the_matrix_tells_open_closed_and_conditional_apart() {
    let (_folder, path) = app(NOTES);
    let (code, rows) = json(&["rules", "matrix", &path]);
    assert_eq!(code, Some(0));
    let cell = |source: &str, column: Option<&str>, action: &str, role: &str| {
        let rows = rows.as_array().unwrap();
        let row = rows.iter().find(|row| {
            row["source"] == format!("notes.{source}")
                && row["column"] == Value::from(column)
                && row["action"] == action
        });
        let row = row.unwrap_or_else(|| panic!("no row {source} {column:?} {action}"));
        row["roles"][role].as_str().unwrap().to_owned()
    };
    for (source, column, action, [anon, authenticated, staff]) in [
        ("notes", None, "read", ["closed", "conditional", "open"]),
        ("notes", None, "create", ["closed", "conditional", "conditional"]),
        ("notes", None, "update", ["closed", "conditional", "conditional"]),
        ("notes", None, "delete", ["closed", "closed", "conditional"]),
        ("notes", Some("secret"), "read", ["closed", "closed", "open"]),
        ("notes", Some("body"), "create", ["closed", "conditional", "closed"]),
        ("teams", None, "create", ["closed", "closed", "closed"]),
        ("good", None, "read", ["conditional", "conditional", "conditional"]),
        ("best", None, "call", ["conditional", "conditional", "conditional"]),
    ] {
        for (role, expected) in [("anon", anon), ("authenticated", authenticated), ("staff", staff)]
        {
            assert_eq!(
                cell(source, column, action, role),
                expected,
                "{source} {column:?} {action} {role}"
            );
        }
        assert_eq!(cell(source, column, action, "service_role"), "open");
    }
    let output = run(&["rules", "matrix", &path]);
    let said = stdout(&output);
    assert!(said.contains("    secret: read") && said.contains("notes.best (function)"), "{said}");
}

#[test]
fn an_explanation_shows_what_folds_what_is_left_and_what_it_costs() {
    let (_folder, path) = app(NOTES);
    let ada = format!("{{\"uid\":\"{ADA}\"}}");
    let explain = |table: &str, action: &str, caller: &str| {
        let (code, said) = json(&["rules", "explain", &path, table, action, "--as", caller]);
        assert_eq!(code, Some(0), "{said}");
        said
    };
    let read = explain("notes.notes", "read", &ada);
    assert_eq!(read["residual"], format!("row.by == '{ADA}'"));
    let known = read["known"].to_string();
    assert!(known.contains("auth.role == 'staff' is false"), "{known}");
    assert_eq!(read["closed_columns"], serde_json::json!(["for reading: secret"]));
    assert!(!read["sql"].as_str().unwrap().contains("secret"), "{read}");
    assert_eq!(read["values"], serde_json::json!([format!("'{ADA}'")]));
    let warning = read["warnings"][0].as_str().unwrap();
    assert!(warning.contains("indexes = [[\"by\"]]"), "{warning}");
    let update = explain("notes", "update", &ada);
    assert_eq!(update["checks"], "new.rating >= row.rating");
    assert!(update["sql"].as_str().unwrap().starts_with("UPDATE \"notes\" SET"), "{update}");
    let create = explain("notes", "create", &ada);
    let expected = format!("members.exists(x, x.team == new.team && x.user == '{ADA}')");
    assert_eq!((create["checks"].as_str(), &create["sql"]), (Some(&*expected), &Value::Null));
    let refused = explain("notes", "delete", "staff");
    assert!(refused["refused"].as_str().unwrap().contains("permission denied"), "{refused}");
    assert!(refused["rules"][1].as_str().unwrap().contains("app.toml:26"), "{refused}");
    let open = explain("notes", "read", "staff");
    assert_eq!((&open["residual"], &open["warnings"]), (&"true".into(), &serde_json::json!([])));
    let view = explain("good", "read", "anon");
    assert_eq!(view["residual"], "row.rating == 4");
}

#[test]
fn the_index_that_is_named_takes_the_warning_away() {
    let ada = format!("{{\"uid\":\"{ADA}\"}}");
    let warnings = |text: &str, table: &str| {
        let (_folder, path) = app(text);
        let (_, said) = json(&["rules", "explain", &path, table, "read", "--as", &ada]);
        said["warnings"].as_array().unwrap().clone()
    };
    let found = warnings(NOTES, "members");
    assert!(
        found[0].as_str().unwrap().ends_with("[tables.members] indexes = [[\"user\"]]"),
        "{found:?}"
    );
    let indexed = NOTES
        .replace("columns.user = \"uuid\"\n", "columns.user = \"uuid\"\nindexes = [[\"user\"]]\n");
    assert_eq!(warnings(&indexed, "members"), Vec::<Value>::new());
}

#[test]
fn what_is_asked_wrongly_is_refused_with_what_there_is() {
    let (_folder, path) = app(NOTES);
    for (arguments, hint) in [
        (["nots", "read", "anon"], "notes.notes"),
        (["notes", "raed", "anon"], "delete"),
        (["notes", "read", "boss"], "staff"),
        (["notes", "read", "{\"uid\":1}"], "uid"),
        (["notes", "read", "{uid}"], "JSON"),
    ] {
        let [table, action, caller] = arguments;
        let output = run(&["rules", "explain", &path, table, action, "--as", caller]);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(hint), "{said}");
    }
}

const OPEN: &str = r#"
name = "open"
[tables.people]
columns.email = "text"
columns.phone = { type = "text", read = "auth.role != 'anon'" }
columns.cards = { type = "text", read = "has(auth.uid)" }
columns.shown = "boolean"
allow.read = "row.shown"
[tables.keys]
columns.api_key = "text"
allow.read = "has(auth.uid)"
[tables.log]
columns.discarded = "text"
allow.read = true
[views.last]
sql = "select discarded, api_key from log, keys"
allow.read = true
"#;

#[test]
fn open_secrets_and_views_past_rules_are_warned_of_until_they_are_meant() {
    let (_folder, path) = app(OPEN);
    let (code, found) = json(&["check", &path]);
    let told = |found: &Value| {
        let warnings = found["warnings"].as_array().unwrap().iter();
        let told = warnings.map(|one| {
            let (code, line) = (one["code"].as_str().unwrap(), one["line"].as_u64().unwrap());
            let name = one["message"].as_str().unwrap().split('`').nth(1).unwrap();
            format!("{code} {line} {name}")
        });
        told.collect::<Vec<_>>()
    };
    assert_eq!(code, Some(0), "warnings do not fail");
    let all = [
        "open-private-column 8 email",
        "open-private-column 17 api_key",
        "view-past-rules 17 anon",
    ];
    assert_eq!(told(&found), all);
    let strict = run(&["check", &path, "--strict"]);
    assert_eq!(strict.status.code(), Some(1));
    assert!(
        stdout(&strict).contains("app.toml:8: warning: anybody may read `email`"),
        "{}",
        stdout(&strict)
    );
    let meant = "\n[[expect]]\nas = \"anon\"\ncan = \"read\"\ntable = \"people\"\ncolumns = [\"email\"]\nrow = { shown = true }\n\
        \n[[expect]]\nas = \"anon\"\ncan = \"read\"\ntable = \"last\"\ncolumns = [\"api_key\"]\ngiven = { keys = [{}], log = [{}] }\n";
    let (_folder, path) = app(&format!("{OPEN}{meant}"));
    let (code, found) = json(&["check", &path, "--strict", "--rules"]);
    assert_eq!((code, told(&found)), (Some(0), Vec::new()), "{found:#}");
}

#[test]
fn a_view_of_rows_with_tenants_says_whose_they_are() {
    let check = |view: &str| {
        let text = format!(
            "name = \"shared\"\n[tables.notes]\ntenant = \"org\"\ncolumns.org = \"text\"\n\
             columns.body = \"text\"\n[views.seen]\n{view}\nallow.read = \"true\"\n"
        );
        let (_folder, path) = app(&text);
        let output = run(&["check", &path]);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let whole = "sql = \"select id, org, body from notes\"";
    let part = "sql = \"select id, body from notes\"";
    for (view, complaint) in [
        (whole.to_owned(), None),
        (format!("{whole}\ntenant = \"org\""), None),
        (format!("{whole}\ntenant = false"), None),
        (format!("{part}\ntenant = false"), None),
        (part.to_owned(), Some("does not show whose they are")),
        (format!("{whole}\ntenant = \"body\""), Some("is not the column that says whose a row is")),
        (format!("{whole}\ntenant = \"orgs\""), Some("has no column `orgs`")),
    ] {
        let (code, said) = check(&view);
        match complaint {
            None => assert_eq!(code, Some(0), "{view}: {said}"),
            Some(complaint) => {
                assert_eq!(code, Some(2), "{view}");
                assert!(said.contains(complaint), "{view}: {said}");
            }
        }
    }
}
