//! Keeps docs/telemetry.md current: the events and measures of all layers, which only this crate
//! can name. `MAINSTAY_WRITE_DOCS=1 cargo test -p mainstay catalogue` writes the page anew.

use std::path::Path;

use mainstay_telemetry::catalogue;

use crate::commands::EVENTS as COMMAND_EVENTS;

fn page() -> String {
    let events = [
        COMMAND_EVENTS,
        mainstay_edge::observe::EVENTS,
        crate::accounts::EVENTS,
        mainstay_gate::observe::EVENTS,
        mainstay_mail::observe::EVENTS,
        mainstay_store::observe::EVENTS,
    ];
    let measures = [
        mainstay_edge::observe::MEASURES,
        mainstay_rest::observe::MEASURES,
        mainstay_store::observe::MEASURES,
    ];
    assert_eq!(catalogue::mistakes(&events, &measures), Vec::<String>::new());
    catalogue::markdown(&events, &measures)
}

#[test]
fn the_catalogue_of_events_and_measures_is_written_down() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/telemetry.md");
    let page = page();
    if std::env::var_os("MAINSTAY_WRITE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/telemetry.md is not current; see the head of catalogue.rs");
}
