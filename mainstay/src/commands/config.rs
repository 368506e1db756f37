//! `mainstay config DIR`: shows every setting with the place that it came from, secrets masked.

use std::path::PathBuf;

use crate::report::{Failure, say};
use crate::settings::Flags;

/// Show every setting, where it came from, secrets masked.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mainstay config examples/shop
  MAINSTAY_SERVER_LISTEN=0.0.0.0:80 mainstay config examples/shop --env production")]
pub struct Args {
    /// The application: a folder, or one `.toml` file.
    #[arg(value_name = "DIR")]
    path: PathBuf,
    /// The environment [default: development].
    #[arg(long, value_name = "ENV")]
    env: Option<String>,
}

pub fn run(args: &Args, as_json: bool) -> Result<(), Failure> {
    let flags = Flags { environment: args.env.clone(), ..Flags::default() };
    let (_, configured) = super::read(&args.path, &flags)?;
    let shown = configured.show();
    if as_json {
        say!("{}", serde_json::to_string_pretty(&shown).unwrap_or_default());
        return Ok(());
    }
    let width = shown.iter().map(|one| one.key.len()).max().unwrap_or(0);
    for one in &shown {
        say!("{:width$}  {}  ({})", one.key, one.value, one.source);
    }
    Ok(())
}
