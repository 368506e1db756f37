//! What was acknowledged is on disk. Tests A1 (kill -9 under load), A5 in part (every write and
//! sync fails once) and A6 (full disk), each with its negative control where one can be made.
//!
//! `cargo test -p mainstay --test durability -- --rounds 1000` runs A1 longer.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test with a harness of its own

mod application;
mod disk_full;
mod kill;
mod refreshes;
mod sweep;

use std::process::ExitCode;

/// What a test found: fine, not run and why, or wrong.
pub enum Verdict {
    Passed(String),
    Skipped(String),
    Failed(String),
}

type Test = fn(&Options) -> Verdict;

/// What the command line chose.
pub struct Options {
    pub rounds: usize,
    filter: Option<String>,
}

const TESTS: [(&str, Test); 7] = [
    ("a1_no_acknowledged_write_is_lost_to_kill_9", kill::nothing_is_lost),
    ("a1_control_acknowledging_before_the_commit_is_noticed", kill::the_control_loses),
    ("a1_no_session_is_lost_to_kill_9", refreshes::no_session_is_lost),
    (
        "a1_control_a_session_acknowledged_before_the_commit_is_noticed",
        refreshes::the_control_loses_one,
    ),
    ("a5_every_failed_sync_is_survived", sweep::syncs),
    ("a5_every_failed_write_is_survived", sweep::writes),
    ("a6_a_full_disk_refuses_writes_and_heals", disk_full::heals),
];

fn main() -> ExitCode {
    let options = options();
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    println!("\nrunning {} tests", TESTS.len());
    for (name, test) in TESTS {
        if options.filter.as_ref().is_some_and(|filter| !name.contains(filter.as_str())) {
            continue;
        }
        match test(&options) {
            Verdict::Passed(note) => {
                println!("test {name} ... ok ({note})");
                passed += 1;
            }
            Verdict::Skipped(why) => {
                mainstay_testkit::process::skip(name, &why);
                println!("test {name} ... skipped: {why}");
                skipped += 1;
            }
            Verdict::Failed(why) => {
                println!("test {name} ... FAILED\n{why}");
                failed += 1;
            }
        }
    }
    println!("\n{passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn options() -> Options {
    let mut options = Options { rounds: 100, filter: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--rounds" => {
                options.rounds = words.next().and_then(|text| text.parse().ok()).unwrap_or(100);
            }
            flag if flag.starts_with('-') => {}
            filter => options.filter = Some(filter.to_owned()),
        }
    }
    options
}
