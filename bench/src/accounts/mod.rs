//! What accounts cost: sign-ins by password, refreshes and verified tokens, Mainstay's beside
//! PocketBase's, in turns in one run; and what many sessions take of the memory.
//!
//! `people` (who signs in) -> `turns` (the cases) and `crowd` (many sessions) -> `report`.

mod crowd;
pub mod people;
mod report;
mod speakers;
mod turns;

use std::time::Duration;

use serde::Serialize;

/// Measure sign-ins, refreshes, tokens and the memory of sessions.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  cargo run --release -p mainstay-bench -- accounts
  cargo run --release -p mainstay-bench -- accounts --seconds 1 --runs 1 --sessions 2000")]
pub struct Args {
    /// Length of one run.
    #[arg(long, default_value_t = 5, value_name = "N")]
    seconds: u64,
    /// Runs of each case; the median is shown.
    #[arg(long, default_value_t = 3, value_name = "N")]
    runs: usize,
    /// Sessions of the crowd.
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    sessions: usize,
    /// Only one part: the cases beside PocketBase, or the many sessions.
    #[arg(long, value_name = "PART")]
    only: Option<Part>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Turns,
    Crowd,
}

impl Args {
    fn length(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// All figures of a run.
#[derive(Debug, Serialize)]
pub struct Figures {
    cases: Vec<Figure>,
    memory: Vec<Memory>,
}

/// One case of one subject.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    case: &'static str,
    subject: &'static str,
    connections: usize,
    requests_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    cpu_us_per_request: f64,
    memory_mb: f64,
}

/// Memory of the server at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct Memory {
    when: String,
    memory_mb: f64,
    peak_memory_mb: f64,
}

/// Measures all and prints it.
///
/// # Errors
/// When a server cannot be started, or answers a request with anything but success.
pub async fn run(args: &Args) -> std::io::Result<()> {
    let mut figures = Figures { cases: Vec::new(), memory: Vec::new() };
    if args.only != Some(Part::Crowd) {
        figures.cases = turns::measure(args).await?;
    }
    if args.only != Some(Part::Turns) {
        let (tokens, memory) = crowd::measure(args).await?;
        figures.cases.extend(tokens);
        figures.memory = memory;
    }
    report::print(&figures, args.json);
    Ok(())
}
