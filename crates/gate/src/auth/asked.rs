//! What a request brings: its query and the JSON of its body, each value read as what it must be.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

use bytes::Bytes;
use http::{HeaderMap, Request, header};
use mainstay_base::{Code, Error, Facts, Result};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value as Json};

use super::route::{Access, Found};
use crate::accounts::journal::{Deed, Note};
use crate::accounts::session::Origin;
use crate::limits::AGENT_CHARACTERS;

/// A request in parts.
#[derive(Debug)]
pub struct Asked {
    query: Vec<(String, String)>,
    body: Map<String, Json>,
    /// What the path names.
    pub ids: Vec<String>,
    /// Who asks: a user's id, or the role of a key. Known once the caller is.
    pub actor: Option<String>,
    pub origin: Origin,
}

impl Asked {
    /// # Errors
    /// `bad_json` for a body that is no JSON object; an empty one is an empty object. A form, which
    /// browsers send, is an object of texts.
    pub fn read(
        request: &Request<Bytes>,
        Found { route, ids }: Found,
        facts: &Facts,
    ) -> Result<Self> {
        // Clients mean JSON whatever they call it; a form comes from a page, which has no key.
        let by_browser = route.access() == Access::Public;
        let query = request.uri().query().unwrap_or_default();
        let body = request.body();
        let body = match body.iter().all(u8::is_ascii_whitespace) {
            true => Map::new(),
            false if by_browser && is_form(request.headers()) => form(body),
            false => serde_json::from_slice(body).map_err(|error| {
                let message = format!("Could not parse request body as JSON: {error}");
                Error::new(Code::JsonBad, message)
            })?,
        };
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect();
        let origin = origin(request.headers(), facts);
        Ok(Self { query, body, ids, actor: None, origin })
    }

    /// What the path names, as a user's id or another's.
    #[must_use]
    pub fn id(&self) -> &str {
        self.ids.first().map_or("", String::as_str)
    }

    /// A note of a deed at this request.
    #[must_use]
    pub fn note(&self, deed: Deed, user: Option<&str>) -> Note {
        Note {
            deed,
            actor: self.actor.clone(),
            user: user.map(ToOwned::to_owned),
            origin: self.origin.clone(),
            detail: Map::new(),
        }
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

    /// What the body names, for the journal: never the values.
    #[must_use]
    pub fn names(&self) -> Json {
        self.body.keys().map(|name| Json::from(name.as_str())).collect()
    }

    /// A value of the body, whatever it is; none when it is missing or null.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Json> {
        self.body.get(name).filter(|value| !value.is_null())
    }

    /// A truth value of the body.
    ///
    /// # Errors
    /// `validation_failed` for another kind of value.
    pub fn flag(&self, name: &str) -> Result<Option<bool>> {
        match self.value(name) {
            None => Ok(None),
            Some(Json::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(unfit(name, "true or false")),
        }
    }

    /// A text of the body that must be there.
    ///
    /// # Errors
    /// `validation_failed` when it is missing, empty or of another kind.
    pub fn needed(&self, name: &str) -> Result<&str> {
        let missing = || Error::new(Code::ValidationFailed, format!("`{name}` is missing"));
        self.text(name)?.ok_or_else(missing)
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

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"))
}

fn form(body: &[u8]) -> Map<String, Json> {
    let text = String::from_utf8_lossy(body);
    let pairs = text.split('&').filter(|part| !part.is_empty()).map(pair);
    pairs.map(|(name, value)| (name, Json::String(value))).collect()
}

fn origin(headers: &HeaderMap, facts: &Facts) -> Origin {
    let agent =
        headers.get(header::USER_AGENT).map(|agent| String::from_utf8_lossy(agent.as_bytes()));
    let agent = agent.map(|agent: Cow<'_, str>| agent.chars().take(AGENT_CHARACTERS).collect());
    Origin { address: facts.client().map(|client| client.to_string()), agent }
}

impl Origin {
    /// The place: an address, or of IPv6 the network that one customer has.
    #[must_use]
    pub fn place(&self) -> String {
        let address = self.address.as_deref().and_then(|address| address.parse().ok());
        match address.map(|address: IpAddr| address.to_canonical()) {
            None => "unknown".to_owned(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => Ipv6Addr::from(address.to_bits() >> 64 << 64).to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_customer_is_one_place() {
        let place =
            |address: &str| Origin { address: Some(address.to_owned()), agent: None }.place();
        assert_eq!(place("192.0.2.1"), place("::ffff:192.0.2.1"));
        assert_eq!(place("2001:db8::1"), place("2001:db8::ffff:2"));
        assert_ne!(place("2001:db8::1"), place("2001:db8:0:1::1"));
        assert_ne!(place("192.0.2.1"), place("192.0.2.2"));
    }
}
