//! Measures Mainstay beside a hand-written floor and PocketBase, in one run, in turns, on this
//! machine. What counts is CPU per request and the ratios; see docs/performance.md.
//!
//! `subjects` (start servers) -> `cases` (in turns) -> `check` (answers) -> `load` -> `report`.
//! `accounts` measures what accounts cost; `equality` and `constant` whether time tells secrets.

#![allow(clippy::print_stdout, clippy::print_stderr)] // a command that speaks to the terminal

mod accounts;
mod answer;
mod asks;
mod cases;
mod check;
mod constant;
mod data;
mod equality;
mod floor;
mod load;
mod mainstay;
mod pocket;
mod process;
mod report;
mod statistics;
mod subjects;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measure Mainstay beside a hand-written floor and PocketBase.
#[derive(Debug, Parser)]
#[command(after_help = "Examples:
  cargo run --release -p mainstay-bench -- --quick
  cargo run --release -p mainstay-bench -- --seconds 10 --runs 3 --json > result.json
  cargo run --release -p mainstay-bench -- --only mainstay --case insert --connections 32")]
pub struct Args {
    /// One short run of each case.
    #[arg(long)]
    quick: bool,
    /// Length of one run.
    #[arg(long, default_value_t = 5, value_name = "N")]
    seconds: u64,
    /// Runs of each case; the median is shown.
    #[arg(long, default_value_t = 3, value_name = "N")]
    runs: usize,
    /// Connections, one round each.
    #[arg(long, value_delimiter = ',', default_value = "32,128", value_name = "N,N")]
    connections: Vec<usize>,
    /// Only subjects whose name holds this text.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Only cases whose name holds this text.
    #[arg(long, value_name = "TEXT")]
    case: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    role: Option<Role>,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Serve the hand-written floor (started by the bench itself).
    #[command(hide = true)]
    Floor {
        port: u16,
        folder: std::path::PathBuf,
    },
    Accounts(accounts::Args),
    Equality(equality::Args),
    ConstantTime(constant::Args),
}

fn main() -> ExitCode {
    let mut args = Args::parse();
    if let Some(Role::Floor { port, folder }) = &args.role {
        return floor::serve(*port, folder);
    }
    if args.quick {
        (args.seconds, args.runs, args.connections) = (2, 1, vec![32]);
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(play(&args)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is as it must be, for the roles that judge.
async fn play(args: &Args) -> std::io::Result<bool> {
    match &args.role {
        Some(Role::Accounts(args)) => accounts::run(args).await.map(|()| true),
        Some(Role::Equality(args)) => equality::run(args).await,
        Some(Role::ConstantTime(args)) => constant::run(args),
        Some(Role::Floor { .. }) | None => {
            let results = cases::measure(args, Duration::from_secs(args.seconds)).await?;
            report::print(&results, args);
            Ok(true)
        }
    }
}
