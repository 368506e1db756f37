//! The stages that a request passes, composed once and in the order of travel.
//! Before it: `connection`. After it: the app.

use std::convert::Infallible;
use std::future::Future;

use bytes::Bytes;
use hyper::body::Incoming;
use tower::Service;

use crate::stages::{
    account::Account, admit::Admit, compress::Compress, cors::CrossOrigin, deadline::Deadline,
    deliver::Deliver, framed::Framed, identify::Identify, path::OnePath, probe::Probe,
    protect::Protect, rescue::Rescue,
};
use crate::visit::Visit;

pub(crate) type Request = http::Request<Incoming>;
pub(crate) type Response = http::Response<Bytes>;

/// Whatever turns a request into an answer: a stage with all that comes after it.
pub(crate) trait Next: Send + Sync + 'static {
    fn run(&self, visit: &Visit, request: Request) -> impl Future<Output = Response> + Send;

    /// Adds the names of this and everything after it.
    fn names(&self, list: &mut Vec<&'static str>);
}

/// One concern of the door.
pub(crate) trait Stage: Send + Sync + 'static {
    const NAME: &'static str;

    /// Answers itself, or asks `next`, and may look at the answer on its way out.
    fn pass<N: Next>(
        &self,
        visit: &Visit,
        request: Request,
        next: &N,
    ) -> impl Future<Output = Response> + Send;
}

/// A stage before another. All calls are resolved when compiling: the stack is one future.
pub(crate) struct Layer<S, N> {
    stage: S,
    next: N,
}

impl<S: Stage, N: Next> Next for Layer<S, N> {
    fn run(&self, visit: &Visit, request: Request) -> impl Future<Output = Response> + Send {
        self.stage.pass(visit, request, &self.next)
    }

    fn names(&self, list: &mut Vec<&'static str>) {
        list.push(S::NAME);
        self.next.names(list);
    }
}

macro_rules! travel {
    ($last:expr $(,)?) => { $last };
    ($stage:expr, $($rest:tt)+) => { Layer { stage: $stage, next: travel!($($rest)+) } };
}

/// The door from outside to inside. Connection limits come before it, in `accept`.
pub(crate) fn compose<S>(app: S) -> impl Next
where
    S: Service<http::Request<Bytes>, Response = http::Response<Bytes>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
{
    travel![
        Identify,        // first, so that every answer and every line can be named
        Account,         // sees every answer, refusals included, and the whole time
        Protect,         // every answer has the security headers, whoever gives it
        Framed,          // what is ambiguous is refused before anybody acts on it
        OnePath,         // from here on there is one path
        CrossOrigin,     // outside of whatever refuses, or a browser could not read the refusal
        Probe,           // health is answered even when no more work is admitted
        Admit,           // sheds before anything is spent on the request
        Rescue,          // a panic further in is an answer and not the end of a connection
        Deadline,        // bounds reading the body, the app, and compressing
        Compress,        // only answers of the app; what the door says itself is short
        Deliver { app }, // reads the body and asks the app
    ]
}

/// The names of the stages in the order of travel, for documentation and checks.
#[must_use]
pub fn stages() -> Vec<&'static str> {
    let app = tower::service_fn(|_: http::Request<Bytes>| async {
        Ok::<_, Infallible>(http::Response::new(Bytes::new()))
    });
    let mut names = Vec::new();
    compose(app).names(&mut names);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stack_is_in_the_order_of_travel() {
        assert_eq!(
            stages(),
            [
                "request id",
                "access log and metrics",
                "security headers",
                "framing",
                "canonical path",
                "cors",
                "probes",
                "admission",
                "panic to 500",
                "request deadline",
                "compression",
                "body limit and app",
            ]
        );
    }
}
