//! Keys in devices, as a second factor and instead of a password, against pages that are not ours,
//! copies, replays and other people's answers.

use std::sync::Arc;

use mainstay_base::Code;
use serde_json::{Value, json};

use crate::desk::{Answer, Desk, desk, desk_on};
use crate::device::{Device, PRESENT};
use crate::factors::{Person, all_are_heard, claims, of};

const NO_BODY: Value = Value::Null;

/// What is done to an honest device.
type Lie = (&'static str, fn(&mut Device));

const LIES: &[Lie] = &[
    ("a stranger's page", |it| it.origin = "https://evil.example".to_owned()),
    ("a page that begins like ours", |it| {
        it.origin = "https://shop.example.evil.example".to_owned()
    }),
    ("our page in clear", |it| it.origin = "http://shop.example".to_owned()),
    ("a page below ours that is not named", |it| it.origin = "https://b.shop.example".to_owned()),
    ("another relying party", |it| it.party = "evil.example".to_owned()),
    ("nobody touched it", |it| it.flags = 0),
];

fn ours() -> Value {
    json!({ "webauthn": { "rpId": "shop.example", "rpOrigins": ["https://shop.example"] } })
}

impl Desk {
    async fn question(&self, token: &str, factor: &str) -> Answer {
        let path = format!("/factors/{factor}/challenge");
        let asked = self.ask("POST", &path, Some(token), ours()).await;
        assert_eq!(asked.status, 200, "{}", asked.body);
        asked
    }

    async fn answered(&self, token: &str, factor: &str, to: &Answer, answer: Value) -> Answer {
        let body = json!({
            "challenge_id": to.body["id"],
            "webauthn": {
                "type": to.body["webauthn"]["type"], "credential_response": answer,
                "rpId": "shop.example", "rpOrigins": ["https://shop.example"],
            },
        });
        self.ask("POST", &format!("/factors/{factor}/verify"), Some(token), body).await
    }

    /// A device as a verified second factor; the session is raised.
    async fn key(&self, token: &str, device: &mut Device) -> (Person, String) {
        let body = json!({ "factor_type": "webauthn", "friendly_name": "key" });
        let made = self.ask("POST", "/factors", Some(token), body).await;
        assert_eq!(made.status, 200, "{}", made.body);
        let factor = made.text("id").to_owned();
        let asked = self.question(token, &factor).await;
        let answer = device.create(options(&asked));
        let done = self.answered(token, &factor, &asked, answer).await;
        (Person::of(&done), factor)
    }

    async fn begin(&self, token: &str) -> Answer {
        self.ask("POST", "/passkeys/registration/options", Some(token), json!({})).await
    }

    async fn add(&self, token: &str, asked: &Answer, answer: Value) -> Answer {
        let body = json!({ "challenge_id": asked.body["challenge_id"], "credential": answer });
        self.ask("POST", "/passkeys/registration/verify", Some(token), body).await
    }

    async fn passkey(&self, token: &str, device: &mut Device) -> String {
        let asked = self.begin(token).await;
        assert_eq!(asked.status, 200, "{}", asked.body);
        let answer = device.create(&asked.body["options"]);
        let made = self.add(token, &asked, answer).await;
        assert_eq!(made.status, 200, "{}", made.body);
        made.text("id").to_owned()
    }

    async fn door(&self) -> Answer {
        let asked = self.ask("POST", "/passkeys/authentication/options", None, json!({})).await;
        assert_eq!(asked.status, 200, "{}", asked.body);
        asked
    }

    async fn enter(&self, asked: &Answer, answer: Value) -> Answer {
        let body = json!({ "challenge_id": asked.body["challenge_id"], "credential": answer });
        self.ask("POST", "/passkeys/authentication/verify", None, body).await
    }
}

fn options(asked: &Answer) -> &Value {
    &asked.body["webauthn"]["credential_options"]["publicKey"]
}

#[tokio::test]
async fn a_device_raises_a_session_and_its_lies_do_not() {
    let desk = desk(all_are_heard).await;
    let low = desk.person("ann@example.com").await;
    let mut device = Device::new(7);
    let (high, factor) = desk.key(&low.token, &mut device).await;
    let told = claims(&high.token);
    assert_eq!((&told["aal"], &told["amr"][1]["method"]), (&json!("aal2"), &json!("mfa/webauthn")));
    for (name, lie) in LIES {
        let low = desk.again("ann@example.com").await;
        let asked = desk.question(&low.token, &factor).await;
        assert_eq!(asked.body["webauthn"]["type"], "request");
        assert_eq!(options(&asked)["rpId"], "shop.example");
        let (party, origin, flags) = (device.party.clone(), device.origin.clone(), device.flags);
        lie(&mut device);
        let answer = device.get(options(&asked));
        let tried = desk.answered(&low.token, &factor, &asked, answer).await;
        assert_eq!(tried.code(), (422, "mfa_verification_failed"), "{name}");
        (device.party, device.origin, device.flags) = (party, origin, flags);
        // The question is gone with the answer, also for an honest one.
        let honest = device.get(options(&asked));
        let again = desk.answered(&low.token, &factor, &asked, honest).await;
        assert_eq!(again.code(), (404, "mfa_factor_not_found"), "{name}");
    }
    let low = desk.again("ann@example.com").await;
    let asked = desk.question(&low.token, &factor).await;
    device.origin = "https://app.shop.example".to_owned();
    let answer = device.get(options(&asked));
    let right = desk.answered(&low.token, &factor, &asked, answer.clone()).await;
    assert_eq!(right.status, 200, "the control: {}", right.body);
    let other = Device::new(7);
    let low = desk.again("ann@example.com").await;
    let asked = desk.question(&low.token, &factor).await;
    let forged = desk.answered(&low.token, &factor, &asked, other.get_again(options(&asked))).await;
    assert_eq!(forged.code(), (422, "mfa_verification_failed"), "another key of its name");
}

#[tokio::test]
async fn a_counter_that_stands_still_is_a_copy() {
    let desk = desk(|_| ()).await;
    let low = desk.person("ann@example.com").await;
    let mut device = Device::new(7);
    let (high, factor) = desk.key(&low.token, &mut device).await;
    let asked = desk.question(&high.token, &factor).await;
    let still =
        desk.answered(&high.token, &factor, &asked, device.get_again(options(&asked))).await;
    assert_eq!(still.code(), (422, "mfa_verification_failed"));
    let asked = desk.question(&high.token, &factor).await;
    let counted = device.get(options(&asked));
    let right = Person::of(&desk.answered(&high.token, &factor, &asked, counted).await);
    let asked = desk.question(&right.token, &factor).await;
    let copy =
        desk.answered(&right.token, &factor, &asked, device.get_again(options(&asked))).await;
    assert_eq!(copy.code(), (422, "mfa_verification_failed"), "the count was kept");
    let events = desk.admin("GET", "/admin/audit", NO_BODY).await.body.to_string();
    assert!(events.contains("Counter"), "the journal says why");
}

#[tokio::test]
async fn a_client_that_means_another_relying_party_is_refused_and_never_believed() {
    let desk = desk(|_| ()).await;
    let low = desk.person("ann@example.com").await;
    let (high, factor) = desk.key(&low.token, &mut Device::new(7)).await;
    let path = format!("/factors/{factor}/challenge");
    for said in [
        json!({ "rpId": "evil.example" }),
        json!({ "rpId": "example", "rpOrigins": ["https://shop.example"] }),
        json!({ "rpId": "shop.example", "rpOrigins": ["https://evil.example"] }),
        json!({ "rpId": "shop.example", "rpOrigins": "https://shop.example,https://evil.example" }),
        json!({ "rpId": "shop.example", "rpOrigins": [1] }),
    ] {
        let asked = desk.ask("POST", &path, Some(&high.token), json!({ "webauthn": said })).await;
        assert_eq!(asked.code(), (400, "validation_failed"), "{said}");
    }
    let silent = desk.ask("POST", &path, Some(&high.token), json!({})).await;
    assert_eq!(options(&silent)["rpId"], "shop.example", "the control");
}

#[tokio::test]
async fn an_answer_of_another_kind_is_refused() {
    let desk = desk(|_| ()).await;
    let low = desk.person("ann@example.com").await;
    let mut device = Device::new(7);
    let (high, factor) = desk.key(&low.token, &mut device).await;
    let app = desk.app(&high.token, "phone").await;
    let asked = desk.question(&high.token, &factor).await;
    let body = json!({ "challenge_id": asked.body["id"], "code": "123456" });
    let path = format!("/factors/{factor}/verify");
    let coded = desk.ask("POST", &path, Some(&high.token), body).await;
    assert_eq!(coded.code(), (400, "validation_failed"));
    let of_app = desk.question(&high.token, &app.id).await;
    let answer = device.get(options(&asked));
    let swapped = desk.answered(&high.token, &app.id, &of_app, answer.clone()).await;
    assert_eq!(swapped.code(), (400, "validation_failed"));
    // A new key in place of the one that is known.
    let mut other = Device::new(8);
    let made = other.create(options(&asked));
    let body = json!({
        "challenge_id": asked.body["id"],
        "webauthn": { "type": "create", "credential_response": made },
    });
    let replaced = desk.ask("POST", &path, Some(&high.token), body).await;
    assert_eq!(replaced.code(), (400, "validation_failed"));
    let asked = desk.question(&high.token, &factor).await;
    let answer = device.get(options(&asked));
    let right = desk.answered(&high.token, &factor, &asked, answer).await;
    assert_eq!(right.status, 200, "the control: {}", right.body);
}

#[tokio::test]
async fn a_passkey_signs_in_at_the_second_level_without_a_name() {
    let desk = desk(|_| ()).await;
    let ann = desk.person("ann@example.com").await;
    let mut device = Device::new(7);
    let id = desk.passkey(&ann.token, &mut device).await;
    let asked = desk.door().await;
    assert_eq!(asked.body["options"]["allowCredentials"], json!([]));
    assert_eq!(asked.body["options"]["userVerification"], "required");
    let answer = device.get(&asked.body["options"]);
    let session = desk.enter(&asked, answer).await;
    let told = claims(session.text("access_token"));
    assert_eq!((&told["aal"], &told["amr"][0]["method"]), (&json!("aal2"), &json!("webauthn")));
    assert_eq!(told["sub"], json!(ann.id));
    assert!(session.body["user"].get("factors").is_none(), "a passkey is no second factor");
    let high = Person::of(&session);
    let listed = desk.ask("GET", "/passkeys", Some(&high.token), NO_BODY).await;
    assert_eq!(
        (listed.body[0]["id"].as_str(), listed.body.as_array().unwrap().len()),
        (Some(&*id), 1)
    );
    assert!(listed.body[0]["last_used_at"].is_string());
    let path = format!("/passkeys/{id}");
    let name = json!({ "friendly_name": "laptop" });
    let named = desk.ask("PATCH", &path, Some(&high.token), name).await;
    assert_eq!(named.text("friendly_name"), "laptop");
    let low = desk.again("ann@example.com").await;
    let kept = desk.ask("DELETE", &path, Some(&low.token), NO_BODY).await;
    assert_eq!(kept.code(), of(Code::AalNeeded));
    // Who has the password alone makes no factor beside the passkey.
    assert_eq!(desk.enroll(&low.token, "mine").await.code(), of(Code::AalNeeded));
    assert_eq!(desk.begin(&low.token).await.code(), of(Code::AalNeeded));
    let gone = desk.ask("DELETE", &path, Some(&high.token), NO_BODY).await;
    assert_eq!(gone.status, 204);
    let asked = desk.door().await;
    let answer = device.get(&asked.body["options"]);
    let dead = desk.enter(&asked, answer).await;
    assert_eq!(dead.code(), (404, "webauthn_credential_not_found"));
}

#[tokio::test]
async fn a_passkey_that_lies_does_not_sign_in() {
    let desk = desk(|_| ()).await;
    let ann = desk.person("ann@example.com").await;
    let mut device = Device::new(7);
    desk.passkey(&ann.token, &mut device).await;
    let more: &[Lie] = &[
        ("not verified", |it| it.flags = PRESENT),
        ("nobody's", |it| it.handle = None),
        ("another's", |it| it.handle = Some("AAAAAAAAAAAAAAAAAAAAAA".to_owned())),
    ];
    for (name, lie) in LIES.iter().chain(more) {
        let honest =
            (device.party.clone(), device.origin.clone(), device.flags, device.handle.clone());
        let asked = desk.door().await;
        lie(&mut device);
        let answer = device.get(&asked.body["options"]);
        let tried = desk.enter(&asked, answer).await;
        assert_eq!(tried.code(), (400, "webauthn_verification_failed"), "{name}");
        (device.party, device.origin, device.flags, device.handle) = honest;
        let answer = device.get(&asked.body["options"]);
        let again = desk.enter(&asked, answer).await;
        assert_eq!(again.code(), (400, "webauthn_challenge_not_found"), "{name}");
    }
    let asked = desk.door().await;
    let answer = device.get(&asked.body["options"]);
    assert_eq!(desk.enter(&asked, answer).await.status, 200, "the control");
    let asked = desk.door().await;
    let copied = desk.enter(&asked, device.get_again(&asked.body["options"])).await;
    assert_eq!(copied.code(), (400, "webauthn_verification_failed"), "the count was kept");
    let asked = desk.door().await;
    desk.clock.advance_seconds(300);
    let answer = device.get(&asked.body["options"]);
    assert_eq!(desk.enter(&asked, answer).await.code(), (400, "webauthn_challenge_expired"));
}

#[tokio::test]
async fn challenges_are_good_for_what_they_were_asked_for_only() {
    let desk = desk(|_| ()).await;
    let ann = desk.person("ann@example.com").await;
    let mut device = Device::new(7);
    let (high, factor) = desk.key(&ann.token, &mut device).await;
    // A second factor is no passkey, not even with the right question.
    let asked = desk.door().await;
    let answer = device.get(&asked.body["options"]);
    assert_eq!(desk.enter(&asked, answer).await.code(), (404, "webauthn_credential_not_found"));
    // The question to a second factor at the door of passkeys, and the other way round.
    let asked = desk.question(&high.token, &factor).await;
    let crossed = json!({ "challenge_id": asked.body["id"] });
    let crossed = Answer { body: crossed, ..asked };
    let refused = desk.enter(&crossed, json!({})).await;
    assert_eq!(refused.code(), (400, "webauthn_challenge_not_found"));
    let asked = desk.door().await;
    let body = json!({ "id": asked.body["challenge_id"], "webauthn": { "type": "request" } });
    let crossed = Answer { body, ..asked };
    let refused = desk.answered(&high.token, &factor, &crossed, json!({})).await;
    assert_eq!(refused.code(), (404, "mfa_factor_not_found"));
    // The question that made a key does not prove it.
    let body = json!({ "factor_type": "webauthn", "friendly_name": "second" });
    let second = desk.ask("POST", "/factors", Some(&high.token), body).await;
    let second = second.text("id").to_owned();
    let (first, spare) =
        (desk.question(&high.token, &second).await, desk.question(&high.token, &second).await);
    let mut key = Device::new(8);
    let answer = key.create(options(&first));
    let high = Person::of(&desk.answered(&high.token, &second, &first, answer).await);
    let body = json!({
        "challenge_id": spare.body["id"],
        "webauthn": { "type": "request", "credential_response": key.get(options(&spare)) },
    });
    let path = format!("/factors/{second}/verify");
    let crossed = desk.ask("POST", &path, Some(&high.token), body).await;
    assert_eq!(crossed.code(), (404, "mfa_factor_not_found"));
    // A registration that another has begun.
    let bob = desk.person("bob@example.com").await;
    let (asked, mut new) = (desk.begin(&high.token).await, Device::new(9));
    let answer = new.create(&asked.body["options"]);
    let stolen = desk.add(&bob.token, &asked, answer.clone()).await;
    assert_eq!(stolen.code(), (400, "webauthn_challenge_not_found"));
    let made = desk.add(&high.token, &asked, answer.clone()).await;
    assert_eq!(made.status, 200, "the control: {}", made.body);
    assert_eq!(
        desk.add(&high.token, &asked, answer).await.code(),
        (400, "webauthn_challenge_not_found")
    );
    // The key of a device is one user's.
    let asked = desk.begin(&bob.token).await;
    let twice = desk.add(&bob.token, &asked, new.create(&asked.body["options"])).await;
    assert_eq!(twice.code(), (422, "webauthn_credential_exists"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_equal_answers_at_once_one_signs_in() {
    let desk = Arc::new(desk(|_| ()).await);
    let ann = desk.person("ann@example.com").await;
    let mut device = Device::new(7);
    desk.passkey(&ann.token, &mut device).await;
    let asked = Arc::new(desk.door().await);
    let answer = device.get(&asked.body["options"]);
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (desk, asked, answer) = (Arc::clone(&desk), Arc::clone(&asked), answer.clone());
            tokio::spawn(async move { desk.enter(&asked, answer).await.status })
        })
        .collect();
    let mut entered = 0;
    for task in tasks {
        entered += usize::from(task.await.unwrap() == 200);
    }
    assert_eq!(entered, 1);
}

#[tokio::test]
async fn who_may_not_come_in_does_not_by_a_passkey_either() {
    let desk = desk(|_| ()).await;
    let ann = desk.person("ann@example.com").await;
    let mut device = Device::new(7);
    desk.passkey(&ann.token, &mut device).await;
    let path = format!("/admin/users/{}", ann.id);
    desk.admin("PUT", &path, json!({ "ban_duration": "1h" })).await;
    let asked = desk.door().await;
    let answer = device.get(&asked.body["options"]);
    assert_eq!(desk.enter(&asked, answer).await.code(), (400, "user_banned"));
    desk.admin("PUT", &path, json!({ "ban_duration": "none" })).await;
    let asked = desk.door().await;
    let answer = device.get(&asked.body["options"]);
    assert_eq!(desk.enter(&asked, answer).await.status, 200, "the control");
    let keys = desk.admin("GET", &format!("{path}/passkeys"), NO_BODY).await;
    let key = keys.body[0]["id"].as_str().unwrap().to_owned();
    let gone = desk.admin("DELETE", &format!("{path}/passkeys/{key}"), NO_BODY).await;
    assert_eq!(gone.status, 204);
    let asked = desk.door().await;
    let answer = device.get(&asked.body["options"]);
    assert_eq!(desk.enter(&asked, answer).await.code(), (404, "webauthn_credential_not_found"));
}

#[tokio::test]
async fn a_user_has_ten_passkeys_and_no_more() {
    let desk = desk(|_| ()).await;
    let ann = desk.person("ann@example.com").await;
    let mut first = Device::new(0);
    desk.passkey(&ann.token, &mut first).await;
    let asked = desk.door().await;
    let answer = first.get(&asked.body["options"]);
    let high = Person::of(&desk.enter(&asked, answer).await);
    for id in 1..9 {
        desk.passkey(&high.token, &mut Device::new(id)).await;
    }
    // Begun while there was room, answered when there is none.
    let early = desk.begin(&high.token).await;
    assert_eq!(early.body["options"]["excludeCredentials"].as_array().unwrap().len(), 9);
    desk.passkey(&high.token, &mut Device::new(9)).await;
    let answer = Device::new(10).create(&early.body["options"]);
    let late = desk.add(&high.token, &early, answer).await;
    assert_eq!(late.code(), (422, "too_many_passkeys"));
    assert_eq!(desk.begin(&high.token).await.code(), (422, "too_many_passkeys"));
}

#[tokio::test]
async fn a_page_without_a_domain_has_no_devices() {
    let at_domain = desk(|_| ()).await;
    let low = at_domain.person("ann@example.com").await;
    let (high, factor) = at_domain.key(&low.token, &mut Device::new(7)).await;
    let ground = Arc::clone(&at_domain.ground);
    let moved =
        desk_on(ground, |config| config.site_url = "http://192.0.2.9:3000".to_owned()).await;
    let body = json!({ "factor_type": "webauthn", "friendly_name": "other" });
    let made = moved.ask("POST", "/factors", Some(&high.token), body).await;
    assert_eq!(made.code(), (422, "mfa_webauthn_enroll_not_enabled"));
    let path = format!("/factors/{factor}/challenge");
    let asked = moved.ask("POST", &path, Some(&high.token), json!({})).await;
    assert_eq!(asked.code(), (422, "mfa_webauthn_verify_not_enabled"));
    let asked = at_domain.ask("POST", &path, Some(&high.token), json!({})).await;
    assert_eq!(asked.status, 200, "the control");
}

#[tokio::test]
async fn passkeys_that_are_off_are_not_there() {
    for change in [
        (|config: &mut mainstay_gate::auth::Config| config.passkeys = false) as fn(&mut _),
        |config| config.site_url = "http://127.0.0.1:3000".to_owned(),
    ] {
        let desk = desk(change).await;
        let ann = desk.person("ann@example.com").await;
        assert_eq!(desk.begin(&ann.token).await.code(), (404, "passkey_disabled"));
        let asked = desk.ask("POST", "/passkeys/authentication/options", None, json!({})).await;
        assert_eq!(asked.code(), (404, "passkey_disabled"));
        let settings = desk.ask("GET", "/settings", None, NO_BODY).await;
        assert_eq!(settings.body["passkeys_enabled"], false);
    }
    let on = desk(|_| ()).await.ask("GET", "/settings", None, NO_BODY).await;
    assert_eq!(on.body["passkeys_enabled"], true, "the control");
}
