//! `cargo xtask`: the repository's own commands. `tidy` says what breaks the rules of the house,
//! `docs` writes the pages that are generated from the code, `test` runs every test there is.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "these are commands")]

mod compatibility;
mod docs;
mod provision;
mod root;
mod skips;
mod test;
mod tidy;

use std::process::ExitCode;

const HELP: &str = "\
The repository's own commands.

Usage: cargo xtask <COMMAND>

  tidy [--verbose] [--json]   say what breaks the rules of the house (CONTRIBUTING.md)
  docs                        write the documents that are generated from the code
  test [-- ARGS]              install what the tests need and run them all; ARGS go to cargo test,
                              as in: cargo xtask test -- -p mainstay-store acknowledged

Exit codes: 0 good, 1 failed, 2 wrong use.
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(code) => code,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<ExitCode, String> {
    let (command, rest) = match args.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("--help", args),
    };
    match command {
        "tidy" => match unknown(rest, &["--verbose", "--json"]) {
            Some(flag) => Ok(misused(&flag)),
            None => {
                let has = |flag: &str| rest.iter().any(|arg| arg == flag);
                tidy::run(&root::find()?, has("--verbose"), has("--json"))
            }
        },
        "docs" => match unknown(rest, &[]) {
            Some(flag) => Ok(misused(&flag)),
            None => docs::write(&root::find()?),
        },
        "test" => test::run(&root::find()?, rest),
        "--help" | "-h" | "help" => {
            print!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        other => Ok(misused(other)),
    }
}

fn unknown(given: &[String], known: &[&str]) -> Option<String> {
    given.iter().find(|arg| !known.contains(&arg.as_str())).cloned()
}

fn misused(what: &str) -> ExitCode {
    eprintln!("error: `{what}` is not known here\n\n{HELP}");
    ExitCode::from(2)
}
