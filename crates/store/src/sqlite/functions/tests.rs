//! A bare connection with our functions, on which the tests of the files beside this one run.

use std::sync::Arc;

use mainstay_base::{Clock, Instant};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::sqlite::failure;

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Instant {
        0
    }
}

pub(in crate::sqlite) fn connection() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(Fixed);
    super::register(&connection, &clock).unwrap();
    connection
}

/// The only value of `select {sql}`.
pub(in crate::sqlite) fn value(sql: &str) -> rusqlite::Result<Value> {
    connection().query_row(&format!("select {sql}"), [], |row| row.get(0))
}

pub(in crate::sqlite) fn text(sql: &str) -> String {
    match value(sql) {
        Ok(Value::Text(text)) => text,
        other => panic!("{sql}: {other:?}"),
    }
}

/// The error that a caller would see.
pub(in crate::sqlite) fn failure(sql: &str) -> mainstay_base::Error {
    failure::plain(value(sql).unwrap_err())
}
