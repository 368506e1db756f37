//! Forged tokens: each is refused with the very same answer, so that none tells its maker what was
//! wrong with it. Honest tokens are the control.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::harness::{Forge, Server, encode, now, test_app};

const OTHER_SECRET: &str = "another-application-has-this-secret-of-48-bytes!";

/// Tokens of which the header lies.
fn headers(secret: &str) -> Vec<(&'static str, String)> {
    let forge = |header: Value| Forge::new(secret).header(header);
    let unsigned = |header: Value| format!("{}.", forge(header).signed_part());
    let signed = |header: Value| forge(header).token();
    let nobody = |header: Value| forge(header).key(b"").token();
    let key = json!({ "kty": "oct", "k": encode(b"mine") });
    vec![
        ("alg none, no signature", unsigned(json!({ "alg": "none", "typ": "JWT" }))),
        ("alg None", unsigned(json!({ "alg": "None" }))),
        ("alg NONE", unsigned(json!({ "alg": "NONE" }))),
        ("alg none, signed", signed(json!({ "alg": "none", "typ": "JWT" }))),
        ("alg absent", signed(json!({ "typ": "JWT" }))),
        ("alg null", signed(json!({ "alg": null }))),
        ("alg a number", signed(json!({ "alg": 256 }))),
        ("alg in lower case", signed(json!({ "alg": "hs256" }))),
        ("alg unknown", signed(json!({ "alg": "HS257" }))),
        ("RS256 signed with the secret", signed(json!({ "alg": "RS256", "typ": "JWT" }))),
        ("ES256 signed with the secret", signed(json!({ "alg": "ES256", "typ": "JWT" }))),
        ("PS256 signed with the secret", signed(json!({ "alg": "PS256" }))),
        ("EdDSA signed with the secret", signed(json!({ "alg": "EdDSA" }))),
        (
            "HS384",
            Forge::new(secret).header(json!({ "alg": "HS384" })).hash(Algorithm::HS384).token(),
        ),
        (
            "HS512",
            Forge::new(secret).header(json!({ "alg": "HS512" })).hash(Algorithm::HS512).token(),
        ),
        ("HS512 said to be HS256", Forge::new(secret).hash(Algorithm::HS512).token()),
        ("kid that points to nothing", nobody(json!({ "alg": "HS256", "kid": "../../dev/null" }))),
        ("kid that is SQL", nobody(json!({ "alg": "HS256", "kid": "' union select '" }))),
        ("jku", signed(json!({ "alg": "HS256", "jku": "https://evil.example/keys" }))),
        (
            "jwk",
            Forge::new(secret).header(json!({ "alg": "HS256", "jwk": key })).key(b"mine").token(),
        ),
        ("x5u", signed(json!({ "alg": "HS256", "x5u": "https://evil.example/cert" }))),
        ("x5c", signed(json!({ "alg": "HS256", "x5c": ["MIIB"] }))),
        ("crit", signed(json!({ "alg": "HS256", "crit": ["exp"] }))),
        ("typ of another kind", signed(json!({ "alg": "HS256", "typ": "at+jwt" }))),
        ("typ a number", signed(json!({ "alg": "HS256", "typ": 1 }))),
        ("header no object", signed(json!(["HS256"]))),
    ]
}

/// Tokens of which the claims lie; all of them are signed with the right key.
fn claims(secret: &str) -> Vec<(&'static str, String)> {
    let honest = || Forge::new(secret);
    let claim = |name: &str, value: Value| honest().claim(name, value).token();
    let until = now() + 600;
    let payload = |text: &str| honest().payload(text).token();
    vec![
        ("exp a text", claim("exp", json!("4102444800"))),
        ("exp a fraction", claim("exp", json!(4_102_444_800.5))),
        ("exp negative", claim("exp", json!(-1))),
        ("exp beyond all years", claim("exp", json!(u64::MAX))),
        ("exp as 1e400", payload(r#"{"role":"authenticated","exp":1e400}"#)),
        ("exp null", claim("exp", Value::Null)),
        ("exp missing", honest().without("exp").token()),
        ("exp a list", claim("exp", json!([until]))),
        ("nbf a text", claim("nbf", json!("0"))),
        ("nbf null", claim("nbf", Value::Null)),
        ("iat a text", claim("iat", json!("0"))),
        ("role missing", honest().without("role").token()),
        ("role unknown", claim("role", json!("postgres"))),
        ("role empty", claim("role", json!(""))),
        ("role a number", claim("role", json!(1))),
        ("role a list", claim("role", json!(["service_role"]))),
        ("role in capitals", claim("role", json!("SERVICE_ROLE"))),
        ("role with a space", claim("role", json!("service_role "))),
        ("sub a number", claim("sub", json!(1))),
        ("roles a text", claim("roles", json!("staff"))),
        ("roles of numbers", claim("roles", json!([1]))),
        (
            "role twice",
            payload(&format!(r#"{{"role":"anon","role":"service_role","exp":{until}}}"#)),
        ),
        ("exp twice", payload(&format!(r#"{{"role":"anon","exp":1,"exp":{until}}}"#))),
        ("payload inside a payload", claim("role", json!({ "role": "service_role" }))),
        ("payload no JSON", payload("role=service_role")),
        ("payload no object", payload("[]")),
        ("payload a text", payload("\"service_role\"")),
        ("payload empty", payload("")),
        ("payload with a tail", payload(&format!(r#"{{"role":"anon","exp":{until}}}x"#))),
    ]
}

/// Tokens that were honest until somebody changed their text.
fn texts(secret: &str) -> Vec<(&'static str, String)> {
    let honest = Forge::new(secret);
    let token = honest.token();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = signed.split_once('.').unwrap();
    let elevated = Forge::new(secret).claim("role", json!("service_role"));
    let padded = URL_SAFE.encode(honest.payload.as_bytes());
    let plain = STANDARD.encode(b"\xfb\xff\xfe");
    let flipped = |text: &str| {
        let last = if text.ends_with('A') { "B" } else { "A" };
        format!("{}{last}", &text[..text.len() - 2])
    };
    vec![
        ("another key", Forge::new(secret).key(b"guessed").token()),
        ("an empty key", Forge::new(secret).key(b"").token()),
        ("another application's key", Forge::new(OTHER_SECRET).token()),
        ("a key with a line break", Forge::new(&format!("{secret}\n")).token()),
        ("no signature", signed.to_owned()),
        ("a blank signature", format!("{signed}.")),
        ("half a signature", format!("{signed}.{}", &signature[..20])),
        ("the signature of another token", format!("{}.{signature}", elevated.signed_part())),
        ("a changed signature", format!("{signed}.{}", flipped(signature))),
        ("bytes after the signature", format!("{token}AAAA")),
        ("a dot at the end", format!("{token}.")),
        ("a dot in front", format!(".{token}")),
        ("a fourth part", format!("{token}.{signature}")),
        ("two dots", format!("{header}..{payload}.{signature}")),
        ("five parts, as encrypted", format!("{header}.{payload}.{signature}.a.b")),
        ("padding", format!("{header}.{padded}=.{signature}")),
        ("padding behind the signature", format!("{token}=")),
        ("the wrong alphabet", format!("{header}.{plain}.{signature}")),
        ("a space inside", format!("{header}. {payload}.{signature}")),
        ("a tab inside", format!("{header}.{payload}\t.{signature}")),
        ("only dots", "..".to_owned()),
        ("one word", "service_role".to_owned()),
        ("the secret itself", secret.to_owned()),
        ("longer than any honest token", format!("{signed}{}.{signature}", "A".repeat(9000))),
    ]
}

#[test]
fn every_forged_token_gets_the_very_same_answer() {
    let server = Server::lab();
    let honest = Forge::new(server.secret()).token();
    server.visitor("GET", "/things").bearer(&honest).send().expect(200);
    let forged: Vec<_> =
        [headers(server.secret()), claims(server.secret()), texts(server.secret())].concat();
    assert!(forged.len() >= 40, "{}", forged.len());
    let mut accepted = Vec::new();
    for (what, token) in &forged {
        for ask in [
            server.visitor("GET", "/things").bearer(token),
            server.bare("GET", "/rest/v1/things").header("apikey", token),
        ] {
            let answer = ask.send();
            let refused = (answer.status, answer.body.as_str(), answer.header("www-authenticate"));
            let expected = (
                401,
                r#"{"code":"PGRST301","details":null,"hint":null,"message":"The token is not valid"}"#,
                Some(
                    "Bearer error=\"invalid_token\", error_description=\"The token is not valid\"",
                ),
            );
            if refused != expected {
                accepted.push(format!("{what}: {} {}", answer.status, answer.body));
            }
        }
    }
    assert_eq!(accepted, Vec::<String>::new());
}

#[test]
fn a_token_of_a_megabyte_never_reaches_the_gate() {
    let server = Server::lab();
    let huge = Forge::new(server.secret()).claim("pad", json!("x".repeat(1 << 20))).token();
    let answer = server.visitor("GET", "/things").bearer(&huge).send();
    assert_eq!(answer.refusal(), (431, "headers_too_large".to_owned()));
}

#[test]
fn an_honest_token_outside_of_its_time_learns_so() {
    let server = Server::lab();
    let honest = || Forge::new(server.secret());
    for (token, message) in [
        (honest().claim("exp", json!(now() - 60)).token(), "JWT expired"),
        (honest().claim("exp", json!(0)).token(), "JWT expired"),
        (honest().claim("nbf", json!(now() + 600)).token(), "JWT not yet valid"),
    ] {
        let answer = server.visitor("GET", "/things").bearer(&token).send();
        answer.expect_error(401, "PGRST303", message, None, None);
        let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{message}\"");
        assert_eq!(answer.header("www-authenticate"), Some(challenge.as_str()));
    }
    let early = honest().claim("nbf", json!(now() - 10)).claim("iat", json!(now() - 10)).token();
    server.visitor("GET", "/things").bearer(&early).send().expect(200);
    let roles =
        honest().claim("roles", json!(["staff"])).claim("email", json!("a@example.org")).token();
    server.visitor("GET", "/things").bearer(&roles).send().expect(200);
}

#[test]
fn a_forged_bearer_is_not_saved_by_an_honest_key_nor_the_other_way_round() {
    let server = Server::lab();
    let forged = Forge::new(OTHER_SECRET).claim("role", json!("service_role")).token();
    let with_key = server.rest("GET", "/things").bearer(&forged).send();
    assert_eq!(with_key.refusal(), (401, "PGRST301".to_owned()));
    let with_bearer = server
        .bare("GET", "/rest/v1/things")
        .header("apikey", &forged)
        .bearer(server.service())
        .send();
    assert_eq!(with_bearer.refusal(), (401, "PGRST301".to_owned()));
    let twice =
        server.rest("GET", "/things").also("Authorization", &format!("Bearer {}", server.anon()));
    let twice = twice.also("Authorization", &format!("Bearer {}", server.service())).send();
    assert_eq!(twice.refusal(), (401, "PGRST301".to_owned()), "two headers name two callers");
    let keys = server.rest("GET", "/things").also("apikey", server.anon()).send();
    assert_eq!(keys.refusal(), (401, "PGRST301".to_owned()));
}

#[test]
fn a_bearer_decides_the_role_and_the_key_only_admits() {
    let server = Server::lab();
    let as_anon = server.rest("GET", "/closed").bearer(server.anon()).send();
    assert_eq!(
        as_anon.refusal(),
        (401, "42501".to_owned()),
        "a service key does not lift a visitor"
    );
    let as_service = server.visitor("GET", "/closed").bearer(server.service()).send();
    as_service.expect(200);
}

#[test]
fn another_secret_ends_the_tokens_of_the_one_before() {
    let app = test_app("lab.toml");
    let secret = "the-first-secret-of-this-test-has-many-bytes";
    let first = Server::start("serve", &app, &[], &[("MAINSTAY_AUTH_JWT_SECRET", secret)]);
    let token = Forge::new(secret).token();
    first.bare("GET", "/rest/v1/things").bearer(&token).send().expect(200);
    let other = [("MAINSTAY_AUTH_JWT_SECRET", OTHER_SECRET)];
    let second = Server::over("serve", &app, &["--new-secret"], &other, first.stop_keeping());
    let refused = second.bare("GET", "/rest/v1/things").bearer(&token).send();
    assert_eq!(refused.refusal(), (401, "PGRST301".to_owned()));
}
