//! Judges a statement by SQLite itself: it is one statement, it compiles against the tables that
//! the declarations make, it has a place for each value, and no value stands in its text.

use std::sync::Mutex;

use mainstay_schema::Module;
use mainstay_store::Statement;
use mainstay_store::sql::{sqlite_ddl, sqlite_view};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::functions::{Aggregate, Context, FunctionFlags};

use crate::words::MARKER;

/// Statements that are remembered: requests repeat shapes, and preparing is what takes the time.
const REMEMBERED: usize = 10_000;

pub struct Checker {
    connection: Connection,
    seen: Mutex<std::collections::HashSet<String>>,
}

impl Checker {
    pub fn new(module: &Module) -> Self {
        let connection = Connection::open_in_memory().unwrap();
        // A column that is not there must be refused, not taken for a text.
        for strict in [DbConfig::SQLITE_DBCONFIG_DQS_DML, DbConfig::SQLITE_DBCONFIG_DQS_DDL] {
            connection.set_db_config(strict, false).unwrap();
        }
        for table in &module.tables {
            for sql in sqlite_ddl::create(module, table) {
                Self::teach(&connection, &sql, |sql| connection.execute_batch(sql)).unwrap();
            }
        }
        for sql in sqlite_view::create_all(module) {
            connection.execute_batch(&sql).unwrap();
        }
        Self { connection, seen: Mutex::default() }
    }

    pub fn check(&self, statement: &Statement) -> Result<(), String> {
        let Statement { sql, slots } = statement;
        if sql.contains(MARKER) {
            return Err(format!("a value stands in the text: {sql}"));
        }
        let mut seen = self.seen.lock().unwrap();
        if seen.contains(sql) {
            return Ok(());
        }
        let prepare = |sql: &str| {
            let mut batch = rusqlite::Batch::new(&self.connection, sql);
            let places = batch.next()?.map_or(0, |first| first.parameter_count());
            Ok((places, batch.next()?.is_some()))
        };
        let (places, more) = Self::teach(&self.connection, sql, prepare)
            .map_err(|why| format!("SQLite refuses it: {why}\n{sql}"))?;
        if more {
            return Err(format!("more than one statement: {sql}"));
        }
        if places != slots.len() {
            return Err(format!("{places} places for {} values: {sql}", slots.len()));
        }
        if seen.len() < REMEMBERED {
            seen.insert(sql.clone());
        }
        Ok(())
    }

    /// Tries again with every function or collation that is missing. What they answer does not matter here.
    fn teach<T>(
        connection: &Connection,
        sql: &str,
        run: impl Fn(&str) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        loop {
            let error = match run(sql) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let said = error.to_string();
            let order = said.split_once("no such collation sequence: mainstay_");
            if let Some(name) = order.and_then(|(_, rest)| rest.split([' ', '\n']).next()) {
                connection.create_collation(&*format!("mainstay_{name}"), |a, b| a.cmp(b))?;
                continue;
            }
            let missing = said.split_once("no such function: ").map(|(_, rest)| rest);
            let Some(name) = missing.and_then(|rest| rest.split([' ', '\n']).next()) else {
                return Err(error);
            };
            let flags = FunctionFlags::SQLITE_UTF8
                | FunctionFlags::SQLITE_DETERMINISTIC
                | FunctionFlags::SQLITE_INNOCUOUS;
            match name {
                "mainstay_sum" | "mainstay_avg" | "mainstay_gather" => {
                    connection.create_aggregate_function(name, -1, flags, Nothing)?;
                }
                name => connection.create_scalar_function(name, -1, flags, |_| Ok(0))?,
            }
        }
    }
}

struct Nothing;

impl Aggregate<(), i64> for Nothing {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<()> {
        Ok(())
    }

    fn step(&self, _: &mut Context<'_>, (): &mut ()) -> rusqlite::Result<()> {
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, _: Option<()>) -> rusqlite::Result<i64> {
        Ok(0)
    }
}
