//! What is asked of each subject: health, one row by key, a sorted list of 20 of 10,000, an
//! insert, and nine reads for each insert.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::load::{self, Ask, Random};
use crate::subjects::{self, ROWS, Subject};
use crate::{Args, process};

/// One case of one subject.
#[derive(Clone, Debug, Serialize)]
pub struct Result {
    pub subject: &'static str,
    pub durability: &'static str,
    pub case: &'static str,
    pub connections: usize,
    pub requests_per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub cpu_us_per_request: f64,
    pub memory_mb: f64,
    pub peak_memory_mb: f64,
    pub errors: u64,
}

const CASES: [&str; 5] = ["health", "get", "list", "insert", "mixed"];

/// A way to start a subject.
type Start = fn() -> std::io::Result<Subject>;

const SUBJECTS: [(&str, Start); 4] = [
    ("floor", subjects::floor),
    ("mainstay", subjects::mainstay),
    ("pocketbase, log on", || subjects::pocketbase(true)),
    ("pocketbase, log off", || subjects::pocketbase(false)),
];

/// Measures every case in turns: each subject once, then all again.
pub async fn measure(args: &Args, length: Duration) -> std::io::Result<Vec<Result>> {
    let wanted =
        |text: &Option<String>, name: &str| text.as_deref().is_none_or(|t| name.contains(t));
    let mut results = Vec::new();
    for case in CASES.iter().filter(|case| wanted(&args.case, case)) {
        for connections in &args.connections {
            let mut rounds: Vec<Vec<Result>> = vec![Vec::new(); SUBJECTS.len()];
            for _ in 0..args.runs {
                for (at, (name, start)) in SUBJECTS.iter().enumerate() {
                    if !wanted(&args.only, name) {
                        continue;
                    }
                    // A fresh process for each: no case pays for the one before it.
                    match start() {
                        Ok(subject) => {
                            let one = run(&subject, case, *connections, length).await?;
                            eprintln!(
                                "{case:8} {connections:4} {name:20} {:9.0}/s {:6.1} us",
                                one.requests_per_second, one.cpu_us_per_request
                            );
                            rounds[at].push(one);
                        }
                        Err(error) => eprintln!("skipped {name}: {error}"),
                    }
                }
            }
            results.extend(rounds.into_iter().filter_map(median));
        }
    }
    Ok(results)
}

/// The run with the median throughput.
fn median(mut runs: Vec<Result>) -> Option<Result> {
    runs.sort_by(|a, b| a.requests_per_second.total_cmp(&b.requests_per_second));
    let middle = runs.len() / 2;
    runs.into_iter().nth(middle)
}

#[allow(clippy::cast_precision_loss)] // figures for people
async fn run(
    subject: &Subject,
    case: &'static str,
    connections: usize,
    length: Duration,
) -> std::io::Result<Result> {
    let ask = ask(subject, case);
    let warm = Duration::from_millis(300).min(length);
    load::run(subject.address, connections, warm, Arc::clone(&ask)).await?;
    let pid = subject.child.id();
    let before = process::cpu(pid);
    let run = load::run(subject.address, connections, length, ask).await?;
    let used = process::cpu(pid) - before;
    let (memory, peak) = process::memory(pid);
    let mega = |bytes: u64| bytes as f64 / 1_048_576.0;
    Ok(Result {
        subject: subject.name,
        durability: subject.durability,
        case,
        connections,
        requests_per_second: run.requests as f64 / run.length.as_secs_f64(),
        p50_ms: run.percentile(0.50),
        p99_ms: run.percentile(0.99),
        cpu_us_per_request: used.as_secs_f64() * 1e6 / (run.requests.max(1)) as f64,
        memory_mb: mega(memory),
        peak_memory_mb: mega(peak),
        errors: run.errors,
    })
}

/// The requests of a case.
fn ask(subject: &Subject, case: &'static str) -> Arc<Ask> {
    let ids = Arc::new(subjects::ids());
    let (headers, write_headers) = (subject.headers.clone(), subject.write_headers.clone());
    let (health, one, list, insert) =
        (subject.paths.health, subject.paths.one, subject.paths.list, subject.paths.insert);
    let get = move |path: &str, out: &mut Vec<u8>| {
        out.extend_from_slice(
            format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n").as_bytes(),
        );
    };
    let plain_headers = subject.headers.clone();
    let post = move |random: &mut Random, out: &mut Vec<u8>| {
        let (author, body, title, views) = subjects::row(random.below(1_000_000));
        let json =
            format!(r#"{{"author":"{author}","body":"{body}","title":"{title}","views":{views}}}"#);
        let head = format!(
            "POST {insert} HTTP/1.1\r\nHost: bench\r\n{plain_headers}{write_headers}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            json.len()
        );
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(json.as_bytes());
    };
    let by_key = move |random: &mut Random, ids: &[String]| {
        let at = usize::try_from(random.below(ROWS)).unwrap_or(0);
        one(&ids[at])
    };
    match case {
        "health" => Arc::new(move |_, out| get(health, out)),
        "get" => Arc::new(move |random, out| get(&by_key(random, &ids), out)),
        "list" => Arc::new(move |random, out| get(&list(random.below(ROWS - 500)), out)),
        "insert" => Arc::new(post),
        _ => Arc::new(move |random, out| match random.below(10) {
            0 => post(random, out),
            _ => get(&by_key(random, &ids), out),
        }),
    }
}
