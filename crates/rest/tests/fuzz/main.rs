//! What strangers may send, at random: no text makes the parser panic, and whatever can be planned
//! is SQL that SQLite takes, with every value bound. The stored corpus always runs; requests are
//! made anew for `MAINSTAY_FUZZ_SECONDS` seconds, or for a moment where that is not set.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a panic is how a test fails

mod checker;
mod planner;
#[path = "../ruled/mod.rs"]
mod ruled;
mod rules;
mod words;

use std::time::{Duration, Instant};

use http::{HeaderMap, Method};
use mainstay_base::{Code, Error};
use mainstay_rest::parse::{self, Pairs};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use crate::checker::Checker;
use crate::planner::{Planned, Planner};

const CORPUS: &str = include_str!("../corpus/requests.txt");

/// One request for each line: `METHOD path?query`, and headers and body behind tabs.
fn corpus() -> Vec<String> {
    let lines = CORPUS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.replace('\t', "\n")).collect()
}

/// How long requests are made up.
fn time() -> Duration {
    let seconds = std::env::var("MAINSTAY_FUZZ_SECONDS").ok();
    let seconds = seconds.and_then(|text| text.parse().ok());
    seconds.map_or(Duration::from_millis(1500), Duration::from_secs)
}

/// Makes values until the time is over. A value that fails is made small before it is shown.
fn until_time_is_over(
    what: &str,
    values: impl Strategy<Value = String>,
    check: impl Fn(&str) -> Result<(), TestCaseError>,
) {
    let until = Instant::now() + time();
    let config =
        Config { failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let mut made = 0_u64;
    while Instant::now() < until {
        let tree = values.new_tree(&mut runner).unwrap();
        match runner.run_one(tree, |value| check(&value)) {
            Ok(_) => made += 1,
            Err(TestError::Fail(why, value)) => panic!("{what}: {why}\n{value}"),
            Err(abort) => panic!("{what}: {abort}"),
        }
    }
    println!("{what}: {made} made up");
}

/// `PGRST100` says where; bounds say how much, and text that is no text has no places.
fn says_where(error: &Error) -> bool {
    let (message, details) = (error.message(), error.details_text().unwrap_or_default());
    error.code() != Code::QueryUnreadable
        || message.contains("(line 1, column ")
        || details.contains("whole number")
        || ["more than", "deeper than", "longer than", "not UTF-8"]
            .iter()
            .any(|bound| message.contains(bound))
}

fn parses_or_refuses(query: &str) -> Result<(), TestCaseError> {
    let headers = HeaderMap::new();
    let refused = |error: Error| match says_where(&error) {
        true => Ok(()),
        false => Err(TestCaseError::fail(format!("no position in {error}"))),
    };
    let pairs = match Pairs::read(query) {
        Ok(pairs) => pairs,
        Err(error) => return refused(error),
    };
    for (method, path) in
        [(Method::GET, "/people"), (Method::GET, "/rpc/sum"), (Method::PATCH, "/people")]
    {
        if let Err(error) = parse::intent(&method, path, &headers, &pairs) {
            refused(error)?;
        }
    }
    Ok(())
}

#[test]
fn any_query_string_parses_or_is_refused_with_its_place() {
    for request in corpus() {
        let query = request.split_once('?').map_or("", |(_, rest)| rest);
        parses_or_refuses(query.lines().next().unwrap_or_default()).unwrap();
    }
    until_time_is_over("query strings", words::query_strings(corpus()), parses_or_refuses);
}

#[test]
fn whatever_rule_is_taken_becomes_one_statement() {
    let checker = Checker::new(&ruled::declared("true").unwrap().modules[0]);
    let taken = std::cell::Cell::new(0_u64);
    let check = |rule: &str| -> Result<(), TestCaseError> {
        let Ok(catalog) = ruled::declared(rule) else { return Ok(()) };
        match ruled::read_of(catalog, "select=title") {
            Ok(bound) => {
                taken.set(taken.get() + 1);
                checker.check(&bound.statement).map_err(TestCaseError::fail)
            }
            Err(error) if error.code() == Code::Forbidden => Ok(()),
            Err(error) => Err(TestCaseError::fail(format!("a fault of ours: {error}"))),
        }
    };
    until_time_is_over("rules", rules::texts(), check);
    println!("{} rules taken", taken.get());
    assert!(taken.get() > 10, "no rule that was made up could be taken");
}

#[test]
fn whatever_is_planned_is_one_statement_with_every_value_bound() {
    let planner = Planner::new();
    let checker = Checker::new(&planner.catalog().modules[0]);
    let counted = std::cell::Cell::new((0_u64, 0_u64));
    let check = |request: &str| -> Result<(), TestCaseError> {
        let (mut planned, mut statements) = counted.get();
        match planner.plan(request) {
            Ok(Planned { all }) => {
                planned += 1;
                statements += all.len() as u64;
                counted.set((planned, statements));
                all.iter().try_for_each(|one| checker.check(one)).map_err(TestCaseError::fail)
            }
            Err(error) if error.code() == Code::Internal => {
                Err(TestCaseError::fail(format!("a fault of ours: {error}")))
            }
            Err(_) => Ok(()),
        }
    };
    let stored = corpus();
    for request in &stored {
        check(request).unwrap_or_else(|why| panic!("{why}\n{request}"));
    }
    let of_corpus = counted.get().0;
    assert!(of_corpus * 3 > stored.len() as u64 * 2, "{of_corpus} of {} planned", stored.len());
    until_time_is_over("requests", words::requests(stored), check);
    let (planned, statements) = counted.get();
    println!("{planned} planned, {statements} statements prepared");
    assert!(planned > of_corpus, "nothing that was made up could be planned");
}
