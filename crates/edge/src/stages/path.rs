//! Fixes the one path of the request. What it refuses is an attempt to be seen differently by two
//! readers, so the connection goes, too. After `framed`; `canonical` has the rules.

use std::borrow::Cow;

use http::Method;
use mainstay_base::{Code, Error};

use crate::canonical::{CanonicalPath, canonical};
use crate::stack::{Next, Request, Response, Stage};
use crate::visit::Visit;

pub(crate) struct OnePath;

impl Stage for OnePath {
    const NAME: &'static str = "canonical path";

    async fn pass<N: Next>(&self, visit: &Visit, mut request: Request, next: &N) -> Response {
        let decoded = match canonical(request.uri().path()) {
            Ok(Cow::Borrowed(_)) => None,
            Ok(Cow::Owned(path)) => Some(path),
            // `OPTIONS *` asks about the server and not about a path.
            Err(_) if request.uri().path() == "*" && request.method() == Method::OPTIONS => None,
            Err(message) => {
                visit.facts.set_route("refused");
                return visit.refuse_and_close(&Error::new(Code::BadRequest, message));
            }
        };
        if let Some(path) = decoded {
            request.extensions_mut().insert(CanonicalPath(path));
        }
        next.run(visit, request).await
    }
}
