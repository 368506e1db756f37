//! The level of a session beyond accounts: roles that must have proven a second factor, and rules
//! that ask for it.

use std::sync::Arc;

use mainstay_base::{Clock, Code};
use mainstay_gate::keys::sign;
use mainstay_gate::{Action, Caller, Credentials, Gate};
use mainstay_schema::read_text;
use mainstay_testkit::FakeClock;
use serde_json::{Value, json};

use crate::desk::{Ground, SECRET, START, desk_requiring};
use crate::factors::Person;

#[tokio::test]
async fn a_role_that_must_be_raised_is_refused_until_it_is_and_keys_of_machines_are_not() {
    let roles = ["authenticated".to_owned(), "staff".to_owned()];
    let desk = desk_requiring(Ground::new(), |_| (), &roles).await;
    let low = desk.person("ann@example.com").await;
    let refusal = |token: &str| {
        let credentials = Credentials { apikey: Some(&desk.anon), bearer: Some(token) };
        let refused = desk.gate.identify(credentials).err();
        refused.map(|error| error.code())
    };
    let too_low = Some(Code::AalNeeded);
    assert_eq!(refusal(&low.token), too_low);
    // The way up stays open.
    let app = desk.app(&low.token, "phone").await;
    let high = Person::of(&desk.prove(&low.token, &app).await);
    assert_eq!(refusal(&high.token), None);
    assert_eq!(refusal(&low.token), too_low, "the old token is what it was");
    assert_eq!(refusal(&desk.service), None);
    assert_eq!(refusal(&desk.anon), None, "a role that was not named");
    let body = json!({ "name": "robot", "role": "staff" });
    let made = desk.admin("POST", "/admin/keys", body).await;
    let key = made.text("key");
    let credentials = Credentials { apikey: Some(key), bearer: None };
    assert_eq!(desk.gate.identify(credentials).unwrap().role(), "staff");
}

#[test]
fn a_rule_that_asks_for_the_second_level_denies_the_first() {
    let text = "name = \"app\"\n[tables.safe]\nallow.read = \"auth.aal == 'aal2'\"\n";
    let declared = read_text("app.toml", text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let clock: Arc<dyn Clock> = Arc::new(FakeClock::at(START));
    let gate = Gate::new(SECRET.as_bytes(), &[], clock);
    let asked = |aal: Option<&str>| {
        let mut claims = json!({ "role": "authenticated", "sub": "u", "exp": START + 60 });
        aal.into_iter().for_each(|aal| claims["aal"] = json!(aal));
        let Value::Object(claims) = claims else { unreachable!() };
        let token = sign(SECRET, &claims).unwrap();
        let credentials = Credentials { apikey: None, bearer: Some(&token) };
        let identity = gate.identify(credentials).unwrap();
        let caller = Caller::of(&identity, START);
        let permit = gate.permit(&caller, &declared.catalog, 0, 0, Action::Read);
        permit.map(|_| ()).map_err(|error| error.code())
    };
    assert_eq!(asked(Some("aal2")), Ok(()));
    for low in [Some("aal1"), Some("AAL2"), Some(""), None] {
        assert_eq!(asked(low), Err(Code::Forbidden), "{low:?}");
    }
}
