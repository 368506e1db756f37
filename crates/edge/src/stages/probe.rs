//! Health for balancers, on the public address as well: it must be answered when everything else
//! is being shed. After `cors`, before `admit`.

use http::Method;
use mainstay_base::{Code, Error};

use crate::operator::shown;
use crate::refuse;
use crate::stack::{Next, Request, Response, Stage};
use crate::visit::Visit;

pub(crate) struct Probe;

impl Stage for Probe {
    const NAME: &'static str = "probes";

    async fn pass<N: Next>(&self, visit: &Visit, request: Request, next: &N) -> Response {
        let uri = request.uri();
        // All of them end in z; asking that first costs other requests one comparison.
        if !uri.path().ends_with('z') {
            return next.run(visit, request).await;
        }
        let door = &visit.door;
        let Some(answer) = door.telemetry.answer(door.audience, uri.path(), uri.query()) else {
            return next.run(visit, request).await;
        };
        visit.facts.set_route(answer.route);
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            return shown(answer);
        }
        let error = Error::new(Code::MethodNotAllowed, "Health is only read");
        refuse::only_read(visit.refuse(&error))
    }
}
