//! What tests share: a clock that obeys, the executable as a process that can be killed, and the
//! oracle that knows what a server has acknowledged. Development only; nothing here ships.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test that cannot go on must say so loudly

pub mod clock;
pub mod http;
pub mod oracle;
pub mod process;

pub use clock::FakeClock;
pub use http::Connection;
pub use oracle::Oracle;
pub use process::Process;
