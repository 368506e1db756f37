//! How a server is asked to stop: once to finish what is in flight, twice to end at once.
//! `mainstay` makes the handle and connects the signals; `serve` obeys.

use mainstay_base::{Error, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How far a stop has come.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Phase {
    #[default]
    Running,
    /// Take nothing new, finish what is here.
    Draining,
    /// End now.
    Forced,
}

/// The handle by which a server is stopped. All clones are one.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(watch::Sender<Phase>);

impl Shutdown {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks to stop; a second time, to stop at once.
    pub fn begin(&self) {
        self.0.send_modify(|phase| {
            *phase = if *phase == Phase::Running { Phase::Draining } else { Phase::Forced };
        });
    }

    /// Asks to stop at once.
    pub fn force(&self) {
        self.advance(Phase::Forced);
    }

    #[must_use]
    pub fn phase(&self) -> Phase {
        *self.0.borrow()
    }

    /// Waits until the stop has come at least as far.
    pub async fn reached(&self, phase: Phase) {
        // It fails only when the sender is gone, and `self` is one.
        let _ = self.0.subscribe().wait_for(|now| *now >= phase).await;
    }

    pub(crate) fn advance(&self, to: Phase) {
        self.0.send_modify(|phase| *phase = (*phase).max(to));
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Phase> {
        self.0.subscribe()
    }
}

/// Connects SIGTERM and SIGINT: the first begins the stop, the second forces it.
///
/// # Errors
/// When the system does not let us listen to signals.
pub fn signals(shutdown: &Shutdown) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    let shutdown = shutdown.clone();
    tokio::spawn(async move {
        while shutdown.phase() < Phase::Forced {
            tokio::select! {
                _ = terminate.recv() => shutdown.begin(),
                _ = interrupt.recv() => shutdown.begin(),
            }
        }
    });
    Ok(())
}
