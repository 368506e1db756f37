//! Accounts from the request to the disk: who signs up, signs in, comes back and leaves, and what
//! becomes of tokens that were spent or stolen.

use std::sync::Arc;

use mainstay_gate::accounts::session::Life;
use serde_json::{Value, json};

use crate::desk::desk;

#[tokio::test]
async fn who_signs_up_can_sign_in_and_is_known() {
    let desk = desk(|_| ()).await;
    let made = desk.sign_up("Ann@Example.com", "correct horse").await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert_eq!(made.body["user"]["email"], "ann@example.com");
    assert_eq!(made.body["user"]["identities"][0]["provider"], "email");
    let again = desk.sign_in("ann@example.com", "correct horse").await;
    assert_eq!((again.status, again.text("token_type")), (200, "bearer"), "{}", again.body);
    let user = desk.ask("GET", "/user", Some(again.text("access_token")), Value::Null).await;
    assert_eq!((user.status, &user.body["id"]), (200, &made.body["user"]["id"]));
    assert!(user.body.get("password").is_none());
}

#[tokio::test]
async fn wrong_passwords_and_unknown_addresses_are_answered_alike() {
    let desk = desk(|_| ()).await;
    desk.sign_up("ann@example.com", "correct horse").await;
    let wrong = desk.sign_in("ann@example.com", "battery staple").await;
    let unknown = desk.sign_in("bob@example.com", "battery staple").await;
    assert_eq!(wrong.code(), (400, "invalid_credentials"));
    assert_eq!((wrong.status, wrong.body), (unknown.status, unknown.body));
    let weak = desk.sign_up("cat@example.com", "password").await;
    assert_eq!(weak.code(), (422, "weak_password"));
    assert_eq!(weak.body["weak_password"]["reasons"], json!(["pwned"]));
    assert_eq!(
        desk.sign_up("no address", "correct horse").await.code(),
        (400, "validation_failed")
    );
}

#[tokio::test]
async fn a_confirmation_that_is_awaited_hides_who_has_an_account() {
    let desk = desk(|config| config.confirm_email = true).await;
    let first = desk.sign_up("ann@example.com", "correct horse").await;
    assert_eq!((first.status, first.body.get("access_token")), (200, None));
    let early = desk.sign_in("ann@example.com", "correct horse").await;
    assert_eq!(early.code(), (400, "email_not_confirmed"));
    desk.click(&desk.letter_to("ann@example.com").await.link.unwrap()).await;
    desk.clock.advance_seconds(61);
    let second = desk.sign_up("ann@example.com", "another horse").await;
    assert_eq!((second.status, &second.body["identities"]), (200, &json!([])));
    assert_ne!(first.body["id"], second.body["id"]);
    assert_eq!(desk.sign_in("ann@example.com", "correct horse").await.status, 200);
}

#[tokio::test]
async fn a_spent_refresh_token_is_answered_for_a_moment_and_then_ends_the_session() {
    let desk = desk(|_| ()).await;
    let first = desk.sign_up("ann@example.com", "correct horse").await;
    let spent = first.text("refresh_token").to_owned();
    let second = desk.refresh(&spent).await;
    assert_ne!(second.text("refresh_token"), spent);
    desk.clock.advance_seconds(9);
    let again = desk.refresh(&spent).await;
    assert_eq!(again.text("refresh_token"), second.text("refresh_token"));
    desk.clock.advance_seconds(2);
    assert_eq!(desk.refresh(&spent).await.code(), (400, "refresh_token_already_used"));
    let ended = desk.refresh(second.text("refresh_token")).await;
    assert_eq!(ended.code(), (400, "session_not_found"), "the thief has nothing either");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_refreshes_at_once_have_one_successor() {
    let desk = Arc::new(desk(|_| ()).await);
    let first = desk.sign_up("ann@example.com", "correct horse").await;
    let token = first.text("refresh_token").to_owned();
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let (desk, token) = (Arc::clone(&desk), token.clone());
            tokio::spawn(async move { desk.refresh(&token).await.text("refresh_token").to_owned() })
        })
        .collect();
    let mut successors = std::collections::BTreeSet::new();
    for task in tasks {
        successors.insert(task.await.unwrap());
    }
    assert_eq!(successors.len(), 1);
    assert!(!successors.contains(&token) && !successors.contains(""));
}

#[tokio::test]
async fn a_forged_refresh_token_is_unknown_and_ends_nothing() {
    let desk = desk(|_| ()).await;
    let first = desk.sign_up("ann@example.com", "correct horse").await;
    let token = first.text("refresh_token");
    for at in 0..token.len() {
        let other = if &token[at..=at] == "A" { "B" } else { "A" };
        let forged = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        let (status, code) = (desk.refresh(&forged).await.status, "forged");
        assert_eq!((status, code), (400, "forged"), "{at}");
    }
    assert_eq!(desk.refresh("").await.text("error"), "invalid_request");
    assert_eq!(desk.refresh(token).await.status, 200, "the control");
}

#[tokio::test]
async fn who_signs_out_is_nobody_at_once() {
    let desk = desk(|_| ()).await;
    desk.sign_up("ann@example.com", "correct horse").await;
    let here = desk.sign_in("ann@example.com", "correct horse").await;
    let there = desk.sign_in("ann@example.com", "correct horse").await;
    let (here, there) = (here.text("access_token"), there.text("access_token"));
    let credentials = |token| mainstay_gate::Credentials { apikey: None, bearer: Some(token) };
    assert!(desk.gate.identify(credentials(here)).is_ok());
    let out = desk.ask("POST", "/logout?scope=local", Some(here), Value::Null).await;
    assert_eq!(out.status, 204);
    assert!(desk.gate.identify(credentials(here)).is_err(), "the token lives, the session not");
    assert!(desk.gate.identify(credentials(there)).is_ok(), "the control");
    let gone = desk.ask("GET", "/user", Some(here), Value::Null).await;
    assert_eq!(gone.code(), (403, "session_not_found"));
    desk.ask("POST", "/logout", Some(there), Value::Null).await;
    assert!(desk.gate.identify(credentials(there)).is_err());
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let desk = desk(|_| ()).await;
    desk.sign_up("ann@example.com", "correct horse").await;
    let here = desk.sign_in("ann@example.com", "correct horse").await;
    let there = desk.sign_in("ann@example.com", "correct horse").await;
    let change = |password: &str| json!({ "password": password, "data": { "name": "Ann" } });
    let token = here.text("access_token");
    let same = desk.ask("PUT", "/user", Some(token), change("correct horse")).await;
    assert_eq!(same.code(), (422, "same_password"));
    let changed = desk.ask("PUT", "/user", Some(token), change("battery staple")).await;
    assert_eq!((changed.status, &changed.body["user_metadata"]["name"]), (200, &json!("Ann")));
    let other = desk.refresh(there.text("refresh_token")).await;
    assert_eq!(other.code(), (400, "session_not_found"));
    assert_eq!(desk.refresh(here.text("refresh_token")).await.status, 200);
    let old = desk.sign_in("ann@example.com", "correct horse").await;
    assert_eq!(old.code(), (400, "invalid_credentials"));
    assert_eq!(desk.sign_in("ann@example.com", "battery staple").await.status, 200);
}

#[tokio::test]
async fn a_session_ends_when_it_has_idled_or_lived_too_long() {
    let desk = desk(|config| {
        config.life = Life { idle: Some(60), whole: Some(100), ..config.life };
    })
    .await;
    let first = desk.sign_up("ann@example.com", "correct horse").await;
    desk.clock.advance_seconds(59);
    let second = desk.refresh(first.text("refresh_token")).await;
    assert_eq!(second.status, 200);
    desk.clock.advance_seconds(41);
    let over = desk.refresh(second.text("refresh_token")).await;
    assert_eq!(over.code(), (400, "session_expired"));
    let idle = desk.sign_in("ann@example.com", "correct horse").await;
    desk.clock.advance_seconds(60);
    assert_eq!(desk.refresh(idle.text("refresh_token")).await.code(), (400, "session_expired"));
}

#[tokio::test]
async fn anonymous_users_have_sessions_where_they_are_allowed() {
    let made = desk(|_| ()).await.ask("POST", "/signup", None, json!({ "data": { "a": 1 } })).await;
    assert_eq!((made.status, &made.body["user"]["is_anonymous"]), (200, &json!(true)));
    let none = desk(|config| config.anonymous = false).await;
    let refused = none.ask("POST", "/signup", None, json!({})).await;
    assert_eq!(refused.code(), (422, "anonymous_provider_disabled"));
}

#[tokio::test]
async fn fields_that_are_left_out_or_null_open_nothing() {
    let desk = desk(|config| config.reauthenticate = true).await;
    desk.sign_up("ann@example.com", "correct horse").await;
    let bare = json!({ "password": "battery staple" });
    let nulls = json!({
        "password": "battery staple", "nonce": null, "current_password": null, "email": null,
        "phone": null, "data": null,
    });
    let old = desk.sign_in("ann@example.com", "correct horse").await;
    desk.clock.advance_seconds(24 * 3_600);
    let old = desk.refresh(old.text("refresh_token")).await;
    for body in [&bare, &nulls] {
        let refused = desk.ask("PUT", "/user", Some(old.text("access_token")), body.clone()).await;
        assert_eq!(refused.code(), (400, "reauthentication_needed"), "{body}");
    }
    for (at, body) in [bare, nulls].into_iter().enumerate() {
        let password = ["correct horse", "battery staple"][at];
        let here = desk.sign_in("ann@example.com", password).await;
        let there = desk.sign_in("ann@example.com", password).await;
        let mut body = body;
        body["password"] = ["battery staple", "correct horse"][at].into();
        let changed = desk.ask("PUT", "/user", Some(here.text("access_token")), body).await;
        assert_eq!(changed.status, 200, "a fresh session: the control");
        let other = desk.refresh(there.text("refresh_token")).await;
        assert_eq!(other.code(), (400, "session_not_found"), "{at}");
    }
    for body in [json!({}), json!({ "refresh_token": null }), json!({ "refresh_token": "" })] {
        let refused = desk.ask("POST", "/token?grant_type=refresh_token", None, body).await;
        assert_eq!((refused.status, refused.text("error")), (400, "invalid_request"));
    }
    for body in [
        json!({ "email": "ann@example.com" }),
        json!({ "email": "ann@example.com", "password": null }),
        json!({ "email": "ann@example.com", "password": "" }),
    ] {
        let refused = desk.ask("POST", "/token?grant_type=password", None, body).await;
        assert_eq!(refused.code(), (400, "invalid_credentials"));
    }
    for body in [
        json!({ "type": "email", "email": "ann@example.com" }),
        json!({ "type": "email", "email": "ann@example.com", "token": null, "token_hash": null }),
        json!({ "type": "email", "token_hash": "" }),
    ] {
        let refused = desk.ask("POST", "/verify", None, body).await;
        assert_eq!(refused.code(), (400, "validation_failed"));
    }
}

#[tokio::test]
async fn the_operators_page_shows_letters_and_runs_nothing_that_stands_in_them() {
    let desk = desk(|_| ()).await;
    assert!(desk.auth.letters_page().contains("No letter yet"));
    let body = json!({ "email": "ann@example.com", "data": { "name": "<script>x</script>" } });
    desk.ask("POST", "/otp", None, body).await;
    let link = desk.letter_to("ann@example.com").await.link.unwrap();
    let page = desk.auth.letters_page();
    assert!(page.contains(&link.replace('&', "&amp;")) && page.contains("ann@example.com"));
    assert!(!page.contains("<script"), "{page}");
}
