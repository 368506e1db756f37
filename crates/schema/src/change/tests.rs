//! Claims about what a change of a declaration may do to a database.

use super::*;
use crate::read_text;

fn tables(text: &str) -> Vec<Table> {
    let declared = read_text("app.toml", text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    declared.catalog.modules[0].tables.iter().map(|table| (**table).clone()).collect()
}

fn shown(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (tables(old), tables(new));
    let line = |change: &Change| match change {
        Change::Safe(step) => format!("safe {step:?}"),
        Change::Recorded { what, .. } => format!("recorded: {what}"),
        Change::Refused { what, reason, .. } => format!("refused: {what}: {reason}"),
    };
    changes(&old, &new).iter().map(line).collect()
}

const USERS: &str = "[tables.users]\ncolumns.name = { type = \"text\", max = 10 }\n";

#[test]
fn equal_versions_have_no_changes() {
    assert_eq!(shown(USERS, USERS), Vec::<String>::new());
    let ruled = format!("{USERS}allow.read = \"true\"\n");
    assert_eq!(shown(USERS, &ruled), Vec::<String>::new());
}

#[test]
fn what_touches_no_row_is_safe() {
    let table = format!("{USERS}[tables.posts]\ncolumns.title = \"text\"\n");
    assert_eq!(shown(USERS, &table), ["safe CreateTable { table: 1 }"]);
    for (line, expect) in [
        (
            "columns.bio = { type = \"text\", null = true }",
            "safe AddColumn { table: 0, column: 2 }",
        ),
        (
            "columns.age = { type = \"integer\", default = 0 }",
            "safe AddColumn { table: 0, column: 2 }",
        ),
        (
            "columns.up = { type = \"text\", generated = \"upper(name)\" }",
            "safe AddColumn { table: 0, column: 2 }",
        ),
        ("indexes = [[\"name\"]]", "safe AddIndex { table: 0, index: 0 }"),
    ] {
        assert_eq!(shown(USERS, &format!("{USERS}{line}\n")), [expect], "{line}");
    }
    let boss = format!("{USERS}columns.boss = {{ references = \"users\", null = true }}\n");
    let with_index =
        ["safe AddColumn { table: 0, column: 2 }", "safe AddIndex { table: 0, index: 0 }"];
    assert_eq!(shown(USERS, &boss), with_index);
    let indexed = format!("{USERS}indexes = [[\"name\"]]\n");
    let dropped = r#"safe DropIndex { table: "users", name: "users_name_idx" }"#;
    assert_eq!(shown(&indexed, USERS), [dropped]);
}

#[test]
fn bounds_docs_and_defaults_are_only_recorded() {
    let users =
        |options: &str| format!("[tables.users]\ncolumns.name = {{ type = \"text\"{options} }}\n");
    assert_eq!(
        shown(&users(", max = 10"), &users(", max = 20")),
        ["recorded: the bounds of column `name`"]
    );
    assert_eq!(
        shown(&users(""), &users(", pattern = \"^a\"")),
        ["recorded: the bounds of column `name`"]
    );
    assert_eq!(
        shown(&users(""), &users(", default = \"x\"")),
        ["recorded: the default of column `name`"]
    );
    assert_eq!(shown(&users(""), &users(", doc = \"x\"")), ["recorded: the doc of column `name`"]);
}

#[test]
fn what_could_lose_or_break_rows_is_refused_with_its_reason() {
    let users = |line: &str| format!("[tables.users]\ncolumns.name = \"text\"\n{line}\n");
    for (old, new, expect) in [
        (users("[tables.x]"), users(""), "dropping table `x`: all its rows would be lost"),
        (users("columns.a = \"text\""), users(""), "dropping column `a`: its values would be lost"),
        (
            users(""),
            users("columns.a = \"text\""),
            "adding column `a`: rows that are there would have no value",
        ),
        (
            users("columns.a = \"text\""),
            users("columns.a = \"integer\""),
            "from `text` to `integer`: values that are there may not fit",
        ),
        (
            users("columns.a = { type = \"text\", null = true }"),
            users("columns.a = \"text\""),
            "rows with null may be there",
        ),
        (users(""), users("unique = [[\"name\"]]"), "making (name) unique: rows that are equal"),
        (users("unique = [[\"name\"]]"), users(""), "no longer keeping (name) unique"),
        (
            users(""),
            users("checks = [\"name > ''\"]"),
            "adding check `users_check`: rows that break it",
        ),
        (users(""), users("primary_key = [\"name\"]"), "changing the primary key"),
        (
            users(""),
            users("indexes = [{ columns = [\"name\"], unique = true }]"),
            "adding unique index",
        ),
        (
            users("columns.a = { type = \"uuid\", null = true }"),
            users("columns.a = { references = \"users\", null = true }"),
            "adding reference (a) -> users(id): rows that point to nothing",
        ),
        (
            users("columns.a = { type = \"enum\", values = [\"x\", \"y\"] }"),
            users("columns.a = { type = \"enum\", values = [\"x\"] }"),
            "from `enum` to `enum`",
        ),
    ] {
        let shown = shown(&old, &new);
        assert!(
            shown.iter().any(|line| line.starts_with("refused: ") && line.contains(expect)),
            "{expect}: {shown:?}"
        );
    }
}

#[test]
fn a_new_label_of_an_enum_is_only_recorded() {
    let table = |labels: &str| {
        format!("{USERS}columns.state = {{ type = \"enum\", values = [{labels}] }}\n")
    };
    let grown = shown(&table("\"open\""), &table("\"open\", \"closed\""));
    assert_eq!(grown, ["recorded: the labels of column `state`"]);
}

#[test]
fn a_search_comes_changes_and_goes_without_touching_a_row() {
    let one = format!("{USERS}columns.bio = {{ type = \"text\", null = true }}\n");
    let (by_name, by_both) =
        (format!("{one}search = [\"name\"]\n"), format!("{one}search = [\"name\", \"bio\"]\n"));
    let (made, gone) = ("safe MakeSearch { table: 0 }", r#"safe DropSearch { table: "users" }"#);
    assert_eq!(shown(&one, &by_name), [made]);
    assert_eq!(shown(&by_name, &by_both), [gone, made]);
    assert_eq!(shown(&by_both, &one), [gone]);
    assert_eq!(shown(&by_name, &by_name), Vec::<String>::new());
    assert_eq!(shown(USERS, &by_both)[1], made, "after the column that it reads");
    let fresh = format!("{USERS}[tables.t]\ncolumns.a = \"text\"\nsearch = [\"a\"]\n");
    assert_eq!(shown(USERS, &fresh), ["safe CreateTable { table: 1 }"]);
}

#[test]
fn the_index_that_a_reference_gets_is_an_additive_step() {
    let text = format!("{USERS}[tables.posts]\ncolumns.author = {{ references = \"users\" }}\n");
    let (mut old, new) = (tables(&text), tables(&text));
    assert_eq!(new[1].indexes[0].name, "posts_author_idx");
    old[1].indexes.clear();
    let step = Change::Safe(Step::AddIndex { table: 1, index: 0 });
    assert_eq!(changes(&old, &new), [step]);
}
