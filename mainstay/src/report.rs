//! What a person reads when something goes wrong: a sentence, the cause, a hint; or JSON.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use mainstay_base::Error;
use mainstay_schema::Mistakes;
use serde_json::json;

/// How a command ended badly.
#[derive(Debug)]
pub enum Failure {
    /// Something that should have worked did not: exit code 1.
    Failed(Error),
    /// The declarations are wrong: exit code 2.
    Mistaken(Box<Mistakes>),
    /// The command was used wrongly: exit code 2.
    Misused { message: String, hint: String },
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Self {
        Self::Mistaken(Box::new(mistakes))
    }
}

/// A line for whoever reads stdout.
macro_rules! say {
    ($($part:tt)*) => { $crate::report::line(format_args!($($part)*)) };
}
pub(crate) use say;

/// Writes a line to stdout. A reader that goes away, as `head` does, ends the command quietly.
pub fn line(text: std::fmt::Arguments<'_>) {
    if writeln!(std::io::stdout().lock(), "{text}").is_err() {
        std::process::exit(0);
    }
}

/// Says what went wrong on stderr, and gives the exit code.
pub fn failure(failure: &Failure, as_json: bool) -> ExitCode {
    let mut out = std::io::stderr().lock();
    let _ = match (failure, as_json) {
        (Failure::Mistaken(mistakes), true) => writeln!(out, "{}", mistakes.to_json()),
        (Failure::Mistaken(mistakes), false) => write!(out, "{}", mistakes.render(colours())),
        (Failure::Failed(error), true) => writeln!(
            out,
            "{}",
            json!({
                "code": error.code_text(),
                "message": error.message(),
                "details": error.details_text(),
                "hint": error.hint_text(),
            })
        ),
        (Failure::Failed(error), false) => {
            let cause = error.cause().map(ToString::to_string);
            let details = error.details_text().map(ToOwned::to_owned).or(cause);
            sentence(&mut out, error.message(), details.as_deref(), error.hint_text())
        }
        (Failure::Misused { message, hint }, true) => {
            writeln!(out, "{}", json!({ "message": message, "hint": hint }))
        }
        (Failure::Misused { message, hint }, false) => {
            sentence(&mut out, message, None, Some(hint))
        }
    };
    match failure {
        Failure::Failed(_) => ExitCode::from(1),
        Failure::Mistaken(_) | Failure::Misused { .. } => ExitCode::from(2),
    }
}

fn sentence(
    out: &mut impl Write,
    message: &str,
    details: Option<&str>,
    hint: Option<&str>,
) -> std::io::Result<()> {
    let (red, dim, end) =
        if colours() { ("\x1b[1;31m", "\x1b[36m", "\x1b[0m") } else { ("", "", "") };
    writeln!(out, "{red}error{end}: {message}")?;
    for line in details.unwrap_or_default().lines() {
        writeln!(out, "  {line}")?;
    }
    match hint {
        Some(hint) => writeln!(out, "{dim}hint{end}: {hint}"),
        None => Ok(()),
    }
}

/// Colours are for people: a terminal, and no `NO_COLOR`.
pub fn colours() -> bool {
    std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
