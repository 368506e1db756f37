//! The one thread that writes a module's file. It drains its queue, runs each request so that it
//! can be undone alone, commits once, and only then answers: an answer means that the write is on
//! disk.
//!
//! A request that fails harms no neighbour: when SQLite takes the whole group back, the others are
//! run again, which is safe because none was answered. A sync that fails is never tried again: all
//! connections are closed, the file is opened anew and its log checkpointed into freshly written
//! and freshly synced pages before anything is acknowledged again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use mainstay_base::{Clock, Code, Error, Result};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::connection::{self, Opened};
use super::failure::{self, Failure};
use super::readers::ReaderSet;
use super::session::Session;
use super::write::{self, Outcome};
use crate::config::Durability;
use crate::observe::Observed;
use crate::plan::{Answer, WritePlan};
use crate::{Config, Sink, limits};

/// Work for the writer. It may be run more than once before it is answered.
pub(super) trait Job: Send {
    fn run(&mut self, session: &Session<'_>) -> Result<(), Failure>;
    /// The work was done, but the caller wants it undone.
    fn undoes(&self) -> bool;
    /// One statement that is all or nothing by itself.
    fn is_atomic(&self) -> bool;
    fn answer(self: Box<Self>, outcome: Result<()>);
}

enum Message {
    Run(Box<dyn Job>),
    Stop,
}

/// The handle by which requests reach the thread.
pub(super) struct Writer {
    queue: Sender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// What is wrong, when writes are not taken.
    trouble: Arc<Mutex<Option<String>>>,
}

/// Everything the thread needs to do its work.
pub(super) struct Start {
    pub path: PathBuf,
    pub opened: Opened,
    pub readers: Arc<ReaderSet>,
    pub observed: Arc<Observed>,
    /// The statements that make the views of the module.
    pub views: Arc<[String]>,
    /// A file with deferred constraints can only fail at its commit: one request in each.
    pub group: usize,
}

impl Writer {
    pub fn start(start: Start, name: &str, config: &Config) -> Result<Self> {
        let (queue, messages) = bounded(config.write_queue);
        let trouble = Arc::new(Mutex::new(None));
        let thread = Thread {
            module: name.to_owned(),
            path: start.path,
            opened: Some(start.opened),
            readers: start.readers,
            observed: start.observed,
            views: start.views,
            group: start.group,
            config: config.clone(),
            trouble: Arc::clone(&trouble),
        };
        let thread = std::thread::Builder::new()
            .name(format!("writer-{name}"))
            .spawn(move || thread.serve(&messages))
            .map_err(Error::internal)?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)), trouble })
    }

    pub fn submit(&self, job: Box<dyn Job>) -> Result<()> {
        match self.queue.try_send(Message::Run(job)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => {
                Err(Error::new(Code::QueueFull, "Too many writes are waiting").retry_after(1))
            }
            Err(TrySendError::Disconnected(_)) => Err(super::stopped()),
        }
    }

    /// Writes that wait.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    pub fn health(&self) -> Result<(), String> {
        self.trouble.lock().clone().map_or(Ok(()), Err)
    }

    /// Lets the writes that were accepted reach the disk, then ends the thread.
    pub fn close(&self) {
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            let _ = self.queue.send(Message::Stop);
            let _ = thread.join();
        }
    }
}

/// A write on its way: what to do, where its rows go, who waits.
pub(super) struct WriteJob<S> {
    plan: WritePlan,
    sink: S,
    outcome: Outcome,
    reply: oneshot::Sender<Result<Answer<S>>>,
}

impl<S: Sink> WriteJob<S> {
    pub fn new(plan: WritePlan, sink: S, reply: oneshot::Sender<Result<Answer<S>>>) -> Self {
        Self { plan, sink, outcome: Outcome::default(), reply }
    }
}

impl<S: Sink> Job for WriteJob<S> {
    fn run(&mut self, session: &Session<'_>) -> Result<(), Failure> {
        self.sink.restart();
        self.outcome = write::run(session, &self.plan, &mut self.sink)?;
        Ok(())
    }

    fn undoes(&self) -> bool {
        self.plan.guard.undo
    }

    fn is_atomic(&self) -> bool {
        self.plan.atomic
    }

    fn answer(self: Box<Self>, outcome: Result<()>) {
        let Self { sink, outcome: done, reply, .. } = *self;
        let answer = outcome.map(|()| Answer {
            sink,
            rows: done.affected,
            inserted: done.inserted,
            total: done.total,
        });
        let _ = reply.send(answer);
    }
}

struct Thread {
    module: String,
    path: PathBuf,
    /// Absent between a failure of the disk and the next successful open.
    opened: Option<Opened>,
    readers: Arc<ReaderSet>,
    observed: Arc<Observed>,
    views: Arc<[String]>,
    group: usize,
    config: Config,
    trouble: Arc<Mutex<Option<String>>>,
}

impl Thread {
    fn serve(mut self, messages: &Receiver<Message>) {
        let mut stopping = false;
        while !stopping {
            let first = match self.opened {
                Some(_) => messages.recv().ok(),
                None => {
                    self.reopen();
                    messages.recv_timeout(limits::REOPEN).ok().or_else(|| messages.try_recv().ok())
                }
            };
            let mut jobs = Vec::new();
            let mut message = first;
            loop {
                match message {
                    Some(Message::Run(job)) => jobs.push(job),
                    Some(Message::Stop) => stopping = true,
                    None => break,
                }
                if stopping || jobs.len() >= self.group {
                    break;
                }
                message = messages.try_recv().ok();
            }
            self.commit(jobs);
        }
        self.end();
    }

    fn commit(&mut self, jobs: Vec<Box<dyn Job>>) {
        if jobs.is_empty() {
            return;
        }
        let Some(opened) = &self.opened else {
            return answer_all(jobs, failure::unavailable);
        };
        let (start, size) = (Instant::now(), jobs.len());
        match run_group(opened, jobs, &self.config) {
            Ok(()) => {
                self.observed.committed(size, start.elapsed());
                self.checkpoint();
            }
            Err(error) => self.distrust(&error.to_string()),
        }
    }

    /// Nothing is acknowledged on this connection any more.
    fn distrust(&mut self, reason: &str) {
        self.observed.failed(&self.module, reason);
        *self.trouble.lock() = Some(format!("the database failed and is being reopened: {reason}"));
        self.opened = None;
        self.readers.close();
    }

    fn reopen(&mut self) {
        self.readers.close();
        let opened = open_again(&self.path, &self.config.telemetry.clock, &self.views);
        match opened {
            Ok(opened) => {
                self.opened = Some(opened);
                self.observed.reopened(&self.module);
                *self.trouble.lock() = None;
            }
            Err(error) => {
                let details = error.details_text().unwrap_or_else(|| error.message()).to_owned();
                *self.trouble.lock() = Some(format!("the database cannot be reopened: {details}"));
            }
        }
    }

    /// Only here, so that no two connections ever reset the log at once.
    fn checkpoint(&mut self) {
        let pages = wal_bytes(&self.path) / 4096;
        if pages < limits::CHECKPOINT_PAGES {
            return;
        }
        let mode = if pages < limits::CHECKPOINT_FORCED_PAGES { "PASSIVE" } else { "RESTART" };
        let Some(opened) = &self.opened else { return };
        match checkpoint(opened, mode) {
            Ok(()) => {}
            // A full disk is no reason to stop: the log keeps what was acknowledged.
            Err(error) if error.code() == Code::DiskFull => {}
            Err(error) => {
                let reason = error.cause().map_or_else(String::new, ToString::to_string);
                self.distrust(&reason);
            }
        }
    }

    fn end(mut self) {
        self.readers.close();
        if let Some(opened) = self.opened.take() {
            let _ = checkpoint(&opened, "TRUNCATE");
        }
    }
}

/// Opening reads the log again from its start, which checks every frame; the checkpoint writes what
/// it holds into the database with new pages and a new sync. The views are gone with the old
/// connection.
fn open_again(path: &Path, clock: &Arc<dyn Clock>, views: &[String]) -> Result<Opened> {
    let opened = connection::writer(path, clock)?;
    checkpoint(&opened, "TRUNCATE")?;
    connection::make_views(path, &opened, views)?;
    Ok(opened)
}

/// Size of the write-ahead log.
pub(super) fn wal_bytes(path: &Path) -> u64 {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    std::fs::metadata(name).map_or(0, |meta| meta.len())
}

fn checkpoint(opened: &Opened, mode: &str) -> Result<()> {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    opened.deadline.clear();
    let done = opened.connection.query_row(&sql, [], |_| Ok(()));
    done.map_err(failure::plain)
}

fn answer_all(jobs: Vec<Box<dyn Job>>, error: impl Fn() -> Error) {
    for job in jobs {
        job.answer(Err(error()));
    }
}

/// Runs the jobs in one transaction and answers them. An error means that the connection is not
/// to be trusted further; all jobs have been answered in any case.
fn run_group(
    opened: &Opened,
    mut jobs: Vec<Box<dyn Job>>,
    config: &Config,
) -> Result<(), rusqlite::Error> {
    loop {
        match attempt(opened, &mut jobs, config.statement_timeout) {
            Ok(refused) if config.durability == Durability::NegativeControl => {
                answer_each(jobs, refused);
                return exec(opened, "COMMIT");
            }
            Ok(refused) => {
                return match exec(opened, "COMMIT") {
                    Ok(()) => {
                        answer_each(jobs, refused);
                        Ok(())
                    }
                    Err(error) => refuse_commit(opened, jobs, error),
                };
            }
            Err(Lost::Job { at, error }) => {
                jobs.remove(at).answer(Err(error));
                if jobs.is_empty() {
                    return Ok(());
                }
            }
            Err(Lost::Group(error)) => {
                let broken = failure::is_broken(&error);
                let _ = exec(opened, "ROLLBACK");
                let full =
                    !broken && failure::extended(&error) & 0xff == rusqlite::ffi::SQLITE_FULL;
                answer_all(jobs, if full { failure::disk_full } else { failure::unavailable });
                return if broken { Err(error) } else { Ok(()) };
            }
        }
    }
}

/// Why an attempt was taken back as a whole.
enum Lost {
    /// One job made SQLite roll everything back; the others can run again without it.
    Job { at: usize, error: Error },
    /// No job can run now.
    Group(rusqlite::Error),
}

/// Runs every job in its own savepoint, or as the one atomic statement that it is. Returns the
/// errors of those that were refused.
fn attempt(
    opened: &Opened,
    jobs: &mut [Box<dyn Job>],
    timeout: Duration,
) -> Result<Vec<Option<Error>>, Lost> {
    exec(opened, "BEGIN IMMEDIATE").map_err(Lost::Group)?;
    let session = Session { connection: &opened.connection };
    let mut refused = Vec::with_capacity(jobs.len());
    for (at, job) in jobs.iter_mut().enumerate() {
        let atomic = job.is_atomic();
        if !atomic {
            exec(opened, "SAVEPOINT request").map_err(Lost::Group)?;
        }
        opened.deadline.set(timeout);
        let done = job.run(&session);
        opened.deadline.clear();
        let error = match done {
            Ok(()) => None,
            Err(Failure::Engine(error)) if ends_group(&error) => return Err(Lost::Group(error)),
            Err(failure) => Some(failure.into_error()),
        };
        if opened.connection.is_autocommit() {
            let error = error.unwrap_or_else(failure::unavailable);
            return Err(Lost::Job { at, error });
        }
        if !atomic {
            if error.is_some() || job.undoes() {
                exec(opened, "ROLLBACK TO request").map_err(Lost::Group)?;
            }
            exec(opened, "RELEASE request").map_err(Lost::Group)?;
        }
        refused.push(error);
    }
    Ok(refused)
}

pub(super) fn ends_group(error: &rusqlite::Error) -> bool {
    failure::is_broken(error) || failure::extended(error) & 0xff == rusqlite::ffi::SQLITE_FULL
}

fn answer_each(jobs: Vec<Box<dyn Job>>, refused: Vec<Option<Error>>) {
    for (job, error) in jobs.into_iter().zip(refused) {
        job.answer(error.map_or(Ok(()), Err));
    }
}

/// A commit that failed: nothing of the group is acknowledged.
fn refuse_commit(
    opened: &Opened,
    jobs: Vec<Box<dyn Job>>,
    error: rusqlite::Error,
) -> Result<(), rusqlite::Error> {
    let code = failure::extended(&error);
    let _ = exec(opened, "ROLLBACK");
    if code == rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY {
        answer_all(jobs, || {
            Error::new(
                Code::ForeignKeyViolated,
                "the change violates a deferred foreign key constraint",
            )
        });
        return Ok(());
    }
    if code & 0xff == rusqlite::ffi::SQLITE_FULL {
        answer_all(jobs, failure::disk_full);
        return Ok(());
    }
    answer_all(jobs, failure::unavailable);
    Err(error)
}

fn exec(opened: &Opened, sql: &str) -> Result<(), rusqlite::Error> {
    opened.connection.prepare_cached(sql)?.raw_execute().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> i64 {
            0
        }
    }

    #[test]
    fn a_writer_that_opens_again_has_its_views_and_what_the_log_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.db");
        let clock: Arc<dyn Clock> = Arc::new(Still);
        let views = ["CREATE TEMP VIEW v AS SELECT a * 2 AS b FROM t".to_owned()];
        let first = connection::writer(&path, &clock).unwrap();
        connection::make_views(&path, &first, &views).unwrap();
        first.connection.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (4)").unwrap();
        drop(first);
        let again = open_again(&path, &clock, &views).unwrap();
        let b: i64 = again.connection.query_row("SELECT b FROM v", [], |row| row.get(0)).unwrap();
        assert_eq!(b, 8);
    }
}
