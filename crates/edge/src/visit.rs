//! What the stages know about one request besides the request itself. Made when hyper hands a
//! request over; every stage reads it, and may ask that the connection be closed after the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use http::{HeaderValue, Version};
use mainstay_base::{Error, Facts};

use crate::door::Door;
use crate::framing::Refusal;
use crate::pulse::Pulse;
use crate::refuse;
use crate::stack::{Request, Response};

pub(crate) struct Visit {
    pub(crate) door: Arc<Door>,
    pub(crate) facts: Arc<Facts>,
    pub(crate) id: HeaderValue,
    pub(crate) started: Instant,
    /// Why the head was refused; then the request is only a stand-in.
    pub(crate) refusal: Option<Refusal>,
    /// Whether errors have the shape of the data API.
    pub(crate) dialect: bool,
    http_1: bool,
    closing: AtomicBool,
    pulse: Arc<Pulse>,
}

impl Visit {
    pub(crate) fn new(
        door: &Arc<Door>,
        pulse: &Arc<Pulse>,
        refusal: Option<Refusal>,
        request: &Request,
    ) -> Self {
        let now = door.telemetry.clock.now();
        let (text, id) = door.ids.of(request.headers(), now);
        Self {
            door: Arc::clone(door),
            facts: Arc::new(Facts::new(text)),
            id,
            started: Instant::now(),
            dialect: refusal
                .map_or_else(|| refuse::is_dialect(request.uri().path()), |it| it.dialect),
            refusal,
            http_1: request.version() < Version::HTTP_2,
            closing: AtomicBool::new(false),
            pulse: Arc::clone(pulse),
        }
    }

    /// The answer for an error of the door itself.
    pub(crate) fn refuse(&self, error: &Error) -> Response {
        let cause = error.cause().map(ToString::to_string);
        self.facts.set_failure(error.code(), cause);
        refuse::answer(error, &self.facts.request_id, self.dialect)
    }

    /// Like `refuse`, and no further request is read from this connection: either we do not know
    /// where it would begin, or the sender is not to be trusted.
    pub(crate) fn refuse_and_close(&self, error: &Error) -> Response {
        self.pulse.set_linger();
        self.close();
        self.refuse(error)
    }

    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    /// Whether the answer has to say `Connection: close`; HTTP/2 has no such header.
    pub(crate) fn closes(&self) -> bool {
        self.http_1 && self.closing.load(Ordering::Relaxed)
    }
}
