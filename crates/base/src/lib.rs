//! The words that every layer shares: the error, the codes, facts about a request, time,
//! the nearest right spelling.
//! Nothing here does I/O, reads a clock or knows a layer; everything else may depend on it.

pub mod clock;
pub mod code;
pub mod duration;
pub mod error;
pub mod facts;
mod nearest;

pub use clock::{Clock, Instant};
pub use code::Code;
pub use error::{Error, Result};
pub use facts::Facts;
pub use nearest::nearest;
