//! What is left of a rule for a caller, as the SQL that a read of the table becomes: from
//! declaration to statement without a database. The snapshot is the catalogue of what rules make.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

mod ruled;

use std::fmt::Write;

use mainstay_base::Result;
use mainstay_store::Slot;

const RULES: &[&str] = &[
    "true",
    "auth.role == 'authenticated'",
    "auth.role == 'staff'",
    "auth.role == 'staff' || row.author == auth.uid",
    "row.author == auth.uid && row.level < auth.claims.level",
    "row.author != auth.uid",
    "!(row.title == 'x' || row.open)",
    "row.title == null",
    "row.title != null && row.title.startsWith('a')",
    "row.open",
    "row.open == true",
    "row.level + 1 > 5 && row.level % 2 == 0 && -row.level < 0",
    "row.price * 2.0 >= 10.5 || row.wide == 1.0",
    "double(row.level) == row.price",
    "row.due < now && row.made > now - duration('24h')",
    "row.made + duration('1h') > now && row.made.getFullYear() == 2026",
    "row.level in [1, 2, 3]",
    "!(row.title in ['a', null])",
    "string(row.level) in auth.claims.teams",
    "auth.uid in [row.author, row.team.owner]",
    "'open' in row.tags && size(row.tags) < 3",
    "row.tags.exists(t, t.startsWith('x'))",
    "row.tags.all(t, t != row.title)",
    "auth.roles.exists(r, r == row.title)",
    "row.meta.plan == 'pro' && row.meta.seats > 3",
    "has(row.meta.plan) && !(row.meta.flags[0] == true)",
    "row.team.owner == auth.uid",
    "row.team.code == auth.role",
    "members.exists(m, m.team == row.team.up && m.user == auth.uid)",
    "row.team.up.owner == auth.uid && row.team.name == row.title",
    "!(row.team.owner == auth.uid)",
    "row.team == null || row.team.name.lowerAscii().contains('red')",
    "members.exists(m, m.team == row.team && m.user == auth.uid)",
    "!members.exists(m, m.team == row.team && m.user == auth.uid)",
    "members.all(m, m.team != row.team || m.user == auth.uid)",
    "members.exists(m, m.user == auth.uid && m.team.up == row.team)",
    "teams.exists(t, t.owner == auth.uid && members.exists(m, m.team == t.id && m.user == row.author))",
    "row.open ? row.author == auth.uid : row.level > 3",
    "(row.open ? row.level : 7) == 7",
    "row.title.matches('^a.*b$')",
    "row.author == auth.email",
    "auth.claims.missing == row.title || row.level == 1",
    "string(row.level) in auth.claims.names",
    "row.title in auth.claims.names",
    "row.level in auth.claims.names",
    "row.title in ['a', null]",
    "!(row.title in ['a', 'b'])",
    "row.author in auth.claims.teams",
    "row.begins < now && row.begins.getHours() == 8",
    "row.due == timestamp('2026-01-02T00:00:00Z')",
    "row.title.size() > 2 && size(row.meta) == 1",
    "int(row.level) == 2 && string(row.title) == 'a' && double(row.price) > 1.0",
    "int(row.price) == double(row.level)",
    "row.title == row.author || row.title == string(row.level)",
    "!(row.title == row.author)",
    "!teams.exists(t, t.up.owner == auth.uid)",
    "!teams.exists(t, t.owner == auth.uid)",
    "!teams.exists(t, size(t.name) < row.level)",
    "row.meta in row.tags",
    "row.price == row.wide",
    "row.price == row.level",
    "row.team.name == auth.role",
    "members.exists(m, row.team.code == auth.role)",
    "!(row.title.lowerAscii() == 'a')",
    "!(row.title.lowerAscii() == row.team.name)",
    "(row.level == 1 ? row.open : true) == null",
    "(row.level == 1 ? true : row.open) != null",
    "row.title.lowerAscii() in row.tags || row.meta == row.tags",
];

fn plan(rule: &str, query: &str) -> Result<String> {
    let catalog = ruled::declared(rule).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let bound = ruled::read_of(catalog, query)?;
    let condition = bound.statement.sql.split_once(" WHERE ").map_or("1", |(_, behind)| behind);
    let condition = condition.split(" ORDER BY ").next().unwrap_or_default();
    let mut shown = condition.to_owned();
    for slot in &bound.statement.slots {
        let _ = match slot {
            Slot::Rule(at) => write!(shown, "\n    -- {:?}", bound.rules[*at]),
            Slot::Fixed(value) => write!(shown, "\n    -- fixed {value:?}"),
            Slot::Given(_) => Ok(()),
        };
    }
    Ok(shown)
}

#[test]
fn every_part_of_the_language_has_its_sql() {
    let mut shown = String::new();
    for rule in RULES {
        let planned = plan(rule, "select=title")
            .unwrap_or_else(|error| format!("refused: {}", error.message()));
        let _ = write!(shown, "{rule}\n    {planned}\n\n");
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn what_is_looked_for_stands_before_the_rule_unless_it_may_fail() {
    let first = |query: &str| {
        let shown = plan("row.level >= 0", query).unwrap();
        shown.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(first("level=gt.5"), r#"("level" > ? AND "level" >= ?)"#);
    let asked = r#"CASE WHEN "level" >= ? THEN mainstay_contains('array', "tags", ?) END"#;
    assert_eq!(first("tags=cs.{a}"), format!(r#"("level" >= ? AND {asked})"#));
}
