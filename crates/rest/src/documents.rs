//! The documents of the data API as answers: the dialect's at its root, and OpenAPI 3.1 beside it.
//! Both show what the caller may use, by the rules that hold for the data itself.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HOST, HeaderValue, VARY};
use http::{HeaderName, Method, Request, Response};
use mainstay_base::{Code, Error, Facts, Instant, Result};
use mainstay_gate::{Caller, Credentials, Gate, Identity};

use crate::describe::{About, Seen, openapi, swagger, typescript};
use crate::parse::{Intent, Pairs, Verb};
use crate::plan::viewer::Viewer;
use crate::plan::{self, Index};
use crate::{Config, Rest, Route};

/// The methods of a document.
pub(crate) const METHODS: &str = "OPTIONS,GET,HEAD";

/// Describes an application without serving it: for the command line.
pub struct Describer {
    pub index: Index,
    pub gate: Gate,
    pub identity: Arc<Identity>,
    pub now: Instant,
    pub config: Config,
}

impl Describer {
    /// OpenAPI 3.1 of all modules, or of one.
    ///
    /// # Errors
    /// `PGRST106` for a module that does not exist.
    pub fn openapi(&self, module: Option<&str>) -> Result<String> {
        let seen = Seen::new(&self.viewer());
        pretty(&openapi::document(&seen, &self.about(), module_of(&seen, module)?))
    }

    /// OpenAPI 2.0 of one module: the default one without a name.
    ///
    /// # Errors
    /// As `openapi`.
    pub fn swagger(&self, module: Option<&str>) -> Result<String> {
        let seen = Seen::new(&self.viewer());
        let at = module_of(&seen, module)?.unwrap_or(0);
        pretty(&swagger::document(seen.name, &seen.modules[at], &self.about()))
    }

    /// The type `Database` for TypeScript.
    #[must_use]
    pub fn typescript(&self) -> String {
        typescript::text(&Seen::new(&self.viewer()))
    }

    fn viewer(&self) -> Viewer<'_> {
        let caller = Caller::of(&self.identity, self.now);
        Viewer { index: &self.index, gate: &self.gate, caller }
    }

    fn about(&self) -> About<'_> {
        About { config: &self.config, host: None }
    }
}

impl Rest {
    /// The document at the root: OpenAPI 2.0 of the module that the profile names.
    pub(crate) fn root(
        &self,
        request: &Request<Bytes>,
        intent: &Intent<'_>,
        identity: &Arc<Identity>,
    ) -> Result<Response<Bytes>> {
        if intent.verb == Verb::Options {
            return Ok(methods());
        }
        let wanted = plan::module(&self.index, intent)?;
        let caller = Caller::of(identity, self.clock.now());
        let viewer = Viewer { index: &self.index, gate: &self.gate, caller };
        let seen = Seen::new(&viewer);
        let name = &self.index.catalog.modules[wanted].name;
        let at = module_of(&seen, Some(name))?.unwrap_or(0);
        let document = swagger::document(seen.name, &seen.modules[at], &self.about(request));
        let head = intent.verb == Verb::Read { head: true };
        let mut response = answer(&document, swagger::MEDIA_TYPE, head)?;
        if intent.profile.is_some()
            && let Ok(module) = HeaderValue::try_from(name.as_str())
        {
            response.headers_mut().insert(HeaderName::from_static("content-profile"), module);
        }
        Ok(response)
    }

    /// `/openapi.json`: OpenAPI 3.1 of all modules, or of the one that `profile` names.
    ///
    /// # Errors
    /// `401` as for data, `PGRST106` for an unknown module, `not_found` where it is switched off.
    pub fn document(&self, request: &Request<Bytes>, facts: &Facts) -> Result<Response<Bytes>> {
        facts.set_route(Route::Document.template());
        if !self.config.openapi {
            return Err(Error::new(Code::NotFound, "The document is switched off")
                .hint("[api] openapi = true serves it."));
        }
        let head = match *request.method() {
            Method::GET => false,
            Method::HEAD => true,
            Method::OPTIONS => return Ok(methods()),
            ref other => {
                let message = format!("The document does not know {other}");
                return Err(Error::new(Code::MethodNotAllowed, message));
            }
        };
        let pairs = Pairs::read(request.uri().query().unwrap_or_default())?;
        let credentials = Credentials::read(request.headers(), pairs.get("apikey"))?;
        let identity = self.gate.identify(credentials)?;
        facts.set_role(identity.role());
        if let Some(user) = identity.uid() {
            facts.set_user(user);
        }
        let caller = Caller::of(&identity, self.clock.now());
        let viewer = Viewer { index: &self.index, gate: &self.gate, caller };
        let seen = Seen::new(&viewer);
        let only = module_of(&seen, pairs.get("profile"))?;
        let document = openapi::document(&seen, &self.about(request), only);
        answer(&document, openapi::MEDIA_TYPE, head)
    }

    fn about<'a>(&'a self, request: &'a Request<Bytes>) -> About<'a> {
        let named = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let host = request.uri().authority().map(|authority| authority.as_str()).or(named);
        About { config: &self.config, host }
    }
}

/// The place of a module among those seen; `public` means the default one.
fn module_of(seen: &Seen<'_>, name: Option<&str>) -> Result<Option<usize>> {
    let Some(name) = name else {
        return Ok(None);
    };
    let modules = || seen.modules.iter();
    let at = modules()
        .position(|module| module.module.name == name)
        .or_else(|| modules().position(|module| module.is_public && name == "public"));
    at.map(Some).ok_or_else(|| {
        let names: Vec<&str> = modules().map(|module| module.module.name.as_str()).collect();
        Error::new(Code::SchemaUnknown, format!("Invalid schema: {name}"))
            .hint(format!("Only the following schemas are exposed: {}", names.join(", ")))
    })
}

fn pretty(document: &serde_json::Value) -> Result<String> {
    serde_json::to_string_pretty(document).map_err(Error::internal)
}

/// What one caller gets is nobody else's answer.
fn answer(
    document: &serde_json::Value,
    media_type: &'static str,
    head: bool,
) -> Result<Response<Bytes>> {
    let body = serde_json::to_vec(document).map_err(Error::internal)?;
    let mut response = Response::new(if head { Bytes::new() } else { body.into() });
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(VARY, HeaderValue::from_static("apikey, authorization, accept-profile"));
    Ok(response)
}

fn methods() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(METHODS));
    response
}
