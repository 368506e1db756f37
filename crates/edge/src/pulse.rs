//! What one connection is doing, written by those who move its bytes (`wire`) and answer its
//! requests (`connection`), and read by the watchdog that cuts what has stopped moving.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::EdgeConfig;
use crate::framing::Refusal;
use crate::limits::WRITE_BYTES_PER_SECOND;

/// The state of one connection. Times are milliseconds since it was opened, plus one; zero: not so.
#[derive(Debug)]
pub(crate) struct Pulse {
    opened: Instant,
    /// Requests whose answers are not fully handed over.
    active: AtomicU32,
    /// Since when there is no such request.
    quiet_since: AtomicU64,
    /// Since when a head is expected or arriving.
    head_since: AtomicU64,
    /// Since when the client takes no bytes.
    write_since: AtomicU64,
    /// Answers that were given but not fully handed over, and since when one is.
    answers: AtomicU32,
    answers_since: AtomicU64,
    requests: AtomicU64,
    /// The request, by number, whose head was refused, and why.
    refusal: OnceLock<(u64, Refusal)>,
    linger: AtomicBool,
}

/// Why a connection was cut.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Cut {
    SlowHead,
    SlowReader,
    Idle,
}

impl Cut {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::SlowHead => "slow_head",
            Self::SlowReader => "slow_reader",
            Self::Idle => "idle",
        }
    }
}

impl Pulse {
    pub(crate) fn new() -> Self {
        Self {
            opened: Instant::now(),
            active: AtomicU32::new(0),
            quiet_since: AtomicU64::new(1),
            head_since: AtomicU64::new(1),
            write_since: AtomicU64::new(0),
            answers: AtomicU32::new(0),
            answers_since: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            refusal: OnceLock::new(),
            linger: AtomicBool::new(false),
        }
    }

    fn now(&self) -> u64 {
        self.opened.elapsed().as_millis() as u64 + 1
    }

    /// The first bytes of a head have come. A later one changes nothing: dripping buys no time.
    pub(crate) fn head_begun(&self) {
        if self.head_since.load(Relaxed) == 0 {
            self.head_since.store(self.now(), Relaxed);
        }
    }

    pub(crate) fn head_complete(&self) {
        self.head_since.store(0, Relaxed);
    }

    /// A request begins; gives why its head was refused, if it was.
    pub(crate) fn request_begun(&self) -> Option<Refusal> {
        self.head_since.store(0, Relaxed);
        self.active.fetch_add(1, Relaxed);
        let number = self.requests.fetch_add(1, Relaxed);
        self.refusal.get().filter(|(refused, _)| *refused == number).map(|(_, refusal)| *refusal)
    }

    /// The request is over: its answer was handed over, or nobody waits for it any more.
    pub(crate) fn request_over(&self, answered: bool) {
        if answered {
            self.answers.fetch_sub(1, Relaxed);
            self.answers_since.store(self.now(), Relaxed);
        }
        if self.active.fetch_sub(1, Relaxed) == 1 {
            self.quiet_since.store(self.now(), Relaxed);
        }
    }

    pub(crate) fn answer_begun(&self) {
        if self.answers.fetch_add(1, Relaxed) == 0 {
            self.answers_since.store(self.now(), Relaxed);
        }
    }

    /// The head after `number` good ones was refused. At most once: nothing is read after it.
    pub(crate) fn refuse(&self, number: u64, refusal: Refusal) {
        let _ = self.refusal.set((number, refusal));
    }

    pub(crate) fn write_stalled(&self) {
        if self.write_since.load(Relaxed) == 0 {
            self.write_since.store(self.now(), Relaxed);
        }
    }

    /// Bytes were taken after a stall: they buy time in proportion, never more than has passed.
    pub(crate) fn write_moved(&self, bytes: usize) {
        let since = self.write_since.load(Relaxed);
        if since != 0 {
            let bought = bytes as u64 * 1_000 / WRITE_BYTES_PER_SECOND;
            self.write_since.store((since + bought).min(self.now()), Relaxed);
        }
    }

    pub(crate) fn write_done(&self) {
        if self.write_since.load(Relaxed) != 0 {
            self.write_since.store(0, Relaxed);
        }
    }

    /// From now on closing waits until the client's unread bytes are thrown away.
    pub(crate) fn set_linger(&self) {
        self.linger.store(true, Relaxed);
    }

    pub(crate) fn lingers(&self) -> bool {
        self.linger.load(Relaxed)
    }

    /// When to look for the first time, and at the latest again.
    pub(crate) fn first_look(config: &EdgeConfig) -> Duration {
        config.head_timeout.min(config.write_timeout).min(config.idle_timeout)
    }

    /// How long the connection may go on without being looked at again, or why it may not.
    pub(crate) fn verdict(&self, config: &EdgeConfig) -> Result<Duration, Cut> {
        let now = self.now();
        let left = |since: u64, bound: Duration| {
            bound.saturating_sub(Duration::from_millis(now.saturating_sub(since)))
        };
        // What begins after this look must be seen before its own time is up.
        let mut wait = Self::first_look(config);
        let mut bounded = |since: u64, bound: Duration, cut: Cut| {
            let left = left(since, bound);
            if left.is_zero() {
                return Err(cut);
            }
            wait = wait.min(left);
            Ok(())
        };
        let (write, head) = (self.write_since.load(Relaxed), self.head_since.load(Relaxed));
        if write != 0 {
            bounded(write, config.write_timeout, Cut::SlowReader)?;
        }
        if self.answers.load(Relaxed) > 0 {
            // Under HTTP/2 a reader can stall one stream while the socket moves; twice the time,
            // because here progress inside an answer cannot be seen.
            let since = self.answers_since.load(Relaxed);
            bounded(since, config.write_timeout * 2, Cut::SlowReader)?;
        } else if self.active.load(Relaxed) == 0 {
            if head != 0 {
                bounded(head, config.head_timeout, Cut::SlowHead)?;
            } else {
                bounded(self.quiet_since.load(Relaxed), config.idle_timeout, Cut::Idle)?;
            }
        }
        Ok(wait.max(Duration::from_millis(1)))
    }
}
