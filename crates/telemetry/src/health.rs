//! Whether the process lives and whether it may take traffic. Layers register named checks, which
//! read something that is known already and never wait; `surface` answers probes from them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;

type Check = dyn Fn() -> Result<(), String> + Send + Sync;

/// Readiness of the process. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Health(Arc<State>);

#[derive(Default)]
struct State {
    draining: AtomicBool,
    checks: RwLock<Vec<(String, Arc<Check>)>>,
}

/// What one check said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    pub name: String,
    /// Why it is not ready, for the operator.
    pub problem: Option<String>,
}

impl Health {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check; one of the same name is replaced. `check` is called for each probe, so it must
    /// be as quick as reading an atomic, and must not wait for what it checks.
    pub fn check(
        &self,
        name: &str,
        check: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) {
        let mut checks = self.0.checks.write();
        checks.retain(|(known, _)| known != name);
        checks.push((name.to_owned(), Arc::new(check)));
    }

    /// From now on not ready: no new traffic should come, what is here will be finished.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }

    /// Whether traffic may come.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.is_draining() && self.0.checks.read().iter().all(|(_, check)| check().is_ok())
    }

    /// Each check with what it says now, draining first.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let draining = self.is_draining().then(|| "the server is stopping".to_owned());
        let mut findings = vec![Finding { name: "accepting".to_owned(), problem: draining }];
        findings.extend(
            self.0
                .checks
                .read()
                .iter()
                .map(|(name, check)| Finding { name: name.clone(), problem: check().err() }),
        );
        findings
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").field("draining", &self.is_draining()).finish_non_exhaustive()
    }
}
