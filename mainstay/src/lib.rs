//! Mainstay, a production backend in one binary; and the façade by which a Rust program takes the
//! same command line and adds its own modules.
//!
//! `commands` (what a person typed) -> `settings` (files, variables, flags) -> `application` (the
//! layers, put together) -> `door` (requests find their layer).

mod accounts;
mod adoption;
mod application;
#[cfg(test)]
mod catalogue;
mod clock;
mod commands;
mod door;
mod expectations;
mod lint;
mod openness;
mod reach;
mod report;
mod samples;
mod seed;
mod settings;
mod told;
mod variables;

use std::process::ExitCode;

/// The templates of everything that answers at the public address.
pub fn routes() -> impl Iterator<Item = &'static str> {
    let served = mainstay_rest::Route::ALL.iter().map(|route| route.template());
    let accounts = mainstay_gate::auth::AuthRoute::ALL.iter().map(|route| route.template());
    served.chain(accounts).chain(mainstay_telemetry::surface::PUBLIC)
}

/// An application that is served by this program.
#[derive(Debug)]
pub struct App {
    name: &'static str,
}

impl App {
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name }
    }

    /// Runs what the command line asks for. Exit codes: 0 good, 1 failed, 2 wrong use.
    #[must_use]
    pub fn main(self) -> ExitCode {
        commands::run(self.name)
    }
}
