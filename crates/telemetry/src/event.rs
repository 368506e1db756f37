//! The closed vocabulary of the log: an event is declared once with its level, fields and meaning,
//! and only declared events can be logged. Layers declare theirs in `observe.rs` with `events!`.

/// How much an event matters.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// For whoever hunts a fault.
    Debug,
    /// The ordinary course of things.
    #[default]
    Info,
    /// Worked around, but somebody should look.
    Warn,
    /// Something that was promised did not happen.
    Error,
    /// Above every event: a log at this level is silent.
    Off,
}

impl Level {
    /// The level as it stands in a line.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Off => "off",
        }
    }
}

/// One thing that can be logged.
#[derive(Debug)]
pub struct Event {
    /// Dotted, lower case, stable: `http.request`.
    pub name: &'static str,
    pub level: Level,
    /// The fields that a line of this event may carry, besides time, level and event.
    pub fields: &'static [&'static str],
    /// When it happens and what to make of it, in one sentence.
    pub meaning: &'static str,
}

/// Declares the events of a layer as statics, and `EVENTS`, the list of them for the catalogue.
///
/// ```
/// mainstay_telemetry::events! {
///     OPENED = Info "store.opened" ["module", "took_us"], "A module's file is open and checked.";
/// }
/// assert_eq!(EVENTS[0].name, OPENED.name);
/// ```
#[macro_export]
macro_rules! events {
    ($($id:ident = $level:ident $name:literal [$($field:literal),* $(,)?], $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub static $id: $crate::Event = $crate::Event {
                name: $name,
                level: $crate::Level::$level,
                fields: &[$($field),*],
                meaning: $meaning,
            };
        )*

        /// Every event that this layer can log.
        pub static EVENTS: &[&$crate::Event] = &[$(&$id),*];
    };
}

crate::events! {
    LOG_DROPPED = Warn "log.dropped" ["lines"],
        "The output was slower than the log; so many lines were dropped since the last such event.";
    LOG_FAILED = Error "log.failed" ["cause"],
        "The output refused bytes; the lines are lost. Said once, when the output works again.";
}
