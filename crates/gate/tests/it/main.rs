//! The gate over time: what was accepted once is judged anew with every request, by a clock that
//! the test moves.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

mod accounts;
mod admin;
mod desk;
mod device;
mod external;
mod factors;
mod guessing;
mod hostile;
mod letters;
mod levels;
mod mended;
mod passkeys;
mod processes;
mod provider;
mod refusals;
mod squatters;
mod taken_away;

use std::sync::Arc;

use http::HeaderMap;
use mainstay_base::{Clock, Code};
use mainstay_credentials::limits::LEEWAY_SECONDS;
use mainstay_gate::keys::sign;
use mainstay_gate::{Action, Caller, Credentials, Gate};
use mainstay_schema::read_text;
use mainstay_testkit::FakeClock;
use serde_json::{Value, json};

const SECRET: &str = "a-secret-for-these-tests-of-enough-bytes";
const START: i64 = 1_700_000_000;

fn gate(secret: &str, clock: &Arc<FakeClock>) -> Gate {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
    Gate::new(secret.as_bytes(), &["staff".to_owned()], clock)
}

fn token(claims: Value) -> String {
    let Value::Object(claims) = claims else { panic!("no object") };
    sign(SECRET, &claims).unwrap()
}

/// `None` when the token is accepted.
fn refusal(gate: &Gate, token: &str) -> Option<Code> {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    let credentials = Credentials::read(&headers, None).unwrap();
    gate.identify(credentials).err().map(|error| error.code())
}

#[test]
fn a_remembered_token_ends_when_it_expires() {
    let clock = Arc::new(FakeClock::at(START));
    let gate = gate(SECRET, &clock);
    let token = token(json!({ "role": "staff", "exp": START + 10 }));
    assert_eq!(refusal(&gate, &token), None);
    clock.advance_seconds(10 + LEEWAY_SECONDS - 1);
    assert_eq!(refusal(&gate, &token), None, "the last second of the leeway");
    clock.advance_seconds(1);
    assert_eq!(refusal(&gate, &token), Some(Code::TokenClaimsInvalid));
    assert_eq!(refusal(&gate, &token), Some(Code::TokenClaimsInvalid), "also when forgotten");
}

#[test]
fn a_token_that_came_too_early_is_accepted_once_its_time_has_come() {
    let clock = Arc::new(FakeClock::at(START));
    let gate = gate(SECRET, &clock);
    let token = token(json!({ "role": "staff", "exp": START + 900, "nbf": START + 60 }));
    assert_eq!(refusal(&gate, &token), Some(Code::TokenClaimsInvalid));
    clock.advance_seconds(60);
    assert_eq!(refusal(&gate, &token), None);
}

#[test]
fn a_remembered_token_does_not_outlive_a_change_of_the_key() {
    let clock = Arc::new(FakeClock::at(START));
    let token = token(json!({ "role": "staff", "exp": START + 900 }));
    assert_eq!(refusal(&gate(SECRET, &clock), &token), None);
    let other = gate("another-secret-of-enough-bytes-for-a-key", &clock);
    assert_eq!(refusal(&other, &token), Some(Code::TokenInvalid));
}

#[test]
fn a_role_that_is_not_configured_is_no_role() {
    let clock = Arc::new(FakeClock::at(START));
    let gate = gate(SECRET, &clock);
    for (role, refused) in [
        ("anon", None),
        ("authenticated", None),
        ("service_role", None),
        ("staff", None),
        ("admin", Some(Code::TokenInvalid)),
    ] {
        let token = token(json!({ "role": role, "exp": START + 900 }));
        assert_eq!(refusal(&gate, &token), refused, "{role}");
    }
}

#[test]
fn each_forgery_is_answered_alike_however_often_it_comes() {
    let clock = Arc::new(FakeClock::at(START));
    let gate = gate(SECRET, &clock);
    let honest = token(json!({ "role": "staff", "exp": START + 900 }));
    let forged = format!("{}x", &honest[..honest.len() - 1]);
    for _ in 0..3 {
        assert_eq!(refusal(&gate, &forged), Some(Code::TokenInvalid));
        assert_eq!(refusal(&gate, &honest), None);
    }
}

#[test]
fn a_table_without_a_rule_is_closed_to_all_but_the_service_role() {
    let text =
        "name = \"app\"\n[tables.open]\nallow.read = \"auth.role == 'staff'\"\n[tables.closed]\n";
    let declared = read_text("app.toml", text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let clock = Arc::new(FakeClock::at(START));
    let gate = gate(SECRET, &clock);
    let asked = |role: &str, table: usize, action: Action| {
        let token = token(json!({ "role": role, "exp": START + 60 }));
        let credentials = Credentials { apikey: None, bearer: Some(&token) };
        let identity = gate.identify(credentials).unwrap();
        let permit =
            gate.permit(&Caller::of(&identity, START), &declared.catalog, 0, table, action);
        permit.map(|_| ()).map_err(|error| error.code())
    };
    let tables = &declared.catalog.modules[0].tables;
    let at = |name: &str| tables.iter().position(|table| table.name == name).unwrap();
    let (open, closed) = (at("open"), at("closed"));
    assert_eq!(asked("staff", open, Action::Read), Ok(()));
    assert_eq!(asked("staff", open, Action::Create), Err(Code::Forbidden));
    assert_eq!(asked("authenticated", open, Action::Read), Err(Code::Forbidden));
    assert_eq!(asked("anon", open, Action::Read), Err(Code::ForbiddenAnonymous));
    for action in [Action::Read, Action::Create, Action::Update, Action::Delete] {
        assert_eq!(asked("staff", closed, action), Err(Code::Forbidden));
        assert_eq!(asked("service_role", closed, action), Ok(()));
    }
}
