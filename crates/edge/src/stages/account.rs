//! One line of the log and one count for every request, when its answer leaves. The path is logged
//! without its query and no header ever is: both may hold secrets. After `identify`.

use std::sync::atomic::{AtomicUsize, Ordering};

use mainstay_telemetry::{Gauge, Level};

use crate::observe::REQUEST;
use crate::stack::{Next, Request, Response, Stage};
use crate::visit::Visit;

pub(crate) struct Account;

impl Stage for Account {
    const NAME: &'static str = "access log and metrics";

    async fn pass<N: Next>(&self, visit: &Visit, request: Request, next: &N) -> Response {
        let _active = Counted::new(&visit.door.gauges.active);
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let response = next.run(visit, request).await;
        let took = visit.started.elapsed();
        let (status, facts) = (response.status().as_u16(), &visit.facts);
        visit.door.gauges.answered(facts.route(), &method, status, took);
        // The request of a refused head is only a stand-in; what it says was not said by anybody.
        let stand_in = visit.refusal.is_some();
        let (method, path) = if stand_in { ("-", "-") } else { (method.as_str(), uri.path()) };
        visit
            .door
            .telemetry
            .log
            .line_at(level(status), &REQUEST)
            .text("request_id", &facts.request_id)
            .text("method", method)
            .text("path", path)
            .text("route", facts.route())
            .number("status", u64::from(status))
            .number("duration_us", took.as_micros() as u64)
            .number("bytes", response.body().len() as u64)
            .maybe("role", facts.role())
            .maybe("user_id", facts.user())
            .maybe("code", facts.code().map(|code| code.text()))
            .maybe("cause", facts.cause())
            .send();
        response
    }
}

/// Shedding and full disks are the operator's matter, anything else above 500 is ours.
fn level(status: u16) -> Level {
    match status {
        503 | 504 | 507 => Level::Warn,
        500.. => Level::Error,
        _ => Level::Info,
    }
}

/// Counts up now and down when dropped, also when the client leaves before its answer.
struct Counted<'a>(&'a Gauge);

impl<'a> Counted<'a> {
    fn new(gauge: &'a Gauge) -> Self {
        gauge.add(1);
        Self(gauge)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.add(-1);
    }
}

/// A place among the requests at work, given back when dropped.
pub(crate) struct InFlight<'a>(&'a AtomicUsize);

impl<'a> InFlight<'a> {
    /// None when there are `limit` already.
    pub(crate) fn enter(count: &'a AtomicUsize, limit: usize) -> Option<Self> {
        let place = Self(count);
        (count.fetch_add(1, Ordering::Relaxed) < limit).then_some(place)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
