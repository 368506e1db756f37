//! `mainstay adopt`

use crate::report::Failure;

/// (adopt)
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_args: &Args, _as_json: bool) -> Result<(), Failure> {
    Ok(())
}
