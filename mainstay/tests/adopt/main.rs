//! Adopted databases, end to end: the built executable adopts a file, serves it, and every cell
//! that the API shows is compared with what SQLite reads from the source.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test that cannot go on must say so loudly

mod busy;
mod chinook;
mod harness;
mod loose;
mod named;
mod refused;
