//! The store against real files: group commit, refusals, deadlines, locks, changes of declarations.

#![allow(clippy::unwrap_used)] // a test that cannot go on must say so loudly

mod adopting;
mod changing;
mod compiling;
mod harness;
mod raising;
mod reading;
mod searching;
mod writing;
