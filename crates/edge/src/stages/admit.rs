//! Sheds what would only wait: beyond the bound a request is refused at once, while refusing is
//! still cheap, and the client learns when to come back. After `probe`, before `rescue`.

use hyper::body::Body;
use mainstay_base::{Code, Error};

use crate::limits::RETRY_AFTER_SECONDS;
use crate::stack::{Next, Request, Response, Stage};
use crate::stages::account::InFlight;
use crate::visit::Visit;

pub(crate) struct Admit;

impl Stage for Admit {
    const NAME: &'static str = "admission";

    async fn pass<N: Next>(&self, visit: &Visit, request: Request, next: &N) -> Response {
        let door = &visit.door;
        let place = InFlight::enter(&door.in_flight, door.config.max_requests_in_flight);
        if place.is_some() {
            return next.run(visit, request).await;
        }
        let error = Error::new(Code::Overloaded, "There are too many requests at work")
            .retry_after(RETRY_AFTER_SECONDS);
        if request.body().is_end_stream() {
            visit.refuse(&error)
        } else {
            // Reading a body only to throw it away is work, too.
            visit.refuse_and_close(&error)
        }
    }
}
