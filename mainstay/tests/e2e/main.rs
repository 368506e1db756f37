//! End to end: the built executable, on free ports, driven by clients that people use and by raw
//! HTTP. One module per surface; `harness` starts servers and sends requests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a panic is how a test fails

mod harness;

mod account_commands;
mod accounts;
mod assigned;
mod bounds;
mod canary;
mod clients;
mod commands;
mod dev;
mod documents;
mod functions;
mod gate;
mod guessing;
mod held;
mod letters;
mod matrix;
mod operator;
mod preferences;
mod providers;
mod reading;
mod refusals;
mod rules;
mod scenarios;
mod secrets;
mod strangers;
mod theirs;
mod together;
mod transcripts;
mod types;
mod writing;
