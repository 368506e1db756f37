//! The one thread that owns the output: takes lines from the queue, puts the time before each,
//! writes in large pieces, and flushes when nothing is waiting. Comes after `log`; ends at stdout.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use crossbeam_channel::{Receiver, TryRecvError};
use jiff::Timestamp;
use mainstay_base::Clock;

use crate::config::{Output, Style};
use crate::escape;
use crate::event::{LOG_DROPPED, LOG_FAILED};
use crate::limits::{SINK_REST, SINK_RESTS_BEFORE_SLEEP, WRITE_BUFFER_BYTES};
use crate::log::{Counts, Item};
use crate::{Event, Level};

pub(crate) struct Sink {
    output: BufWriter<Box<dyn Write + Send>>,
    style: Style,
    clock: Arc<dyn Clock>,
    counts: Arc<Counts>,
    /// How many dropped lines the log itself has told of.
    dropped_told: u64,
    /// Why the output refused bytes, until that could be said.
    failure: Option<String>,
    second: Second,
}

impl Sink {
    pub(crate) fn new(
        output: Output,
        style: Style,
        clock: Arc<dyn Clock>,
        counts: Arc<Counts>,
    ) -> Self {
        let output: Box<dyn Write + Send> = match output {
            Output::Stdout => Box::new(io::stdout()),
            Output::Writer(writer) => writer,
        };
        let output = BufWriter::with_capacity(WRITE_BUFFER_BYTES, output);
        let second = Second::default();
        Self { output, style, clock, counts, dropped_told: 0, failure: None, second }
    }

    /// Runs until every `Log` is gone. While lines keep coming it rests instead of sleeping on the
    /// queue, because waking a sleeper is a system call for the caller, on the request's time.
    pub(crate) fn run(mut self, lines: &Receiver<Item>) {
        let mut rests = 0;
        loop {
            match lines.try_recv() {
                Ok(item) => {
                    rests = 0;
                    self.take(item);
                }
                Err(TryRecvError::Empty) if rests < SINK_RESTS_BEFORE_SLEEP => {
                    if rests == 0 {
                        self.settle();
                    }
                    rests += 1;
                    thread::sleep(SINK_REST);
                }
                Err(TryRecvError::Empty) => match lines.recv() {
                    Ok(item) => {
                        rests = 0;
                        self.take(item);
                    }
                    Err(_) => return,
                },
                Err(TryRecvError::Disconnected) => {
                    self.settle();
                    return;
                }
            }
        }
    }

    fn take(&mut self, item: Item) {
        match item {
            Item::Line { at, level, text } => self.write(at, level, &text),
            Item::Flush(done) => {
                self.settle();
                let _ = done.send(());
            }
        }
    }

    /// The queue is empty: tell what could not be told before, and let everything go out.
    fn settle(&mut self) {
        let dropped = self.counts.dropped.load(Ordering::Relaxed);
        if dropped > self.dropped_told {
            let lines = dropped - self.dropped_told;
            self.dropped_told = dropped;
            self.tell(&LOG_DROPPED, "lines", &lines.to_string(), true);
        }
        self.flush();
        if let Some(cause) = self.failure.take() {
            self.tell(&LOG_FAILED, "cause", &cause, false);
            self.flush();
        }
    }

    fn flush(&mut self) {
        if let Err(error) = self.output.flush() {
            self.failure = Some(error.to_string());
        }
    }

    /// A line of the log's own. It does not go through the queue: the sink must not wait for
    /// itself.
    fn tell(&mut self, event: &'static Event, key: &str, value: &str, number: bool) {
        let (level, name) = (event.level.text(), event.name);
        let mut text = match self.style {
            Style::Json => format!("\"level\":\"{level}\",\"event\":\"{name}\",\"{key}\":"),
            Style::Pretty { .. } => format!("{:>5} {name} {key}=", level.to_uppercase()),
        }
        .into_bytes();
        if number {
            text.extend_from_slice(value.as_bytes());
        } else {
            escape::json(&mut text, value);
        }
        self.write(self.clock.now(), event.level, &text);
    }

    fn write(&mut self, at: i64, _level: Level, text: &[u8]) {
        let time = self.second.of(at);
        let fraction = at.rem_euclid(1_000_000);
        let written = match self.style {
            Style::Json => write!(self.output, "{{\"time\":\"{time}.{fraction:06}Z\","),
            Style::Pretty { .. } => {
                let clock = time.get(11..).unwrap_or(time);
                write!(self.output, "{clock}.{:03} ", fraction / 1_000)
            }
        }
        .and_then(|()| self.output.write_all(text))
        .and_then(|()| {
            self.output.write_all(if self.style == Style::Json { b"}\n" } else { b"\n" })
        });
        if let Err(error) = written {
            self.failure = Some(error.to_string());
        }
    }
}

/// The last second that was written out: under load thousands of lines share it.
#[derive(Default)]
struct Second {
    at: i64,
    text: String,
}

impl Second {
    /// `2024-01-31T10:20:30` of a moment in microseconds.
    fn of(&mut self, at: i64) -> &str {
        let second = at.div_euclid(1_000_000);
        if self.text.is_empty() || second != self.at {
            self.at = second;
            self.text = Timestamp::from_second(second)
                .map_or_else(|_| second.to_string(), |time| time.to_string());
            self.text.truncate(self.text.trim_end_matches('Z').len());
        }
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_written_in_the_form_of_rfc_3339() {
        let mut second = Second::default();
        assert_eq!(second.of(1_706_696_430_123_456), "2024-01-31T10:20:30");
        assert_eq!(second.of(1_706_696_430_999_999), "2024-01-31T10:20:30");
        assert_eq!(second.of(1_706_696_431_000_000), "2024-01-31T10:20:31");
        assert_eq!(second.of(-1), "1969-12-31T23:59:59");
    }
}
