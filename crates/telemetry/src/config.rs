//! How the log is to look and where it goes, as plain values.
//! `mainstay` fills them in from files, variables and flags; `log` and `sink` obey them.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use crate::{Level, limits};

/// The shape of a line.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// Pretty on a terminal, JSON everywhere else.
    #[default]
    Auto,
    /// One JSON object on each line.
    Json,
    /// For people; coloured on a terminal unless NO_COLOR is set.
    Pretty,
}

/// Where lines go.
#[derive(Default)]
pub enum Output {
    /// The standard output of the process.
    #[default]
    Stdout,
    /// Anything else that takes bytes, such as `Capture` in tests.
    Writer(Box<dyn Write + Send>),
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stdout => "Stdout",
            Self::Writer(_) => "Writer",
        })
    }
}

/// Settings of the log.
#[derive(Debug)]
pub struct Settings {
    pub format: Format,
    pub output: Output,
    /// Events below it are not even formatted.
    pub level: Level,
    /// Lines that may wait for the output; the next one is dropped and counted.
    pub queue_lines: usize,
    /// Whether the person asked for no colour (the NO_COLOR convention); the caller reads the
    /// environment, because this crate does not.
    pub no_color: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            format: Format::Auto,
            output: Output::Stdout,
            level: Level::Info,
            queue_lines: limits::QUEUE_LINES,
            no_color: false,
        }
    }
}

/// The shape after `Auto` has been decided.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Style {
    Json,
    Pretty { color: bool },
}

impl Settings {
    pub(crate) fn style(&self) -> Style {
        let terminal = matches!(self.output, Output::Stdout) && io::stdout().is_terminal();
        match self.format {
            Format::Json => Style::Json,
            Format::Auto if !terminal => Style::Json,
            Format::Auto | Format::Pretty => Style::Pretty { color: terminal && !self.no_color },
        }
    }
}
