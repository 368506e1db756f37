//! `Idempotency-Key`: a write that is sent again is answered again and not done again. The answer
//! is recorded in the transaction of the write. Source: IETF draft
//! `draft-ietf-httpapi-idempotency-key-header`, and what Stripe's API does where it is silent.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use mainstay_base::{Clock, Code, Error, Result};
use mainstay_gate::Identity;
use mainstay_store::{Record, RecordKey, Transaction};
use parking_lot::Mutex;
use rustc_hash::FxHashSet;

use crate::{error, limits};

/// The keys whose first request is still under way.
#[derive(Clone, Debug, Default)]
pub struct UnderWay(Arc<Mutex<FxHashSet<RecordKey>>>);

/// A key that nobody else holds; given back when it is dropped.
pub struct Held {
    key: RecordKey,
    among: UnderWay,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.among.0.lock().remove(&self.key);
    }
}

impl UnderWay {
    /// # Errors
    /// `409` when the first request with this key has not been answered yet.
    pub fn hold(&self, key: RecordKey) -> Result<Held> {
        if !self.0.lock().insert(key.clone()) {
            let message = "A request with this Idempotency-Key is still being worked on";
            return Err(Error::new(Code::IdempotencyKeyInUse, message).retry_after(1));
        }
        Ok(Held { key, among: self.clone() })
    }
}

/// A write that is to be done once.
pub struct Once {
    held: Held,
    /// What tells the request from others.
    request: String,
    now: i64,
}

impl Once {
    /// Reads the header of a write; without one the write is like any other.
    ///
    /// # Errors
    /// `400` for a key that is empty or too long, `409` for one that is in use.
    pub fn read(
        request: &Request<Bytes>,
        identity: &Identity,
        under_way: &UnderWay,
        clock: &dyn Clock,
    ) -> Result<Option<Self>> {
        let writes = matches!(*request.method(), Method::POST | Method::PATCH | Method::DELETE);
        let Some(header) = request.headers().get("idempotency-key").filter(|_| writes) else {
            return Ok(None);
        };
        let key = header.to_str().unwrap_or_default().trim().trim_matches('"');
        if key.is_empty() || key.len() > limits::IDEMPOTENCY_KEY {
            let message = "The Idempotency-Key is not usable";
            return Err(Error::new(Code::IdempotencyKeyInvalid, message).hint(format!(
                "Send 1 to {} printable characters, for instance a uuid.",
                limits::IDEMPOTENCY_KEY
            )));
        }
        let caller = caller(identity);
        let held = under_way.hold(RecordKey { caller, key: key.to_owned() })?;
        let now = clock.now() / 1_000_000;
        Ok(Some(Self { held, request: fingerprint(request, identity), now }))
    }

    /// The recorded answer, or that of `work`, which is recorded now. Only what did not come to a
    /// decision (`503`, `507`) leaves no record: it asks to be sent again.
    ///
    /// # Errors
    /// `422` when the key was used for another request; as `work` where nothing is recorded.
    pub fn answer(
        &self,
        transaction: &mut Transaction<'_>,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<Response<Bytes>>,
    ) -> Result<Response<Bytes>> {
        let after = self.now - limits::IDEMPOTENCY_SECONDS;
        if let Some(known) = transaction.recorded(&self.held.key, after)? {
            if known.request != self.request {
                let message = "This Idempotency-Key was used for another request";
                return Err(Error::new(Code::IdempotencyKeyReused, message)
                    .hint("Make a new key for each request that is not a repetition."));
            }
            return replay(&known.answer);
        }
        // The record of a refusal is kept, what came before the refusal is not.
        let response = match transaction.attempt(work) {
            Ok(response) => response,
            Err(failure) if matches!(failure.code().status(), 503 | 507) => return Err(failure),
            Err(failure) => error::response(&failure),
        };
        let (request, answer) = (self.request.clone(), keep(&response)?);
        let record = Record { request, at: self.now, answer };
        transaction.record(&self.held.key, &record, after)?;
        Ok(response)
    }
}

/// Who asks. One user in two tenants is two callers, who know nothing of each other's keys.
fn caller(identity: &Identity) -> String {
    let tenant = identity.facts().claims.get("tenant").map(ToString::to_string);
    let user = identity.uid().unwrap_or_default();
    format!("{}:{user}:{}", identity.role(), tenant.unwrap_or_default())
}

/// Claims that differ between two tokens of one sign-in and decide nothing.
const OF_THE_TOKEN: [&str; 5] = ["exp", "iat", "nbf", "jti", "session_id"];

/// Method, path, query, the headers that change what is done, the body, and all that rules know of
/// the caller: who asks again with other rights must not be shown what the first ones showed. The
/// key that proves who asks is left out: it may be renewed between two tries.
fn fingerprint(request: &Request<Bytes>, identity: &Identity) -> String {
    let mut hash = Fnv::default();
    let facts = identity.facts();
    let claims = facts.claims.as_object().into_iter().flatten();
    for (name, value) in claims.filter(|(name, _)| !OF_THE_TOKEN.contains(&name.as_str())) {
        hash.part(name.as_bytes());
        hash.part(value.to_string().as_bytes());
    }
    hash.part(request.method().as_str().as_bytes());
    hash.part(request.uri().path().as_bytes());
    let query = request.uri().query().unwrap_or_default();
    query
        .split('&')
        .filter(|part| !part.starts_with("apikey="))
        .for_each(|part| hash.part(part.as_bytes()));
    for name in ["content-profile", "content-type", "prefer", "accept", "range"] {
        hash.part(name.as_bytes());
        let values = request.headers().get_all(name).iter();
        values.for_each(|value| hash.part(value.as_bytes()));
    }
    hash.part(request.body());
    format!("{:032x}", hash.0)
}

/// FNV-1a of 128 bits: records outlive the program that made them, so the hash may never change.
/// It keeps requests of one caller apart, and what rules know of one user.
struct Fnv(u128);

impl Default for Fnv {
    fn default() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl Fnv {
    /// Takes a part and its length, so that no two lists of parts are one.
    fn part(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&bytes.len().to_le_bytes()) {
            self.0 ^= u128::from(*byte);
            self.0 = self.0.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
}

/// Status and headers as a line of JSON, then the body.
fn keep(response: &Response<Bytes>) -> Result<Vec<u8>> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers: Vec<(&str, String)> =
        response.headers().iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    let mut kept =
        serde_json::to_vec(&(response.status().as_u16(), headers)).map_err(Error::internal)?;
    kept.push(b'\n');
    kept.extend_from_slice(response.body());
    Ok(kept)
}

fn replay(kept: &[u8]) -> Result<Response<Bytes>> {
    let end = kept.iter().position(|byte| *byte == b'\n').unwrap_or(kept.len());
    let (status, headers): (u16, Vec<(String, String)>) =
        serde_json::from_slice(&kept[..end]).map_err(Error::internal)?;
    let mut response = Response::new(Bytes::copy_from_slice(kept.get(end + 1..).unwrap_or(&[])));
    *response.status_mut() = StatusCode::from_u16(status).map_err(Error::internal)?;
    let map: &mut HeaderMap = response.headers_mut();
    for (name, value) in headers {
        let name = HeaderName::try_from(name).map_err(Error::internal)?;
        map.append(name, HeaderValue::try_from(value).map_err(Error::internal)?);
    }
    map.insert("idempotent-replayed", HeaderValue::from_static("true"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use mainstay_schema::AuthFacts;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_hash_is_that_of_its_specification() {
        let mut hash = Fnv::default();
        for byte in b"foobar" {
            hash.0 ^= u128::from(*byte);
            hash.0 = hash.0.wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
        assert_eq!(hash.0, 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }

    #[test]
    fn what_changes_a_request_changes_its_fingerprint() {
        let of = |uri: &str, body: &'static str| {
            let request = Request::post(uri).header("prefer", "x");
            let request = request.body(Bytes::from_static(body.as_bytes())).unwrap();
            fingerprint(&request, &Identity::of_role("authenticated"))
        };
        assert_eq!(of("/a?b=1&apikey=x", "{}"), of("/a?b=1&apikey=y", "{}"));
        for (uri, body) in [("/a?b=2", "{}"), ("/b?b=1", "{}"), ("/a?b=1", "{} ")] {
            assert_ne!(of("/a?b=1", "{}"), of(uri, body), "{uri} {body}");
        }
    }

    #[test]
    fn what_changes_the_rights_of_a_caller_changes_the_fingerprint() {
        let request = Request::post("/a").body(Bytes::new()).unwrap();
        let of = |claims: serde_json::Value| {
            let facts = AuthFacts { claims, ..AuthFacts::default() };
            fingerprint(&request, &Identity::of_facts(facts))
        };
        let one = of(json!({ "tenant": "a", "aal": "aal1", "exp": 1 }));
        assert_eq!(one, of(json!({ "tenant": "a", "aal": "aal1", "exp": 2, "jti": "x" })));
        assert_ne!(one, of(json!({ "tenant": "b", "aal": "aal1", "exp": 1 })));
        assert_ne!(one, of(json!({ "tenant": "a", "aal": "aal2", "exp": 1 })));
    }
}
