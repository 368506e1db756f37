//! Table x action x role: what is open, closed, or depends. Columns with rules of their own stand
//! below their table.

use mainstay_gate::Action;
use mainstay_schema::{Rule, Table};
use serde_json::{Map, Value, json};

use super::Matrix;
use crate::commands;
use crate::openness::{Openness, Rules};
use crate::report::{Failure, say};
use crate::settings::Flags;

const ACTIONS: [(Action, &str); 4] = [
    (Action::Read, "read"),
    (Action::Create, "create"),
    (Action::Update, "update"),
    (Action::Delete, "delete"),
];

/// One line of the matrix.
struct Row {
    /// `module.table`
    source: String,
    kind: &'static str,
    column: Option<String>,
    action: &'static str,
    by_role: Vec<Openness>,
}

pub(super) fn run(args: &Matrix, as_json: bool) -> Result<(), Failure> {
    let flags = Flags { environment: args.env.clone(), ..Flags::default() };
    let (declared, configured) = commands::read(&args.path, &flags)?;
    let rules = Rules::new(&declared.catalog, &configured.settings.auth.roles);
    let rows = rows(&rules);
    match as_json {
        true => say!("{}", Value::Array(rows.iter().map(|row| in_json(row, &rules)).collect())),
        false => tell(&rows, &rules),
    }
    Ok(())
}

fn rows(rules: &Rules<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (at, module) in rules.catalog.modules.iter().enumerate() {
        for (source, table) in module.sources().enumerate() {
            let kind = if source < module.tables.len() { "table" } else { "view" };
            let name = format!("{}.{}", module.name, table.name);
            source_rows(rules, (at, source), table, (&name, kind), &mut rows);
        }
        for (function, declared) in module.functions.iter().enumerate() {
            let roles = rules.roles.iter();
            rows.push(Row {
                source: format!("{}.{}", module.name, declared.name),
                kind: "function",
                column: None,
                action: "call",
                by_role: roles.map(|role| rules.function(role, (at, function))).collect(),
            });
        }
    }
    rows
}

fn source_rows(
    rules: &Rules<'_>,
    place: (usize, usize),
    table: &Table,
    (name, kind): (&str, &'static str),
    rows: &mut Vec<Row>,
) {
    let row = |column: Option<&String>, action, by_role| Row {
        source: name.to_owned(),
        kind,
        column: column.cloned(),
        action,
        by_role,
    };
    for (action, word) in ACTIONS {
        let by_role = rules.roles.iter().map(|role| rules.source(role, place, action)).collect();
        rows.push(row(None, word, by_role));
    }
    for (at, column) in table.columns.iter().enumerate() {
        let allow = &column.allow;
        let ruled: [(&Option<Rule>, Action, &str); 3] = [
            (&allow.read, Action::Read, "read"),
            (&allow.create, Action::Create, "create"),
            (&allow.update, Action::Update, "update"),
        ];
        for (_, action, word) in ruled.into_iter().filter(|(rule, ..)| rule.is_some()) {
            let by_role = rules.roles.iter();
            let by_role = by_role.map(|role| {
                rules.source(role, place, action).and(rules.column(role, place, at, action))
            });
            rows.push(row(Some(&column.name), word, by_role.collect()));
        }
    }
}

fn in_json(row: &Row, rules: &Rules<'_>) -> Value {
    let roles = rules.roles.iter().zip(&row.by_role);
    let roles: Map<String, Value> =
        roles.map(|(role, openness)| (role.clone(), openness.name().into())).collect();
    json!({
        "source": row.source,
        "kind": row.kind,
        "column": row.column,
        "action": row.action,
        "roles": roles,
    })
}

/// One block for each source: its name, then a line for each action.
fn tell(rows: &[Row], rules: &Rules<'_>) {
    let label = |row: &Row| match &row.column {
        Some(column) => format!("    {column}: {}", row.action),
        None => format!("  {}", row.action),
    };
    let title = |row: &Row| match row.kind {
        "table" => row.source.clone(),
        kind => format!("{} ({kind})", row.source),
    };
    let first = rows.iter().map(|row| label(row).chars().count().max(title(row).chars().count()));
    let first = first.max().unwrap_or_default();
    let widths: Vec<usize> =
        rules.roles.iter().map(|role| role.chars().count().max("conditional".len())).collect();
    let line = |label: &str, cells: Vec<&str>| {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("  {cell:<width$}"));
        let line = format!("{label:<first$}{}", cells.collect::<String>());
        say!("{}", line.trim_end());
    };
    line("", rules.roles.iter().map(String::as_str).collect());
    let mut before = None;
    for row in rows {
        if before != Some(&row.source) {
            say!("{}", title(row));
        }
        before = Some(&row.source);
        line(&label(row), row.by_role.iter().map(|openness| openness.name()).collect());
    }
}
