//! `mainstay rules`: what the rules of an application say, to people who wrote them. Nothing is
//! opened or served.

mod caller;
mod explain;
mod explained;
mod matrix;
mod plain;
mod scans;

use std::path::PathBuf;

use crate::report::Failure;

/// See what the access rules of an application say.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Matrix(Matrix),
    Explain(Explain),
}

/// Print what each role may do with each table, view and function.
#[derive(Debug, clap::Args)]
#[command(after_help = "`conditional` is: for some callers of the role, or for some rows.

Examples:
  mainstay rules matrix examples/shop
  mainstay rules matrix examples/shop --json | jq '.[] | select(.roles.anon != \"closed\")'")]
struct Matrix {
    /// The application: a folder, or one `.toml` file.
    #[arg(value_name = "DIR")]
    path: PathBuf,
    /// The environment whose roles are shown [default: development].
    #[arg(long, value_name = "ENV")]
    env: Option<String>,
}

/// Print what is left of a rule for one caller, and how it is asked of the database.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mainstay rules explain examples/shop orders.orders read --as '{\"uid\":\"0192f0c1-0000-7000-8000-000000000001\"}'
  mainstay rules explain examples/shop orders.orders update --as '{\"role\":\"staff\"}'
  mainstay rules explain examples/teams notes read --as '{\"uid\":\"…\",\"claims\":{\"tenant\":\"…\"}}'")]
struct Explain {
    /// The application: a folder, or one `.toml` file.
    #[arg(value_name = "DIR")]
    path: PathBuf,
    /// A table or view, as `module.table` or `table`.
    #[arg(value_name = "TABLE")]
    table: String,
    /// `read`, `create`, `update` or `delete`.
    #[arg(value_name = "ACTION")]
    action: String,
    /// The caller: `{ uid, role, email, aal, roles, claims }` in JSON, or a role.
    #[arg(long = "as", value_name = "JSON", default_value = "anon")]
    caller: String,
    /// The environment whose roles are known [default: development].
    #[arg(long, value_name = "ENV")]
    env: Option<String>,
}

pub fn run(args: &Args, as_json: bool) -> Result<(), Failure> {
    match &args.what {
        What::Matrix(args) => matrix::run(args, as_json),
        What::Explain(args) => explain::run(args, as_json),
    }
}
