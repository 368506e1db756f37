//! Watches from the side: logs, metrics, health. It knows no layer: each layer declares its events
//! and measures in its own `observe.rs` with the macros given here, and hands facts over.
//! Before it: `base`. After it: every layer, and the operator who reads what comes out.

pub mod capture;
pub mod catalogue;
pub mod config;
pub mod escape;
pub mod event;
pub mod health;
pub mod instrument;
pub mod limits;
mod line;
mod log;
pub mod measure;
mod pages;
mod process;
pub mod redact;
mod registry;
mod sink;
pub mod surface;

use std::fmt;
use std::sync::Arc;

use mainstay_base::{Clock, Result};

pub use capture::Capture;
pub use config::{Format, Output, Settings};
pub use event::{Event, Level};
pub use health::Health;
pub use instrument::{Counter, Gauge, Histogram};
pub use line::Line;
pub use log::Log;
pub use measure::{Kind, Measure};
pub use pages::Pages;
pub use registry::Registry;
pub use surface::{Answer, Audience};

/// What a layer needs in order to be watched. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Telemetry {
    /// Where events go.
    pub log: Log,
    /// Where measures are registered.
    pub registry: Registry,
    /// Where layers say whether they can work.
    pub health: Health,
    /// What layers show to the operator.
    pub pages: Pages,
    /// The time that lines and ids carry.
    pub clock: Arc<dyn Clock>,
}

impl Telemetry {
    /// Starts the log's thread and registers the measures of the process and of the log itself.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self> {
        let log = Log::start(settings, Arc::clone(&clock))?;
        let registry = Registry::new();
        process::register(&registry);
        log.register(&registry);
        Ok(Self { log, registry, health: Health::new(), pages: Pages::default(), clock })
    }

    /// Telemetry that writes no log: for tools and for tests that watch something else.
    #[must_use]
    pub fn silent(clock: Arc<dyn Clock>) -> Self {
        let log = Log::silent(Arc::clone(&clock));
        Self {
            log,
            registry: Registry::new(),
            health: Health::new(),
            pages: Pages::default(),
            clock,
        }
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry").finish_non_exhaustive()
    }
}
