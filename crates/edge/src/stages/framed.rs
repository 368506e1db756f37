//! Refuses what is ambiguous. Under HTTP/1 `framing` has judged the head before hyper read it, and
//! here its verdict becomes the answer; under HTTP/2 the few things that h2 lets pass are checked.

use http::header::{EXPECT, HOST};
use http::{Method, Version};
use mainstay_base::{Code, Error};

use crate::stack::{Next, Request, Response, Stage};
use crate::visit::Visit;

pub(crate) struct Framed;

impl Stage for Framed {
    const NAME: &'static str = "framing";

    async fn pass<N: Next>(&self, visit: &Visit, request: Request, next: &N) -> Response {
        if let Some(refusal) = visit.refusal {
            visit.facts.set_route("refused");
            return visit.refuse_and_close(&Error::new(refusal.code, refusal.message));
        }
        if request.version() >= Version::HTTP_2
            && let Err((code, message)) = check(&request, visit.door.config.max_url_bytes)
        {
            visit.facts.set_route("refused");
            return visit.refuse(&Error::new(code, message));
        }
        next.run(visit, request).await
    }
}

/// The rules of `framing` that make sense where lengths are part of the protocol.
fn check(request: &Request, url_bytes: usize) -> Result<(), (Code, &'static str)> {
    let bad = |message| Err((Code::BadRequest, message));
    let uri = request.uri();
    if request.method() == Method::CONNECT {
        return bad("Tunnels are not offered");
    }
    if uri.path_and_query().is_some_and(|target| target.as_str().len() > url_bytes) {
        return Err((Code::UrlTooLong, "The path and query are too long"));
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    match (uri.authority(), hosts.next()) {
        (None, None) => return bad("The host is missing"),
        (Some(authority), _) if authority.as_str().contains('@') => {
            return bad("The host is not valid");
        }
        (Some(authority), Some(host))
            if !host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes()) =>
        {
            return bad("The target names another host than the Host header");
        }
        _ if hosts.next().is_some() => return bad("There are several Host headers"),
        _ => {}
    }
    let expect = request.headers().get(EXPECT);
    if expect.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        return bad("Expect asks for something other than 100-continue");
    }
    Ok(())
}
