//! `mainstay-verify`: runs the proofs from the command line. Figures on stdout, progress on a
//! terminal; exit codes 0 good, 1 different, 2 wrong use.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use mainstay_gate::Weakness;
use mainstay_verify::campaign::{Campaign, Tally, replay, start};
use mainstay_verify::report;
use mainstay_verify::request::Shape;
use mainstay_verify::world::Grammar;
use serde_json::json;

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
  mainstay-verify oracle --only 8203911349834752      run one case again
  mainstay-verify oracle --cases 20000 --without conjunct   take a guard out: must be found";

#[derive(Debug, Subcommand)]
enum Command {
    /// Random schemas, rules, callers, rows and requests: Mainstay must answer as a slow evaluator
    /// that filters the rows first.
    Oracle(OracleArgs),
}

#[derive(Debug, clap::Args)]
struct OracleArgs {
    /// Requests to be compared, at least.
    #[arg(long, default_value_t = 20_000)]
    cases: u64,
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
    let Command::Oracle(args) = &line.command;
    let done = oracle(args);
    match done {
        Ok(tally) => tell(&line, args, &tally),
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "error: {why}");
            ExitCode::from(2)
        }
    }
}

fn oracle(args: &OracleArgs) -> Result<Tally, String> {
    let campaign = Campaign {
        cases: args.cases,
        seed: args.seed,
        jobs: args.jobs,
        without: args.without.map(Weakness::from),
        grammar: Grammar::Whole,
        shape: Shape { writes: true, batches: true },
    };
    if let Some(case) = args.only {
        return replay(&campaign, case);
    }
    let bar = match std::io::stderr().is_terminal() {
        true => ProgressBar::new(args.cases),
        false => ProgressBar::hidden(),
    };
    let style = "{bar:40} {human_pos} of {human_len} cases, {per_sec}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style).map_err(|error| error.to_string())?);
    let tally = start(&campaign, &|cases| bar.inc(cases));
    bar.finish_and_clear();
    tally
}

/// Prints what it came to. A guard that was taken out must have been missed.
fn tell(line: &Line, args: &OracleArgs, tally: &Tally) -> ExitCode {
    let different = tally.difference.is_some();
    let good = different == args.without.is_some();
    let mut out = std::io::stdout().lock();
    let case = tally.difference.as_ref().map(|(seed, _)| *seed);
    let _ = match line.json {
        true => {
            let shown = tally.difference.as_ref().map(|(_, found)| report::shown(found));
            writeln!(
                out,
                "{}",
                json!({
                    "good": good,
                    "cases": tally.cases,
                    "seed": args.seed,
                    "worlds": tally.worlds,
                    "refused_worlds": tally.refused,
                    "differences": u8::from(different),
                    "case_seed": case,
                    "case": shown,
                })
            )
        }
        false => {
            if let Some((_, found)) = &tally.difference {
                let _ = writeln!(out, "{}", report::shown(found));
            }
            let again = case.map_or(String::new(), |case| format!(", again with --only {case}"));
            writeln!(
                out,
                "cases: {}, seed: {}, worlds: {}, refused: {}, differences: {}{again}",
                tally.cases,
                args.seed,
                tally.worlds,
                tally.refused,
                u8::from(different)
            )
        }
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
