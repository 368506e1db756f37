//! Promises that were once broken, each held by a test that failed before: secrets that are not the
//! accounts' own, letters that hang, numbers that began anew, links that forgot, tries that stayed.

use std::sync::Arc;
use std::time::Duration;

use mainstay_federation::External;
use mainstay_gate::Credentials;
use mainstay_gate::accounts::Moment;
use mainstay_gate::accounts::rows::Posted;
use mainstay_mail::address::Address;
use mainstay_mail::smtp::{Security, Settings as Smtp};
use mainstay_mail::{Post, Sender};
use mainstay_schema::Value as Stored;
use serde_json::{Value, json};

use crate::desk::{Desk, Ground, START, desk, desk_on, desk_posting, signing};
use crate::external::both;
use crate::factors::Person;

const PASSWORD: &str = "correct horse";
const OTHER_SECRET: &str = "another-secret-for-these-tests-of-enough-bytes";

/// Longer than anything takes on a busy machine; reached only when a test fails.
const PATIENCE: Duration = Duration::from_secs(60);

fn is_in(desk: &Desk, token: &str) -> bool {
    desk.gate.identify(Credentials { apikey: None, bearer: Some(token) }).is_ok()
}

async fn letters_due(ground: &Ground, at: &str) -> Vec<Posted> {
    let values = [Stored::Text(at.to_owned()), Stored::Int(10)];
    ground.book().list("due_letters", &values).await.unwrap()
}

async fn letters_waiting(ground: &Ground) -> Vec<Posted> {
    letters_due(ground, "2100-01-01T00:00:00+00:00").await
}

#[tokio::test]
async fn another_secret_opens_no_accounts_and_takes_nothing_from_them() {
    let ground = Ground::new();
    let one = desk_on(Arc::clone(&ground), |_| ()).await;
    let session = one.sign_up("ann@example.com", PASSWORD).await;
    let keys = ground.book().call("all_signing_keys", &[]).await.unwrap();
    let now = Moment(START * 1_000_000);
    let other = ground.book_of(OTHER_SECRET);
    let refused = other.first_ring(signing(OTHER_SECRET), now).await.unwrap_err();
    assert!(refused.message().contains("another auth.jwt_secret"), "{refused:?}");
    assert!(refused.hint_text().unwrap().contains("--env"), "{refused:?}");
    assert_eq!(ground.book().call("all_signing_keys", &[]).await.unwrap(), keys);
    let next = desk_on(ground, |_| ()).await;
    assert!(is_in(&next, session.text("access_token")), "the right one opens them");
}

#[tokio::test]
async fn a_letter_that_does_not_open_stays_until_it_does() {
    let ground = Ground::new();
    let desk = desk_on(Arc::clone(&ground), |config| config.confirm_email = true).await;
    desk.sign_up("ann@example.com", PASSWORD).await;
    let letter = letters_waiting(&ground).await.remove(0);
    let broken = Posted { body: "sealed by somebody else".to_owned(), ..letter.clone() };
    ground.book().write(move |page| page.put(&broken)).await.unwrap();
    assert!(desk.letters().await.is_empty());
    let mut left = letters_waiting(&ground).await;
    assert_eq!(left.len(), 1, "it is nobody's to throw away");
    let mended = Posted { body: letter.body, ..left.remove(0) };
    ground.book().write(move |page| page.put(&mended)).await.unwrap();
    desk.clock.advance_seconds(3_600);
    assert_eq!(desk.letters().await.len(), 1);
}

#[tokio::test]
async fn ends_of_sessions_are_heard_of_after_the_old_ones_are_forgotten() {
    let ground = Ground::new();
    let (one, other) = (desk_on(Arc::clone(&ground), |_| ()).await, desk_on(ground, |_| ()).await);
    for _ in 0..3 {
        let gone = one.sign_up_or_in().await;
        one.ask("POST", "/logout", Some(&gone), Value::Null).await;
    }
    other.auth.round(false).await.unwrap();
    one.clock.advance_seconds(2 * 3_600);
    one.auth.round(true).await.unwrap();
    let token = one.sign_up_or_in().await;
    assert!(is_in(&other, &token));
    one.ask("POST", "/logout", Some(&token), Value::Null).await;
    other.auth.round(false).await.unwrap();
    assert!(!is_in(&other, &token), "its number is higher than those of the forgotten ones");
}

impl Desk {
    async fn sign_up_or_in(&self) -> String {
        self.sign_up("ann@example.com", PASSWORD).await;
        let session = self.sign_in("ann@example.com", PASSWORD).await;
        assert_eq!(session.status, 200, "{}", session.body);
        session.text("access_token").to_owned()
    }
}

/// A mail server at this port, which need not say anything.
fn post(port: u16) -> Post {
    let address = Address::parse("no-reply@shop.example").unwrap();
    let settings = Smtp {
        host: "127.0.0.1".to_owned(),
        port,
        security: Security::Clear,
        login: None,
        authorities: None,
        sender: Sender::new("", address).unwrap(),
        timeout: Duration::from_secs(3_600),
    };
    Post::Smtp(Box::new(mainstay_mail::Smtp::new(settings).unwrap()))
}

#[tokio::test]
async fn a_mail_server_that_says_nothing_keeps_no_ended_session_alive() {
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = post(server.local_addr().unwrap().port());
    let ground = Ground::new();
    let one = desk_on(Arc::clone(&ground), |config| config.confirm_email = true).await;
    for email in ["ann@example.com", "bob@example.com"] {
        one.sign_up(email, PASSWORD).await;
    }
    let by_admin = json!({ "email": "eve@example.com", "password": PASSWORD,
        "email_confirm": true });
    one.admin("POST", "/admin/users", by_admin).await;
    let session = one.sign_in("eve@example.com", PASSWORD).await;
    let token = session.text("access_token");
    let parts = (External::default(), silent);
    let other = desk_posting(Arc::clone(&ground), parts, &[], |_| ()).await;
    let tending = tokio::spawn(Arc::clone(&other.auth).tend());
    let caught = tokio::time::timeout(PATIENCE, server.accept()).await;
    let _connection = caught.unwrap().unwrap();
    let due = letters_due(&ground, "2023-11-14T22:13:21+00:00").await;
    assert_eq!(due.len(), 1, "what is not being sent is still anybody's");
    assert!(is_in(&other, token));
    one.ask("POST", "/logout", Some(token), Value::Null).await;
    let heard = tokio::time::timeout(PATIENCE, async {
        while is_in(&other, token) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(heard.await.is_ok(), "the letter is still under way");
    tending.abort();
}

#[tokio::test]
async fn a_link_changes_nothing_of_a_user_but_what_it_is_about() {
    let desk = desk(|_| ()).await;
    let made = desk.admin("POST", "/admin/users", json!({ "email": "ann@example.com" })).await;
    let path = format!("/admin/users/{}", made.text("id"));
    let link = json!({ "type": "signup", "email": "ann@example.com", "password": PASSWORD });
    // Hashing waits behind these, so that the user is changed between reading and writing.
    let waiting = async {
        tokio::join!(
            desk.sign_in("x1@example.com", "y"),
            desk.sign_in("x2@example.com", "y"),
            desk.sign_in("x3@example.com", "y"),
            desk.sign_in("x4@example.com", "y"),
        )
    };
    let about = json!({ "app_metadata": { "team": "a" } });
    let (_, link, changed) = tokio::join!(
        waiting,
        desk.admin("POST", "/admin/generate_link", link),
        desk.admin("PUT", &path, about)
    );
    assert_eq!((link.status, changed.status), (200, 200), "{} {}", link.body, changed.body);
    let user = desk.admin("GET", &path, Value::Null).await;
    assert_eq!(user.body["app_metadata"]["team"], "a", "{}", user.body);
    let proven = json!({ "type": "signup", "token_hash": link.body["hashed_token"] });
    assert_eq!(desk.ask("POST", "/verify", None, proven).await.status, 200);
    assert_eq!(desk.sign_in("ann@example.com", PASSWORD).await.status, 200, "the link's own");
}

#[tokio::test]
async fn nobody_links_an_identity_without_a_verifier() {
    let (_provider, desk) = both(|_| ()).await;
    let bob = desk.sign_up("bob@example.com", PASSWORD).await;
    let path = "/user/identities/authorize?provider=keycloak&skip_http_redirect=true";
    let refused = desk.ask("GET", path, Some(bob.text("access_token")), Value::Null).await;
    assert_eq!(refused.code(), (400, "validation_failed"));
    assert!(refused.text("message").contains("flowType: 'pkce'"), "{}", refused.body);
}

/// Wrong codes from everywhere, until none is heard.
async fn guess_at(desk: &Desk, email: &str, factor: &str) {
    let (ask, verify) =
        (format!("/factors/{factor}/challenge"), format!("/factors/{factor}/verify"));
    for guess in 0..40 {
        let thief = desk.again(email).await.token;
        let place = format!("198.51.100.{guess}");
        let asked = desk.ask_from(&place, "POST", &ask, Some(&thief), json!({})).await;
        let body = json!({ "challenge_id": asked.text("id"), "code": "abcdef" });
        let tried = desk.ask_from(&place, "POST", &verify, Some(&thief), body).await;
        if tried.status == 429 {
            return;
        }
        desk.clock.advance_seconds(600);
    }
    panic!("every guess was heard");
}

/// One wrong code from a place that nobody knows: how it is answered.
async fn strange_guess(desk: &Desk, token: &str, factor: &str) -> u16 {
    let (ask, verify) =
        (format!("/factors/{factor}/challenge"), format!("/factors/{factor}/verify"));
    let asked = desk.ask_from("203.0.113.9", "POST", &ask, Some(token), json!({})).await;
    let body = json!({ "challenge_id": asked.text("id"), "code": "abcdef" });
    desk.ask_from("203.0.113.9", "POST", &verify, Some(token), body).await.status
}

#[tokio::test]
async fn whom_an_administrator_frees_of_factors_begins_anew() {
    let desk = desk(|_| ()).await;
    let (ann, app) = desk.raised("ann@example.com").await;
    guess_at(&desk, "ann@example.com", &app.id).await;
    let low = desk.again("ann@example.com").await;
    assert_eq!(strange_guess(&desk, &low.token, &app.id).await, 429, "the control");
    let path = format!("/admin/users/{}/factors", ann.id);
    assert_eq!(desk.admin("DELETE", &path, Value::Null).await.status, 200);
    let low = desk.again("ann@example.com").await;
    let app = desk.app(&low.token, "new phone").await;
    assert_eq!(strange_guess(&desk, &low.token, &app.id).await, 422);
    assert_eq!(desk.prove(&low.token, &app).await.status, 200);
}

#[tokio::test]
async fn a_recovery_code_forgives_the_tries_at_the_factor_it_stands_in_for() {
    let desk = desk(|_| ()).await;
    let (ann, app) = desk.raised("ann@example.com").await;
    let codes = desk.codes(&ann.token).await;
    guess_at(&desk, "ann@example.com", &app.id).await;
    let low = desk.again("ann@example.com").await;
    assert_eq!(strange_guess(&desk, &low.token, &app.id).await, 429, "the control");
    let body = json!({ "code": codes[0] });
    let path = "/factors/recovery-codes/verify";
    let high = Person::of(&desk.ask("POST", path, Some(&low.token), body).await);
    assert_eq!(strange_guess(&desk, &high.token, &app.id).await, 422);
}
