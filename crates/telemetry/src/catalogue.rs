//! The vocabulary as a page for people: docs/telemetry.md is generated from the declarations that
//! each layer hands in (`EVENTS`, `MEASURES`), and a test compares it with the file.

use std::fmt::Write;

use crate::{Event, Kind, Measure, event, measure};

/// The page. Telemetry's own declarations come first, then each list in the order given.
#[must_use]
pub fn markdown(events: &[&[&'static Event]], measures: &[&[&'static Measure]]) -> String {
    let mut page = String::from("# What can be watched\n\nGenerated from the code; do not edit.\n");
    page.push_str("\n## Events of the log\n\nEach line also has `time`, `level` and `event`.\n");
    page.push_str("\n| event | level | fields | meaning |\n| --- | --- | --- | --- |\n");
    for event in [event::EVENTS].iter().chain(events).copied().flatten() {
        let (name, level) = (event.name, event.level.text());
        let fields = quoted(event.fields);
        let _ = writeln!(page, "| `{name}` | {level} | {fields} | {} |", event.meaning);
    }
    page.push_str("\n## Metrics\n\n`GET /metrics` on the operator's address.\n");
    page.push_str(
        "\n| metric | type | unit | labels | meaning |\n| --- | --- | --- | --- | --- |\n",
    );
    for measure in [measure::MEASURES].iter().chain(measures).copied().flatten() {
        let (name, kind, unit) = (measure.name, measure.kind.text(), measure.unit);
        let labels = quoted(measure.labels);
        let _ = writeln!(page, "| `{name}` | {kind} | {unit} | {labels} | {} |", measure.meaning);
    }
    page
}

/// What is wrong with the declarations: names that are used twice or break the naming rules.
#[must_use]
pub fn mistakes(events: &[&[&'static Event]], measures: &[&[&'static Measure]]) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    let mut mistakes = Vec::new();
    for event in [event::EVENTS].iter().chain(events).copied().flatten() {
        if !seen.insert(event.name) {
            mistakes.push(format!("the event {} is declared twice", event.name));
        }
    }
    for measure in [measure::MEASURES].iter().chain(measures).copied().flatten() {
        if !seen.insert(measure.name) {
            mistakes.push(format!("the measure {} is declared twice", measure.name));
        }
        if (measure.kind == Kind::Counter) != measure.name.ends_with("_total") {
            mistakes.push(format!("{}: counters, and only they, end in _total", measure.name));
        }
    }
    mistakes
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
