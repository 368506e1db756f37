//! `--as`: a caller in JSON, with the same keys as `as` of an `[[expect]]`.

use mainstay_gate::identity::{ANON, AUTHENTICATED};
use mainstay_schema::AuthFacts;
use serde_json::{Map, Value};

use crate::report::Failure;
use crate::samples;

/// What a caller brings along, and the claim of a token that it stands in.
const KEYS: [(&str, &str); 5] =
    [("role", "role"), ("uid", "sub"), ("email", "email"), ("aal", "aal"), ("roles", "roles")];

/// The caller; a word that is no JSON is a role.
pub(super) fn read(text: &str, roles: &[String]) -> Result<AuthFacts, Failure> {
    let fields = match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(fields)) => fields,
        _ if text.trim_start().starts_with('{') => {
            return Err(misused(format!("--as is no JSON: {text}")));
        }
        _ => Map::from_iter([("role".to_owned(), text.into())]),
    };
    let mut claims = Map::new();
    for (key, value) in fields {
        match (KEYS.iter().find(|(known, _)| *known == key), value) {
            (None, Value::Object(more)) if key == "claims" => claims.extend(more),
            (Some((_, claim)), value @ Value::String(_)) if key != "roles" => {
                claims.insert((*claim).to_owned(), value);
            }
            (Some((_, claim)), value @ Value::Array(_)) if key == "roles" => {
                claims.insert((*claim).to_owned(), value);
            }
            (_, value) => return Err(misused(format!("--as takes no `{key}` that is {value}"))),
        }
    }
    let usual = if claims.contains_key("sub") { AUTHENTICATED } else { ANON };
    claims.entry("role").or_insert_with(|| usual.into());
    let facts = samples::facts(claims);
    if !roles.contains(&facts.role) {
        return Err(Failure::Misused {
            message: format!("There is no role {}", facts.role),
            hint: format!("Roles are {}; [auth] roles declares more.", roles.join(", ")),
        });
    }
    Ok(facts)
}

fn misused(message: String) -> Failure {
    let hint = "Write a role, or JSON: {\"uid\":\"…\",\"role\":\"staff\",\"claims\":{…}}.";
    Failure::Misused { message, hint: hint.to_owned() }
}
