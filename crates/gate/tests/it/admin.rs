//! What the service role does to accounts, and what nobody else may.

use mainstay_mail::Kind;
use serde_json::{Value, json};

use crate::desk::{Desk, desk, value};

const PASSWORD: &str = "correct horse";

async fn made(desk: &Desk, body: Value) -> Value {
    let made = desk.admin("POST", "/admin/users", body).await;
    assert_eq!(made.status, 200, "{}", made.body);
    made.body
}

#[tokio::test]
async fn an_administrator_adds_a_user_who_is_in_at_once() {
    let desk = desk(|config| config.confirm_email = true).await;
    let user = made(&desk, json!({
        "email": "Ann@example.com", "password": PASSWORD, "email_confirm": true, "role": "staff",
        "user_metadata": { "name": "Ann" }, "app_metadata": { "tenant": "t1", "roles": ["packer"] },
    }))
    .await;
    assert_eq!(user["app_metadata"]["providers"], json!(["email"]));
    let session = desk.sign_in("ann@example.com", PASSWORD).await;
    let token = session.text("access_token");
    let credentials = mainstay_gate::Credentials { apikey: None, bearer: Some(token) };
    let identity = desk.gate.identify(credentials).unwrap();
    assert_eq!(identity.role(), "staff");
    assert_eq!(identity.facts().roles, ["packer"]);
    assert_eq!(identity.facts().claims["tenant"], "t1");
    assert_eq!(identity.facts().claims["known_by"], "password");
    assert_eq!(identity.facts().claims.get("team"), None, "what is absent gives no claim");
}

#[test]
fn a_claim_that_says_who_somebody_is_is_not_for_the_application_to_make() {
    use mainstay_gate::auth::More;
    for (name, formula) in [("role", "'service_role'"), ("sub", "user.email"), ("x", "row.id")] {
        assert!(More::read([(name, formula)].into_iter()).is_err(), "{name}");
    }
    assert!(More::read([("team", "user.app_metadata.team")].into_iter()).is_ok(), "the control");
}

#[tokio::test]
async fn what_is_wrong_about_a_new_user_is_said() {
    let desk = desk(|_| ()).await;
    made(&desk, json!({ "email": "ann@example.com", "phone": "+4712345678" })).await;
    for (body, code) in [
        (json!({}), (400, "validation_failed")),
        (json!({ "email": "no address" }), (400, "validation_failed")),
        (json!({ "email": "ANN@example.com" }), (422, "email_exists")),
        (json!({ "email": "b@example.com", "phone": "4712345678" }), (422, "phone_exists")),
        (json!({ "email": "b@example.com", "role": "stuff" }), (400, "validation_failed")),
        (json!({ "email": "b@example.com", "role": "service_role" }), (400, "validation_failed")),
        (json!({ "email": "b@example.com", "password": "password" }), (422, "weak_password")),
        (json!({ "email": "b@example.com", "password_hash": "x" }), (400, "validation_failed")),
        (json!({ "email": "b@example.com", "ban_duration": "1d" }), (400, "validation_failed")),
        (json!({ "email": "b@example.com", "id": "1" }), (400, "validation_failed")),
    ] {
        let refused = desk.admin("POST", "/admin/users", body.clone()).await;
        assert_eq!(refused.code(), code, "{body}");
        if body["role"] == "stuff" {
            assert_eq!(refused.text("hint"), "Did you mean `staff`?");
        }
    }
}

#[tokio::test]
async fn an_imported_hash_opens_the_account_and_is_replaced_by_one_of_ours() {
    let desk = desk(|_| ()).await;
    // bcrypt of "correct horse", cost 4.
    let hash = bcrypt::hash_with_salt(PASSWORD, 4, [7; 16])
        .unwrap()
        .format_for_version(bcrypt::Version::TwoB);
    made(
        &desk,
        json!({ "email": "ann@example.com", "password_hash": hash, "email_confirm": true }),
    )
    .await;
    assert_eq!(desk.sign_in("ann@example.com", PASSWORD).await.status, 200);
    let book = desk.ground.book();
    let user = book.one::<mainstay_gate::accounts::rows::User>("email", "ann@example.com");
    let kept = user.await.unwrap().unwrap().password.unwrap();
    assert!(kept.starts_with("$argon2id$"), "{kept}");
    assert_eq!(desk.sign_in("ann@example.com", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn users_are_listed_in_pages_with_links_to_the_next_and_the_last() {
    let desk = desk(|_| ()).await;
    for at in 0..5 {
        made(&desk, json!({ "email": format!("u{at}@example.com") })).await;
        desk.clock.advance_seconds(1);
    }
    let page = desk.admin("GET", "/admin/users?page=2&per_page=2", Value::Null).await;
    let emails: Vec<&str> = page.body["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["email"].as_str().unwrap())
        .collect();
    assert_eq!(emails, ["u2@example.com", "u1@example.com"]);
    assert_eq!(page.headers["x-total-count"], "5");
    assert_eq!(
        page.headers["link"],
        "</auth/v1/admin/users?page=3&per_page=2>; rel=\"next\", \
         </auth/v1/admin/users?page=3&per_page=2>; rel=\"last\""
    );
    for wrong in ["page=0", "page=x", "per_page=-1"] {
        let refused = desk.admin("GET", &format!("/admin/users?{wrong}"), Value::Null).await;
        assert_eq!(refused.code(), (400, "validation_failed"), "{wrong}");
    }
}

#[tokio::test]
async fn a_banned_user_is_out_at_once_and_for_as_long_as_it_was_said() {
    let desk = desk(|_| ()).await;
    let session = desk.sign_up("ann@example.com", PASSWORD).await;
    let id = session.body["user"]["id"].as_str().unwrap();
    let path = format!("/admin/users/{id}");
    let banned = desk.admin("PUT", &path, json!({ "ban_duration": "1h" })).await;
    assert!(banned.body["banned_until"].is_string());
    let credentials = |token| mainstay_gate::Credentials { apikey: None, bearer: Some(token) };
    assert!(desk.gate.identify(credentials(session.text("access_token"))).is_err());
    assert_eq!(
        desk.refresh(session.text("refresh_token")).await.code(),
        (400, "session_not_found")
    );
    assert_eq!(desk.sign_in("ann@example.com", PASSWORD).await.code(), (400, "user_banned"));
    desk.clock.advance_seconds(3_601);
    assert_eq!(desk.sign_in("ann@example.com", PASSWORD).await.status, 200);
    desk.admin("PUT", &path, json!({ "ban_duration": "1h" })).await;
    desk.admin("PUT", &path, json!({ "ban_duration": "none" })).await;
    assert_eq!(desk.sign_in("ann@example.com", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_removed_user_is_gone_with_sessions_and_address() {
    for soft in [false, true] {
        let desk = desk(|_| ()).await;
        let session = desk.sign_up("ann@example.com", PASSWORD).await;
        let id = session.body["user"]["id"].as_str().unwrap().to_owned();
        let path = format!("/admin/users/{id}");
        let removed = desk.admin("DELETE", &path, json!({ "should_soft_delete": soft })).await;
        assert_eq!((removed.status, removed.body), (200, json!({})));
        let user = desk.ask("GET", "/user", Some(session.text("access_token")), Value::Null).await;
        assert_eq!(user.code(), (403, "session_not_found"));
        assert_eq!(
            desk.sign_in("ann@example.com", PASSWORD).await.code(),
            (400, "invalid_credentials")
        );
        let shown = desk.admin("GET", &path, Value::Null).await;
        if soft {
            assert!(shown.body["deleted_at"].is_string());
            assert_eq!((shown.text("email"), &shown.body["identities"]), ("", &json!([])));
        } else {
            assert_eq!(shown.code(), (404, "user_not_found"));
        }
        let list = desk.admin("GET", "/admin/users", Value::Null).await;
        assert_eq!(list.body["users"], json!([]));
        assert_eq!(
            desk.sign_up("ann@example.com", PASSWORD).await.status,
            200,
            "the address is free"
        );
    }
}

#[tokio::test]
async fn a_token_of_a_user_who_is_gone_is_nobodys() {
    let desk = desk(|_| ()).await;
    let session = desk.sign_up("ann@example.com", PASSWORD).await;
    let id = session.body["user"]["id"].as_str().unwrap();
    let stranger = mainstay_gate::keys::sign(
        crate::desk::SECRET,
        json!({ "role": "authenticated", "sub": id, "exp": crate::desk::START + 9_000 })
            .as_object()
            .unwrap(),
    )
    .unwrap();
    assert_eq!(desk.ask("GET", "/user", Some(&stranger), Value::Null).await.status, 200);
    desk.admin("DELETE", &format!("/admin/users/{id}"), Value::Null).await;
    let gone = desk.ask("GET", "/user", Some(&stranger), Value::Null).await;
    assert_eq!(gone.code(), (403, "user_not_found"));
}

#[tokio::test]
async fn whoever_is_invited_comes_in_by_the_letter() {
    let desk = desk(|config| {
        config.confirm_email = true;
        config.signup = false;
    })
    .await;
    let body = json!({ "email": "ann@example.com", "data": { "name": "Ann" } });
    let invited = desk.admin("POST", "/invite", body.clone()).await;
    assert!(invited.body["invited_at"].is_string(), "{}", invited.body);
    let letter = desk.letter_to("ann@example.com").await;
    assert_eq!(letter.kind, Kind::Invite);
    let target = desk.click(&letter.link.unwrap()).await;
    let token = value(&target, "access_token");
    let user = desk.ask("PUT", "/user", Some(&token), json!({ "password": PASSWORD })).await;
    assert_eq!(user.body["user_metadata"]["name"], "Ann");
    assert_eq!(desk.sign_in("ann@example.com", PASSWORD).await.status, 200);
    let again = desk.admin("POST", "/invite", body).await;
    assert_eq!(again.code(), (422, "email_exists"));
}

#[tokio::test]
async fn links_are_made_for_each_purpose_and_work() {
    let desk = desk(|config| config.confirm_email = true).await;
    let link = |body: Value| {
        let desk = &desk;
        async move { desk.admin("POST", "/admin/generate_link", body).await }
    };
    let signup =
        link(json!({ "type": "signup", "email": "ann@example.com", "password": PASSWORD })).await;
    assert_eq!(signup.text("verification_type"), "signup");
    assert_eq!(signup.text("email"), "ann@example.com");
    assert!(desk.click(signup.text("action_link")).await.contains("access_token="));
    for kind in ["magiclink", "recovery"] {
        let made = link(json!({ "type": kind, "email": "ann@example.com" })).await;
        let body =
            json!({ "type": kind, "email": "ann@example.com", "token": made.text("email_otp") });
        assert_eq!(desk.ask("POST", "/verify", None, body).await.status, 200, "{kind}");
    }
    let new = json!({ "type": "email_change_new", "email": "ann@example.com", "new_email": "new@example.com" });
    let made = link(new).await;
    let body = json!({ "type": "email_change", "token_hash": made.text("hashed_token") });
    assert_eq!(desk.ask("POST", "/verify", None, body).await.text("code"), "200", "one of two");
    let current = json!({ "type": "email_change_current", "email": "ann@example.com", "new_email": "new@example.com" });
    let made = link(current).await;
    assert!(desk.click(made.text("action_link")).await.contains("access_token="));
    assert_eq!(desk.sign_in("new@example.com", PASSWORD).await.status, 200);
    for (body, code) in [
        (json!({ "type": "recovery", "email": "nobody@example.com" }), (404, "user_not_found")),
        (
            json!({ "type": "signup", "email": "new@example.com", "password": PASSWORD }),
            (422, "email_exists"),
        ),
        (json!({ "type": "login", "email": "new@example.com" }), (400, "validation_failed")),
    ] {
        assert_eq!(link(body.clone()).await.code(), code, "{body}");
    }
    assert!(desk.letters().await.iter().all(|letter| letter.kind == Kind::EmailChanged));
}

#[tokio::test]
async fn keys_of_machines_act_in_their_role_until_they_end() {
    let desk = desk(|_| ()).await;
    let body = json!({ "name": "printer", "role": "staff", "roles": ["staff"], "expires_in": 60 });
    let made = desk.admin("POST", "/admin/keys", body.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let key = made.text("key").to_owned();
    assert!(key.starts_with("sb_secret_"));
    let identify = |key: &str| {
        let credentials = mainstay_gate::Credentials { apikey: Some(key), bearer: None };
        desk.gate.identify(credentials).map(|identity| identity.role().to_owned())
    };
    assert_eq!(identify(&key).unwrap(), "staff");
    let mistyped = format!("{}x", &key[..key.len() - 1]);
    assert!(identify(&mistyped).is_err());
    let list = desk.admin("GET", "/admin/keys", Value::Null).await;
    assert!(list.body["keys"][0]["last_used_at"].is_string());
    assert!(!list.body.to_string().contains(&key), "shown once");
    assert_eq!(desk.admin("POST", "/admin/keys", body).await.code(), (422, "key_exists"));
    desk.clock.advance_seconds(91);
    assert!(identify(&key).is_err(), "it has ended");
    let other = desk.admin("POST", "/admin/keys", json!({ "name": "second" })).await;
    let other = other.text("key").to_owned();
    assert_eq!(identify(&other).unwrap(), "service_role");
    assert_eq!(desk.admin("DELETE", "/admin/keys/second", Value::Null).await.status, 200);
    assert!(identify(&other).is_err(), "it was revoked");
    let unknown = desk.admin("DELETE", "/admin/keys/second", Value::Null).await;
    assert_eq!(unknown.code(), (404, "key_not_found"));
    let public = json!({ "name": "page", "type": "publishable" });
    let public = desk.admin("POST", "/admin/keys", public).await;
    assert_eq!(identify(public.text("key")).unwrap(), "anon");
    let greedy = json!({ "name": "g", "type": "publishable", "role": "service_role" });
    assert_eq!(desk.admin("POST", "/admin/keys", greedy).await.code(), (400, "validation_failed"));
}

#[tokio::test]
async fn a_machine_that_acts_as_staff_is_no_administrator() {
    let desk = desk(|_| ()).await;
    let made = desk.admin("POST", "/admin/keys", json!({ "name": "m", "role": "staff" })).await;
    let key = made.text("key").to_owned();
    let refused = desk.ask("GET", "/admin/users", Some(&key), Value::Null).await;
    assert_eq!(refused.code(), (403, "not_admin"));
}

#[tokio::test]
async fn a_rotated_key_is_published_first_and_its_predecessor_until_its_tokens_are_dead() {
    let desk = desk(|_| ()).await;
    let old = desk.sign_up("ann@example.com", PASSWORD).await;
    let (token, refresh) = (old.text("access_token"), old.text("refresh_token"));
    let credentials = |token| mainstay_gate::Credentials { apikey: None, bearer: Some(token) };
    let rotated = desk.admin("POST", "/admin/signing-keys", Value::Null).await;
    let stages: Vec<&str> = rotated.body["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["stage"].as_str().unwrap())
        .collect();
    assert_eq!(stages, ["current", "coming"]);
    let published = desk.ask("GET", "/.well-known/jwks.json", None, Value::Null).await;
    assert_eq!(published.body["keys"].as_array().unwrap().len(), 2);
    assert!(desk.gate.identify(credentials(token)).is_ok());
    desk.clock.advance_seconds(601);
    let new = desk.refresh(refresh).await;
    assert_ne!(header(new.text("access_token")), header(token));
    assert!(desk.gate.identify(credentials(token)).is_ok(), "it lives on");
    let kid = header(new.text("access_token"))["kid"].as_str().unwrap().to_owned();
    let revoked = desk.admin("DELETE", &format!("/admin/signing-keys/{kid}"), Value::Null).await;
    assert_eq!(revoked.status, 200);
    assert!(desk.gate.identify(credentials(new.text("access_token"))).is_err(), "at once");
    let again = desk.refresh(new.text("refresh_token")).await;
    assert!(desk.gate.identify(credentials(again.text("access_token"))).is_ok());
}

fn header(token: &str) -> Value {
    use base64::Engine;
    let part = token.split('.').next().unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn every_route_is_closed_to_those_it_is_not_for() {
    use mainstay_gate::auth::{AuthRoute, RouteAccess};
    let desk = desk(|_| ()).await;
    let user = desk.sign_up("ann@example.com", PASSWORD).await;
    let user = user.text("access_token");
    for route in AuthRoute::ALL {
        let path = route
            .template()
            .strip_prefix("/auth/v1")
            .unwrap()
            .replace("{id}", "x")
            .replace("{fid}", "y");
        let method = route.method();
        let bare = http::Request::builder()
            .method(method.clone())
            .uri(format!("/auth/v1{path}"))
            .header("x-supabase-api-version", "2024-01-01")
            .body(bytes::Bytes::new())
            .unwrap();
        let nobody = desk.send("192.0.2.7", bare).await;
        let anon = desk.ask(method.as_str(), &path, None, Value::Null).await;
        let signed_in = desk.ask(method.as_str(), &path, Some(user), Value::Null).await;
        let expected: [Option<(u16, &str)>; 3] = match route.access() {
            RouteAccess::Public => [None; 3],
            RouteAccess::Key => [Some((401, "no_authorization")), None, None],
            RouteAccess::User => [Some((401, "no_authorization")), Some((403, "bad_jwt")), None],
            RouteAccess::Admin => [
                Some((401, "no_authorization")),
                Some((403, "not_admin")),
                Some((403, "not_admin")),
            ],
        };
        for (answer, expected) in [&nobody, &anon, &signed_in].into_iter().zip(expected) {
            match expected {
                Some(expected) => assert_eq!(answer.code(), expected, "{method} {path}"),
                None => assert!(
                    !["no_authorization", "not_admin"].contains(&answer.code().1),
                    "{method} {path}: {}",
                    answer.body
                ),
            }
        }
        // Whoever has just signed out has to come again.
        if *route == AuthRoute::SignOut {
            return_to(&desk, user).await;
        }
    }
}

/// The control: the session is gone, as it should be after `logout`.
async fn return_to(desk: &Desk, user: &str) {
    let gone = desk.ask("GET", "/user", Some(user), Value::Null).await;
    assert_eq!(gone.code(), (403, "session_not_found"));
}
