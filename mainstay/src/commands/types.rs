//! `mainstay types typescript DIR`: prints the types of an application for programs that talk to
//! it, in the form that Supabase's own generator gives them.

use std::path::PathBuf;

use mainstay_base::{Code, Error};
use mainstay_gate::identity::SERVICE;

use super::openapi::describer;
use crate::report::{Failure, say};

/// Print the types of an application for a programming language.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    language: Language,
}

#[derive(Debug, clap::Subcommand)]
enum Language {
    Typescript(Typescript),
}

/// The type `Database`, for `createClient<Database>()` of @supabase/supabase-js.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  mainstay types typescript examples/shop > database.types.ts
  mainstay types typescript examples/shop --out src/database.types.ts")]
struct Typescript {
    /// The application: a folder, or one `.toml` file.
    #[arg(value_name = "DIR")]
    path: PathBuf,
    /// The file that is written, instead of printing.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Whose view of the application it is.
    #[arg(long, value_name = "ROLE", default_value = SERVICE)]
    role: String,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let Language::Typescript(args) = &args.language;
    let text = describer(&args.path, &args.role, None)?.typescript();
    let Some(file) = &args.out else {
        say!("{}", text.trim_end());
        return Ok(());
    };
    std::fs::write(file, text).map_err(|error| {
        let message = format!("{} cannot be written", file.display());
        Failure::Failed(Error::new(Code::Internal, message).details(error.to_string()))
    })
}
