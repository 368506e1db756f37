//! Forms whose header lies: about the algorithm, about the key, or by what else it asks for. Their
//! signatures are right wherever one can be made.

use serde_json::{Value, json};

use crate::Form;
use crate::forge::Sign;
use crate::world::{NOW, SECRET, World};

pub fn algorithms(world: &World) -> Vec<Form> {
    let wished = [
        json!("none"),
        json!("None"),
        json!("NONE"),
        json!("nOnE"),
        json!("none "),
        json!(""),
        json!("HS256"),
        json!("HS384"),
        json!("HS512"),
        json!("RS256"),
        json!("RS384"),
        json!("RS512"),
        json!("PS256"),
        json!("PS384"),
        json!("PS512"),
        json!("ES384"),
        json!("ES512"),
        json!("ES256K"),
        json!("EdDSA"),
        json!("Ed25519"),
        json!("es256"),
        json!("ES256 "),
        json!(" ES256"),
        json!("ES256\0"),
        json!("dir"),
        json!("A128KW"),
        json!("RSA-OAEP"),
        json!("PBES2-HS256+A128KW"),
        Value::Null,
        json!(0),
        json!(true),
        json!(["ES256"]),
        json!({ "ES256": 1 }),
    ];
    let signs = [
        ("signed", Sign::Es),
        ("with a byte for a signature", Sign::Bytes(vec![0])),
        ("signed with the secret", Sign::Hs(SECRET.to_vec())),
    ];
    let mut forms = Vec::new();
    for alg in wished {
        for (how, sign) in &signs {
            let token = world.forge().member("alg", alg.clone()).sign(sign.clone()).token();
            forms.push((format!("alg {alg} {how}"), token));
        }
    }
    let absent = json!({ "kid": world.kid(), "typ": "JWT" });
    forms.push(("alg absent".to_owned(), world.forge().header(&absent).token()));
    forms
}

/// Names of keys that no key has, or another one.
pub fn names(world: &World) -> Vec<Form> {
    let kid = world.kid();
    let strange = [
        json!(""),
        json!("../../../../dev/null"),
        json!("/dev/null"),
        json!("' or '1'='1"),
        json!("x' union select 'secret"),
        json!("https://evil.example/key"),
        json!("file:///etc/passwd"),
        json!("data:,"),
        json!("$(id)"),
        json!("shared\0"),
        json!(format!("{kid}\0")),
        json!(format!("{kid} ")),
        json!(kid.to_lowercase()),
        json!(&kid[1..]),
        json!("rsa"),
        json!("ed"),
        json!("shared"),
        json!("x".repeat(2_000)),
        json!(world.strange.kept()[0].kid),
        Value::Null,
        json!(0),
        json!([kid]),
        json!({ "kid": kid }),
        json!(true),
    ];
    let mut forms = Vec::new();
    for name in strange {
        let by_us = world.forge().member("kid", name.clone()).token();
        forms.push((format!("kid {name:.40} signed by us"), by_us));
        // What a verifier would have read from an empty file, or not found.
        let header = json!({ "alg": "HS256", "kid": name, "typ": "JWT" });
        let empty = world.forge().header(&header).sign(Sign::Hs(Vec::new())).token();
        forms.push((format!("kid {name:.40} signed with nothing"), empty));
    }
    let nameless = json!({ "alg": "ES256", "typ": "JWT" });
    forms.push(("no kid".to_owned(), world.forge().header(&nameless).token()));
    forms.push(("a key that was rotated out".to_owned(), world.rotated_out.clone()));
    forms
}

pub fn members(world: &World) -> Vec<Form> {
    let jwk = world.strange.jwks(NOW)["keys"][0].clone();
    let foreign = [
        ("jku", json!("https://evil.example/jwks.json")),
        ("jku", json!("")),
        ("jwk", jwk),
        ("jwk", Value::Null),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5c", json!([])),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!(["b64"])),
        ("crit", json!("exp")),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("cty", json!("JWT")),
        ("enc", json!("A128GCM")),
        ("zip", json!("DEF")),
        ("epk", json!({ "kty": "EC" })),
        ("apu", json!("")),
        ("apv", json!("")),
        ("iv", json!("AAAA")),
        ("tag", json!("AAAA")),
        ("p2s", json!("AAAA")),
        ("p2c", json!(1_000_000_000)),
        ("typ", json!("at+jwt")),
        ("typ", json!("jwt")),
        ("typ", json!("JWE")),
        ("typ", json!("application/jwt")),
        ("typ", json!("state+jwt")),
        ("typ", json!("secevent+jwt")),
        ("typ", json!("")),
        ("typ", Value::Null),
        ("typ", json!(1)),
        ("typ", json!(["JWT"])),
    ];
    let mut forms: Vec<Form> = foreign
        .into_iter()
        .map(|(name, value)| {
            let token = world.forge().member(name, value.clone()).token();
            (format!("header {name}: {value:.40}"), token)
        })
        .collect();
    let kid = world.kid();
    for (what, text) in [
        ("no object", "[\"ES256\"]".to_owned()),
        ("a text", "\"ES256\"".to_owned()),
        ("null", "null".to_owned()),
        ("a number", "1".to_owned()),
        ("empty object", "{}".to_owned()),
        ("cut off", format!(r#"{{"alg":"ES256","kid":"{kid}""#)),
        ("followed by more", format!(r#"{{"alg":"ES256","kid":"{kid}"}}{{}}"#)),
        ("with a mark before", format!("\u{feff}{{\"alg\":\"ES256\",\"kid\":\"{kid}\"}}")),
        ("with alg twice", format!(r#"{{"alg":"none","alg":"ES256","kid":"{kid}"}}"#)),
        ("with alg twice the same", format!(r#"{{"alg":"ES256","alg":"ES256","kid":"{kid}"}}"#)),
        ("with kid twice", format!(r#"{{"alg":"ES256","kid":"x","kid":"{kid}"}}"#)),
        ("with typ twice", format!(r#"{{"typ":"x","typ":"JWT","alg":"ES256","kid":"{kid}"}}"#)),
        ("with Alg for alg", format!(r#"{{"Alg":"ES256","kid":"{kid}"}}"#)),
        ("in single quotes", format!("{{'alg':'ES256','kid':'{kid}'}}")),
        (
            "of two hundred levels",
            format!(
                r#"{{"alg":"ES256","kid":"{kid}","a":{}1{}}}"#,
                "[".repeat(200),
                "]".repeat(200)
            ),
        ),
    ] {
        forms.push((format!("header {what}"), world.forge().header_text(text).token()));
    }
    let latin = [&br#"{"alg":"ES256","kid":""#[..], &[0xe4], br#""}"#].concat();
    forms.push(("header not in UTF-8".to_owned(), world.forge().header_text(latin).token()));
    forms
}
