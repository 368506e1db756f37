//! docs/compatibility.md: what becomes of each row of the dialect, and which tests show it. Made
//! from docs/compatibility.toml and the clients' scenarios; a row without a test is an offence.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::tidy::{Offence, Tree};

const CHECK: &str = "compatibility";
const ROWS: &str = "docs/compatibility.toml";
const SCENARIOS: &str = "mainstay/tests/clients/scenarios/";

/// One row of the dialect.
struct Row {
    section: String,
    id: String,
    what: String,
    sqlite: String,
    state: String,
    note: String,
    /// Names of Rust tests.
    tests: Vec<String>,
}

/// The rows, or what is wrong with the file.
fn rows(tree: &Tree) -> Result<Vec<Row>, String> {
    let text = tree.text(ROWS).unwrap_or_default();
    let table: toml::Table = text.parse().map_err(|error| format!("cannot be read: {error}"))?;
    let sections = table.get("section").and_then(toml::Value::as_array);
    let mut rows = Vec::new();
    for section in sections.into_iter().flatten() {
        let title = word(section, "title");
        for row in section.get("rows").and_then(toml::Value::as_array).into_iter().flatten() {
            let tests = row.get("tests").and_then(toml::Value::as_array).into_iter().flatten();
            let state = word(row, "state");
            rows.push(Row {
                section: title.clone(),
                id: word(row, "id"),
                what: word(row, "what"),
                sqlite: word(row, "sqlite"),
                state: if state.is_empty() { "full".to_owned() } else { state },
                note: word(row, "note"),
                tests: tests.filter_map(|test| Some(test.as_str()?.to_owned())).collect(),
            });
        }
    }
    Ok(rows)
}

fn word(table: &toml::Value, key: &str) -> String {
    table.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned()
}

/// A scenario: the file it stands in, its name, and the rows that it shows.
struct Scenario {
    file: String,
    name: String,
    shows: Vec<String>,
}

fn scenarios(tree: &Tree) -> Vec<Scenario> {
    let files = tree.ending("json").filter(|file| file.path.starts_with(SCENARIOS));
    let mut found = Vec::new();
    for file in files {
        let list: Vec<serde_json::Value> = serde_json::from_str(&file.text).unwrap_or_default();
        for one in list {
            let shows = one["shows"].as_array().into_iter().flatten();
            found.push(Scenario {
                file: file.path.clone(),
                name: one["name"].as_str().unwrap_or_default().to_owned(),
                shows: shows.filter_map(|row| Some(row.as_str()?.to_owned())).collect(),
            });
        }
    }
    found
}

/// Names of scenarios by the row that they show.
fn shown(scenarios: &[Scenario]) -> BTreeMap<&str, Vec<&str>> {
    let mut by_row: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for scenario in scenarios {
        for row in &scenario.shows {
            by_row.entry(row).or_default().push(&scenario.name);
        }
    }
    by_row
}

/// Rows that nothing shows, names of tests that are not there, scenarios that show nothing known.
pub fn check(tree: &Tree) -> Vec<Offence> {
    let at_rows = |what: String, remedy: &str| Offence::new(CHECK, ROWS, 1, what, remedy);
    let rows = match rows(tree) {
        Ok(rows) => rows,
        Err(what) => return vec![at_rows(what, "correct it")],
    };
    let scenarios = scenarios(tree);
    let shown = shown(&scenarios);
    let mut found = Vec::new();
    let mut known = BTreeSet::new();
    for row in &rows {
        let id = &row.id;
        if !known.insert(id.as_str()) {
            found.push(at_rows(format!("`{id}` stands here twice"), "keep one"));
        }
        found.extend(faults(row).into_iter().map(|(what, remedy)| at_rows(what, remedy)));
        if row.tests.is_empty() && !shown.contains_key(id.as_str()) {
            let remedy = "write a scenario whose `shows` names it, or name a test";
            found.push(at_rows(format!("no test shows `{id}`"), remedy));
        }
        let is_there = |test: &str| tree.ending("rs").any(|file| file.has_test(test));
        for test in row.tests.iter().filter(|test| !is_there(test)) {
            let what = format!("`{id}` names the test `{test}`, which does not exist");
            found.push(at_rows(what, "correct the name"));
        }
    }
    let mut names = BTreeSet::new();
    for scenario in &scenarios {
        let at = |what: String| Offence::new(CHECK, &scenario.file, 1, what, "correct it");
        let name = &scenario.name;
        if !names.insert(name) {
            found.push(at(format!("two scenarios are called \"{name}\"")));
        }
        let strange = scenario.shows.iter().filter(|row| !known.contains(row.as_str()));
        found.extend(strange.map(|row| at(format!("\"{name}\" shows `{row}`, which is no row"))));
        if scenario.shows.is_empty() {
            found.push(at(format!("\"{name}\" shows nothing")));
        }
    }
    found
}

/// What is wrong with a row by itself.
fn faults(row: &Row) -> Vec<(String, &'static str)> {
    let id = &row.id;
    let mut found = Vec::new();
    if !["S", "W", "N"].contains(&row.sqlite.as_str()) {
        found.push((format!("`{id}` has no `sqlite`"), "S, W or N"));
    }
    match row.state.as_str() {
        "full" if row.note.is_empty() => {}
        "full" => found.push((format!("`{id}` is full and has a note"), "say `differs`")),
        "differs" if !row.note.is_empty() => {}
        "refused" if row.note.contains('`') => {}
        "differs" | "refused" => {
            found.push((format!("`{id}` does not say how"), "say it, or the code, in `note`"));
        }
        other => found.push((format!("`{id}` is `{other}`"), "full, differs or refused")),
    }
    found
}

/// The page.
pub fn page(tree: &Tree) -> String {
    let mut page = String::from(
        "# Compatibility\n\nEvery row of the dialect that the clients speak, what becomes of it, \
         and the tests that show it. Generated from `docs/compatibility.toml` and the scenarios of \
         `mainstay/tests/clients/scenarios` by `cargo xtask docs`; do not edit.\n\nEach scenario \
         (in italics) is run by `@supabase/supabase-js` and by Python's `supabase`, as they are \
         published, against the executable. The second column says what the row is to SQLite: \
         **S** maps on to SQL, **W** is work of ours, **N** makes no sense without PostgreSQL.\n",
    );
    let (rows, scenarios) = (rows(tree).unwrap_or_default(), scenarios(tree));
    let shown = shown(&scenarios);
    let count = |state: &str| rows.iter().filter(|row| row.state == state).count();
    let (full, differs, refused) = (count("full"), count("differs"), count("refused"));
    let _ = writeln!(page, "\n{full} rows full, {differs} that differ, {refused} refused.");
    let mut section = "";
    for row in &rows {
        if row.section != section {
            section = &row.section;
            let _ = write!(page, "\n## {section}\n\n| what | | state | shown by |\n");
            page.push_str("| --- | --- | --- | --- |\n");
        }
        let state = match row.note.as_str() {
            "" => row.state.clone(),
            note => format!("{}: {note}", row.state),
        };
        let tests = row.tests.iter().map(|test| format!("`{test}`"));
        let names = shown.get(row.id.as_str()).into_iter().flatten();
        let names = names.map(|name| format!("*{name}*").replace('|', "\\|"));
        let by: Vec<String> = names.chain(tests).collect();
        let _ = writeln!(page, "| {} | {} | {state} | {} |", row.what, row.sqlite, by.join("<br>"));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::planted;

    const ROW: &str = "[[section]]\ntitle = \"T\"\nrows = [\n";
    const SCENARIO: &str = "mainstay/tests/clients/scenarios/a.json";

    fn found(rows: &str, scenarios: &str) -> Vec<String> {
        let test = "#[test]\nfn it_works() {}\nfn no_test() {}\n";
        let rows = format!("{ROW}{rows}\n]\n");
        let files = [(ROWS, rows.as_str()), (SCENARIO, scenarios), ("a/tests/b.rs", test)];
        let (_folder, tree) = planted::tree(&files);
        check(&tree).into_iter().map(|offence| offence.what).collect()
    }

    #[test]
    fn a_row_that_a_test_or_a_scenario_shows_passes() {
        let rows = r#"
            { id = "a", what = "a", sqlite = "S", tests = ["it_works"] },
            { id = "b", what = "b", sqlite = "N", state = "refused", note = "`X`" },"#;
        assert_eq!(found(rows, r#"[{"name": "n", "shows": ["b"]}]"#), [""; 0]);
    }

    #[test]
    fn a_row_without_a_test_and_a_test_that_is_not_there_fail() {
        let rows = r#"
            { id = "a", what = "a", sqlite = "S" },
            { id = "b", what = "b", sqlite = "S", tests = ["it_worked", "no_test"] },"#;
        assert_eq!(
            found(rows, "[]"),
            [
                "no test shows `a`",
                "`b` names the test `it_worked`, which does not exist",
                "`b` names the test `no_test`, which does not exist",
            ]
        );
    }

    #[test]
    fn a_scenario_must_show_a_row_and_have_a_name_of_its_own() {
        let rows = r#"{ id = "a", what = "a", sqlite = "S", tests = ["it_works"] }"#;
        let scenarios = r#"[{"name": "n", "shows": ["c"]}, {"name": "n", "shows": []}]"#;
        assert_eq!(
            found(rows, scenarios),
            [
                "\"n\" shows `c`, which is no row",
                "two scenarios are called \"n\"",
                "\"n\" shows nothing"
            ]
        );
    }

    #[test]
    fn a_difference_says_which() {
        let rows = r#"
            { id = "a", what = "a", sqlite = "S", state = "differs", tests = ["it_works"] },
            { id = "b", what = "b", sqlite = "X", state = "maybe", tests = ["it_works"] },"#;
        let expected = ["`a` does not say how", "`b` has no `sqlite`", "`b` is `maybe`"];
        assert_eq!(found(rows, "[]"), expected);
    }
}
