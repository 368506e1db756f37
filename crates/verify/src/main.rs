//! `mainstay-verify`: runs the proofs from the command line. Figures on stdout, progress on a
//! terminal; exit codes 0 good, 1 different, 2 wrong use.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use mainstay_gate::Weakness;
use mainstay_verify::campaign::{Campaign, Proof, Tally, replay, start};
use mainstay_verify::request::Shape;
use mainstay_verify::world::Grammar;
use serde_json::json;

/// What is judged and written is made of many small pieces.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Proves that access rules hold on every path.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Line {
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  mainstay-verify oracle --cases 1000000 --seed 1
  mainstay-verify oracle --only 8203911349834752            one case again
  mainstay-verify oracle --cases 20000 --without conjunct   good when the leak is found
  mainstay-verify interference --pairs 100000 --seed 1";

#[derive(Debug, Subcommand)]
enum Command {
    /// Random schemas, rules, callers, rows and requests: Mainstay must answer as a slow evaluator
    /// that filters the rows first.
    Oracle {
        /// Requests to be compared, at least.
        #[arg(long, default_value_t = 20_000)]
        cases: u64,
        #[command(flatten)]
        args: Args,
    },
    /// Pairs of databases that differ only in what the caller may not see: both must answer byte
    /// for byte alike.
    Interference {
        /// Pairs to be compared, at least.
        #[arg(long, default_value_t = 2_000)]
        pairs: u64,
        #[command(flatten)]
        args: Args,
    },
}

#[derive(Debug, clap::Args)]
struct Args {
    /// Where chance begins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Only this case, by the seed that a difference was printed with.
    #[arg(long, value_name = "CASE_SEED")]
    only: Option<u64>,
    /// Takes a guard out of Mainstay: good when the leak is found.
    #[arg(long)]
    without: Option<Guard>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Guard {
    Conjunct,
    Column,
    Embed,
    Check,
    Upsert,
}

impl From<Guard> for Weakness {
    fn from(guard: Guard) -> Self {
        match guard {
            Guard::Conjunct => Self::Conjunct,
            Guard::Column => Self::Column,
            Guard::Embed => Self::Embed,
            Guard::Check => Self::Check,
            Guard::Upsert => Self::Upsert,
        }
    }
}

fn main() -> ExitCode {
    let line = Line::parse();
    let shape = Shape { writes: true, batches: true };
    let (proof, cases, args) = match &line.command {
        Command::Oracle { cases, args } => {
            (Proof::Oracle { grammar: Grammar::Whole, shape }, *cases, args)
        }
        Command::Interference { pairs, args } => (Proof::Interference, *pairs, args),
    };
    let without = args.without.map(Weakness::from);
    let campaign = Campaign { proof, cases, seed: args.seed, jobs: args.jobs, without };
    let done = match args.only {
        Some(case) => replay(&campaign, case),
        None => watched(&campaign),
    };
    match done {
        Ok(tally) => tell(&campaign, &tally, line.json),
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "error: {why}");
            ExitCode::from(2)
        }
    }
}

/// Runs with a bar where somebody looks at it.
fn watched(campaign: &Campaign) -> Result<Tally, String> {
    let bar = match std::io::stderr().is_terminal() {
        true => ProgressBar::new(campaign.cases),
        false => ProgressBar::hidden(),
    };
    let style = "{bar:40} {human_pos} of {human_len}, {per_sec}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style).map_err(|error| error.to_string())?);
    let tally = start(campaign, &|cases| bar.inc(cases));
    bar.finish_and_clear();
    tally
}

/// Prints what it came to. A guard that was taken out must have been missed.
fn tell(campaign: &Campaign, tally: &Tally, as_json: bool) -> ExitCode {
    let different = u8::from(tally.difference.is_some());
    let good = tally.difference.is_some() == campaign.without.is_some();
    let mut out = std::io::stdout().lock();
    let (case, shown) = match &tally.difference {
        Some((case, shown)) => (Some(*case), Some(shown)),
        None => (None, None),
    };
    if as_json {
        let text = json!({
            "good": good,
            "cases": tally.cases,
            "seed": campaign.seed,
            "worlds": tally.worlds,
            "refused_worlds": tally.refused,
            "reason": tally.reason,
            "differences": different,
            "case_seed": case,
            "case": shown,
        });
        let _ = writeln!(out, "{text}");
    } else {
        let _ = shown.map(|shown| writeln!(out, "{shown}"));
        let again = case.map_or(String::new(), |case| format!(", again with --only {case}"));
        let Tally { cases, worlds, refused, .. } = tally;
        let _ = writeln!(
            out,
            "cases: {cases}, seed: {}, worlds: {worlds}, refused: {refused}, differences: \
             {different}{again}",
            campaign.seed
        );
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
