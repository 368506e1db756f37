//! Answers that are kept under an idempotency key, in the module's own file, so that an answer and
//! the change it speaks of are on disk together or not at all.

use rusqlite::{Connection, OptionalExtension, params};

use crate::{Record, RecordKey};

const MAKE: &str = "CREATE TABLE IF NOT EXISTS _mainstay_answers (
  caller TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, at INTEGER NOT NULL,
  answer BLOB NOT NULL, PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS _mainstay_answers_at ON _mainstay_answers (at)";

/// Makes the table where it is missing.
pub(super) fn make(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(MAKE)
}

pub(super) fn find(
    connection: &Connection,
    key: &RecordKey,
    after: i64,
) -> rusqlite::Result<Option<Record>> {
    let sql = "SELECT request, at, answer FROM _mainstay_answers
               WHERE caller = ? AND key = ? AND at > ?";
    let record = |row: &rusqlite::Row<'_>| {
        Ok(Record { request: row.get(0)?, at: row.get(1)?, answer: row.get(2)? })
    };
    connection
        .prepare_cached(sql)?
        .query_row(params![key.caller, key.key, after], record)
        .optional()
}

/// A hundred of the old ones go with each new one, so that a day that was busy does not hold up
/// one request of the next.
pub(super) fn keep(
    connection: &Connection,
    key: &RecordKey,
    record: &Record,
    after: i64,
) -> rusqlite::Result<()> {
    let forget = "DELETE FROM _mainstay_answers WHERE (caller, key) IN
                  (SELECT caller, key FROM _mainstay_answers WHERE at <= ? LIMIT 100)";
    connection.prepare_cached(forget)?.execute(params![after])?;
    let insert = "INSERT OR REPLACE INTO _mainstay_answers (caller, key, request, at, answer)
                  VALUES (?, ?, ?, ?, ?)";
    let Record { request, at, answer } = record;
    connection
        .prepare_cached(insert)?
        .execute(params![key.caller, key.key, request, at, answer])?;
    Ok(())
}
