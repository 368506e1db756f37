//! Health for balancers, on the public address as well: it must be answered when everything else
//! is being shed. After `cors`, before `admit`.

use http::Method;

use crate::operator::shown;
use crate::stack::{Next, Request, Response, Stage};
use crate::visit::Visit;

pub(crate) struct Probe;

impl Stage for Probe {
    const NAME: &'static str = "probes";

    async fn pass<N: Next>(&self, visit: &Visit, request: Request, next: &N) -> Response {
        let uri = request.uri();
        // All of them end in z; asking that first costs other requests one comparison.
        if uri.path().ends_with('z') && matches!(*request.method(), Method::GET | Method::HEAD) {
            let door = &visit.door;
            if let Some(answer) = door.telemetry.answer(door.audience, uri.path(), uri.query()) {
                visit.facts.set_route(answer.route);
                return shown(answer);
            }
        }
        next.run(visit, request).await
    }
}
