//! Forms whose claims lie. All of them are signed by the application's own pair: what they show is
//! that a signature is not enough.

use serde_json::{Value, json};

use crate::Form;
use crate::world::{ISSUER, NOW, World};

fn each(world: &World, name: &str, values: &[Value]) -> Vec<Form> {
    let form = |value: &Value| {
        let token = world.forge().claim(name, value.clone()).token();
        (format!("{name}: {value}"), token)
    };
    values.iter().map(form).collect()
}

fn without(world: &World, name: &str) -> Form {
    let token = world.forge().claims(|claims| drop(claims.remove(name))).token();
    (format!("{name} missing"), token)
}

pub fn times(world: &World) -> Vec<Form> {
    let wrong = |at: i64| {
        [
            json!(at.to_string()),
            json!("tomorrow"),
            json!(""),
            json!(at as f64 + 0.5),
            json!(1e30),
            json!(-1),
            json!(i64::MIN),
            json!(i64::MAX),
            json!(u64::MAX),
            json!(253_402_300_800_i64),
            Value::Null,
            json!([at]),
            json!({ "at": at }),
            json!(true),
        ]
    };
    let mut forms = each(world, "exp", &wrong(NOW + 60));
    forms.extend(each(world, "nbf", &wrong(NOW - 60)));
    forms.extend(each(world, "iat", &wrong(NOW - 60)));
    forms.push(without(world, "exp"));
    for (name, exp) in [
        ("exp beyond all numbers", "1e400"),
        ("exp in hexadecimal", "0x7fffffff"),
        ("exp with a zero before", "01800000000"),
        ("exp not a number", "NaN"),
        ("exp with a point", "1800000000.0"),
        ("exp as a power", "1.8e9"),
    ] {
        let payload = format!(r#"{{"role":"authenticated","exp":{exp}}}"#);
        forms.push((name.to_owned(), world.forge().payload(&payload).token()));
    }
    forms
}

pub fn purposes(world: &World) -> Vec<Form> {
    let mut forms = each(
        world,
        "iss",
        &[
            json!("https://evil.example/auth/v1"),
            json!(format!("{ISSUER}/")),
            json!(""),
            json!(ISSUER.to_uppercase()),
            json!(&ISSUER[..ISSUER.len() - 1]),
            json!(format!(" {ISSUER}")),
            json!(ISSUER.replace("https", "http")),
            json!("supabase"),
            Value::Null,
            json!(1),
            json!([ISSUER]),
            json!({ "iss": ISSUER }),
        ],
    );
    forms.extend(each(
        world,
        "aud",
        &[
            json!("anon"),
            json!("AUTHENTICATED"),
            json!("authenticated "),
            json!(""),
            Value::Null,
            json!(1),
            json!([]),
            json!(["other"]),
            json!(["authenticated", 1]),
            json!([["authenticated"]]),
            json!({ "authenticated": true }),
            json!("other authenticated"),
        ],
    ));
    forms.extend(each(world, "azp", &[json!("another-client"), json!(""), Value::Null, json!(1)]));
    forms.extend(each(
        world,
        "token_use",
        &[json!("id"), json!("refresh"), json!(""), Value::Null],
    ));
    forms.extend(each(
        world,
        "typ",
        &[
            json!("Refresh"),
            json!("ID"),
            json!("Offline"),
            json!("Logout"),
            json!("state+jwt"),
            Value::Null,
        ],
    ));
    // What makes it a proof of an identity for a client, and no access token.
    forms.extend(each(world, "at_hash", &[json!("MTIzNDU2Nzg5MDEyMzQ1Ng")]));
    forms.extend(each(world, "c_hash", &[json!("MTIzNDU2Nzg5MDEyMzQ1Ng")]));
    forms.extend(each(world, "nonce", &[json!("n-0S6_WzA2Mj"), Value::Null]));
    let id_token =
        json!({ "iss": ISSUER, "sub": "1", "aud": "client", "exp": NOW + 60, "iat": NOW });
    let id_token = world.forge().payload(&id_token.to_string()).token();
    forms.push(("an id token".to_owned(), id_token));
    let state = world.ring.sign_as("state+jwt", &world.claims(), NOW).unwrap();
    forms.push(("a token of the application with another type".to_owned(), state));
    forms
}

pub fn people(world: &World) -> Vec<Form> {
    let mut forms = each(
        world,
        "role",
        &[
            json!("postgres"),
            json!("supabase_admin"),
            json!("admin"),
            json!("Authenticated"),
            json!("authenticated "),
            json!("service_role\0"),
            json!(""),
            Value::Null,
            json!(1),
            json!(["service_role"]),
            json!({ "role": "service_role" }),
            json!(true),
        ],
    );
    forms.push(without(world, "role"));
    for name in ["sub", "email", "aal"] {
        forms.extend(each(world, name, &[json!(1), json!(["x"]), json!({ "x": 1 }), json!(true)]));
    }
    let lists =
        [json!("staff"), json!([1]), json!([["staff"]]), json!({ "staff": true }), Value::Null];
    forms.extend(each(world, "roles", &lists));
    forms
}
