//! Every refusal of `/auth/v1` in the dialect's words: what is asked, and the code that comes back.

use mainstay_base::Code;
use serde_json::{Value, json};

use crate::desk::{Answer, Desk, config, desk};

const PASSWORD: &str = "correct horse";

#[track_caller]
fn refused(answer: &Answer, code: Code) {
    assert_eq!(answer.code(), (code.status(), code.text()), "{}", answer.body);
    assert_eq!(answer.headers["x-sb-error-code"], code.text());
}

async fn post(desk: &Desk, path: &str, body: Value) -> Answer {
    desk.ask("POST", path, None, body).await
}

#[tokio::test]
async fn what_is_not_well_formed_is_refused() {
    let desk = desk(|_| ()).await;
    for body in ["{", "[]", "7", "\"text\""] {
        let request = http::Request::post("/auth/v1/signup")
            .header("apikey", &desk.anon)
            .header("x-supabase-api-version", "2024-01-01")
            .body(bytes::Bytes::from(body))
            .unwrap();
        refused(&desk.send("192.0.2.1", request).await, Code::JsonBad);
    }
    let cases = [
        ("/signup", json!({ "email": "no address", "password": PASSWORD })),
        ("/signup", json!({ "email": 7, "password": PASSWORD })),
        ("/signup", json!({ "email": "ann@example.com" })),
        ("/signup", json!({ "password": PASSWORD })),
        ("/signup", json!({ "email": "a@example.com", "password": PASSWORD, "data": "x" })),
        ("/token", json!({})),
        ("/token?grant_type=other", json!({})),
        ("/token?grant_type=password", json!({ "password": PASSWORD })),
        ("/token?grant_type=refresh_token", json!({ "refresh_token": "no token" })),
        ("/otp", json!({ "email": "a@example.com", "code_challenge": "v".repeat(64) })),
        ("/token?grant_type=pkce", json!({ "auth_code": "x" })),
        ("/otp", json!({})),
        ("/otp", json!({ "email": "a@example.com", "code_challenge": "short" })),
        ("/otp", json!({ "email": "a@example.com", "code_challenge_method": "s256" })),
        ("/recover", json!({})),
        ("/resend", json!({ "email": "a@example.com" })),
        ("/resend", json!({ "email": "a@example.com", "type": "other" })),
        ("/verify", json!({})),
        ("/verify", json!({ "type": "other", "token_hash": "x" })),
        ("/verify", json!({ "type": "email" })),
        ("/verify", json!({ "type": "email", "token": "123456" })),
        ("/verify", json!({ "type": "email", "token": "1", "token_hash": "x" })),
    ];
    for (path, body) in cases {
        refused(&post(&desk, path, body).await, Code::ValidationFailed);
    }
}

#[tokio::test]
async fn what_is_switched_off_is_refused() {
    let closed = desk(|config| {
        config.signup = false;
        config.phone = false;
    })
    .await;
    let by_email = json!({ "email": "ann@example.com", "password": PASSWORD });
    let by_phone = json!({ "phone": "+4712345678", "password": PASSWORD });
    refused(&post(&closed, "/signup", by_email.clone()).await, Code::SignupDisabled);
    refused(&post(&closed, "/otp", by_email.clone()).await, Code::SignupDisabled);
    let path = "/token?grant_type=password";
    refused(&post(&closed, path, by_phone.clone()).await, Code::PhoneDisabled);
    refused(&post(&closed, "/otp", by_phone.clone()).await, Code::PhoneDisabled);
    let sms = json!({ "type": "sms", "phone": "+4712345678" });
    refused(&post(&closed, "/resend", sms).await, Code::PhoneDisabled);
    let wallet = post(&closed, "/token?grant_type=web3", json!({})).await;
    refused(&wallet, Code::Web3Disabled);
    let no_mail = desk(|config| config.email = false).await;
    for path in ["/signup", path, "/otp", "/recover"] {
        refused(&post(&no_mail, path, by_email.clone()).await, Code::EmailDisabled);
    }
    let settings = no_mail.ask("GET", "/settings", None, Value::Null).await;
    assert_eq!(settings.body["external"]["email"], false);
    for (path, code) in [("/sso", Code::SamlDisabled), ("/oauth/token", Code::ProviderUnsupported)]
    {
        refused(&post(&no_mail, path, json!({})).await, code);
    }
}

#[tokio::test]
async fn sessions_and_tokens_that_are_not_there_are_refused() {
    let desk = desk(|_| ()).await;
    let session = desk.sign_up("ann@example.com", PASSWORD).await;
    let (access, refresh) = (session.text("access_token"), session.text("refresh_token"));
    let mut forged = refresh.to_owned();
    forged.replace_range(30..31, if &forged[30..31] == "A" { "B" } else { "A" });
    refused(&desk.refresh(&forged).await, Code::RefreshTokenUnknown);
    let bare = desk.ask("POST", "/token?grant_type=refresh_token", None, json!({})).await;
    assert_eq!(bare.status, Code::RefreshTokenMissing.status());
    assert_eq!(
        bare.body,
        json!({ "error": "invalid_request", "error_description": "refresh_token required" })
    );
    let other = "00000000-0000-4000-8000-000000000000";
    let path = format!("/sessions/{other}");
    refused(&desk.ask("DELETE", &path, Some(access), Value::Null).await, Code::SessionUnknown);
    let list = desk.ask("GET", "/sessions", Some(access), Value::Null).await;
    let own = list.body["sessions"][0].clone();
    assert_eq!((&own["current"], &own["user_agent"]), (&json!(true), &json!("a test")));
    let path = format!("/sessions/{}", own["id"].as_str().unwrap());
    let bob = desk.sign_up("bob@example.com", PASSWORD).await;
    let theirs = desk.ask("DELETE", &path, Some(bob.text("access_token")), Value::Null).await;
    refused(&theirs, Code::SessionUnknown);
    assert_eq!(desk.ask("DELETE", &path, Some(access), Value::Null).await.status, 204);
    refused(&desk.ask("GET", "/user", Some(access), Value::Null).await, Code::SessionGone);
    refused(&desk.refresh(refresh).await, Code::SessionLost);
}

#[tokio::test]
async fn users_who_may_not_or_are_not_are_refused() {
    let desk = desk(|_| ()).await;
    let session = desk.sign_up("ann@example.com", PASSWORD).await;
    let again = desk.sign_up("ann@example.com", PASSWORD).await;
    refused(&again, Code::UserExists);
    let unknown = "/admin/users/00000000-0000-4000-8000-000000000000";
    refused(&desk.admin("GET", unknown, Value::Null).await, Code::UserUnknown);
    refused(&desk.admin("GET", "/admin/users/x", Value::Null).await, Code::IdMalformed);
    let id = session.body["user"]["id"].as_str().unwrap();
    let claims = json!({ "role": "authenticated", "sub": id, "exp": crate::desk::START + 9_000 });
    let outside = mainstay_gate::keys::sign(crate::desk::SECRET, claims.as_object().unwrap());
    desk.admin("DELETE", &format!("/admin/users/{id}"), Value::Null).await;
    let gone = desk.ask("GET", "/user", Some(&outside.unwrap()), Value::Null).await;
    refused(&gone, Code::UserGone);
    let phone = json!({ "phone": "+4712345678", "password": PASSWORD });
    desk.admin("POST", "/admin/users", phone.clone()).await;
    refused(&post(&desk, "/token?grant_type=password", phone).await, Code::PhoneUnconfirmed);
    let nameless = desk.ask("POST", "/signup", None, json!({})).await;
    let token = nameless.text("access_token");
    let early = desk.ask("PUT", "/user", Some(token), json!({ "password": PASSWORD })).await;
    refused(&early, Code::AddressNeeded);
}

#[tokio::test]
async fn a_telephone_and_a_password_are_an_account_where_it_is_switched_on() {
    let desk = desk(|_| ()).await;
    let body = json!({ "phone": "+47 12345678", "password": PASSWORD });
    let made = post(&desk, "/signup", body.clone()).await;
    assert_eq!((made.status, made.body["user"]["phone"].as_str()), (200, Some("4712345678")));
    assert_eq!(post(&desk, "/token?grant_type=password", body.clone()).await.status, 200);
    refused(&post(&desk, "/signup", body).await, Code::UserExists);
}

#[tokio::test]
async fn a_code_that_is_exchanged_too_late_is_refused() {
    let desk = desk(|config| config.confirm_email = true).await;
    let verifier = "v".repeat(64);
    let body = json!({
        "email": "ann@example.com", "password": PASSWORD,
        "code_challenge": verifier, "code_challenge_method": "plain",
    });
    post(&desk, "/signup", body).await;
    let link = desk.letter_to("ann@example.com").await.link.unwrap();
    let code = crate::desk::value(&desk.click(&link).await, "code");
    desk.clock.advance_seconds(301);
    let body = json!({ "auth_code": code, "code_verifier": verifier });
    refused(&post(&desk, "/token?grant_type=pkce", body).await, Code::FlowExpired);
}

#[tokio::test]
async fn older_clients_read_the_code_where_they_expect_it() {
    let desk = desk(|_| ()).await;
    let request = http::Request::post("/auth/v1/token?grant_type=password")
        .header("apikey", &desk.anon)
        .body(bytes::Bytes::from(r#"{"email":"ann@example.com","password":"x"}"#))
        .unwrap();
    let answer = desk.send("192.0.2.1", request).await;
    assert_eq!(
        answer.body,
        json!({
            "code": 400,
            "error_code": "invalid_credentials",
            "msg": "Invalid login credentials",
        })
    );
    assert!(!answer.headers.contains_key("x-supabase-api-version"));
    let dated = desk.sign_in("ann@example.com", "x").await;
    assert_eq!(dated.headers["x-supabase-api-version"], "2024-01-01");
    assert!(config().signup, "the control");
}
