//! Reading: keyed lookups run on the worker that asks, everything else on a small bounded pool.
//! Each has a deadline that really stops the statement. Never more threads than configured.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use mainstay_base::{Clock, Code, Error, Result};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::Database;
use super::connection::{self, Opened};
use super::failure::Failure;
use super::session::Session;
use crate::observe::Observed;
use crate::plan::{Answer, ReadPlan};
use crate::{Config, Sink, limits};

/// The reading connections of one file. Closed and opened again when the writer had to reopen.
pub(super) struct ReaderSet {
    path: PathBuf,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    /// The statements that make the views of the module.
    views: Arc<[String]>,
    slots: Vec<Mutex<Option<Opened>>>,
}

/// Which slot a thread tries first: threads that read often keep a connection to themselves.
fn home() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static HOME: usize = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    HOME.with(|home| *home)
}

impl ReaderSet {
    pub fn new(path: PathBuf, config: &Config, views: Arc<[String]>) -> Self {
        // One for each worker that looks up keys and one for each thread of the pool.
        let slots = (0..config.readers * 2).map(|_| Mutex::new(None)).collect();
        let clock = Arc::clone(&config.telemetry.clock);
        Self { path, timeout: config.statement_timeout, clock, views, slots }
    }

    /// Runs `work` with a connection of this file.
    pub fn with<T>(&self, work: impl FnOnce(&Opened) -> Result<T, Failure>) -> Result<T> {
        self.within(self.timeout, work)
    }

    /// The same for work that has less time than others.
    pub fn within<T>(
        &self,
        timeout: Duration,
        work: impl FnOnce(&Opened) -> Result<T, Failure>,
    ) -> Result<T> {
        let home = home() % self.slots.len();
        let mut free = (0..self.slots.len())
            .find_map(|step| self.slots[(home + step) % self.slots.len()].try_lock())
            .unwrap_or_else(|| self.slots[home].lock());
        if free.is_none() {
            *free = Some(connection::reader(&self.path, &self.clock, &self.views)?);
        }
        let Some(opened) = free.as_ref() else {
            return Err(super::stopped());
        };
        opened.deadline.set(timeout.min(self.timeout));
        let done = work(opened);
        opened.deadline.clear();
        if let Err(Failure::Engine(error)) = &done
            && super::failure::is_broken(error)
        {
            *free = None;
        }
        done.map_err(Failure::into_error)
    }

    /// Waits for the running statements and closes all connections.
    pub fn close(&self) {
        for slot in &self.slots {
            *slot.lock() = None;
        }
    }
}

/// What a read did, before its sink is handed back.
pub(super) struct Done {
    rows: u64,
    total: Option<u64>,
}

impl Done {
    pub fn answer<S>(self, sink: S) -> Answer<S> {
        Answer { sink, rows: self.rows, inserted: 0, total: self.total }
    }
}

/// Rows, and the count where it is asked for and the page does not tell it: one snapshot.
pub(super) fn run(reader: &Opened, plan: &ReadPlan, sink: &mut dyn Sink) -> Result<Done, Failure> {
    let session = Session { connection: &reader.connection };
    let snapshot = plan.rows.is_some() && plan.count.is_some() || !plan.before.is_empty();
    if snapshot {
        reader.connection.prepare_cached("BEGIN")?.raw_execute()?;
    }
    let done = run_in(&session, plan, sink);
    if snapshot {
        reader.connection.prepare_cached("COMMIT")?.raw_execute()?;
    }
    done
}

pub(super) fn run_in(
    session: &Session<'_>,
    plan: &ReadPlan,
    sink: &mut dyn Sink,
) -> Result<Done, Failure> {
    for bound in &plan.before {
        session.rows(&bound.statement, bound.values(), &mut ())?;
    }
    let rows = match &plan.rows {
        Some(bound) => session.rows(&bound.statement, bound.values(), sink)?,
        None => 0,
    };
    let Some(count) = &plan.count else {
        return Ok(Done { rows, total: None });
    };
    let page_tells = plan.rows.is_some() && rows < plan.limit && (rows > 0 || plan.offset == 0);
    let total = match page_tells {
        true => plan.offset + rows,
        false => session.number(&count.statement, count.values())?,
    };
    Ok(Done { rows, total: Some(total) })
}

/// Work for a reader thread.
pub(super) trait Job: Send {
    fn run(self: Box<Self>, observed: &Observed);
}

/// A read, its sink and the way back to the caller.
pub(super) struct ReadJob<S> {
    database: Arc<Database>,
    plan: ReadPlan,
    sink: S,
    reply: oneshot::Sender<Result<Answer<S>>>,
    queued: Instant,
}

impl<S: Sink> ReadJob<S> {
    pub fn new(
        database: Arc<Database>,
        plan: ReadPlan,
        sink: S,
        reply: oneshot::Sender<Result<Answer<S>>>,
    ) -> Self {
        Self { database, plan, sink, reply, queued: Instant::now() }
    }
}

impl<S: Sink> Job for ReadJob<S> {
    fn run(self: Box<Self>, observed: &Observed) {
        let Self { database, plan, mut sink, reply, queued } = *self;
        observed.reader_waited(queued.elapsed());
        // A caller that went away while waiting costs nothing more.
        if reply.is_closed() {
            return;
        }
        let done = database.readers.with(|reader| run(reader, &plan, &mut sink));
        let _ = reply.send(done.map(|done| done.answer(sink)));
    }
}

/// What a reader thread is told.
enum Message {
    Run(Box<dyn Job>),
    Stop,
}

/// The threads for reads that may take long.
pub(super) struct ReaderPool {
    queue: Sender<Message>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl ReaderPool {
    pub fn start(config: &Config, observed: &Arc<Observed>) -> Result<Self> {
        let (queue, messages) = bounded(limits::READ_QUEUE);
        let threads = (0..config.readers)
            .map(|at| {
                let (messages, observed) = (messages.clone(), Arc::clone(observed));
                std::thread::Builder::new()
                    .name(format!("reader-{at}"))
                    .spawn(move || serve(&messages, &observed))
                    .map_err(Error::internal)
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { queue, threads: Mutex::new(threads) })
    }

    pub fn submit(&self, job: Box<dyn Job>) -> Result<()> {
        match self.queue.try_send(Message::Run(job)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => {
                Err(Error::new(Code::QueueFull, "Too many reads are waiting").retry_after(1))
            }
            Err(TrySendError::Disconnected(_)) => Err(super::stopped()),
        }
    }

    /// Lets the reads that were accepted end, then the threads.
    pub fn close(&self) {
        let threads = std::mem::take(&mut *self.threads.lock());
        for _ in &threads {
            let _ = self.queue.send(Message::Stop);
        }
        for thread in threads {
            let _ = thread.join();
        }
    }
}

fn serve(messages: &Receiver<Message>, observed: &Observed) {
    while let Ok(Message::Run(job)) = messages.recv() {
        // A panic in a sink costs its own request: its caller sees a closed channel.
        let run = std::panic::AssertUnwindSafe(|| job.run(observed));
        let _ = std::panic::catch_unwind(run);
    }
}
