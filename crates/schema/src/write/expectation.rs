//! One expectation as TOML. Values that have no form in TOML are written as texts that the type of
//! their column takes.

use serde_json::{Map, Value};

use super::text::{Line, key, list, quoted, sql};
use crate::AuthFacts;
use crate::model::{Expectation, ExpectedRow};

pub(super) fn write(expectation: &Expectation, out: &mut String) {
    out.push_str("\n[[expect]]\n");
    if let Some(doc) = &expectation.doc {
        out.push_str(&format!("doc = {}\n", sql(doc)));
    }
    out.push_str(&format!("as = {}\n", caller(&expectation.caller)));
    let verdict = if expectation.allowed { "can" } else { "cannot" };
    out.push_str(&format!("{verdict} = {}\n", quoted(expectation.deed.name())));
    if !expectation.columns.is_empty() {
        let columns = list(expectation.columns.iter().map(String::as_str));
        out.push_str(&format!("columns = {columns}\n"));
    }
    out.push_str(&format!("table = {}\n", quoted(&expectation.source)));
    for (name, row) in [("row", &expectation.row), ("new", &expectation.new)] {
        if !row.is_empty() {
            out.push_str(&format!("{name} = {}\n", braced(row)));
        }
    }
    write_given(&expectation.given, out);
}

/// Each table once, at the place of its first row.
fn write_given(given: &[(String, ExpectedRow)], out: &mut String) {
    let mut line = Line::new();
    for (at, (table, _)) in given.iter().enumerate() {
        if given[..at].iter().any(|(earlier, _)| earlier == table) {
            continue;
        }
        let rows = given.iter().filter(|(other, _)| other == table);
        let rows: Vec<String> = rows.map(|(_, row)| braced(row)).collect();
        line.push(&key(table), &format!("[{}]", rows.join(", ")));
    }
    if !given.is_empty() {
        out.push_str(&format!("given = {}\n", line.braced()));
    }
}

fn caller(facts: &AuthFacts) -> String {
    let mut line = Line::new();
    line.push("role", &quoted(&facts.role));
    for (name, value) in [("uid", &facts.uid), ("email", &facts.email), ("aal", &facts.aal)] {
        if let Some(value) = value {
            line.push(name, &quoted(value));
        }
    }
    let claims = facts.claims.as_object().cloned().unwrap_or_default();
    if claims.contains_key("roles") {
        line.push("roles", &list(facts.roles.iter().map(String::as_str)));
    }
    let told = ["role", "sub", "email", "aal", "roles"];
    let rest: Map<String, Value> =
        claims.into_iter().filter(|(name, _)| !told.contains(&name.as_str())).collect();
    if !rest.is_empty() {
        line.push("claims", &braced(&rest));
    }
    line.short("role")
}

fn braced(row: &ExpectedRow) -> String {
    let mut line = Line::new();
    row.iter().for_each(|(name, value)| line.push(&key(name), &constant(value)));
    line.braced()
}

/// JSON as TOML. A null stands as the table that reading takes for one.
fn constant(value: &Value) -> String {
    match value {
        Value::Null => "{ null = true }".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(constant).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => braced(fields),
    }
}
