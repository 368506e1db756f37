//! Callers of a role as they may come: what a rule looks at of them differs from one to the next.
//! Nobody knows who will ask, so whether a role may do something is asked for each of them.

use mainstay_base::Instant;
use mainstay_gate::identity::ANON;
use mainstay_schema::AuthFacts;
use serde_json::{Map, Value};

/// Callers that are tried for one rule.
const MOST: usize = 400;

/// A user that nobody is.
const USER: &str = "6d616465-7570-4000-8000-000000000000";

/// One caller and the moment at which it asks.
#[derive(Clone, Debug)]
pub struct Sample {
    pub facts: AuthFacts,
    pub now: Instant,
}

/// Callers of a role who differ in what these rules mention.
#[must_use]
pub fn of(role: &str, sources: &[&str], now: Instant) -> Vec<Sample> {
    let text = sources.join(" ; ");
    let literals = literals(&text);
    let mentions = |name: &str| text.contains(name);
    let mut claims = Map::new();
    claims.insert("role".to_owned(), role.into());
    if role != ANON {
        claims.insert("sub".to_owned(), USER.into());
    }
    let mut all = vec![(claims, now)];
    let mut vary = |name: &str, values: Vec<Value>| {
        let grown = all.iter().flat_map(|(claims, now)| {
            let with = |value: &Value| {
                let mut claims = claims.clone();
                claims.insert(name.to_owned(), value.clone());
                (claims, *now)
            };
            std::iter::once((claims.clone(), *now))
                .chain(values.iter().map(with))
                .collect::<Vec<_>>()
        });
        all = grown.take(MOST).collect();
    };
    let texts = || literals.iter().filter(|value| value.is_string()).cloned();
    if mentions("auth.uid") && role != ANON {
        vary("sub", texts().collect());
    }
    if mentions("auth.aal") {
        vary("aal", vec!["aal1".into(), "aal2".into()]);
    }
    if mentions("auth.email") {
        let behind = texts().filter_map(|text| Some(format!("someone{}", text.as_str()?).into()));
        vary("email", behind.chain(texts()).chain(["someone@example.org".into()]).collect());
    }
    if mentions("auth.roles") {
        let listed: Vec<Value> = texts().collect();
        vary("roles", vec![vec![role].into(), listed.into()]);
    }
    for name in claims_of(&text) {
        let listed: Vec<Value> = literals.clone();
        let more = [true.into(), false.into(), Value::Array(listed), USER.into()];
        vary(&name, literals.iter().cloned().chain(more).collect());
    }
    if mentions("now") {
        let century = 100 * 366 * 86_400_000_000;
        let moments = [now, now - century, now + century];
        let at =
            |(claims, _): &(Map<String, Value>, Instant)| moments.map(|now| (claims.clone(), now));
        all = all.iter().flat_map(at).take(MOST).collect();
    }
    all.into_iter().map(|(claims, now)| Sample { facts: facts(claims), now }).collect()
}

/// The caller as a token with these claims shows it.
#[must_use]
pub fn facts(claims: Map<String, Value>) -> AuthFacts {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let role = text("role").unwrap_or_else(|| ANON.to_owned());
    let listed = claims.get("roles").and_then(Value::as_array);
    let roles = listed.map_or_else(
        || vec![role.clone()],
        |roles| roles.iter().filter_map(|role| role.as_str().map(str::to_owned)).collect(),
    );
    let (uid, email, aal) = (text("sub"), text("email"), text("aal"));
    AuthFacts { uid, role, roles, email, aal, claims: Value::Object(claims) }
}

/// Names behind `auth.claims`.
fn claims_of(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for part in text.split("auth.claims").skip(1) {
        let part = part.trim_start_matches(['.', '[', '\'', '"', '?']);
        let name: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Texts and numbers that stand in the rules, and numbers on both sides of those.
fn literals(text: &str) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\'', '"']) {
        let quote = &rest[at..=at];
        let Some(length) = rest[at + 1..].find(quote) else { break };
        found.push(rest[at + 1..at + 1 + length].into());
        rest = &rest[at + length + 2..];
    }
    let digits = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    for number in digits.filter_map(|word| word.parse::<i64>().ok()) {
        let around = [number.saturating_sub(1), number, number.saturating_add(1)];
        found.extend(around.map(Value::from));
    }
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_differ_in_what_a_rule_mentions() {
        let count = |rule: &str| of("staff", &[rule], 0).len();
        assert_eq!(count("auth.role == 'staff'"), 1);
        assert_eq!(count("auth.aal == 'aal2'"), 3);
        let claims = of("staff", &["auth.claims.level > 2"], 0);
        let levels: Vec<&Value> =
            claims.iter().filter_map(|one| one.facts.claims.get("level")).collect();
        assert!(levels.contains(&&Value::from(3)) && levels.contains(&&Value::from(1)));
        assert!(claims.iter().any(|one| one.facts.claims.get("level").is_none()));
        let roles = of("staff", &["'clerk' in auth.roles"], 0);
        assert!(roles.iter().any(|one| one.facts.roles == ["clerk"]));
        assert!(of("anon", &["auth.uid == 'x'"], 0).iter().all(|one| one.facts.uid.is_none()));
        let many =
            "auth.aal == 'a' && auth.email == 'b' && auth.claims.c == 1 && auth.claims.d == 2";
        assert!(count(many) <= MOST);
    }
}
