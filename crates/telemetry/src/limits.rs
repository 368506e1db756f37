//! Every bound of telemetry, with whom it protects. None of them refuses a request: watching must
//! never be the reason why something is not served, so beyond a bound data is cut and counted.

use std::time::Duration;

/// Lines that wait for a slow output. Protects memory (about 4 MiB of typical lines) and the
/// request that logs: it never waits for a terminal or a full pipe.
pub const QUEUE_LINES: usize = 8_192;

/// Bytes of one value in a line. Protects the reader's disk from a caller's long path.
pub const FIELD_BYTES: usize = 2_048;

/// Bytes that the sink collects before it writes. Protects the machine from a write per line.
pub const WRITE_BUFFER_BYTES: usize = 64 * 1024;

/// How long the sink rests when the queue is empty but was not a moment ago. Protects callers
/// under load: waking a sleeping thread costs them more than formatting the line.
pub const SINK_REST: Duration = Duration::from_millis(5);

/// Rests in a row before the sink sleeps until somebody wakes it. Protects an idle machine.
pub const SINK_RESTS_BEFORE_SLEEP: u32 = 40;

/// Series of one measure. Protects the scraper and our memory from a label that turns out to be
/// unbounded; the series beyond it are counted together under the label value `_other`.
pub const SERIES_PER_MEASURE: usize = 2_000;
