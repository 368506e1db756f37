//! The structured log: a line is formatted by the caller and handed to one thread through a bounded
//! queue; a full queue drops and counts, so no request ever waits for an output.
//! It is our own small sink and not `tracing`, because an access line has to cost less than a
//! microsecond: `tracing` walks its subscribers and formats through visitors for each field.
//! Before it: `line`. After it: `sink`.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, TrySendError, bounded};
use mainstay_base::{Clock, Error, Result};

use crate::config::Style;
use crate::measure::{LOG_DROPPED, LOG_LINES};
use crate::sink::Sink;
use crate::{Event, Level, Line, Registry, Settings};

/// Where events go. Cheap to clone; all clones write to the same output.
#[derive(Clone)]
pub struct Log(Arc<Shared>);

struct Shared {
    queue: Option<Sender<Item>>,
    level: Level,
    style: Style,
    clock: Arc<dyn Clock>,
    counts: Arc<Counts>,
}

/// What became of the lines so far.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) sent: AtomicU64,
    pub(crate) dropped: AtomicU64,
}

/// What travels to the sink.
pub(crate) enum Item {
    /// A finished line without its time, in microseconds since the epoch.
    Line { at: i64, level: Level, text: Vec<u8> },
    /// Write out what came before, then answer.
    Flush(Sender<()>),
}

impl Log {
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self> {
        let (queue, lines) = bounded(settings.queue_lines.max(1));
        let (level, style) = (settings.level, settings.style());
        let counts = Arc::new(Counts::default());
        let sink = Sink::new(settings.output, style, Arc::clone(&clock), Arc::clone(&counts));
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || sink.run(&lines))
            .map_err(Error::internal)?;
        Ok(Self(Arc::new(Shared { queue: Some(queue), level, style, clock, counts })))
    }

    /// A log that takes everything and writes nothing.
    #[must_use]
    pub fn silent(clock: Arc<dyn Clock>) -> Self {
        let (level, style) = (Level::Off, Style::Json);
        Self(Arc::new(Shared { queue: None, level, style, clock, counts: Arc::default() }))
    }

    /// Starts a line of the event, at the event's own level.
    pub fn line(&self, event: &'static Event) -> Line<'_> {
        Line::new(self, event, event.level, self.0.style)
    }

    /// Starts a line that matters more or less than the event usually does, such as an answered
    /// request that failed through a fault of ours.
    pub fn line_at(&self, level: Level, event: &'static Event) -> Line<'_> {
        Line::new(self, event, level, self.0.style)
    }

    /// Events below this level are not formatted.
    #[must_use]
    pub fn level(&self) -> Level {
        self.0.level
    }

    /// Lines that were dropped because the queue was full.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.counts.dropped.load(Ordering::Relaxed)
    }

    /// Waits until everything logged so far is written, at most for `within`.
    /// Blocks the thread: for shutdown and for tests. Tells whether it succeeded.
    #[must_use]
    pub fn flush(&self, within: Duration) -> bool {
        let Some(queue) = &self.0.queue else {
            return true;
        };
        let end = Instant::now() + within;
        let (done, wait) = bounded(1);
        queue.send_deadline(Item::Flush(done), end).is_ok() && wait.recv_deadline(end).is_ok()
    }

    pub(crate) fn push(&self, level: Level, text: Vec<u8>) {
        let Some(queue) = &self.0.queue else {
            return;
        };
        let counts = &self.0.counts;
        match queue.try_send(Item::Line { at: self.0.clock.now(), level, text }) {
            Ok(()) => counts.sent.fetch_add(1, Ordering::Relaxed),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                counts.dropped.fetch_add(1, Ordering::Relaxed)
            }
        };
    }

    pub(crate) fn register(&self, registry: &Registry) {
        let counts = Arc::clone(&self.0.counts);
        registry.observe(&LOG_LINES, &[], move || counts.sent.load(Ordering::Relaxed) as f64);
        let counts = Arc::clone(&self.0.counts);
        registry.observe(&LOG_DROPPED, &[], move || counts.dropped.load(Ordering::Relaxed) as f64);
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("level", &self.0.level).finish_non_exhaustive()
    }
}
