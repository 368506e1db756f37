//! The store against real files: group commit, refusals, deadlines, locks, changes of declarations.

mod changing;
mod harness;
mod reading;
mod writing;
