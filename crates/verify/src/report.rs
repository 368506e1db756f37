//! A difference as a person reads it: the whole case, small enough to be understood.

use std::fmt::Write;

use crate::oracle::Difference;
use crate::request::http::{Sent, write};
use crate::world::{World, declaration};

/// The declaration, the rows, what was asked before, who asked what, and both answers.
#[must_use]
pub fn shown(difference: &Difference) -> String {
    let Difference { world, caller, sent, expected, answered, what, .. } = difference;
    let before = world.requests.split_last().map_or(&[][..], |(_, before)| before);
    let mut text = declaration(world);
    let _ = writeln!(text, "\nmax_rows = {}", world.max_rows);
    push_rows(&mut text, world);
    if !before.is_empty() {
        text.push_str("\nFirst:\n");
    }
    for request in before {
        let _ = writeln!(text, "{}", who(world, request.caller));
        push_sent(&mut text, &write(request, &world.sources(), &world.functions));
    }
    let _ = writeln!(text, "\nThen {}", who(world, *caller));
    push_sent(&mut text, sent);
    let expected: Vec<String> = expected.iter().map(|one| one.shown()).collect();
    if !expected.is_empty() {
        let _ = writeln!(text, "\nExpected {}", expected.join("\nor "));
    }
    let _ = writeln!(text, "\nAnswered {}", answered.status);
    for (name, value) in &answered.headers {
        let _ = writeln!(text, "{name}: {value}");
    }
    let _ = writeln!(text, "{}\n\nDifferent: {what}", answered.body);
    text
}

fn push_rows(text: &mut String, world: &World) {
    for (table, rows) in world.tables.iter().zip(&world.rows) {
        for row in rows {
            let cell = |(column, cell): (&crate::world::Column, &crate::world::Cell)| {
                format!("{}={}", column.name, cell.wire())
            };
            let cells: Vec<String> = table.columns.iter().zip(row).map(cell).collect();
            let _ = writeln!(text, "{}: {}", table.name, cells.join(" "));
        }
    }
}

fn who(world: &World, caller: usize) -> String {
    let claims = serde_json::Value::Object(world.callers[caller].all_claims());
    format!("as {claims}")
}

fn push_sent(text: &mut String, sent: &Sent) {
    let _ = writeln!(text, "{} {}", sent.method, sent.target);
    for (name, value) in &sent.headers {
        let _ = writeln!(text, "{name}: {value}");
    }
    if !sent.body.is_empty() {
        let _ = writeln!(text, "{}", sent.body);
    }
}
