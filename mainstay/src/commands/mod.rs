//! The command line: one file for each command. Output for people on a terminal, `--json` for
//! programs; errors on stderr; exit codes 0 good, 1 failed, 2 wrong use.

#![allow(clippy::print_stdout, clippy::print_stderr)] // commands speak to the terminal

mod adopt;
mod audit;
mod check;
mod completions;
mod config;
mod dev;
mod keys;
mod new;
mod openapi;
mod rules;
mod serve;
mod types;
mod user;
#[cfg(test)]
pub use serve::EVENTS;
pub use serve::runtime;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, Parser, Subcommand};
use mainstay_base::Clock;
use mainstay_schema::Declared;
use mainstay_store::sqlite::compile::compile;

use crate::clock::SystemClock;
use crate::report::{self, Failure};
use crate::settings::{self, Configured, Flags};

/// A production backend in one binary: declare tables and rules in TOML, serve them.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, after_help = EXAMPLES)]
struct Line {
    /// Answer in JSON, errors too.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  mainstay new shop --template shop     write a small application
  mainstay dev shop                     serve it and watch its files
  mainstay adopt music.sqlite music     make an application of an existing database
  mainstay check shop                   say everything that is wrong with it
  mainstay rules matrix shop            print who may do what
  mainstay serve shop                   serve it
  mainstay keys shop --json             print its API keys
  mainstay user create shop ann@example.com   add an account
  mainstay openapi shop                 print its OpenAPI document
  mainstay types typescript shop        print its types for supabase-js";

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Dev(dev::Args),
    Check(check::Args),
    New(new::Args),
    Adopt(adopt::Args),
    Keys(keys::Args),
    User(user::Args),
    Audit(audit::Args),
    Config(config::Args),
    Rules(rules::Args),
    Openapi(openapi::Args),
    Types(types::Args),
    Completions(completions::Args),
}

/// Runs the command line.
pub fn run(_name: &'static str) -> ExitCode {
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let done = match line.command {
        Command::Serve(args) => serve::run(&args),
        Command::Dev(args) => dev::run(&args),
        Command::Check(args) => check::run(&args, line.json),
        Command::New(args) => new::run(&args, line.json),
        Command::Adopt(args) => adopt::run(&args, line.json),
        Command::Keys(args) => keys::run(&args, line.json),
        Command::User(args) => user::run(&args, line.json),
        Command::Audit(args) => audit::run(&args, line.json),
        Command::Config(args) => config::run(&args, line.json),
        Command::Rules(args) => rules::run(&args, line.json),
        Command::Openapi(args) => openapi::run(&args),
        Command::Types(args) => types::run(&args),
        Command::Completions(args) => completions::run(&args, &mut Line::command()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report::failure(&failure, line.json),
    }
}

/// Reads an application, and has the engine compile what people wrote in SQL.
fn declared(path: &Path) -> Result<Declared, Failure> {
    let mut declared = mainstay_schema::read(path)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let refused = compile(&mut declared.catalog, &clock)?;
    if refused.is_empty() {
        declared.bind_views()?;
        return Ok(declared);
    }
    let lines: Vec<String> =
        refused.iter().map(|one| format!("{}: {}", one.place, one.why)).collect();
    Err(Failure::Misused {
        message: format!("SQL that cannot be served\n  {}", lines.join("\n  ")),
        hint: "names are those of the module itself; text in single quotes, names in double ones"
            .to_owned(),
    })
}

/// Reads an application and its settings.
pub fn read(path: &Path, flags: &Flags) -> Result<(Declared, Configured), Failure> {
    let declared = declared(path)?;
    let configured = settings::read(path, &declared, flags)?;
    Ok((declared, configured))
}

/// What `serve` and `dev` share.
#[derive(Clone, Debug, clap::Args)]
struct Serving {
    /// The application: a folder, or one `.toml` file.
    #[arg(value_name = "DIR")]
    path: PathBuf,
    /// Where requests come in [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where metrics and health are served [default: 127.0.0.1:9090].
    #[arg(long, value_name = "ADDRESS")]
    admin_listen: Option<String>,
    /// Where the data is kept [default: DIR/data].
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
}

impl Serving {
    fn flags(&self) -> Flags {
        let mut flags = Flags { data: self.data.clone(), ..Flags::default() };
        let set = [("server.listen", &self.listen), ("server.admin_listen", &self.admin_listen)];
        for (key, value) in set {
            flags.values.extend(value.clone().map(|value| (key, value)));
        }
        flags
    }
}
