//! Which crate may use which: every Cargo.toml against the table of arrows in ARCHITECTURE.md,
//! whose header is `| crate | may use | never |`. `testkit` may be used by any crate's tests.

use std::collections::{BTreeMap, BTreeSet};

use toml::Table;

use super::{Offence, Tree};

const PAGE: &str = "ARCHITECTURE.md";
const CHECK: &str = "arrows";
/// For tests only, wherever it is used.
const FOR_TESTS: &str = "testkit";

/// One row of the table.
struct Row {
    line: usize,
    uses: BTreeSet<String>,
}

pub fn check(tree: &Tree) -> Vec<Offence> {
    let Some(page) = tree.text(PAGE) else {
        return vec![Offence::new(CHECK, PAGE, 1, "is missing", "write it, with its table")];
    };
    let rows = rows(page);
    if rows.is_empty() {
        let remedy = "add the table `| crate | may use | never |`";
        return vec![Offence::new(CHECK, PAGE, 1, "has no table of arrows", remedy)];
    }
    let manifests = manifests(tree);
    let ours: BTreeSet<&str> = manifests.iter().map(|manifest| manifest.name.as_str()).collect();
    let mut found = Vec::new();
    for manifest in &manifests {
        match rows.get(&manifest.name) {
            Some(row) => found.extend(compare(manifest, row, &ours)),
            None => {
                let what = format!("the crate `{}` has no row in {PAGE}", manifest.name);
                found.push(Offence::new(CHECK, &manifest.path, 1, what, "add the row"));
            }
        }
    }
    for (name, row) in &rows {
        for named in row.uses.iter().chain([name]).filter(|name| !ours.contains(name.as_str())) {
            let what = format!("the table names the crate `{named}`, which does not exist");
            let remedy = "remove it, or move it to the table of later crates";
            found.push(Offence::new(CHECK, PAGE, row.line, what, remedy));
        }
    }
    found
}

/// A crate of the workspace.
struct Manifest<'a> {
    path: String,
    text: &'a str,
    /// Without the prefix of the product.
    name: String,
    table: Table,
}

fn manifests(tree: &Tree) -> Vec<Manifest<'_>> {
    let read = |file: &'_ super::tree::File| -> Option<(String, Table)> {
        let table: Table = file.text.parse().ok()?;
        let name = table.get("package")?.get("name")?.as_str()?;
        Some((short(name).to_owned(), table))
    };
    let named = tree.ending("toml").filter(|file| {
        !file.is_test() && (file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml"))
    });
    named
        .filter_map(|file| {
            let (name, table) = read(file)?;
            Some(Manifest { path: file.path.clone(), text: &file.text, name, table })
        })
        .collect()
}

fn short(package: &str) -> &str {
    package.strip_prefix("mainstay-").unwrap_or(package)
}

fn compare(manifest: &Manifest<'_>, row: &Row, ours: &BTreeSet<&str>) -> Vec<Offence> {
    let mut found = Vec::new();
    for (kind, package) in dependencies(&manifest.table) {
        let used = short(&package);
        if !ours.contains(used) || used == manifest.name {
            continue;
        }
        let in_tests = kind == "dev-dependencies";
        if row.uses.contains(used) || (in_tests && used == FOR_TESTS) {
            continue;
        }
        let what = format!("`{}` may not use `{used}` ({kind})", manifest.name);
        let remedy = match used {
            FOR_TESTS => "move it to dev-dependencies".to_owned(),
            _ => format!("turn the arrow round or drop it; the table is in {PAGE}"),
        };
        let line = line_of(manifest.text, &package);
        found.push(Offence::new(CHECK, &manifest.path, line, what, remedy));
    }
    found
}

/// Kind and package of every dependency, those of single platforms too.
fn dependencies(manifest: &Table) -> Vec<(&'static str, String)> {
    let platforms = manifest.get("target").and_then(toml::Value::as_table);
    let platforms = platforms.into_iter().flat_map(Table::values).filter_map(toml::Value::as_table);
    let mut found = Vec::new();
    for table in std::iter::once(manifest).chain(platforms) {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(list) = table.get(kind).and_then(toml::Value::as_table) else { continue };
            for (name, value) in list {
                let renamed = value.get("package").and_then(toml::Value::as_str);
                found.push((kind, renamed.unwrap_or(name).to_owned()));
            }
        }
    }
    found
}

fn line_of(text: &str, package: &str) -> usize {
    let at = text.lines().position(|line| {
        let rest = line.trim_start().strip_prefix(package);
        rest.is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
    });
    at.map_or(1, |at| at + 1)
}

fn rows(page: &str) -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    let mut inside = false;
    for (at, line) in page.lines().enumerate() {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        if !line.trim_start().starts_with('|') {
            inside = false;
        } else if cells == ["crate", "may use", "never"] {
            inside = true;
        } else if inside && !cells[0].starts_with('-') {
            let uses = cells.get(1).copied().unwrap_or("").split(',').map(word);
            let uses = uses.filter(|name| !name.is_empty() && name != "-").collect();
            rows.insert(word(cells[0]), Row { line: at + 1, uses });
        }
    }
    rows
}

fn word(cell: &str) -> String {
    cell.trim().trim_matches('`').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::tree::planted;
    use super::*;

    const PAGE_TEXT: &str = "# x\n\n| crate | may use | never |\n| --- | --- | --- |\n\
        | `base` | - | does I/O |\n| `store` | base | sees HTTP |\n| `testkit` | base | ships |\n";

    fn manifest(name: &str, rest: &str) -> String {
        format!("[package]\nname = \"mainstay-{name}\"\n{rest}")
    }

    fn found(store: &str, base: &str, page: &str) -> Vec<String> {
        let (_folder, tree) = planted::tree(&[
            (PAGE, page),
            ("crates/base/Cargo.toml", &manifest("base", base)),
            ("crates/store/Cargo.toml", &manifest("store", store)),
            ("crates/testkit/Cargo.toml", &manifest("testkit", "")),
        ]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn arrows_of_the_table_pass_and_tests_may_use_the_testkit() {
        let store = "[dependencies]\nmainstay-base.workspace = true\nserde = \"1\"\n\
                     [dev-dependencies]\nmainstay-testkit.workspace = true\n";
        assert_eq!(found(store, "", PAGE_TEXT), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_against_the_table_fails_with_its_line() {
        let base = "[dependencies]\nmainstay-store = { workspace = true }\n";
        assert_eq!(
            found("", base, PAGE_TEXT),
            [
                "crates/base/Cargo.toml:4: `base` may not use `store` (dependencies) — turn the arrow \
              round or drop it; the table is in ARCHITECTURE.md"
            ]
        );
    }

    #[test]
    fn an_arrow_that_is_hidden_by_a_new_name_or_a_platform_fails_too() {
        let base = "[target.'cfg(unix)'.dependencies]\nx = { package = \"mainstay-store\" }\n";
        assert_eq!(found("", base, PAGE_TEXT).len(), 1);
    }

    #[test]
    fn shipping_the_testkit_fails() {
        let store = "[dependencies]\nmainstay-testkit.workspace = true\n";
        assert!(found(store, "", PAGE_TEXT)[0].ends_with("move it to dev-dependencies"));
    }

    #[test]
    fn a_crate_without_a_row_and_a_row_without_a_crate_fail() {
        let page = PAGE_TEXT.replace("| `store` | base |", "| `fleet` | base |");
        let found = found("", "", &page);
        assert!(found[0].contains("`store` has no row"), "{found:?}");
        assert!(found[1].contains(":6: the table names the crate `fleet`"), "{found:?}");
    }

    #[test]
    fn a_page_without_the_table_fails() {
        assert!(found("", "", "# nothing\n")[0].contains("has no table of arrows"));
    }
}
