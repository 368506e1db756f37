//! Time as a value that is handed in, so that one binary runs on real or on simulated time.
//! The real clock lives where the program is put together (`mainstay`), a fake one in `testkit`.

/// A moment: microseconds since 1970-01-01T00:00:00Z, leap seconds ignored.
pub type Instant = i64;

/// Tells what time it is. Implementations must be cheap: the hot path asks once per request.
pub trait Clock: Send + Sync + 'static {
    /// Microseconds since the Unix epoch.
    fn now(&self) -> Instant;
}
