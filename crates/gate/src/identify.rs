//! From credentials to an identity. The `apikey` admits, the bearer token decides; without a
//! bearer token the key decides.

use std::sync::Arc;

use http::{HeaderMap, header};
use mainstay_base::{Code, Error, Result};

use crate::apikey::ApiKey;
use crate::{Gate, Identity};

/// What a request brought along to prove who it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Credentials<'a> {
    pub apikey: Option<&'a str>,
    pub bearer: Option<&'a str>,
}

impl<'a> Credentials<'a> {
    /// From the headers, and from the query's `apikey` when the header is not there.
    ///
    /// # Errors
    /// `PGRST301` when a header is given twice or is no readable text.
    pub fn read(headers: &'a HeaderMap, query_key: Option<&'a str>) -> Result<Self> {
        let apikey = single(headers, "apikey")?.or(query_key);
        let bearer = match single(headers, header::AUTHORIZATION.as_str())? {
            None => None,
            Some(value) => {
                let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
                match scheme.eq_ignore_ascii_case("bearer") {
                    true => Some(token.trim()),
                    false => return Err(unreadable()),
                }
            }
        };
        Ok(Self { apikey: apikey.filter(|key| !key.is_empty()), bearer })
    }
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(unreadable());
    }
    value.to_str().map(Some).map_err(|_| unreadable())
}

fn unreadable() -> Error {
    Error::new(Code::TokenInvalid, "The token is not valid")
}

impl Gate {
    /// Who asks.
    ///
    /// # Errors
    /// `401` when nothing proves anything, what is brought does not hold, or its session has ended;
    /// `insufficient_aal` for roles that must have proven a second factor, until they have.
    pub fn identify(&self, credentials: Credentials<'_>) -> Result<Arc<Identity>> {
        let identity = self.proven(credentials)?;
        match identity.session().is_some_and(|session| self.ended.has(session)) {
            true => Err(Error::new(Code::TokenClaimsInvalid, "JWT session has ended")),
            false if self.is_too_low(&identity, credentials) => Err(Error::new(
                Code::AalNeeded,
                format!("The role `{}` needs a session at AAL2", identity.role()),
            )
            .hint("Enroll a factor or verify one at /auth/v1/factors, then ask again.")),
            false => Ok(identity),
        }
    }

    /// The role must have proven a second factor, and this token says of none.
    fn is_too_low(&self, identity: &Identity, credentials: Credentials<'_>) -> bool {
        let decides = credentials.bearer.or(credentials.apikey);
        self.raised.iter().any(|role| role == identity.role())
            && !identity.is_service()
            && identity.facts().aal.as_deref() != Some("aal2")
            && !decides.is_some_and(ApiKey::is_meant)
    }

    /// Who asks, if the session still lives: for those who look that up themselves.
    ///
    /// # Errors
    /// As `identify`.
    pub(crate) fn proven(&self, credentials: Credentials<'_>) -> Result<Arc<Identity>> {
        match (credentials.bearer, credentials.apikey) {
            (None, None) => Err(Error::new(Code::ApiKeyMissing, "No API key found in request")
                .hint("No `apikey` request header or url param was found.")),
            (Some(token), None) | (None, Some(token)) => self.accept(token),
            (Some(token), Some(key)) if token == key => self.accept(token),
            (Some(token), Some(key)) => {
                self.accept(key)?;
                self.accept(token)
            }
        }
    }

    fn accept(&self, token: &str) -> Result<Arc<Identity>> {
        let now = self.clock.now().div_euclid(1_000_000);
        if ApiKey::is_meant(token) {
            return self.machines.find(token, now).ok_or_else(unreadable);
        }
        if let Some(identity) = self.cache.get(token) {
            if let Err(error) = identity.check_time(now) {
                self.cache.forget(token);
                return Err(error);
            }
            return Ok(identity);
        }
        // Held until the token is remembered, so that none is remembered by keys that are gone.
        let verifier = self.verifier.read();
        let identity = Arc::new(verifier.verify(token, now)?);
        identity.check_time(now)?;
        self.cache.put(token, Arc::clone(&identity));
        Ok(identity)
    }
}
