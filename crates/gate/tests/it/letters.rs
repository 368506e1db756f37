//! Addresses proven by letters: confirmation, links, codes, recovery, changes of address, and what
//! nobody may do with them.

use mainstay_mail::Kind;
use serde_json::{Value, json};

use crate::desk::{Desk, SITE_URL, code, desk, value};

const PASSWORD: &str = "correct horse";

async fn waiting() -> Desk {
    desk(|config| config.confirm_email = true).await
}

fn verify(kind: &str, email: &str, token: &str) -> Value {
    json!({ "type": kind, "email": email, "token": token })
}

#[tokio::test]
async fn a_link_confirms_an_address_once_and_its_code_is_spent_with_it() {
    let desk = waiting().await;
    desk.sign_up("ann@example.com", PASSWORD).await;
    let letter = desk.letter_to("ann@example.com").await;
    assert_eq!(letter.kind, Kind::Confirm);
    let link = letter.link.clone().unwrap();
    assert!(link.starts_with("https://api.shop.example/auth/v1/verify?token="), "{link}");
    let target = desk.click(&link).await;
    assert!(target.starts_with(&format!("{SITE_URL}#access_token=")), "{target}");
    assert_eq!(value(&target, "type"), "signup");
    let user = desk.ask("GET", "/user", Some(&value(&target, "access_token")), Value::Null).await;
    assert_eq!(user.body["user_metadata"]["email_verified"], true);
    assert_eq!(desk.sign_in("ann@example.com", PASSWORD).await.status, 200);
    let again = desk.click(&link).await;
    assert_eq!(value(&again, "error_code"), "otp_expired");
    let spent = verify("signup", "ann@example.com", &code(&letter));
    assert_eq!(desk.ask("POST", "/verify", None, spent).await.code(), (403, "otp_expired"));
}

#[tokio::test]
async fn a_code_confirms_too_and_is_heard_five_times() {
    let desk = waiting().await;
    desk.sign_up("ann@example.com", PASSWORD).await;
    let letter = desk.letter_to("ann@example.com").await;
    let right = code(&letter);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        let answer =
            desk.ask("POST", "/verify", None, verify("email", "ann@example.com", wrong)).await;
        assert_eq!(answer.code(), (403, "otp_expired"));
    }
    let late = desk.ask("POST", "/verify", None, verify("email", "ann@example.com", &right)).await;
    assert_eq!(late.code(), (403, "otp_expired"), "five tries were wrong");
    let control = desk.click(&letter.link.unwrap()).await;
    assert!(control.contains("access_token="), "the link is no guess");

    desk.sign_up("bob@example.com", PASSWORD).await;
    let right = code(&desk.letter_to("bob@example.com").await);
    let answer =
        desk.ask("POST", "/verify", None, verify("email", "bob@example.com", &right)).await;
    assert_eq!((answer.status, answer.text("token_type")), (200, "bearer"));
}

#[tokio::test]
async fn what_only_looks_at_a_link_spends_nothing() {
    let desk = waiting().await;
    desk.sign_up("ann@example.com", PASSWORD).await;
    let link = desk.letter_to("ann@example.com").await.link.unwrap();
    let request = http::Request::head(&link).body(bytes::Bytes::new()).unwrap();
    assert_eq!(desk.send("192.0.2.9", request).await.status, 204);
    let request = http::Request::get(&link).header("sec-purpose", "prefetch;prerender");
    let request = request.body(bytes::Bytes::new()).unwrap();
    assert_eq!(desk.send("192.0.2.9", request).await.status, 204);
    assert!(desk.click(&link).await.contains("access_token="), "the control");
}

#[tokio::test]
async fn with_a_page_behind_the_link_only_its_button_spends_it() {
    let desk = desk(|config| {
        config.confirm_email = true;
        config.link_page = true;
    })
    .await;
    desk.sign_up("ann@example.com", PASSWORD).await;
    let link = desk.letter_to("ann@example.com").await.link.unwrap();
    for _ in 0..3 {
        let request = http::Request::get(&link).body(bytes::Bytes::new()).unwrap();
        let page = desk.send("192.0.2.9", request).await;
        let html = String::from_utf8_lossy(&page.raw).into_owned();
        assert_eq!((page.status, html.contains("<button>")), (200, true));
        // Browsers hold this against the redirect that answers the form.
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("form-action 'self' https://shop.example"), "{policy}");
    }
    let form = format!("token={}&type=signup", value(&link, "token"));
    let request = http::Request::post("/auth/v1/verify/click")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(bytes::Bytes::from(form))
        .unwrap();
    let pressed = desk.send("192.0.2.9", request).await;
    assert_eq!(pressed.status, 303);
    assert!(pressed.headers["location"].to_str().unwrap().contains("access_token="));
}

#[tokio::test]
async fn no_header_and_no_stranger_says_where_a_link_leads() {
    let desk = waiting().await;
    for (at, target) in
        ["https://evil.example", "https://shop.example.evil.example/welcome"].iter().enumerate()
    {
        let email = format!("ann{at}@example.com");
        let body = json!({ "email": email, "password": PASSWORD });
        let request = http::Request::post(format!("/auth/v1/signup?redirect_to={target}"))
            .header("apikey", &desk.anon)
            .header("host", "evil.example")
            .header("x-forwarded-host", "evil.example")
            .header("forwarded", "host=evil.example")
            .header("origin", "https://evil.example")
            .header("referer", "https://evil.example/")
            .body(bytes::Bytes::from(body.to_string()))
            .unwrap();
        assert_eq!(desk.send("192.0.2.1", request).await.status, 200);
        let letter = desk.letter_to(&email).await;
        let everything = format!("{} {} {:?}", letter.text, letter.html, letter.link);
        assert!(!everything.contains("evil"), "{everything}");
        assert!(desk.click(&letter.link.unwrap()).await.starts_with(&format!("{SITE_URL}#")));
    }
    let path = "/signup?redirect_to=https%3A%2F%2Fshop.example%2Fwelcome";
    let body = json!({ "email": "bob@example.com", "password": PASSWORD });
    desk.ask("POST", path, None, body).await;
    let link = desk.letter_to("bob@example.com").await.link.unwrap();
    assert!(desk.click(&link).await.starts_with("https://shop.example/welcome#"), "the control");
}

#[tokio::test]
async fn a_squatter_of_an_unproven_address_loses_the_password() {
    let desk = waiting().await;
    desk.sign_up("ann@example.com", "squatter's horse").await;
    desk.clock.advance_seconds(61);
    desk.sign_up("ann@example.com", PASSWORD).await;
    let link = desk.letter_to("ann@example.com").await.link.unwrap();
    assert!(desk.click(&link).await.contains("access_token="));
    let squatter = desk.sign_in("ann@example.com", "squatter's horse").await;
    assert_eq!(squatter.code(), (400, "invalid_credentials"));
    assert_eq!(desk.sign_in("ann@example.com", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_letter_to_an_address_is_sent_once_a_minute_whether_or_not_it_has_an_account() {
    let desk = waiting().await;
    desk.sign_up("ann@example.com", PASSWORD).await;
    for email in ["ann@example.com", "nobody@example.com"] {
        desk.clock.advance_seconds(61);
        let first = desk.ask("POST", "/recover", None, json!({ "email": email })).await;
        assert_eq!((first.status, first.body), (200, json!({})));
        let second = desk.ask("POST", "/recover", None, json!({ "email": email })).await;
        assert_eq!(second.code(), (429, "over_email_send_rate_limit"));
        assert!(second.headers.contains_key("retry-after"));
    }
    let letters = desk.letters().await;
    assert!(letters.iter().all(|letter| letter.to.as_str() != "nobody@example.com"));
    assert!(letters.iter().any(|letter| letter.kind == Kind::Recovery), "the control");
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_way_of_a_letter() {
    let desk = desk(|_| ()).await;
    let there = desk.sign_up("ann@example.com", PASSWORD).await;
    desk.ask("POST", "/recover", None, json!({ "email": "ann@example.com" })).await;
    let letter = desk.letter_to("ann@example.com").await;
    let hash = value(&letter.link.unwrap(), "token");
    let body = json!({ "type": "recovery", "token_hash": hash });
    let session = desk.ask("POST", "/verify", None, body.clone()).await;
    assert_eq!(session.status, 200);
    assert_eq!(desk.ask("POST", "/verify", None, body).await.code(), (403, "otp_expired"));
    let change = json!({ "password": "battery staple" });
    let token = session.text("access_token");
    assert_eq!(desk.ask("PUT", "/user", Some(token), change).await.status, 200);
    let old = desk.refresh(there.text("refresh_token")).await;
    assert_eq!(old.code(), (400, "session_not_found"), "sessions from before have ended");
    assert_eq!(desk.sign_in("ann@example.com", "battery staple").await.status, 200);
    let notice = desk.letter_to("ann@example.com").await;
    assert_eq!(notice.kind, Kind::PasswordChanged);
}

#[tokio::test]
async fn a_magic_link_makes_a_user_where_it_may() {
    let desk = waiting().await;
    let asked = |create: bool| json!({ "email": "new@example.com", "create_user": create });
    assert_eq!(desk.ask("POST", "/otp", None, asked(false)).await.code(), (422, "otp_disabled"));
    assert_eq!(desk.ask("POST", "/otp", None, asked(true)).await.body, json!({}));
    let letter = desk.letter_to("new@example.com").await;
    let body = verify("email", "new@example.com", &code(&letter));
    let session = desk.ask("POST", "/verify", None, body).await;
    assert_eq!(session.body["user"]["email"], "new@example.com");
    assert!(session.body["user"]["email_confirmed_at"].is_string());
}

#[tokio::test]
async fn with_pkce_a_link_leads_back_with_a_code_that_only_its_verifier_opens_once() {
    let desk = waiting().await;
    let verifier = "v".repeat(64);
    let challenge = {
        use base64::Engine;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest)
    };
    let exchange =
        |code: &str, verifier: &str| json!({ "auth_code": code, "code_verifier": verifier });
    for (email, wrong) in [("ann@example.com", false), ("bob@example.com", true)] {
        let body = json!({
            "email": email, "password": PASSWORD,
            "code_challenge": challenge, "code_challenge_method": "s256",
        });
        assert_eq!(desk.ask("POST", "/signup", None, body).await.status, 200);
        let link = desk.letter_to(email).await.link.unwrap();
        assert!(value(&link, "token").starts_with("pkce_"));
        let target = desk.click(&link).await;
        assert!(target.starts_with("https://shop.example?code="), "{target}");
        let code = value(&target, "code");
        let path = "/token?grant_type=pkce";
        if wrong {
            let other = desk.ask("POST", path, None, exchange(&code, &"w".repeat(64))).await;
            assert_eq!(other.code(), (400, "bad_code_verifier"));
        } else {
            let right = desk.ask("POST", path, None, exchange(&code, &verifier)).await;
            assert_eq!((right.status, right.text("token_type")), (200, "bearer"));
        }
        let again = desk.ask("POST", path, None, exchange(&code, &verifier)).await;
        assert_eq!(again.code(), (404, "flow_state_not_found"));
    }
}

#[tokio::test]
async fn an_address_changes_when_both_addresses_agree() {
    let desk = desk(|config| config.confirm_email = true).await;
    desk.sign_up("ann@example.com", PASSWORD).await;
    let link = desk.letter_to("ann@example.com").await.link.unwrap();
    let token = value(&desk.click(&link).await, "access_token");
    desk.clock.advance_seconds(61);
    let asked = desk.ask("PUT", "/user", Some(&token), json!({ "email": "new@example.com" })).await;
    assert_eq!(
        (asked.text("email"), asked.text("new_email")),
        ("ann@example.com", "new@example.com")
    );
    let first = desk.letter_to("new@example.com").await;
    let body = verify("email_change", "new@example.com", &code(&first));
    let half = desk.ask("POST", "/verify", None, body).await;
    assert_eq!((half.status, half.text("code")), (200, "200"), "{}", half.body);
    let second = desk.letter_to("ann@example.com").await;
    assert_eq!(second.kind, Kind::EmailChangeCurrent);
    let whole = desk.click(&second.link.unwrap()).await;
    let changed = desk.ask("GET", "/user", Some(&value(&whole, "access_token")), Value::Null).await;
    assert_eq!((changed.text("email"), changed.body.get("new_email")), ("new@example.com", None));
    assert_eq!(desk.letter_to("ann@example.com").await.kind, Kind::EmailChanged);
    assert_eq!(desk.sign_in("new@example.com", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn an_anonymous_user_becomes_one_with_an_address() {
    let desk = waiting().await;
    let anonymous = desk.ask("POST", "/signup", None, json!({})).await;
    let (token, id) = (anonymous.text("access_token"), &anonymous.body["user"]["id"]);
    let early = desk.ask("PUT", "/user", Some(token), json!({ "password": PASSWORD })).await;
    assert_eq!(early.code(), (422, "validation_failed"));
    desk.ask("PUT", "/user", Some(token), json!({ "email": "ann@example.com" })).await;
    let link = desk.letter_to("ann@example.com").await.link.unwrap();
    let target = desk.click(&link).await;
    let token = value(&target, "access_token");
    let user = desk.ask("PUT", "/user", Some(&token), json!({ "password": PASSWORD })).await;
    assert_eq!((&user.body["id"], &user.body["is_anonymous"]), (id, &json!(false)));
    assert_eq!(user.body["identities"][0]["provider"], "email");
    assert_eq!(desk.sign_in("ann@example.com", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn an_old_session_changes_its_password_with_a_code_where_the_application_asks_for_one() {
    let desk = desk(|config| config.reauthenticate = true).await;
    let first = desk.sign_up("ann@example.com", PASSWORD).await;
    desk.clock.advance_seconds(24 * 3_600);
    let session = desk.refresh(first.text("refresh_token")).await;
    let token = session.text("access_token");
    let change = |nonce: &str| json!({ "password": "battery staple", "nonce": nonce });
    let refused = desk.ask("PUT", "/user", Some(token), change("")).await;
    assert_eq!(refused.code(), (400, "reauthentication_needed"));
    assert_eq!(desk.ask("GET", "/reauthenticate", Some(token), Value::Null).await.status, 200);
    let right = code(&desk.letter_to("ann@example.com").await);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let refused = desk.ask("PUT", "/user", Some(token), change(wrong)).await;
    assert_eq!(refused.code(), (422, "reauthentication_not_valid"));
    assert_eq!(desk.ask("PUT", "/user", Some(token), change(&right)).await.status, 200);
}

#[tokio::test]
async fn a_letter_brings_a_browser_back_for_as_long_as_it_holds() {
    let desk = waiting().await;
    let verifier = "v".repeat(64);
    let body = json!({
        "email": "ann@example.com", "password": PASSWORD,
        "code_challenge": verifier, "code_challenge_method": "plain",
    });
    desk.ask("POST", "/signup", None, body).await;
    let link = desk.letter_to("ann@example.com").await.link.unwrap();
    desk.clock.advance_seconds(3_000);
    desk.auth.round(true).await.unwrap();
    let code = value(&desk.click(&link).await, "code");
    let body = json!({ "auth_code": code, "code_verifier": verifier });
    let session = desk.ask("POST", "/token?grant_type=pkce", None, body).await;
    assert_eq!(session.status, 200, "{}", session.body);
}
