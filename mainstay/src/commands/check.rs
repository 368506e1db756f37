//! `mainstay check DIR`: reads the declarations and settings of an application and says everything
//! that is wrong with them at once. Nothing is opened or served; with `--rules`, `expectations`
//! tries out what the rules are expected to say.

use std::path::PathBuf;

use mainstay_base::{Code, Error};
use mainstay_gate::Action;
use mainstay_schema::Declared;
use mainstay_schema::model::Deed;
use serde_json::{Value, json};

use crate::expectations::{self, Outcome};
use crate::lint::{self, Warning};
use crate::openness::{Rules, rule};
use crate::report::{Failure, say};
use crate::settings::{self, Flags};

/// Say everything that is wrong with an application, at once. Exit code 2 if anything is.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mainstay check examples/shop
  mainstay check examples/shop --rules      try out its [[expect]] blocks, too
  mainstay check examples/shop --strict     fail on warnings
  mainstay check examples/shop --json | jq '.[].message'")]
pub struct Args {
    /// The application: a folder, or one `.toml` file.
    #[arg(value_name = "DIR")]
    path: PathBuf,
    /// Try out every `[[expect]]` in a throwaway database. Exit code 1 if one does not hold.
    #[arg(long)]
    rules: bool,
    /// Exit code 1 if there are warnings.
    #[arg(long)]
    strict: bool,
    /// The environment whose settings are checked [default: development].
    #[arg(long, value_name = "ENV")]
    env: Option<String>,
}

pub fn run(args: &Args, as_json: bool) -> Result<(), Failure> {
    let declared = super::declared(&args.path)?;
    let flags = Flags { environment: args.env.clone(), ..Flags::default() };
    let configured = settings::read(&args.path, &declared, &flags)?;
    let roles = &configured.settings.auth.roles;
    let rules = Rules::new(&declared.catalog, roles);
    let warnings = lint::warnings(&rules, &declared.sources);
    let outcomes = match args.rules {
        true => Some(expectations::run(&declared.catalog, roles)?),
        false => None,
    };
    let found = Found { declared: &declared, rules: &rules, warnings, outcomes };
    match as_json {
        true => say!("{}", found.in_json()),
        false => found.tell(),
    }
    found.verdict(args.strict)
}

/// What an application that can be served still has to say.
struct Found<'d> {
    declared: &'d Declared,
    rules: &'d Rules<'d>,
    warnings: Vec<Warning>,
    /// Of the expectations, where they were tried out.
    outcomes: Option<Vec<Outcome<'d>>>,
}

impl Found<'_> {
    fn outcomes(&self) -> &[Outcome<'_>] {
        self.outcomes.as_deref().unwrap_or_default()
    }

    fn failed(&self) -> usize {
        self.outcomes().iter().filter(|outcome| outcome.failure.is_some()).count()
    }

    fn verdict(&self, strict: bool) -> Result<(), Failure> {
        let failed = match self.failed() {
            0 if strict && !self.warnings.is_empty() => {
                let count = self.warnings.len();
                let message = format!("{}, and --strict was given", counted(count, "warning"));
                return Err(Failure::Failed(Error::new(Code::Internal, message)));
            }
            0 => return Ok(()),
            failed => failed,
        };
        let verb = if failed == 1 { "does" } else { "do" };
        let all = counted(self.outcomes().len(), "expectation");
        let message = format!("{failed} of {all} {verb} not hold");
        Err(Failure::Failed(Error::new(Code::Internal, message)))
    }

    fn tell(&self) {
        for warning in &self.warnings {
            let spot = warning.spot.as_ref().map(|(file, line)| format!("{file}:{line}: "));
            say!("{}warning: {}", spot.unwrap_or_default(), warning.message);
            say!("  {}", warning.hint);
        }
        for outcome in self.outcomes() {
            self.tell_failure(outcome);
        }
        let modules = &self.declared.catalog.modules;
        let tables: usize = modules.iter().map(|module| module.tables.len()).sum();
        let held = self.outcomes.as_ref().map(|outcomes| {
            let held = outcomes.len() - self.failed();
            format!("; {held} of {} hold", counted(outcomes.len(), "expectation"))
        });
        say!(
            "{} is sound: {} in {}{}",
            self.declared.catalog.name,
            counted(tables, "table"),
            counted(modules.len(), "module"),
            held.unwrap_or_default()
        );
    }

    fn tell_failure(&self, outcome: &Outcome<'_>) {
        let Some(failure) = &outcome.failure else { return };
        let expectation = outcome.expectation;
        let spot = &expectation.spot;
        say!("{}:{}: {}", spot.file, spot.line, expectations::sentence(expectation));
        if let Some(doc) = &expectation.doc {
            say!("  {}", doc.trim());
        }
        say!("  but {failure}");
        for ruled in self.ruled(outcome) {
            say!(
                "  {}{}",
                ruled.rule,
                ruled.spot.map(|spot| format!("   ({spot})")).unwrap_or_default()
            );
            say!("  for this caller: {}", ruled.left);
        }
    }

    /// The rules that decide, and what they leave open for the caller.
    fn ruled(&self, outcome: &Outcome<'_>) -> Vec<Ruled> {
        let expectation = outcome.expectation;
        let modules = &self.declared.catalog.modules;
        let module = modules.iter().position(|module| module.name == outcome.module.name);
        let source = outcome.module.sources().position(|table| table.name == expectation.source);
        let (Some(module), Some(source)) = (module, source) else { return Vec::new() };
        let Some(table) = outcome.module.source(source) else { return Vec::new() };
        let ruled = actions(expectation.deed).iter().map(|(action, word)| {
            let rule = rule(&table.allow, *action);
            let spot = lint::spot(rule, &self.declared.sources);
            Ruled {
                rule: rule.map_or_else(
                    || format!("allow.{word} is not there: closed to all but service_role"),
                    |rule| format!("allow.{word} = \"{}\"", lint::on_one_line(rule)),
                ),
                spot: spot.map(|(file, line)| format!("{file}:{line}")),
                left: self.rules.left(&expectation.caller, (module, source), *action),
            }
        });
        ruled.collect()
    }

    fn in_json(&self) -> Value {
        let modules = &self.declared.catalog.modules;
        let tables: usize = modules.iter().map(|module| module.tables.len()).sum();
        let warnings = self.warnings.iter().map(|warning| {
            let (file, line) = warning.spot.clone().unzip();
            json!({
                "code": warning.code,
                "file": file,
                "line": line,
                "message": warning.message,
                "hint": warning.hint,
            })
        });
        let warnings: Vec<Value> = warnings.collect();
        let mut found = json!({ "modules": modules.len(), "tables": tables, "warnings": warnings });
        if let Some(outcomes) = &self.outcomes {
            found["expectations"] = outcomes.len().into();
            let failures = outcomes.iter().filter_map(|outcome| self.failure_in_json(outcome));
            found["failures"] = failures.collect::<Vec<_>>().into();
        }
        found
    }

    fn failure_in_json(&self, outcome: &Outcome<'_>) -> Option<Value> {
        let happened = outcome.failure.as_ref()?;
        let expectation = outcome.expectation;
        let rules = self
            .ruled(outcome)
            .into_iter()
            .map(|ruled| json!({ "rule": ruled.rule, "spot": ruled.spot, "residual": ruled.left }));
        Some(json!({
            "file": expectation.spot.file,
            "line": expectation.spot.line,
            "module": outcome.module.name,
            "expected": expectations::sentence(expectation),
            "doc": expectation.doc,
            "happened": happened,
            "rules": rules.collect::<Vec<_>>(),
        }))
    }
}

/// A rule as it was written, and what it leaves open for one caller.
struct Ruled {
    rule: String,
    spot: Option<String>,
    left: String,
}

/// What is not read is not changed.
fn actions(deed: Deed) -> &'static [(Action, &'static str)] {
    match deed {
        Deed::Read => &[(Action::Read, "read")],
        Deed::Create => &[(Action::Create, "create")],
        Deed::Update => &[(Action::Read, "read"), (Action::Update, "update")],
        Deed::Delete => &[(Action::Read, "read"), (Action::Delete, "delete")],
    }
}

fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
