//! What a 405 has to say beside its reason: the methods that the resource knows, by the same
//! decision that answers OPTIONS. After everything else has refused.

use bytes::Bytes;
use http::header::{ALLOW, HeaderValue};
use http::{Method, Request, Response};
use mainstay_base::{Code, Error};
use mainstay_gate::Credentials;

use crate::parse::{self, Pairs, Resource};
use crate::render::Finish;
use crate::work::{self, Ask};
use crate::{Rest, documents};

impl Rest {
    /// Adds `Allow` to the answer for an error that is about the method.
    pub(crate) fn say_methods(
        &self,
        request: &Request<Bytes>,
        path: &str,
        error: &Error,
        response: &mut Response<Bytes>,
    ) {
        // What a function raises as PT405 is about something of its own.
        let about_method = matches!(
            error.code(),
            Code::MethodUnsupported
                | Code::FunctionMethodWrong
                | Code::CallReadOnly
                | Code::PutFiltersWrong
        );
        if let Some(allow) = about_method.then(|| self.methods(request, path)).flatten() {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
        }
    }

    /// Nothing where there is no such resource for the caller.
    fn methods(&self, request: &Request<Bytes>, path: &str) -> Option<&'static str> {
        let given = Pairs::read(request.uri().query().unwrap_or_default()).ok()?;
        let credentials = Credentials::read(request.headers(), given.get("apikey")).ok()?;
        let identity = self.gate.identify(credentials).ok()?;
        let none = Pairs::default();
        let headers = request.headers();
        let mut intent = parse::intent(&Method::OPTIONS, path, headers, &none).ok()?;
        if intent.resource == Resource::Root {
            return Some(documents::METHODS);
        }
        let reading = headers.get("accept-profile").and_then(|value| value.to_str().ok());
        intent.profile = match *request.method() {
            Method::GET | Method::HEAD => reading,
            Method::POST | Method::PATCH | Method::PUT | Method::DELETE => intent.profile,
            // An unknown method may name its module by either header.
            _ => reading.or(intent.profile),
        };
        let ask = Ask::new(request, path, &intent, &identity);
        match work::plan(self, &ask).ok()?.finish {
            Finish::Options { allow } => Some(allow),
            _ => None,
        }
    }
}
