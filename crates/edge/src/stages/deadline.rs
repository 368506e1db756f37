//! Gives up on an answer that takes too long: the work is dropped, and the caller is told.
//! After `rescue`, before `compress`.

use mainstay_base::{Code, Error};
use tokio::time::timeout;

use crate::stack::{Next, Request, Response, Stage};
use crate::visit::Visit;

pub(crate) struct Deadline;

impl Stage for Deadline {
    const NAME: &'static str = "request deadline";

    async fn pass<N: Next>(&self, visit: &Visit, request: Request, next: &N) -> Response {
        let within = visit.door.config.request_deadline;
        match timeout(within, next.run(visit, request)).await {
            Ok(response) => response,
            Err(_) => visit.refuse_and_close(&Error::new(
                Code::DeadlineExceeded,
                "The answer was not ready in time",
            )),
        }
    }
}
