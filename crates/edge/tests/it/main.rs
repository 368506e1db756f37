//! The door as strangers meet it: raw sockets against a real server on free ports.
//! Waits are bounded by `PATIENCE`; no verdict depends on how fast this machine is.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must fail")]

mod answers;
mod bounds;
mod framing;
mod harness;
mod http2;
mod stopping;
mod watching;
