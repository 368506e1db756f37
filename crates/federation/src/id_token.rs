//! An ID token: which key must have signed it (`header`), and whether what it says is meant for us
//! and for now (`judge`). Both are pure; `provider` brings the key. Sources: OpenID Connect Core
//! 3.1.3.7 and 3.1.3.8, RFC 7515, RFC 8725.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value as Json};

use mainstay_credentials::secret;

use super::issuer::Issuer;
use super::keys::Signed;
use crate::limits::{ID_TOKEN_BYTES, SUBJECT_CHARACTERS};
use mainstay_credentials::claims::Claims;
use mainstay_credentials::limits::LEEWAY_SECONDS;

/// A token with one of these demands something, or is of another kind.
const FOREIGN: [&str; 5] = ["crit", "b64", "cty", "enc", "zip"];

/// What a token says of its signature. Nothing of it is proven.
pub(super) struct Header {
    pub kid: Option<String>,
    pub signed: Signed,
}

/// The header; why it is none is for the log.
pub(super) fn header(token: &str) -> Result<Header, &'static str> {
    if token.len() > ID_TOKEN_BYTES || token.split('.').count() != 3 {
        return Err("not of the form of a signed token");
    }
    let first = token.split('.').next().unwrap_or_default();
    let bytes = URL_SAFE_NO_PAD.decode(first).map_err(|_| "the header is not base64url")?;
    let Claims(header) = serde_json::from_slice(&bytes).map_err(|_| "the header is not JSON")?;
    if FOREIGN.iter().any(|name| header.contains_key(*name)) {
        return Err("the header demands what is not known");
    }
    // An access token, or the news of a sign-out, is signed by the same key.
    let typ = header
        .get("typ")
        .is_none_or(|typ| typ.as_str().is_some_and(|typ| typ.eq_ignore_ascii_case("jwt")));
    if !typ {
        return Err("not an ID token by its type");
    }
    let alg = header.get("alg").and_then(Json::as_str).unwrap_or_default();
    let signed = Signed::read(alg).ok_or("the algorithm is not accepted")?;
    let kid = match header.get("kid") {
        None => None,
        Some(Json::String(kid)) => Some(kid.clone()),
        Some(_) => return Err("the name of the key is no text"),
    };
    Ok(Header { kid, signed })
}

/// What a token must say about its nonce.
pub(super) enum Nonce<'a> {
    /// This, to the letter: we sent it.
    Ours(&'a str),
    /// The digest of this in hexadecimal, or none where none was given: an application sent it.
    Shown(Option<&'a str>),
    /// Anything.
    Any,
}

/// What is expected of a token.
pub(super) struct Expected<'a> {
    pub issuer: &'a Issuer,
    /// Whom it may be for; the first is us.
    pub audiences: &'a [String],
    /// Only we may have asked for it.
    pub ours_only: bool,
    pub nonce: Nonce<'a>,
    /// Came beside it.
    pub access_token: Option<&'a str>,
    pub signed: Signed,
    /// Seconds since the epoch.
    pub now: i64,
}

/// Judges the claims of a token whose signature holds; why it is refused is for the log.
pub(super) fn judge(
    claims: &Map<String, Json>,
    expected: &Expected<'_>,
) -> Result<(), &'static str> {
    let text = |name: &str| claims.get(name).and_then(Json::as_str);
    let issuer = text("iss").ok_or("no issuer")?;
    let issued_by = match expected.issuer.is_one() {
        true => expected.issuer.is(issuer, None),
        false => text("tid").is_some_and(|tenant| expected.issuer.is(issuer, Some(tenant))),
    };
    if !issued_by {
        return Err("of another issuer");
    }
    audience(claims, expected)?;
    times(claims, expected.now)?;
    let subject = text("sub").ok_or("no subject")?;
    if subject.is_empty() || subject.chars().count() > SUBJECT_CHARACTERS {
        return Err("the subject is empty or too long");
    }
    if claims.contains_key("events") {
        return Err("the news of an event, not of a sign-in");
    }
    nonce(text("nonce"), claims.contains_key("nonce"), &expected.nonce)?;
    match (claims.get("at_hash"), expected.access_token) {
        (Some(hash), Some(token)) if !is_half(hash, token, expected.signed) => {
            Err("of another access token")
        }
        _ => Ok(()),
    }
}

fn audience(claims: &Map<String, Json>, expected: &Expected<'_>) -> Result<(), &'static str> {
    let said: Vec<&str> = match claims.get("aud") {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(several)) => several
            .iter()
            .map(Json::as_str)
            .collect::<Option<_>>()
            .ok_or("the audience is no text")?,
        _ => return Err("no audience"),
    };
    let count = if expected.ours_only { 1 } else { expected.audiences.len() };
    let ours = expected.audiences.get(..count).unwrap_or_default();
    let is_ours = |name: &str| ours.iter().any(|known| known == name);
    if !said.iter().any(|name| is_ours(name)) {
        return Err("for somebody else");
    }
    match claims.get("azp") {
        None if said.len() > 1 => Err("for several, and none is named who asked for it"),
        None => Ok(()),
        // On a telephone one client asks for a token that is for another of the same application.
        Some(_) if !expected.ours_only && said.len() == 1 => Ok(()),
        Some(asked) if asked.as_str().is_some_and(is_ours) => Ok(()),
        Some(_) => Err("somebody else asked for it"),
    }
}

fn times(claims: &Map<String, Json>, now: i64) -> Result<(), &'static str> {
    let seconds = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => seconds(value).map(Some).ok_or("a time is no number"),
    };
    let expires = seconds("exp")?.ok_or("no end")?;
    let issued = seconds("iat")?.ok_or("no beginning")?;
    if expires.saturating_add(LEEWAY_SECONDS) <= now {
        return Err("too old");
    }
    let begins = seconds("nbf")?.map_or(issued, |begins| begins.max(issued));
    if begins.saturating_sub(LEEWAY_SECONDS) > now {
        return Err("too young");
    }
    Ok(())
}

/// A NumericDate; a part of a second is cut off.
#[allow(clippy::cast_possible_truncation)] // within the bounds that are looked at
fn seconds(value: &Json) -> Option<i64> {
    const LATEST: f64 = 253_402_300_800.0;
    let number = value.as_f64().filter(|number| (0.0..LATEST).contains(number))?;
    Some(number as i64)
}

fn nonce(said: Option<&str>, is_there: bool, expected: &Nonce<'_>) -> Result<(), &'static str> {
    let wrong = Err("of another nonce");
    match (expected, said) {
        (Nonce::Any, _) => Ok(()),
        (Nonce::Shown(None), None) if !is_there => Ok(()),
        (Nonce::Ours(sent), Some(said)) if secret::same(sent.as_bytes(), said.as_bytes()) => Ok(()),
        (Nonce::Shown(Some(shown)), Some(said)) => {
            let digest = hexadecimal(&secret::sha256(shown.as_bytes()));
            if secret::same(digest.as_bytes(), said.as_bytes()) { Ok(()) } else { wrong }
        }
        _ => wrong,
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The left half of the access token's digest, by the hash of the signature's algorithm.
fn is_half(hash: &Json, token: &str, signed: Signed) -> bool {
    let algorithm = match signed {
        Signed::EdDsa => &digest::SHA512,
        _ => &digest::SHA256,
    };
    let whole = digest::digest(algorithm, token.as_bytes());
    let (half, _) = whole.as_ref().split_at(whole.as_ref().len() / 2);
    let said = hash.as_str().unwrap_or_default();
    secret::same(URL_SAFE_NO_PAD.encode(half).as_bytes(), said.as_bytes())
}

#[cfg(test)]
mod tests;
