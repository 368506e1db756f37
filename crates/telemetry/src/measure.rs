//! The closed vocabulary of metrics: a measure is declared once with its kind, unit, labels and
//! meaning. Layers declare theirs in `observe.rs` with `measures!`; `registry` brings them to life.

/// How the numbers of a measure behave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Only grows. Its name ends in `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts values by size; the upper bounds of its buckets, ascending, without the last, `+Inf`.
    Histogram(&'static [f64]),
}

impl Kind {
    /// The kind as Prometheus calls it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// Buckets in seconds for what takes microseconds to seconds: requests, commits, waits.
pub const SECONDS: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];

/// Buckets for counts of things that come in groups.
pub const COUNTS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// One thing that is measured.
#[derive(Debug)]
pub struct Measure {
    /// In Prometheus form, base unit at the end: `store_commit_seconds`.
    pub name: &'static str,
    pub kind: Kind,
    /// The base unit (`seconds`, `bytes`), or what is counted (`requests`).
    pub unit: &'static str,
    /// Names of the labels; their values must come from a bounded set.
    pub labels: &'static [&'static str],
    pub meaning: &'static str,
}

/// Declares the measures of a layer as statics, and `MEASURES`, the list of them for the catalogue.
///
/// ```
/// mainstay_telemetry::measures! {
///     COMMIT = Histogram(mainstay_telemetry::measure::SECONDS) "store_commit_seconds" seconds
///         ["module"], "Time that one commit took, fsync included.";
/// }
/// assert_eq!(MEASURES[0].unit, COMMIT.unit);
/// ```
#[macro_export]
macro_rules! measures {
    ($($id:ident = $kind:ident $(($bounds:expr))? $name:literal $unit:ident
        [$($label:literal),* $(,)?], $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub static $id: $crate::Measure = $crate::Measure {
                name: $name,
                kind: $crate::Kind::$kind $(($bounds))?,
                unit: stringify!($unit),
                labels: &[$($label),*],
                meaning: $meaning,
            };
        )*

        /// Every measure that this layer registers.
        pub static MEASURES: &[&$crate::Measure] = &[$(&$id),*];
    };
}

crate::measures! {
    LOG_LINES = Counter "log_lines_total" lines [], "Lines that were handed to the log's output.";
    LOG_DROPPED = Counter "log_lines_dropped_total" lines [],
        "Lines that were dropped because the log's queue was full.";
    PROCESS_CPU = Counter "process_cpu_seconds_total" seconds [],
        "Processor time that the process used, user and system.";
    PROCESS_MEMORY = Gauge "process_resident_memory_bytes" bytes [],
        "Memory of the process that is in RAM.";
    PROCESS_FILES = Gauge "process_open_fds" files [], "File descriptors that are open.";
    PROCESS_START = Gauge "process_start_time_seconds" seconds [],
        "When the process started, in seconds since 1970-01-01.";
}
