//! What goes wrong inside SQLite, in the words of the dialect. Constraint errors that need the
//! declaration to be worded are `violation`'s; everything else is worded here.

use mainstay_base::{Code, Error};
use rusqlite::ffi;

use super::raised;

/// A statement that did not run to its end.
#[derive(Debug)]
pub(super) enum Failure {
    Engine(rusqlite::Error),
    /// The sink, a guard or the plan refused.
    Refused(Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl Failure {
    pub fn into_error(self) -> Error {
        match self {
            Self::Engine(error) => plain(error),
            Self::Refused(error) => error,
        }
    }
}

/// The extended result code, 0 when SQLite was not the one that failed.
pub(super) fn extended(error: &rusqlite::Error) -> i32 {
    error.sqlite_error().map_or(0, |inner| inner.extended_code)
}

/// The disk or the file failed, not the request: the connection is not to be trusted further.
pub(super) fn is_broken(error: &rusqlite::Error) -> bool {
    matches!(
        extended(error) & 0xff,
        ffi::SQLITE_IOERR
            | ffi::SQLITE_CORRUPT
            | ffi::SQLITE_NOTADB
            | ffi::SQLITE_CANTOPEN
            | ffi::SQLITE_READONLY
    )
}

/// The error as a caller sees it.
pub(super) fn plain(error: rusqlite::Error) -> Error {
    if let Some(raised) = raised::take(&error) {
        return raised;
    }
    match extended(&error) & 0xff {
        ffi::SQLITE_INTERRUPT => {
            Error::new(Code::StatementTimeout, "canceling statement due to statement timeout")
                .hint("Narrow the filter, or add an index for it.")
        }
        ffi::SQLITE_FULL => disk_full().caused_by(error),
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => {
            Error::new(Code::DatabaseUnavailable, "The database is locked by another program")
                .retry_after(1)
                .caused_by(error)
        }
        ffi::SQLITE_TOOBIG => {
            Error::new(Code::StatementTooComplex, "A text or a statement is too large")
                .caused_by(error)
        }
        ffi::SQLITE_NOMEM => {
            Error::new(Code::StatementTooComplex, "The statement needs more memory than allowed")
                .caused_by(error)
        }
        _ if is_broken(&error) => unavailable().caused_by(error),
        _ => Error::internal(error),
    }
}

pub(super) fn disk_full() -> Error {
    Error::new(Code::DiskFull, "The disk is full; the write was not made")
        .hint("Reads go on. Writes resume by themselves when there is space.")
        .retry_after(5)
}

/// The writer does not acknowledge until its file is open again.
pub(super) fn unavailable() -> Error {
    Error::new(Code::DatabaseUnavailable, "The database cannot take this request right now")
        .retry_after(1)
}
