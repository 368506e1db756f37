//! What a request brings: its query and the JSON of its body, each value read as what it must be.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, Request, header};
use mainstay_base::{Code, Error, Result};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value as Json};

use crate::accounts::session::Origin;
use crate::limits::AGENT_CHARACTERS;

/// A request in parts.
#[derive(Debug)]
pub struct Asked {
    query: Vec<(String, String)>,
    body: Map<String, Json>,
    pub origin: Origin,
}

impl Asked {
    /// # Errors
    /// `bad_json` for a body that is no JSON object; an empty one is an empty object.
    pub fn read(request: &Request<Bytes>) -> Result<Self> {
        let query = request.uri().query().unwrap_or_default();
        let body = request.body();
        let body = match body.iter().all(u8::is_ascii_whitespace) {
            true => Map::new(),
            false => serde_json::from_slice(body).map_err(|error| {
                let message = format!("Could not parse request body as JSON: {error}");
                Error::new(Code::JsonBad, message)
            })?,
        };
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect();
        Ok(Self { query, body, origin: origin(request.headers()) })
    }

    /// The first value of this name in the query.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A text of the body; none when it is missing, null or empty.
    ///
    /// # Errors
    /// `validation_failed` for another kind of value.
    pub fn text(&self, name: &str) -> Result<Option<&str>> {
        match self.body.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(unfit(name, "a text")),
        }
    }

    /// An object of the body.
    ///
    /// # Errors
    /// `validation_failed` for another kind of value.
    pub fn object(&self, name: &str) -> Result<Option<&Map<String, Json>>> {
        match self.body.get(name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Object(object)) => Ok(Some(object)),
            Some(_) => Err(unfit(name, "an object")),
        }
    }
}

fn unfit(name: &str, what: &str) -> Error {
    Error::new(Code::ValidationFailed, format!("`{name}` must be {what}"))
}

fn pair(pair: &str) -> (String, String) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (decoded(name), decoded(value))
}

fn decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

fn origin(headers: &HeaderMap) -> Origin {
    let agent =
        headers.get(header::USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()));
    let agent = agent.map(|agent: Cow<'_, str>| agent.chars().take(AGENT_CHARACTERS).collect());
    Origin { address: None, agent }
}
