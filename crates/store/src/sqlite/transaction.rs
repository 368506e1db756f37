//! Several reads and writes that happen together: work that is given a transaction and runs on the
//! writer's thread, inside its group, with a savepoint of its own. It may be run again from the
//! start when SQLite takes the group back.

use mainstay_base::{Error, Result};
use mainstay_schema::Value;
use tokio::sync::oneshot;

use super::failure::{self, Failure};
use super::once;
use super::readers;
use super::session::Session;
use super::writer::Job;
use super::{violation, write};
use crate::plan::{Answer, ReadPlan, Values, WritePlan};
use crate::{Record, RecordKey, Routine, Sink};

/// A transaction under way.
pub struct Transaction<'c> {
    session: Session<'c>,
    /// The engine failed so that nothing of the group can go on.
    lost: Option<rusqlite::Error>,
    undone: bool,
}

impl Transaction<'_> {
    /// Reads what is there now, writes of this transaction included.
    ///
    /// # Errors
    /// As `Store::read`.
    pub fn read<S: Sink>(&mut self, plan: &ReadPlan, mut sink: S) -> Result<Answer<S>> {
        let done = readers::run_in(&self.session, plan, &mut sink);
        self.kept(done).map(|done| done.answer(sink))
    }

    /// Writes. An error leaves the transaction as it was before this write.
    ///
    /// # Errors
    /// As `Store::write`.
    pub fn write<S: Sink>(&mut self, plan: &WritePlan, mut sink: S) -> Result<Answer<S>> {
        self.undone |= plan.guard.undo;
        self.exec("SAVEPOINT part")?;
        let done = write::run(&self.session, plan, &mut sink);
        let done = self.kept(done);
        if done.is_err() {
            self.exec("ROLLBACK TO part")?;
        }
        self.exec("RELEASE part")?;
        let done = done?;
        let (rows, inserted, total) = (done.affected, done.inserted, done.total);
        Ok(Answer { sink, rows, inserted, total })
    }

    /// Runs a routine and gives the rows of its last statement. An error leaves the transaction as
    /// it was before.
    ///
    /// # Errors
    /// As `Store::write`.
    pub fn run(&mut self, routine: &Routine, values: &[Value]) -> Result<Vec<Vec<Value>>> {
        let given = routine.given(values)?;
        self.attempt(|transaction| {
            let mut rows = routine.rows();
            for statement in &routine.statements {
                rows.restart();
                let done = transaction.session.rows(statement, Values::given(&given), &mut rows);
                let done = done.map_err(|error| violation::in_function(&routine.declared, error));
                transaction.kept(done)?;
            }
            Ok(rows.rows)
        })
    }

    /// Does several things together: when `work` fails, none of them has happened.
    ///
    /// # Errors
    /// As `work`, and when the database fails.
    pub fn attempt<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.exec("SAVEPOINT attempt")?;
        let done = work(self);
        if done.is_err() {
            self.exec("ROLLBACK TO attempt")?;
        }
        self.exec("RELEASE attempt")?;
        done
    }

    /// Everything is undone when the work has ended; its result is answered all the same.
    pub fn undo(&mut self) {
        self.undone = true;
    }

    /// What was recorded under a key since `after` (seconds since the epoch).
    ///
    /// # Errors
    /// When the database fails.
    pub fn recorded(&mut self, key: &RecordKey, after: i64) -> Result<Option<Record>> {
        let found = once::find(self.session.connection, key, after).map_err(Failure::Engine);
        self.kept(found)
    }

    /// Records an answer under a key, and forgets some of those made before `after`.
    ///
    /// # Errors
    /// When the database fails.
    pub fn record(&mut self, key: &RecordKey, record: &Record, after: i64) -> Result<()> {
        let kept = once::keep(self.session.connection, key, record, after);
        self.kept(kept.map_err(Failure::Engine))
    }

    fn exec(&mut self, sql: &str) -> Result<()> {
        let statement = self.session.connection.prepare_cached(sql);
        let done = statement.and_then(|mut statement| statement.raw_execute().map(drop));
        self.kept(done.map_err(Failure::Engine))
    }

    /// Keeps what ends the whole group apart from what ends this work.
    fn kept<T>(&mut self, done: Result<T, Failure>) -> Result<T> {
        match done {
            Ok(done) => Ok(done),
            Err(Failure::Engine(error)) if super::writer::ends_group(&error) => {
                self.lost.get_or_insert(error);
                Err(failure::unavailable())
            }
            Err(failure) => Err(failure.into_error()),
        }
    }
}

/// Work for the writer, and the way back to whoever waits for it.
pub(super) struct TransactionJob<W, T> {
    work: W,
    done: Option<T>,
    undone: bool,
    reply: oneshot::Sender<Result<T>>,
}

impl<W, T> TransactionJob<W, T> {
    pub fn new(work: W, reply: oneshot::Sender<Result<T>>) -> Self {
        Self { work, done: None, undone: false, reply }
    }
}

impl<W, T> Job for TransactionJob<W, T>
where
    W: FnMut(&mut Transaction<'_>) -> Result<T> + Send,
    T: Send,
{
    fn run(&mut self, session: &Session<'_>) -> Result<(), Failure> {
        self.done = None;
        let session = Session { connection: session.connection };
        let mut transaction = Transaction { session, lost: None, undone: false };
        let done = (self.work)(&mut transaction);
        self.undone = transaction.undone;
        if let Some(error) = transaction.lost {
            return Err(Failure::Engine(error));
        }
        self.done = Some(done?);
        Ok(())
    }

    fn undoes(&self) -> bool {
        self.undone
    }

    fn is_atomic(&self) -> bool {
        false
    }

    fn answer(self: Box<Self>, outcome: Result<()>) {
        let Self { work, done, reply, .. } = *self;
        // What the work holds is free again before anybody can know that it has ended.
        drop(work);
        let answer = outcome.and_then(|()| {
            done.ok_or_else(|| Error::internal("work that was never run was answered"))
        });
        let _ = reply.send(answer);
    }
}
