//! `mainstay check DIR`: reads the declarations and settings of an application and says everything
//! that is wrong with them at once. Nothing is opened or served.

use std::path::PathBuf;

use serde_json::json;

use crate::report::{Failure, say};
use crate::settings::{self, Flags};

/// Say everything that is wrong with an application, at once. Exit code 2 if anything is.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mainstay check examples/shop
  mainstay check examples/shop --json | jq '.[].message'")]
pub struct Args {
    /// The application: a folder, or one `.toml` file.
    #[arg(value_name = "DIR")]
    path: PathBuf,
    /// The environment whose settings are checked [default: development].
    #[arg(long, value_name = "ENV")]
    env: Option<String>,
}

pub fn run(args: &Args, as_json: bool) -> Result<(), Failure> {
    let declared = super::declared(&args.path)?;
    let flags = Flags { environment: args.env.clone(), ..Flags::default() };
    settings::read(&args.path, &declared, &flags)?;
    let modules = &declared.catalog.modules;
    let tables: usize = modules.iter().map(|module| module.tables.len()).sum();
    match as_json {
        true => say!("{}", json!({ "modules": modules.len(), "tables": tables })),
        false => say!(
            "{} is sound: {} in {}",
            declared.catalog.name,
            counted(tables, "table"),
            counted(modules.len(), "module")
        ),
    }
    Ok(())
}

fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
