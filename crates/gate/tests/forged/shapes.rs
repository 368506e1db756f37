//! Forms that are no token at all or one in disguise: payloads that readers disagree about, texts
//! with something around or between the parts, and credentials of another kind.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mainstay_credentials::secret;
use mainstay_gate::apikey::{ApiKey, Kind};
use mainstay_gate::limits::TOKEN_BYTES;
use serde_json::{Value, json};

use crate::Form;
use crate::forge::Sign;
use crate::world::{NOW, World};

pub fn payloads(world: &World) -> Vec<Form> {
    let until = NOW + 60;
    let honest = Value::Object(world.claims()).to_string();
    let nested = world.forge().token();
    let mut forms: Vec<Form> = [
        ("an empty list", "[]".to_owned()),
        ("a list of claims", format!("[{honest}]")),
        ("a text", "\"claims\"".to_owned()),
        ("a number", "1".to_owned()),
        ("null", "null".to_owned()),
        ("true", "true".to_owned()),
        ("an empty object", "{}".to_owned()),
        ("cut off", honest[..honest.len() - 1].to_owned()),
        ("followed by more", format!("{honest}{{}}")),
        ("followed by a zero byte", format!("{honest}\0")),
        ("behind a mark", format!("\u{feff}{honest}")),
        ("with a comment", format!("/* */{honest}")),
        ("with a comma too many", format!("{},}}", &honest[..honest.len() - 1])),
        ("a token in a token", nested),
        ("exp twice", format!(r#"{{"role":"anon","exp":{until},"exp":{}}}"#, until + 1)),
        ("exp twice the same", format!(r#"{{"role":"anon","exp":{until},"exp":{until}}}"#)),
        ("role twice", format!(r#"{{"role":"anon","role":"service_role","exp":{until}}}"#)),
        (
            "role twice by an escape",
            format!(r#"{{"role":"anon","r\u006fle":"anon","exp":{until}}}"#),
        ),
        ("sub twice", format!(r#"{{"sub":"a","sub":"b","role":"anon","exp":{until}}}"#)),
        ("half of a pair", format!(r#"{{"role":"anon","exp":{until},"sub":"\ud800"}}"#)),
        (
            "two hundred levels",
            format!(
                r#"{{"role":"anon","exp":{until},"a":{}1{}}}"#,
                "[".repeat(200),
                "]".repeat(200)
            ),
        ),
    ]
    .map(|(name, text)| (format!("payload {name}"), world.forge().payload(&text).token()))
    .into();
    let latin = [br#"{"role":"anon","exp":4102444800,"sub":""#, &[0xe4][..], br#""}"#].concat();
    forms.push(("payload not in UTF-8".to_owned(), world.forge().payload_bytes(latin).token()));
    let large = world.forge().claim("x", json!("x".repeat(1024 * 1024))).token();
    forms.push(("a megabyte".to_owned(), large));
    let just_over = world.forge().claim("x", json!("x".repeat(TOKEN_BYTES))).token();
    forms.push(("a little too large".to_owned(), just_over));
    forms
}

pub fn texts(world: &World) -> Vec<Form> {
    let honest = world.forge().token();
    let parts: Vec<&str> = honest.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    let message = format!("{header}.{payload}");
    let standard = |part: &str| STANDARD.encode(URL_SAFE_NO_PAD.decode(part).unwrap());
    let unused_bits = format!("{}{}", &honest[..honest.len() - 1], {
        // 64 bytes leave four bits of the last character unused, and they are zero.
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let last = honest.as_bytes()[honest.len() - 1];
        let at = alphabet.iter().position(|letter| *letter == last).unwrap();
        char::from(alphabet[at + 1])
    });
    let compact = json!({ "protected": header, "payload": payload, "signature": signature });
    [
        ("empty", String::new()),
        ("dots", "..".to_owned()),
        ("one dot", ".".to_owned()),
        ("letters", "a.b.c".to_owned()),
        ("without a signature", format!("{message}.")),
        ("without a signature and its dot", message.clone()),
        ("without a payload", format!("{header}..{signature}")),
        ("without a header", format!(".{payload}.{signature}")),
        ("signature only", signature.to_owned()),
        ("four parts", format!("{honest}.{signature}")),
        ("four parts, the last one empty", format!("{honest}.")),
        ("five parts", format!("{honest}.{payload}.{signature}")),
        ("a dot before", format!(".{honest}")),
        ("encrypted", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAA.AAAA.AAAA".to_owned()),
        ("a space before", format!(" {honest}")),
        ("a space behind", format!("{honest} ")),
        ("a line behind", format!("{honest}\n")),
        ("a line between", format!("{header}.\n{payload}.{signature}")),
        ("a tab within", honest.replacen('e', "e\t", 1)),
        ("a zero byte behind", format!("{honest}\0")),
        ("padding on the signature", format!("{honest}==")),
        ("padding on the header", format!("{header}=.{payload}.{signature}")),
        ("standard alphabet", format!("{message}.{}", standard(signature))),
        (
            "all in the standard alphabet",
            format!("{}.{}.{}", standard(header), standard(payload), standard(signature)),
        ),
        ("plus signs", honest.replace(['-', '_'], "+") + "+"),
        ("escaped dots", honest.replace('.', "%2E")),
        ("other dots", honest.replace('.', "\u{3002}")),
        ("full-width letters", honest.replacen('e', "\u{ff45}", 1)),
        ("unused bits", unused_bits),
        ("a character more", format!("{honest}A")),
        ("a byte more", format!("{honest}AA")),
        ("a character less", honest[..honest.len() - 1].to_owned()),
        ("signature twice", format!("{honest}{signature}")),
        ("with its scheme", format!("Bearer {honest}")),
        ("in quotes", format!("\"{honest}\"")),
        ("as JSON", compact.to_string()),
        ("two tokens", format!("{honest},{honest}")),
        ("in capitals", honest.to_uppercase()),
        ("header and payload swapped", format!("{payload}.{header}.{signature}")),
        ("dots only, many", ".".repeat(8_000)),
        ("null", "null".to_owned()),
        ("undefined", "undefined".to_owned()),
    ]
    .map(|(name, token)| (format!("text: {name}"), token))
    .into()
}

/// What others made, and what we made for something else.
pub fn strangers(world: &World) -> Vec<Form> {
    let claims = world.claims();
    let theirs = world.strange.sign(&claims, NOW).unwrap();
    let secret = |secret: &[u8]| {
        let header = json!({ "alg": "HS256", "typ": "JWT" });
        world.forge().header(&header).sign(Sign::Hs(secret.to_vec())).token()
    };
    let signature = theirs.rsplit_once('.').unwrap().1;
    let by_our_name = world.forge().sign(Sign::Bytes(URL_SAFE_NO_PAD.decode(signature).unwrap()));
    let wrong = (crate::world::SECRET, b"a-shared-secret-of-another-application");
    [
        ("another application's token", theirs),
        ("another application's signature under our name", by_our_name.token()),
        ("another application's secret", secret(wrong.1)),
        ("no secret", secret(b"")),
        ("the secret that tutorials have", secret(b"your-256-bit-secret")),
        (
            "the secret of the demo",
            secret(b"super-secret-jwt-token-with-at-least-32-characters-long"),
        ),
        ("a secret of zeros", secret(&[0; 32])),
        ("the secret cut off", secret(&wrong.0[..wrong.0.len() - 1])),
        ("the secret and a line", secret(&[wrong.0, b"\n"].concat())),
        ("the secret in base64", secret(STANDARD.encode(wrong.0).as_bytes())),
        ("a refresh token", secret::refresh_token().unwrap()),
        ("a token of a link", secret::token().unwrap()),
        ("a code", secret::code(6).unwrap()),
        ("a secret key", ApiKey::make(Kind::Secret).unwrap().text().to_owned()),
        ("a publishable key", ApiKey::make(Kind::Publishable).unwrap().text().to_owned()),
    ]
    .map(|(name, token)| (name.to_owned(), token))
    .into()
}
