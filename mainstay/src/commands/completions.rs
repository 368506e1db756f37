//! `mainstay completions SHELL`: prints the completions that are made from the same declaration as
//! the command line itself.

use clap::Command;
use clap_complete::Shell;

use crate::report::Failure;

/// Print completions for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mainstay completions bash > /etc/bash_completion.d/mainstay")]
pub struct Args {
    shell: Shell,
}

pub fn run(args: &Args, command: &mut Command) -> Result<(), Failure> {
    clap_complete::generate(args.shell, command, "mainstay", &mut std::io::stdout());
    Ok(())
}
