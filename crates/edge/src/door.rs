//! What all connections of one address share: settings, telemetry, counters, ids.
//! Made once in `serve`; read by the connection and by every stage through `Visit`.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use mainstay_telemetry::{Audience, Telemetry};

use crate::EdgeConfig;
use crate::identity::Ids;
use crate::observe::Gauges;

#[derive(Debug)]
pub(crate) struct Door {
    pub(crate) config: Arc<EdgeConfig>,
    pub(crate) telemetry: Telemetry,
    pub(crate) audience: Audience,
    pub(crate) gauges: Gauges,
    pub(crate) ids: Ids,
    /// Requests at work.
    pub(crate) in_flight: AtomicUsize,
}

impl Door {
    pub(crate) fn new(config: Arc<EdgeConfig>, telemetry: &Telemetry, audience: Audience) -> Self {
        Self {
            config,
            telemetry: telemetry.clone(),
            audience,
            gauges: Gauges::new(&telemetry.registry),
            ids: Ids::new(),
            in_flight: AtomicUsize::new(0),
        }
    }
}
