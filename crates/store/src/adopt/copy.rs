//! Copies a SQLite file that may be in use, without leaving a trace beside it: no byte of the
//! source is written, and no `-wal` or `-shm` is made. `read` works on the copy alone.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use mainstay_base::{Code, Error, Result};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::Progress;

/// Pages that are copied between two reports; other programs get their turn in between.
const STEP_PAGES: i32 = 1024;

/// A copy that had to begin anew this often is made in one step, which holds writers back.
const RESTARTS: u32 = 2;

/// How often a source that changes under a copy without locks is tried.
const ATTEMPTS: u32 = 3;

/// How long a source may be locked by somebody else.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(25);

/// How a source can be read without writing beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// With SQLite's locks: a rollback journal needs no file, and a write-ahead log that is in use
    /// has its files already.
    Locked,
    /// A log was used once and nobody has it open: with locks, SQLite would make its files.
    Alone,
    /// A log was left behind by a program that ended badly. Reading it takes the file beside it
    /// that is missing, so both are copied as they are and the copy recovers.
    Left,
}

/// Copies the database `source` to the file `target`, which must not be there.
///
/// # Errors
/// When the source is no SQLite database, stays locked, or the copy cannot be written.
pub fn copy(source: &Path, target: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<()> {
    let source = source.canonicalize().map_err(|error| unusable(source, error))?;
    for _ in 0..ATTEMPTS {
        let (way, before) = (way(&source)?, stamp(&source));
        match way {
            Way::Locked => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
                let from = Connection::open_with_flags(&source, flags);
                return back_up(&source, from, target, progress);
            }
            Way::Alone => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
                let from = Connection::open_with_flags(immutable(&source), flags);
                back_up(&source, from, target, progress)?;
            }
            Way::Left => copy_with_log(&source, target)?,
        }
        // Without locks, only a source that stayed as it was gave a whole copy.
        if stamp(&source) == before && self::way(&source)? == way {
            return Ok(());
        }
        discard(target);
    }
    let message = format!("{} kept changing while it was copied", source.display());
    Err(Error::new(Code::DatabaseUnavailable, message).hint("Try again in a moment."))
}

/// Looks at the first bytes of the file and at what stands beside it.
fn way(source: &Path) -> Result<Way> {
    let mut head = [0; 20];
    let read = File::open(source).and_then(|mut file| file.read_exact(&mut head));
    match read {
        Ok(()) if head.starts_with(b"SQLite format 3\0") => {}
        Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            return Err(unusable(source, error));
        }
        _ => {
            let message = format!("{} is not a SQLite database", source.display());
            return Err(Error::new(Code::DatabaseUnavailable, message).hint(
                "Its first 16 bytes must be \"SQLite format 3\"; encrypted files have others.",
            ));
        }
    }
    let uses_log = head[18] == 2 || head[19] == 2;
    let log_bytes = fs::metadata(beside(source, "-wal")).ok().map(|meta| meta.len());
    let is_shared = beside(source, "-shm").exists();
    Ok(match (uses_log, log_bytes) {
        (false, _) => Way::Locked,
        (true, Some(_)) if is_shared => Way::Locked,
        (true, Some(bytes)) if bytes > 0 => Way::Left,
        (true, _) => Way::Alone,
    })
}

/// Sizes and times of the source and its log.
fn stamp(source: &Path) -> [Option<(u64, SystemTime)>; 2] {
    [source.to_owned(), beside(source, "-wal")].map(|path| {
        let meta = fs::metadata(path).ok()?;
        Some((meta.len(), meta.modified().ok()?))
    })
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// `file:…?immutable=1`: no locks and no files beside it.
fn immutable(source: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in source.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => {
                uri.push(char::from(*byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri + "?immutable=1"
}

fn back_up(
    source: &Path,
    from: rusqlite::Result<Connection>,
    target: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<()> {
    let from = from.map_err(|error| failed(source, &error))?;
    let mut run = || -> rusqlite::Result<Option<Connection>> {
        from.busy_timeout(Duration::from_secs(5))?;
        let log: String = from.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
        if log.eq_ignore_ascii_case("wal") {
            // One snapshot for the whole copy; with a log it holds no writer back.
            from.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
        }
        let mut to = Connection::open(target)?;
        let done = steps(&Backup::new(&from, &mut to)?, progress)?;
        Ok(done.then_some(to))
    };
    match run() {
        Ok(Some(to)) => to.close().map_err(|(_, error)| failed(source, &error)),
        Ok(None) => {
            let message = format!("{} stays locked by another program", source.display());
            Err(Error::new(Code::DatabaseUnavailable, message).hint("Stop what writes to it."))
        }
        Err(error) => Err(failed(source, &error)),
    }
}

/// Copies until all pages are there; false when the source stayed locked.
fn steps(
    backup: &Backup<'_, '_>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> rusqlite::Result<bool> {
    let (mut waited, mut restarts, mut left) = (Duration::ZERO, 0, i32::MAX);
    loop {
        let pages = if restarts > RESTARTS { -1 } else { STEP_PAGES };
        let result = backup.step(pages)?;
        let now = backup.progress();
        let number = |pages: i32| u64::try_from(pages).unwrap_or(0);
        let done = number(now.pagecount - now.remaining);
        progress(Progress::Copied { done, total: number(now.pagecount) });
        match result {
            StepResult::Done => return Ok(true),
            StepResult::More => {
                // Somebody wrote in between, and the copy began anew.
                restarts += u32::from(now.remaining > left);
                left = now.remaining;
            }
            _ if waited >= PATIENCE => return Ok(false),
            _ => {
                std::thread::sleep(PAUSE);
                waited += PAUSE;
            }
        }
    }
}

/// Copies the file and its log byte by byte; opening the copy takes over what is in the log.
fn copy_with_log(source: &Path, target: &Path) -> Result<()> {
    let copied = fs::copy(source, target)
        .and_then(|_| fs::copy(beside(source, "-wal"), beside(target, "-wal")));
    copied.map_err(|error| unusable(source, error))?;
    let recover = || -> rusqlite::Result<()> {
        let connection = Connection::open(target)?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        connection.close().map_err(|(_, error)| error)
    };
    recover().map_err(|error| failed(source, &error))
}

/// Takes back a copy that is not whole.
fn discard(target: &Path) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let _ = fs::remove_file(beside(target, suffix));
    }
}

fn unusable(source: &Path, error: std::io::Error) -> Error {
    let message = format!("{} cannot be copied", source.display());
    Error::new(Code::DatabaseUnavailable, message).details(error.to_string())
}

fn failed(source: &Path, error: &rusqlite::Error) -> Error {
    let message = format!("{} cannot be copied", source.display());
    let failed = Error::new(Code::DatabaseUnavailable, message).details(error.to_string());
    match error.sqlite_error().map(|inner| inner.extended_code) {
        Some(rusqlite::ffi::SQLITE_READONLY_ROLLBACK) => failed.hint(
            "A program ended in the middle of a write. Open the file once with the program that \
             owns it, or with sqlite3, so that it is repaired.",
        ),
        _ => failed,
    }
}
