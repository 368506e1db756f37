//! What the door tells: its events and its measures. Counting a request takes no lock: each worker
//! remembers the handles of the label combinations it has met.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Method;
use mainstay_telemetry::measure::SECONDS;
use mainstay_telemetry::{Counter, Gauge, Histogram, Registry};
use rustc_hash::FxHashMap;

use crate::limits::REMEMBERED_SERIES;

mainstay_telemetry::events! {
    LISTENING = Info "server.listening" ["address", "operator_address"],
        "Requests are accepted from now on.";
    DRAINING = Info "server.draining" ["grace_ms"],
        "A stop was asked for: readiness is false, what is in flight will be finished.";
    STOPPED = Info "server.stopped" ["drained", "cut", "took_ms"],
        "No connection is left; `cut` of them had to be ended by force.";
    ACCEPT_FAILED = Warn "server.accept_failed" ["cause"],
        "The system gave no connection, as when file descriptors run out; accepting pauses.";
    CONNECTION_REFUSED = Debug "connection.refused" ["reason"],
        "A connection was closed at once because there are too many.";
    CONNECTION_CUT = Debug "connection.cut" ["reason"],
        "A connection was closed because nothing, or too little, moved on it.";
    REQUEST = Info "http.request"
        ["request_id", "method", "path", "route", "status", "duration_us", "bytes", "role",
         "user_id", "code", "cause"],
        "A request was answered. At level warn if we were overloaded, error if the fault is ours.";
    PANICKED = Error "http.panicked" ["request_id", "cause"],
        "The code that answers a request panicked; its caller got a 500, nobody else noticed.";
}

mainstay_telemetry::measures! {
    DURATION = Histogram(SECONDS) "http_server_request_duration_seconds" seconds
        ["http_route", "http_request_method", "http_response_status_code"],
        "Time from a complete head to the answer.";
    REQUESTS = Counter "http_server_requests_total" requests
        ["http_route", "http_request_method", "http_response_status_code"],
        "Requests that were answered.";
    ACTIVE = Gauge "http_server_active_requests" requests [], "Requests that are being answered.";
    CONNECTIONS = Gauge "edge_open_connections" connections [], "Connections that are open.";
    ACCEPTED = Counter "edge_connections_accepted_total" connections [],
        "Connections that were accepted.";
    REFUSED = Counter "edge_connections_refused_total" connections ["reason"],
        "Connections that were closed at once because there are too many.";
    CUT = Counter "edge_connections_cut_total" connections ["reason"],
        "Connections that were closed because nothing, or too little, moved on them.";
}

/// The handles of the door's measures.
#[derive(Debug)]
pub(crate) struct Gauges {
    registry: Registry,
    /// Tells the memories of several doors in one process apart.
    number: usize,
    pub(crate) active: Gauge,
    pub(crate) connections: Gauge,
    pub(crate) accepted: Counter,
}

type Key = (usize, usize, u8, u16);

thread_local! {
    static MET: RefCell<FxHashMap<Key, Histogram>> = RefCell::default();
}

impl Gauges {
    pub(crate) fn new(registry: &Registry) -> Self {
        static NUMBERS: AtomicUsize = AtomicUsize::new(0);
        Self {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            active: registry.gauge(&ACTIVE, &[]),
            connections: registry.gauge(&CONNECTIONS, &[]),
            accepted: registry.counter(&ACCEPTED, &[]),
            registry: registry.clone(),
        }
    }

    pub(crate) fn answered(
        &self,
        route: &'static str,
        method: &Method,
        status: u16,
        took: Duration,
    ) {
        let (number, label) = method_label(method);
        // Two templates with equal text at different addresses share a series all the same.
        let key = (self.number, route.as_ptr().addr(), number, status);
        MET.with_borrow_mut(|met| {
            if met.len() > REMEMBERED_SERIES {
                met.clear();
            }
            met.entry(key)
                .or_insert_with(|| self.resolve(route, label, status))
                .observe_duration(took);
        });
    }

    fn resolve(&self, route: &'static str, method: &str, status: u16) -> Histogram {
        let status = status.to_string();
        let labels = [route, method, status.as_str()];
        let histogram = self.registry.histogram(&DURATION, &labels);
        let count = histogram.clone();
        self.registry.observe(&REQUESTS, &labels, move || count.count() as f64);
        histogram
    }

    pub(crate) fn refused(&self, reason: &str) {
        self.registry.counter(&REFUSED, &[reason]).increment();
    }

    pub(crate) fn cut(&self, reason: &str) {
        self.registry.counter(&CUT, &[reason]).increment();
    }
}

/// A label from a closed set, so that callers cannot make series.
fn method_label(method: &Method) -> (u8, &'static str) {
    match method.as_str() {
        "GET" => (0, "GET"),
        "HEAD" => (1, "HEAD"),
        "POST" => (2, "POST"),
        "PUT" => (3, "PUT"),
        "PATCH" => (4, "PATCH"),
        "DELETE" => (5, "DELETE"),
        "OPTIONS" => (6, "OPTIONS"),
        _ => (7, "_OTHER"),
    }
}
