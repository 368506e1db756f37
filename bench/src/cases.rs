//! The cases and their turns: each subject is started, its answers are compared with the floor's,
//! then it is measured. What is asked stands in `asks`.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::check::{self, Expected};
use crate::load::{self, Ask};
use crate::mainstay::Rule;
use crate::subjects::{self, Subject};
use crate::{Args, asks, mainstay, pocket, process};

/// A row of the report.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Row {
    Measured(Result),
    /// The subject has nothing that equals the case.
    Absent {
        subject: &'static str,
        case: &'static str,
        connections: usize,
        absent: &'static str,
    },
}

/// One case of one subject.
#[derive(Clone, Debug, Serialize)]
pub struct Result {
    pub subject: &'static str,
    pub durability: &'static str,
    pub case: &'static str,
    /// The share of the floor's throughput that Mainstay is to reach.
    pub target: f64,
    pub connections: usize,
    pub requests_per_second: f64,
    /// Rows written, for cases that write many in one request.
    pub rows_per_second: Option<f64>,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub cpu_us_per_request: f64,
    pub memory_mb: f64,
    pub peak_memory_mb: f64,
    pub errors: u64,
}

/// What is asked, under this name.
struct Case {
    name: &'static str,
    target: f64,
    /// Rows that one request writes, when they are many.
    rows: Option<u32>,
}

impl Case {
    /// Requests on which the program spends little beside the door.
    const fn short(name: &'static str) -> Self {
        Self { name, target: 0.7, rows: None }
    }

    /// Requests for which it does what the floor has written out by hand.
    const fn composed(name: &'static str, rows: Option<u32>) -> Self {
        Self { name, target: 0.6, rows }
    }
}

const CASES: [Case; 10] = [
    Case::short("health"),
    Case::short("get"),
    Case::short("list"),
    Case::short("insert"),
    Case::short("mixed"),
    Case::composed("embed", None),
    Case::composed("count", None),
    Case::composed("rpc", None),
    Case::composed("bulk100", Some(100)),
    Case::composed("bulk1000", Some(1000)),
];

/// What is measured, under this name.
struct Kind {
    name: &'static str,
    start: fn() -> std::io::Result<Subject>,
    /// Why a case has no equal in it; nothing to say where it is not meant to.
    lacks: fn(&str) -> Option<&'static str>,
}

/// Rules are measured where rows are read alone.
fn unruled(case: &str) -> Option<&'static str> {
    (!matches!(case, "get" | "list")).then_some("")
}

const KINDS: [Kind; 6] = [
    Kind { name: "floor", start: subjects::floor, lacks: |_| None },
    Kind { name: "mainstay", start: || mainstay::start(Rule::Open), lacks: |_| None },
    Kind {
        name: "mainstay, two conjuncts",
        start: || mainstay::start(Rule::Conjuncts),
        lacks: unruled,
    },
    Kind { name: "mainstay, exists", start: || mainstay::start(Rule::Exists), lacks: unruled },
    Kind { name: "pocketbase, log on", start: || pocket::start(true), lacks: pocket::lacks },
    Kind { name: "pocketbase, log off", start: || pocket::start(false), lacks: pocket::lacks },
];

/// Measures every case in turns: each subject once, then all again.
pub async fn measure(args: &Args, length: Duration) -> std::io::Result<Vec<Row>> {
    let wanted =
        |text: &Option<String>, name: &str| text.as_deref().is_none_or(|t| name.contains(t));
    let mut rows = Vec::new();
    for case in CASES.iter().filter(|case| wanted(&args.case, case.name)) {
        let expected = check::expected(case.name).await?;
        for connections in &args.connections {
            let turn = Turn { case, expected: &expected, connections: *connections, length };
            let mut rounds: Vec<Vec<Result>> = vec![Vec::new(); KINDS.len()];
            for _ in 0..args.runs {
                let kinds = rounds.iter_mut().zip(&KINDS);
                for (round, kind) in kinds.filter(|(_, kind)| wanted(&args.only, kind.name)) {
                    round.extend(turn.of(kind).await?);
                }
            }
            for (round, kind) in rounds.into_iter().zip(&KINDS) {
                let absent = (kind.lacks)(case.name).filter(|why| !why.is_empty());
                let absent = absent.filter(|_| wanted(&args.only, kind.name));
                rows.extend(absent.map(|absent| turn.without(kind, absent)));
                rows.extend(median(round).map(Row::Measured));
            }
        }
    }
    Ok(rows)
}

/// The run with the median throughput.
fn median(mut runs: Vec<Result>) -> Option<Result> {
    runs.sort_by(|a, b| a.requests_per_second.total_cmp(&b.requests_per_second));
    let middle = runs.len() / 2;
    runs.into_iter().nth(middle)
}

/// One run of a case, whoever's turn it is.
struct Turn<'a> {
    case: &'a Case,
    expected: &'a Expected,
    connections: usize,
    length: Duration,
}

impl Turn<'_> {
    fn without(&self, kind: &Kind, absent: &'static str) -> Row {
        let (case, connections) = (self.case.name, self.connections);
        Row::Absent { subject: kind.name, case, connections, absent }
    }

    /// Nothing when the subject lacks the case or cannot be started.
    async fn of(&self, kind: &Kind) -> std::io::Result<Option<Result>> {
        if (kind.lacks)(self.case.name).is_some() {
            return Ok(None);
        }
        // A fresh process for each: no case pays for the one before it.
        let subject = match (kind.start)() {
            Ok(subject) => subject,
            Err(error) => {
                eprintln!("skipped {}: {error}", kind.name);
                return Ok(None);
            }
        };
        let ask = asks::ask(&subject, self.case.name)?;
        check::same(&subject, self.case.name, &*ask, self.expected).await?;
        let one = self.run(&subject, ask).await?;
        eprintln!(
            "{:8} {:4} {:20} {:9.0}/s {:6.1} us",
            one.case, one.connections, one.subject, one.requests_per_second, one.cpu_us_per_request
        );
        Ok(Some(one))
    }

    #[allow(clippy::cast_precision_loss)] // figures for people
    async fn run(&self, subject: &Subject, ask: Arc<Ask>) -> std::io::Result<Result> {
        let warm = Duration::from_millis(300).min(self.length);
        load::run(subject.address, self.connections, warm, Arc::clone(&ask)).await?;
        let pid = subject.child.id();
        let before = process::cpu(pid);
        let run = load::run(subject.address, self.connections, self.length, ask).await?;
        let used = process::cpu(pid) - before;
        let (memory, peak) = process::memory(pid);
        let mega = |bytes: u64| bytes as f64 / 1_048_576.0;
        let rate = run.requests as f64 / run.length.as_secs_f64();
        Ok(Result {
            subject: subject.name,
            durability: subject.durability,
            case: self.case.name,
            target: self.case.target,
            connections: self.connections,
            requests_per_second: rate,
            rows_per_second: self.case.rows.map(|rows| rate * f64::from(rows)),
            p50_ms: run.percentile(0.50),
            p99_ms: run.percentile(0.99),
            cpu_us_per_request: used.as_secs_f64() * 1e6 / (run.requests.max(1)) as f64,
            memory_mb: mega(memory),
            peak_memory_mb: mega(peak),
            errors: run.errors,
        })
    }
}
