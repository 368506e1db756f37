//! Whoever is first at an address, and what becomes of it when its owner comes; what a stranger may
//! not do to accounts that others prepared; and what a flood may not cost.

use serde_json::{Value, json};

use crate::desk::{Desk, code, desk, value};

const PASSWORD: &str = "correct horse";
const THEIRS: &str = "squatter's horse";

async fn waiting() -> Desk {
    desk(|config| config.confirm_email = true).await
}

async fn prepared(desk: &Desk, more: Value) -> String {
    let mut body = json!({ "email": "staff@example.com", "role": "staff" });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let made = desk.admin("POST", "/admin/users", body).await;
    assert_eq!(made.status, 200, "{}", made.body);
    made.text("id").to_owned()
}

#[tokio::test]
async fn a_sign_up_takes_over_no_account_that_somebody_prepared() {
    for confirm_email in [true, false] {
        let desk = desk(|config| config.confirm_email = confirm_email).await;
        let phone = "+4712345678";
        let id = prepared(
            &desk,
            json!({ "phone": phone, "phone_confirm": true, "password": PASSWORD, "app_metadata": { "tenant": "t1" } }),
        )
        .await;
        let told = desk.sign_up("staff@example.com", THEIRS).await;
        assert!(!told.body.to_string().contains("t1") && told.body["role"] != "staff");
        assert_ne!(told.body["id"], json!(id));
        let path = "/token?grant_type=password";
        let theirs =
            desk.ask("POST", path, None, json!({ "phone": phone, "password": THEIRS })).await;
        assert_eq!(theirs.code(), (400, "invalid_credentials"));
        let own =
            desk.ask("POST", path, None, json!({ "phone": phone, "password": PASSWORD })).await;
        assert_eq!((own.status, own.body["user"]["role"].as_str()), (200, Some("staff")));
    }
}

#[tokio::test]
async fn whoever_accepts_an_invitation_shares_the_account_with_nobody() {
    for squats_first in [true, false] {
        let desk = waiting().await;
        if squats_first {
            desk.sign_up("staff@example.com", THEIRS).await;
            desk.clock.advance_seconds(61);
        }
        desk.admin("POST", "/invite", json!({ "email": "staff@example.com" })).await;
        let link = desk.letter_to("staff@example.com").await.link.unwrap();
        if !squats_first {
            desk.sign_up("staff@example.com", THEIRS).await;
        }
        assert!(desk.click(&link).await.contains("access_token="), "the control");
        let theirs = desk.sign_in("staff@example.com", THEIRS).await;
        assert_eq!(theirs.code(), (400, "invalid_credentials"), "{squats_first}");
    }
}

#[tokio::test]
async fn a_code_or_a_recovery_drives_a_squatter_out() {
    for path in ["/otp", "/recover"] {
        let desk = waiting().await;
        desk.sign_up("ann@example.com", THEIRS).await;
        desk.clock.advance_seconds(61);
        desk.ask("POST", path, None, json!({ "email": "ann@example.com" })).await;
        let token = code(&desk.letter_to("ann@example.com").await);
        let body = json!({ "type": "email", "email": "ann@example.com", "token": token });
        let own = desk.ask("POST", "/verify", None, body).await;
        assert_eq!(own.status, 200, "{path}");
        let theirs = desk.sign_in("ann@example.com", THEIRS).await;
        assert_eq!(theirs.code(), (400, "invalid_credentials"), "{path}");
        let set = json!({ "password": PASSWORD });
        desk.ask("PUT", "/user", Some(own.text("access_token")), set).await;
        assert_eq!(desk.sign_in("ann@example.com", PASSWORD).await.status, 200, "the control");
    }
}

#[tokio::test]
async fn a_link_of_a_sign_up_in_a_browser_gives_no_session_in_place_of_its_code() {
    let desk = waiting().await;
    let body = json!({
        "email": "ann@example.com", "password": PASSWORD,
        "code_challenge": "v".repeat(64), "code_challenge_method": "plain",
    });
    desk.ask("POST", "/signup", None, body).await;
    let link = desk.letter_to("ann@example.com").await.link.unwrap();
    let flows = desk.ground.book();
    let id = value(&link, "token");
    assert!(id.starts_with("pkce_"));
    // As it would be were the flow forgotten before its letter.
    let ground = flows.write(|page| {
        let rows: Vec<mainstay_gate::accounts::rows::Proof> = page.find(
            "address,kind",
            &[
                mainstay_schema::Value::Text("ann@example.com".to_owned()),
                mainstay_schema::Value::Text("signup".to_owned()),
            ],
        )?;
        page.remove::<mainstay_gate::accounts::rows::Flow>("id", rows[0].flow.as_deref().unwrap())
    });
    ground.await.unwrap();
    let target = desk.click(&link).await;
    assert!(!target.contains("access_token"), "{target}");
    assert_eq!(value(&target, "error_code"), "flow_state_not_found");
}

#[tokio::test]
async fn nobody_makes_a_token_that_the_gate_refuses() {
    let desk = desk(|_| ()).await;
    let long = "x".repeat(3_000);
    let session = desk.sign_up("ann@example.com", PASSWORD).await;
    let token = session.text("access_token");
    let put = |name: &str| json!({ "data": { name: long } });
    assert_eq!(desk.ask("PUT", "/user", Some(token), put("a")).await.status, 200);
    let second = desk.ask("PUT", "/user", Some(token), put("b")).await;
    assert_eq!(second.code(), (400, "validation_failed"), "together they are too large");
    let id = session.body["user"]["id"].as_str().unwrap();
    let path = format!("/admin/users/{id}");
    desk.admin("PUT", &path, json!({ "app_metadata": { "roles": "staff", "tenant": 7 } })).await;
    let again = desk.refresh(session.text("refresh_token")).await;
    let seen = desk.ask("GET", "/user", Some(again.text("access_token")), Value::Null).await;
    assert_eq!(seen.status, 200, "a role that is no list gives no claim: {}", seen.body);
}

#[tokio::test]
async fn a_place_that_signs_up_too_often_costs_no_hash() {
    let desk = desk(|config| config.paces.sign_up.free = 3).await;
    for at in 0..3 {
        assert_eq!(desk.sign_up(&format!("u{at}@example.com"), PASSWORD).await.status, 200);
    }
    let before = desk.hashes();
    let late = desk.sign_up("late@example.com", PASSWORD).await;
    assert_eq!((late.code(), desk.hashes()), ((429, "over_request_rate_limit"), before));
}

#[tokio::test]
async fn links_that_are_made_up_fill_no_journal() {
    let desk = desk(|config| config.paces.place.free = 5).await;
    for at in 0..20 {
        let link = format!("https://api.shop.example/auth/v1/verify?type=signup&token=x{at}");
        assert!(desk.click(&link).await.contains("error="));
    }
    let events = desk.ground.book().events_before(i64::MAX, 100).await.unwrap();
    assert_eq!(events.len(), 5);
}

#[tokio::test]
async fn a_session_guesses_no_password_and_no_nonce() {
    let desk = desk(|config| config.reauthenticate = true).await;
    let session = desk.sign_up("ann@example.com", PASSWORD).await;
    let token = session.text("access_token");
    let mut heard = 0;
    for at in 0..20 {
        let body =
            json!({ "password": "battery staple", "current_password": format!("guess {at}") });
        let answer = desk.ask("PUT", "/user", Some(token), body).await;
        heard += usize::from(answer.code() == (400, "invalid_credentials"));
    }
    assert_eq!(heard, 10);
    let failed = desk.ground.book().events_before(i64::MAX, 100).await.unwrap();
    assert_eq!(failed.iter().filter(|event| event.action == "sign_in_failed").count(), 10);
}

#[tokio::test]
async fn a_change_that_is_refused_has_changed_nothing() {
    let desk = desk(|config| config.reauthenticate = true).await;
    let session = desk.sign_up("ann@example.com", PASSWORD).await;
    let token = session.text("access_token");
    let body = json!({
        "email": "new@example.com", "password": "battery staple", "nonce": "000000",
        "data": { "name": "Ann" },
    });
    let refused = desk.ask("PUT", "/user", Some(token), body).await;
    assert_eq!(refused.code(), (422, "reauthentication_not_valid"));
    let user = desk.ask("GET", "/user", Some(token), Value::Null).await;
    assert_eq!(user.text("email"), "ann@example.com");
    assert_eq!(user.body["identities"][0]["email"], "ann@example.com");
    assert_eq!(user.body["user_metadata"].get("name"), None);
}

#[tokio::test]
async fn a_stranger_who_asks_for_letters_keeps_no_owner_from_asking() {
    let desk = desk(|_| ()).await;
    desk.sign_up("ann@example.com", PASSWORD).await;
    let ask = |client: &'static str| {
        let desk = &desk;
        async move {
            let body = json!({ "email": "ann@example.com" });
            desk.ask_from(client, "POST", "/recover", None, body).await.status
        }
    };
    assert_eq!(ask("198.51.100.7").await, 200);
    assert_eq!(ask("198.51.100.7").await, 429);
    assert_eq!(ask("192.0.2.1").await, 200);
    let mut sent = 0;
    for at in 0..60 {
        let client: &'static str = Box::leak(format!("203.0.113.{at}").into_boxed_str());
        sent += usize::from(ask(client).await == 200);
    }
    assert!(sent <= 10, "{sent} letters to one address at once");
}

#[tokio::test]
async fn what_a_stranger_makes_up_fills_no_table() {
    let desk = desk(|config| {
        config.passkeys = true;
        config.paces.place.free = 5;
    })
    .await;
    let mut refused = 0;
    for _ in 0..20 {
        let body = json!({
            "challenge_id": "00000000-0000-4000-8000-000000000000",
            "credential": { "id": "x", "type": "public-key", "response": {} },
        });
        let answer = desk.ask("POST", "/passkeys/authentication/verify", None, body).await;
        assert!(answer.status >= 400);
        refused += usize::from(answer.status == 429);
    }
    let events = desk.ground.book().events_before(i64::MAX, 100).await.unwrap();
    assert_eq!((events.len(), refused), (5, 15));
}
