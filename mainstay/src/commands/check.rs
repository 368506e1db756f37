//! `mainstay check DIR`: reads the declarations and settings of an application and says everything
//! that is wrong with them at once. Nothing is opened or served; with `--rules`, `expectations`
//! tries out what the rules are expected to say.

use std::path::PathBuf;

use mainstay_base::{Code, Error};
use mainstay_schema::Declared;
use serde_json::json;

use crate::expectations::{self, Outcome};
use crate::report::{Failure, say};
use crate::settings::{self, Configured, Flags};

/// Say everything that is wrong with an application, at once. Exit code 2 if anything is.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mainstay check examples/shop
  mainstay check examples/shop --rules      try out its [[expect]] blocks, too
  mainstay check examples/shop --json | jq '.[].message'")]
pub struct Args {
    /// The application: a folder, or one `.toml` file.
    #[arg(value_name = "DIR")]
    path: PathBuf,
    /// Try out every `[[expect]]` in a throwaway database. Exit code 1 if one does not hold.
    #[arg(long)]
    rules: bool,
    /// The environment whose settings are checked [default: development].
    #[arg(long, value_name = "ENV")]
    env: Option<String>,
}

pub fn run(args: &Args, as_json: bool) -> Result<(), Failure> {
    let declared = super::declared(&args.path)?;
    let flags = Flags { environment: args.env.clone(), ..Flags::default() };
    let configured = settings::read(&args.path, &declared, &flags)?;
    let outcomes = match args.rules {
        true => Some(tried(&declared, &configured)?),
        false => None,
    };
    match as_json {
        true => say!("{}", found(&declared, outcomes.as_deref())),
        false => tell(&declared, outcomes.as_deref()),
    }
    let outcomes = outcomes.unwrap_or_default();
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    if failed == 0 {
        return Ok(());
    }
    let verb = if failed == 1 { "does" } else { "do" };
    let message =
        format!("{} of {} {verb} not hold", failed, counted(outcomes.len(), "expectation"));
    Err(Failure::Failed(Error::new(Code::Internal, message)))
}

fn tried<'d>(declared: &'d Declared, configured: &Configured) -> Result<Vec<Outcome<'d>>, Failure> {
    Ok(expectations::run(&declared.catalog, &configured.settings.auth.roles)?)
}

fn tell(declared: &Declared, outcomes: Option<&[Outcome<'_>]>) {
    let modules = &declared.catalog.modules;
    let tables: usize = modules.iter().map(|module| module.tables.len()).sum();
    for outcome in outcomes.unwrap_or_default() {
        let Some(failure) = &outcome.failure else { continue };
        let expectation = outcome.expectation;
        let spot = &expectation.spot;
        say!("{}:{}: {}", spot.file, spot.line, expectations::sentence(expectation));
        if let Some(doc) = &expectation.doc {
            say!("  {}", doc.trim());
        }
        say!("  but {failure}");
    }
    let held = outcomes.map(|outcomes| {
        let held = outcomes.iter().filter(|outcome| outcome.failure.is_none()).count();
        format!("; {held} of {} hold", counted(outcomes.len(), "expectation"))
    });
    say!(
        "{} is sound: {} in {}{}",
        declared.catalog.name,
        counted(tables, "table"),
        counted(modules.len(), "module"),
        held.unwrap_or_default()
    );
}

fn found(declared: &Declared, outcomes: Option<&[Outcome<'_>]>) -> serde_json::Value {
    let modules = &declared.catalog.modules;
    let tables: usize = modules.iter().map(|module| module.tables.len()).sum();
    let mut found = json!({ "modules": modules.len(), "tables": tables });
    if let Some(outcomes) = outcomes {
        let failures = outcomes.iter().filter_map(|outcome| {
            let expectation = outcome.expectation;
            Some(json!({
                "file": expectation.spot.file,
                "line": expectation.spot.line,
                "module": outcome.module.name,
                "expected": expectations::sentence(expectation),
                "doc": expectation.doc,
                "happened": outcome.failure.as_ref()?,
            }))
        });
        found["expectations"] = outcomes.len().into();
        found["failures"] = failures.collect::<Vec<_>>().into();
    }
    found
}

fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
