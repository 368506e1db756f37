//! Whether the time of an answer tells which addresses have an account (E4): requests for known and
//! unknown addresses in random order, on one connection, against a server with accounts.
//!
//! The gap of the medians decides; the rank sum shows how sure a difference is. A control, which
//! compares two endpoints that do differ, must be noticed.

use std::time::Instant;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::accounts::people;
use crate::load::Random;
use crate::statistics::{median, rank_sum};
use crate::subjects::Subject;
use crate::{answer, asks, mainstay};

/// The gap that is still equal, in milliseconds; or this share of the median.
const GAP_MS: f64 = 1.0;
const GAP_SHARE: f64 = 0.02;

/// Tries at one account: fewer than are heard without a pause.
const TRIES: u64 = 5;

/// Compare the time of answers for known and for unknown addresses.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo run --release -p mainstay-bench -- equality
  cargo run --release -p mainstay-bench -- equality --requests 100")]
pub struct Args {
    /// Requests of each kind.
    #[arg(long, default_value_t = 2_000, value_name = "N")]
    requests: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What is asked for a known and for an unknown address; `at` counts the requests.
struct Pair {
    name: &'static str,
    known: fn(u64) -> (&'static str, Value),
    unknown: fn(u64) -> (&'static str, Value),
    /// Answers of both kinds are the same bytes.
    alike: bool,
    /// The two are equal, or, in the control, must be found to differ.
    equal: bool,
}

fn unknown(at: u64) -> String {
    format!("nobody-{at}@example.com")
}

const SIGN_IN: &str = "/auth/v1/token?grant_type=password";

fn guessed(email: &str) -> (&'static str, Value) {
    (SIGN_IN, json!({ "email": email, "password": "not the password 7" }))
}

const PAIRS: [Pair; 4] = [
    Pair {
        name: "sign-in",
        known: |at| guessed(&people::email(at / TRIES)),
        unknown: |at| guessed(&unknown(at / TRIES)),
        alike: true,
        equal: true,
    },
    Pair {
        name: "recover",
        known: |at| ("/auth/v1/recover", json!({ "email": people::email(at) })),
        unknown: |at| ("/auth/v1/recover", json!({ "email": unknown(at) })),
        alike: true,
        equal: true,
    },
    Pair {
        name: "otp",
        known: |at| ("/auth/v1/otp", json!({ "email": people::email(at), "create_user": true })),
        unknown: |at| ("/auth/v1/otp", json!({ "email": unknown(at), "create_user": true })),
        alike: true,
        equal: true,
    },
    Pair {
        name: "control",
        known: |at| guessed(&people::email(1_000_000 + at)),
        unknown: |at| ("/auth/v1/recover", json!({ "email": unknown(1_000_000 + at) })),
        alike: false,
        equal: false,
    },
];

/// Compares all pairs and says whether each is as it must be.
///
/// # Errors
/// When the server cannot be started, or the answers of a pair are not the same bytes.
pub async fn run(args: &Args) -> std::io::Result<bool> {
    let (subject, keys) = mainstay::with_accounts()?;
    let with_password = args.requests.div_ceil(TRIES);
    people::of_mainstay(subject.address, &keys, 0..with_password, true).await?;
    people::of_mainstay(subject.address, &keys, with_password..args.requests, false).await?;
    if !args.json {
        println!("| endpoint | known ms | unknown ms | gap ms | gap % | U | z | verdict |");
        println!("|---|--:|--:|--:|--:|--:|--:|---|");
    }
    let (mut right, mut rows) = (true, Vec::new());
    for pair in PAIRS {
        let (known, unknown) = measure(&subject, &pair, args.requests).await?;
        let (a, b) = (median(&known), median(&unknown));
        let (gap, share) = (a - b, (a - b) / a.max(b));
        let equal = gap.abs() <= GAP_MS || share.abs() <= GAP_SHARE;
        let is_right = equal == pair.equal;
        right &= is_right;
        let ranks = rank_sum(&known, &unknown);
        let verdict = match (is_right, pair.equal) {
            (true, true) => "equal",
            (false, true) => "TELLS",
            (true, false) => "noticed, as it must be",
            (false, false) => "NOT NOTICED",
        };
        if !args.json {
            println!(
                "| {} | {a:.3} | {b:.3} | {gap:+.3} | {:+.2} | {:.0} | {:+.2} | {verdict} |",
                pair.name,
                share * 100.0,
                ranks.u,
                ranks.z
            );
        }
        rows.push(json!({ "endpoint": pair.name, "known_ms": a, "unknown_ms": b, "gap_ms": gap,
                          "u": ranks.u, "z": ranks.z, "verdict": verdict }));
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&rows).unwrap_or_default());
    }
    Ok(right)
}

/// Times of both kinds, in milliseconds.
async fn measure(
    subject: &Subject,
    pair: &Pair,
    requests: u64,
) -> std::io::Result<(Vec<f64>, Vec<f64>)> {
    let mut stream = TcpStream::connect(subject.address).await?;
    stream.set_nodelay(true)?;
    let (mut random, mut known, mut unknown) = (Random::new(4), Vec::new(), Vec::new());
    for at in 0..requests {
        let known_first = random.below(2) == 0;
        let mut bodies = Vec::new();
        for is_known in [known_first, !known_first] {
            let (make, times) = match is_known {
                true => (pair.known, &mut known),
                false => (pair.unknown, &mut unknown),
            };
            let (path, body) = make(at);
            let request = asks::post(path, &subject.headers, &body.to_string());
            let (time, status, body) = timed(&mut stream, &request).await?;
            times.push(time);
            bodies.push((status, body));
        }
        if pair.alike && bodies[0] != bodies[1] {
            let shown = |(status, body): &(u16, Vec<u8>)| {
                format!("{status} {}", String::from_utf8_lossy(body))
            };
            let (one, other) = (shown(&bodies[0]), shown(&bodies[1]));
            let text = format!("{} tells: {one} is not {other}", pair.name);
            return Err(std::io::Error::other(text));
        }
    }
    Ok((known, unknown))
}

async fn timed(stream: &mut TcpStream, request: &[u8]) -> std::io::Result<(f64, u16, Vec<u8>)> {
    let mut buffer = Vec::new();
    let asked = Instant::now();
    stream.write_all(request).await?;
    let status = answer::read(stream, &mut buffer).await?;
    let time = asked.elapsed().as_secs_f64() * 1_000.0;
    if status == 429 || status >= 500 {
        let text = format!("a request is answered with {status}: nothing can be compared");
        return Err(std::io::Error::other(text));
    }
    Ok((time, status, answer::parts(&buffer)?.1))
}
