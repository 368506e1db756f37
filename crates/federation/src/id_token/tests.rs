//! Every way in which an ID token can be meant for somebody else, or for another time.

use serde_json::json;

use super::*;

const ISSUER: &str = "https://idp.example";
const NOW: i64 = 1_700_000_000;
/// OpenID Connect Core, appendix A.3: an access token and its `at_hash`.
const ACCESS: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
const HALF: &str = "77QmUPtjPfzWtF2AnpK9RQ";

fn honest() -> Json {
    json!({ "iss": ISSUER, "aud": "us", "sub": "ann", "exp": NOW + 60, "iat": NOW, "nonce": "n" })
}

fn with(name: &str, value: Json) -> Json {
    let mut claims = honest();
    match value {
        Json::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

fn judged(claims: &Json, nonce: Nonce<'_>, ours_only: bool) -> Result<(), &'static str> {
    let issuer = Issuer::new(ISSUER, None).unwrap();
    let audiences = ["us".to_owned(), "our app".to_owned()];
    let expected = Expected {
        issuer: &issuer,
        audiences: &audiences,
        ours_only,
        nonce,
        access_token: Some(ACCESS),
        signed: Signed::Rs256,
        now: NOW,
    };
    judge(claims.as_object().unwrap(), &expected)
}

#[test]
fn a_token_for_us_and_for_now_is_taken() {
    for claims in [
        honest(),
        with("aud", json!(["us"])),
        with("azp", json!("us")),
        with("at_hash", json!(HALF)),
        with("exp", json!(NOW - LEEWAY_SECONDS + 1)),
        with("iat", json!(NOW + LEEWAY_SECONDS)),
        with("exp", json!(1_700_000_060.5)),
        with("nbf", json!(NOW)),
    ] {
        assert_eq!(judged(&claims, Nonce::Ours("n"), true), Ok(()), "{claims}");
    }
    let mut several = with("aud", json!(["us", "them"]));
    several["azp"] = json!("us");
    assert_eq!(judged(&several, Nonce::Ours("n"), true), Ok(()));
}

#[test]
fn a_token_for_somebody_else_or_another_time_is_refused() {
    for (name, value) in [
        ("iss", json!(null)),
        ("iss", json!("https://idp.example/")),
        ("iss", json!("https://idp.example.evil.example")),
        ("iss", json!(["https://idp.example"])),
        ("aud", json!(null)),
        ("aud", json!("them")),
        ("aud", json!("our app")),
        ("aud", json!("us ")),
        ("aud", json!([])),
        ("aud", json!(["them"])),
        ("aud", json!(["us", 1])),
        ("aud", json!(["us", "them"])),
        ("aud", json!({ "us": "us" })),
        ("azp", json!("them")),
        ("azp", json!("")),
        ("azp", json!(["us"])),
        ("exp", json!(null)),
        ("exp", json!(NOW - LEEWAY_SECONDS)),
        ("exp", json!("9999999999")),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("iat", json!(null)),
        ("iat", json!(NOW + LEEWAY_SECONDS + 1)),
        ("iat", json!("now")),
        ("nbf", json!(NOW + LEEWAY_SECONDS + 1)),
        ("nbf", json!(true)),
        ("sub", json!(null)),
        ("sub", json!("")),
        ("sub", json!(7)),
        ("sub", json!("x".repeat(256))),
        ("nonce", json!(null)),
        ("nonce", json!("m")),
        ("nonce", json!("")),
        ("nonce", json!(["n"])),
        ("at_hash", json!("77QmUPtjPfzWtF2AnpK9RA")),
        ("at_hash", json!("")),
        ("at_hash", json!(7)),
        ("events", json!({ "http://schemas.openid.net/event/backchannel-logout": {} })),
    ] {
        let claims = with(name, value);
        assert!(judged(&claims, Nonce::Ours("n"), true).is_err(), "{claims}");
    }
}

#[test]
fn an_application_shows_what_its_nonce_was_made_of() {
    // SHA-256 of "abc", FIPS 180-4.
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let hashed = with("nonce", json!(digest));
    assert_eq!(judged(&hashed, Nonce::Shown(Some("abc")), false), Ok(()));
    assert!(judged(&hashed, Nonce::Shown(None), false).is_err());
    assert!(judged(&hashed, Nonce::Shown(Some(digest)), false).is_err(), "whoever has the token");
    let plain = with("nonce", json!("abc"));
    assert!(judged(&plain, Nonce::Shown(Some("abc")), false).is_err());
    let none = with("nonce", json!(null));
    assert_eq!(judged(&none, Nonce::Shown(None), false), Ok(()));
    assert!(judged(&none, Nonce::Shown(Some("abc")), false).is_err());
    assert!(judged(&with("nonce", json!(7)), Nonce::Shown(None), false).is_err());
    assert_eq!(judged(&hashed, Nonce::Any, false), Ok(()), "where the operator skips it");
}

#[test]
fn an_application_s_other_clients_may_bring_tokens_but_not_take_part_in_our_own_flow() {
    let app = with("aud", json!("our app"));
    assert_eq!(judged(&app, Nonce::Ours("n"), false), Ok(()));
    assert!(judged(&app, Nonce::Ours("n"), true).is_err());
    let asked = with("azp", json!("a telephone"));
    assert_eq!(judged(&asked, Nonce::Ours("n"), false), Ok(()));
    let mut several = with("aud", json!(["us", "them"]));
    several["azp"] = json!("them");
    assert!(judged(&several, Nonce::Ours("n"), false).is_err());
}

fn token(header: &Json) -> String {
    format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(header.to_string()))
}

#[test]
fn a_header_says_a_known_algorithm_and_demands_nothing() {
    for known in [
        json!({ "alg": "RS256" }),
        json!({ "alg": "ES256", "kid": "a", "typ": "JWT", "x5t": "a" }),
        json!({ "alg": "EdDSA", "typ": "jwt" }),
        json!({ "alg": "PS256", "jku": "https://evil.example", "jwk": {} }),
    ] {
        assert!(header(&token(&known)).is_ok(), "{known}");
    }
    for refused in [
        json!({}),
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": ["RS256"] }),
        json!({ "alg": "RS256", "kid": 7 }),
        json!({ "alg": "RS256", "typ": "at+jwt" }),
        json!({ "alg": "RS256", "typ": "logout+jwt" }),
        json!({ "alg": "RS256", "typ": 7 }),
        json!({ "alg": "RS256", "crit": ["b64"] }),
        json!({ "alg": "RS256", "zip": "DEF" }),
    ] {
        assert!(header(&token(&refused)).is_err(), "{refused}");
    }
    let twice = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","alg":"RS256"}"#);
    for text in ["", ".", "..", "a.b", "e30.e30", &format!("{twice}.e30.AA")] {
        assert!(header(text).is_err(), "{text}");
    }
    let long = json!({ "alg": "RS256", "x": "x".repeat(ID_TOKEN_BYTES) });
    assert!(header(&token(&long)).is_err());
}
