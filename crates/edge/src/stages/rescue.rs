//! Turns a panic further in into a 500: it costs the one request that met it. Outside of this
//! stage a panic ends its connection, and the runtime keeps it from going further.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use mainstay_base::Error;

use crate::observe::PANICKED;
use crate::stack::{Next, Request, Response, Stage};
use crate::visit::Visit;

pub(crate) struct Rescue;

impl Stage for Rescue {
    const NAME: &'static str = "panic to 500";

    async fn pass<N: Next>(&self, visit: &Visit, request: Request, next: &N) -> Response {
        let mut work = pin!(next.run(visit, request));
        let outcome = poll_fn(|cx| {
            // What the panic left half done is dropped with `work` and never looked at again.
            match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(response)) => Poll::Ready(Ok(response)),
                Err(panic) => Poll::Ready(Err(reason(&*panic))),
            }
        })
        .await;
        outcome.unwrap_or_else(|cause| {
            let line = visit.door.telemetry.log.line(&PANICKED);
            line.text("request_id", &visit.facts.request_id).text("cause", &cause).send();
            visit.refuse(&Error::internal(cause))
        })
    }
}

fn reason(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}
