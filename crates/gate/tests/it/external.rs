//! Signing in by identity providers, as honest people and honest providers do it: from the address
//! that a browser is sent to, to the session; and how identities are linked and unlinked.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::Request;
use mainstay_base::{Clock, Code};
use mainstay_credentials::secret;
use mainstay_federation::{Declared, External, Reach};
use mainstay_gate::accounts::rows::Flow;
use mainstay_gate::auth::Config;
use serde_json::{Value, json};

use crate::desk::{Answer, Desk, Ground, START, desk_with};
use crate::provider::{CALLBACK, CLIENT, Key, Lie, Provider, SECRET, ann, pairs};

pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// How a provider is declared under any name.
pub fn declared(provider: &Provider) -> Declared {
    Declared {
        client_id: CLIENT.to_owned(),
        secret: Some(SECRET.to_owned()),
        issuer: Some(provider.issuer.clone()),
        ..Declared::default()
    }
}

pub async fn desk_of(declared: &[(&str, Declared)], change: impl FnOnce(&mut Config)) -> Desk {
    let ground = Ground::new();
    let clock: Arc<dyn Clock> = Arc::clone(&ground.clock) as Arc<dyn Clock>;
    let declared: BTreeMap<String, Declared> =
        declared.iter().map(|(name, declared)| ((*name).to_owned(), declared.clone())).collect();
    let external = External::new(&declared, CALLBACK.to_owned(), Reach::default(), &clock).unwrap();
    desk_with(ground, external, change).await
}

/// One provider called `keycloak`, and the application at its door.
pub async fn both(change: impl FnOnce(&mut Config)) -> (Provider, Desk) {
    let provider = Provider::open().await;
    let desk = desk_of(&[("keycloak", declared(&provider))], change).await;
    (provider, desk)
}

impl Desk {
    /// A browser's GET without any key.
    pub async fn browse(&self, path: &str) -> Answer {
        let request = Request::get(format!("/auth/v1{path}")).body(Bytes::new()).unwrap();
        self.send("192.0.2.1", request).await
    }

    /// Where `/authorize` sends a browser.
    pub async fn authorize(&self, query: &str) -> String {
        let answer = self.browse(&format!("/authorize?{query}")).await;
        assert_eq!(answer.status, 302, "{}", answer.body);
        location(&answer)
    }

    /// Where `/callback` sends it on to.
    pub async fn callback(&self, query: &str) -> String {
        let answer = self.browse(&format!("/callback?{query}")).await;
        assert_eq!(answer.status, 302, "{}", answer.body);
        location(&answer)
    }

    /// The whole way by the fragment.
    pub async fn arrive(&self, provider: &Provider) -> BTreeMap<String, String> {
        let url = self.authorize("provider=keycloak").await;
        let (code, state) = provider.consent(&url);
        behind(&self.callback(&format!("code={code}&state={state}")).await)
    }

    /// Somebody who is signed in begins to link an identity of `other`: what comes back.
    pub async fn link(&self, other: &Provider, token: &str) -> String {
        let answer = self.ask("GET", &link_path("other"), Some(token), Value::Null).await;
        let (code, state) = other.consent(answer.text("url"));
        format!("code={code}&state={state}")
    }

    pub async fn exchange(&self, code: &str, verifier: &str) -> Answer {
        let body = json!({ "auth_code": code, "code_verifier": verifier });
        self.ask("POST", "/token?grant_type=pkce", None, body).await
    }

    pub async fn user(&self, token: &str) -> Value {
        let answer = self.ask("GET", "/user", Some(token), Value::Null).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    pub async fn users(&self) -> usize {
        let all = self.admin("GET", "/admin/users", Value::Null).await;
        all.body["users"].as_array().unwrap().len()
    }
}

/// What a client of PKCE asks for when it links.
pub fn link_path(provider: &str) -> String {
    format!(
        "/user/identities/authorize?provider={provider}&skip_http_redirect=true\
         &code_challenge={CHALLENGE}&code_challenge_method=s256"
    )
}

pub fn location(answer: &Answer) -> String {
    answer.headers["location"].to_str().unwrap().to_owned()
}

/// The values behind `#`, or else behind `?`.
pub fn behind(location: &str) -> BTreeMap<String, String> {
    let values = location.split_once('#').or_else(|| location.split_once('?'));
    pairs(values.unwrap_or_default().1)
}

/// The claims of a token that we made ourselves.
fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn who_is_vouched_for_has_a_session_and_is_known_again() {
    let (provider, desk) = both(|config| config.confirm_email = true).await;
    let first = desk.arrive(&provider).await;
    assert_eq!(first["provider_token"], "the access token");
    assert_eq!(first["provider_refresh_token"], "the refresh token");
    assert_eq!((first["token_type"].as_str(), first["expires_in"].as_str()), ("bearer", "3600"));
    let claims = claims(&first["access_token"]);
    let amr = json!([{ "method": "oauth", "timestamp": START, "provider": "keycloak" }]);
    assert_eq!((&claims["amr"], &claims["aal"]), (&amr, &json!("aal1")));
    let user = desk.user(&first["access_token"]).await;
    assert_eq!(user["email"], "ann@example.com");
    assert!(user["email_confirmed_at"].is_string());
    let about = json!({ "provider": "keycloak", "providers": ["keycloak"] });
    assert_eq!(user["app_metadata"], about);
    assert_eq!(user["user_metadata"]["full_name"], "Ann Example");
    let identity = &user["identities"][0];
    assert_eq!((&identity["provider"], &identity["id"]), (&json!("keycloak"), &ann()["sub"]));
    assert_eq!(identity["identity_data"]["iss"], provider.issuer);
    // Another address there is the same person here.
    provider.tell(|script| script.person["email"] = json!("ann@work.example"));
    let again = desk.arrive(&provider).await;
    let same = desk.user(&again["access_token"]).await;
    assert_eq!((&same["id"], &same["email"]), (&user["id"], &user["email"]));
    assert_eq!(same["identities"][0]["email"], "ann@work.example");
    assert_eq!(desk.users().await, 1);
}

#[tokio::test]
async fn a_client_of_pkce_gets_a_code_and_the_tokens_wait_sealed() {
    let (provider, desk) = both(|_| ()).await;
    let query = format!(
        "provider=keycloak&code_challenge={CHALLENGE}&code_challenge_method=s256\
         &redirect_to=https%3A%2F%2Fshop.example%2Fwelcome"
    );
    let url = desk.authorize(&query).await;
    assert!(!url.contains(CHALLENGE), "towards the provider it is another one");
    let (code, state) = provider.consent(&url);
    let location = desk.callback(&format!("code={code}&state={state}")).await;
    let code = location.strip_prefix("https://shop.example/welcome?code=").unwrap();
    let digest = STANDARD_NO_PAD.encode(secret::digest(&[code]));
    let flow: Flow = desk.ground.book().one("code", &digest).await.unwrap().unwrap();
    let kept = format!("{flow:?}");
    assert!(!kept.contains("the access token") && !kept.contains("the refresh token"), "{kept}");
    let session = desk.exchange(code, VERIFIER).await;
    assert_eq!(session.status, 200, "{}", session.body);
    assert_eq!(session.text("provider_token"), "the access token");
    assert_eq!(session.text("provider_refresh_token"), "the refresh token");
    assert_eq!(claims(session.text("access_token"))["amr"][0]["provider"], "keycloak");
    let refreshed = desk.refresh(session.text("refresh_token")).await;
    assert!(refreshed.status == 200 && refreshed.body.get("provider_token").is_none());
}

#[tokio::test]
async fn all_algorithms_of_the_list_are_taken_and_new_keys_are_found() {
    for key in [Key::es256(), Key::rs256(), Key::ps256(), Key::eddsa()] {
        let alg = key.alg();
        let provider = Provider::with(key).await;
        let desk = desk_of(&[("keycloak", declared(&provider))], |_| ()).await;
        assert!(desk.arrive(&provider).await.contains_key("access_token"), "{alg}");
    }
    let (provider, desk) = both(|_| ()).await;
    desk.arrive(&provider).await;
    provider.tell(|script| script.keys.push(("second".to_owned(), Key::es256())));
    let early = desk.arrive(&provider).await;
    assert_eq!(early["error_code"], "bad_oauth_callback", "asked a moment ago");
    desk.clock.advance_seconds(60);
    assert!(desk.arrive(&provider).await.contains_key("access_token"));
    assert_eq!(provider.count("/keys"), 2);
}

#[tokio::test]
async fn a_client_says_who_it_is_as_the_provider_wants_to_hear_it() {
    let (provider, desk) = both(|_| ()).await;
    assert!(desk.arrive(&provider).await.contains_key("access_token"), "in the header");
    provider.tell(|script| script.form_only = true);
    assert_eq!(desk.arrive(&provider).await["error_code"], "bad_oauth_callback");
    desk.clock.advance_seconds(3_600);
    let methods = json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] });
    provider.tell(|script| {
        script.metadata = methods;
        script.lie = Lie::Claims(|claims| claims["exp"] = json!(START + 7_200));
    });
    assert!(desk.arrive(&provider).await.contains_key("access_token"), "in the form");
    let journal = desk.admin("GET", "/admin/audit", Value::Null).await.body.to_string();
    assert!(journal.contains("sign_in_failed"), "{journal}");
    let public = Declared { secret: None, ..declared(&provider) };
    let desk = desk_of(&[("keycloak", public)], |_| ()).await;
    assert_eq!(desk.arrive(&provider).await["error_code"], "bad_oauth_callback");
    provider.tell(|script| script.public = true);
    assert!(desk.arrive(&provider).await.contains_key("access_token"), "without a secret");
}

#[tokio::test]
async fn an_address_that_only_userinfo_says_is_asked_there() {
    let (provider, desk) = both(|config| config.confirm_email = true).await;
    provider.tell(|script| script.reserved = vec!["email", "email_verified", "name"]);
    let arrived = desk.arrive(&provider).await;
    let user = desk.user(&arrived["access_token"]).await;
    assert_eq!(
        (&user["email"], &user["user_metadata"]["name"]),
        (&json!("ann@example.com"), &json!("Ann Example"))
    );
}

/// A provider without ID tokens, at the addresses of the one inside the test.
fn without_id_tokens(provider: &Provider, userinfo: &str) -> Declared {
    Declared {
        issuer: None,
        authorize_url: Some(format!("{}/authorize", provider.issuer)),
        token_url: Some(format!("{}/token", provider.issuer)),
        userinfo_url: Some(format!("{}{userinfo}", provider.issuer)),
        ..declared(provider)
    }
}

#[tokio::test]
async fn github_and_discord_say_who_somebody_is_in_their_own_way() {
    let provider = Provider::open().await;
    let desk = desk_of(
        &[
            ("github", without_id_tokens(&provider, "/user")),
            ("discord", without_id_tokens(&provider, "/users/@me")),
        ],
        |config| config.confirm_email = true,
    )
    .await;
    provider.tell(|script| {
        script.lie = Lie::Missing;
        script.pages.insert("/user", json!({ "id": 7, "login": "ann", "email": "x@example.com" }));
        let emails = json!([{ "email": "ann@example.com", "primary": true, "verified": true }]);
        script.pages.insert("/user/emails", emails);
        let discord =
            json!({ "id": "80", "username": "ann", "email": "ann@example.com", "verified": true });
        script.pages.insert("/users/@me", discord);
    });
    let mut ids = Vec::new();
    for name in ["github", "discord"] {
        let (code, state) = provider.consent(&desk.authorize(&format!("provider={name}")).await);
        let arrived = behind(&desk.callback(&format!("code={code}&state={state}")).await);
        let user = desk.user(&arrived["access_token"]).await;
        assert_eq!(user["email"], "ann@example.com");
        ids.push(user["id"].clone());
    }
    assert_eq!(ids[0], ids[1], "both verified the address");
    assert!(
        provider
            .script
            .lock()
            .unwrap()
            .authorization
            .contains(&"Bearer the access token".to_owned())
    );
}

#[tokio::test]
async fn apple_answers_by_a_form_and_gets_a_secret_that_is_made() {
    let provider = Provider::open().await;
    let pair = Key::es256();
    let Key::Es256(pair) = pair else { unreachable!() };
    let pem = base64::engine::general_purpose::STANDARD.encode(pair.to_pkcs8v1().unwrap());
    let apple = Declared {
        secret: None,
        team_id: Some("TEAM".to_owned()),
        key_id: Some("KEY".to_owned()),
        private_key: Some(format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----")),
        ..declared(&provider)
    };
    provider.tell(|script| {
        script.person = json!({ "sub": "001", "email": "a@privaterelay.example", "email_verified": "true" });
    });
    let desk = desk_of(&[("apple", apple)], |config| config.confirm_email = true).await;
    let url = desk.authorize("provider=apple").await;
    assert_eq!(behind(&url)["response_mode"], "form_post");
    let (code, state) = provider.consent(&url);
    let user =
        "%7B%22name%22%3A%7B%22firstName%22%3A%22Ann%22%2C%22lastName%22%3A%22Example%22%7D%7D";
    let request = Request::post("/auth/v1/callback")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(format!("code={code}&state={state}&user={user}")))
        .unwrap();
    let arrived = behind(&location(&desk.send("192.0.2.1", request).await));
    let user = desk.user(&arrived["access_token"]).await;
    assert_eq!(user["user_metadata"]["full_name"], "Ann Example");
    let script = provider.script.lock().unwrap();
    let (_, form) = script.asked.iter().find(|(path, _)| path == "/token").unwrap();
    assert_eq!(claims(&pairs(form)["client_secret"])["iss"], "TEAM");
}

#[tokio::test]
async fn what_a_client_hands_on_cannot_change_where_the_answer_goes() {
    let (provider, desk) = both(|_| ()).await;
    let url = desk
        .authorize(
            "provider=keycloak&scopes=calendar%20%22evil&prompt=consent&access_type=offline\
             &redirect_uri=https%3A%2F%2Fevil.example&client_id=evil&state=evil&nonce=evil\
             &response_type=token&response_mode=fragment&code_challenge_x=1",
        )
        .await;
    assert!(
        url.starts_with(&format!("{}/authorize?", provider.issuer)) && !url.contains("evil"),
        "{url}"
    );
    let asked = behind(&url);
    assert_eq!(asked["scope"], "openid email profile calendar");
    assert_eq!((asked["prompt"].as_str(), asked["access_type"].as_str()), ("consent", "offline"));
    assert_eq!(asked["redirect_uri"], CALLBACK);
    for query in ["", "provider=", "provider=google", "provider=email"] {
        let refused = desk.browse(&format!("/authorize?{query}")).await;
        assert_eq!((refused.status, refused.text("error_code")), (400, "validation_failed"));
    }
    let settings = desk.ask("GET", "/settings", None, Value::Null).await;
    let external = &settings.body["external"];
    assert_eq!((&external["keycloak"], &external["google"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn an_application_brings_an_id_token() {
    let (provider, desk) = both(|config| config.confirm_email = true).await;
    let digest =
        secret::sha256(b"a nonce").iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let token = provider.id_token(|claims| claims["nonce"] = json!(digest));
    let bring = async |token: &str, nonce: &str| {
        let body = json!({ "provider": "keycloak", "id_token": token, "nonce": nonce });
        desk.ask("POST", "/token?grant_type=id_token", None, body).await
    };
    let session = bring(&token, "a nonce").await;
    assert_eq!(session.status, 200, "{}", session.body);
    assert_eq!(session.body["user"]["email"], "ann@example.com");
    for (token, nonce) in [
        (token.clone(), "another"),
        (token.clone(), ""),
        (token.clone(), digest.as_str()),
        (provider.id_token(|_| ()), "a nonce"),
        (provider.id_token(|claims| claims["aud"] = json!("another")), ""),
        (provider.id_token(|claims| claims["iss"] = json!("https://evil.example")), ""),
        (provider.id_token(|claims| claims["exp"] = json!(START - 60)), ""),
        (session.text("access_token").to_owned(), ""),
        ("a.b.c".to_owned(), ""),
    ] {
        let refused = bring(&token, nonce).await;
        assert_eq!(refused.code(), (400, "bad_jwt"), "{token} {nonce}");
    }
    assert_eq!((Code::IdTokenBad.status(), Code::IdTokenBad.text()), (400, "bad_jwt"));
    for body in
        [json!({ "provider": "keycloak" }), json!({ "provider": "github", "id_token": token })]
    {
        let refused = desk.ask("POST", "/token?grant_type=id_token", None, body).await;
        assert_eq!(refused.code(), (400, "validation_failed"));
    }
    assert_eq!(bring(&provider.id_token(|_| ()), "").await.status, 200, "none on either side");
    assert_eq!(desk.users().await, 1);
}

#[tokio::test]
async fn a_proven_address_on_both_sides_is_one_person() {
    let (provider, desk) = both(|config| config.confirm_email = true).await;
    let made = desk.sign_up("ann@example.com", "correct horse").await;
    desk.click(&desk.letter_to("ann@example.com").await.link.unwrap()).await;
    let arrived = desk.arrive(&provider).await;
    let user = desk.user(&arrived["access_token"]).await;
    assert_eq!(user["id"], made.body["id"]);
    assert_eq!(user["app_metadata"]["providers"], json!(["email", "keycloak"]));
    assert_eq!(user["app_metadata"]["provider"], "email");
    assert_eq!(desk.sign_in("ann@example.com", "correct horse").await.status, 200, "still");
}

#[tokio::test]
async fn strangers_are_refused_where_nobody_signs_up_and_banned_ones_anywhere() {
    let (provider, desk) = both(|config| config.signup = false).await;
    assert_eq!(desk.arrive(&provider).await["error_code"], "signup_disabled");
    let made = json!({ "email": "ann@example.com", "email_confirm": true });
    let ann = desk.admin("POST", "/admin/users", made).await;
    provider.tell(|script| script.person["email_verified"] = json!(true));
    let arrived = desk.arrive(&provider).await;
    assert!(arrived.contains_key("access_token"), "the control: {arrived:?}");
    let path = format!("/admin/users/{}", ann.text("id"));
    desk.admin("PUT", &path, json!({ "ban_duration": "24h" })).await;
    let banned = desk.arrive(&provider).await;
    assert_eq!(
        (banned["error"].as_str(), banned["error_code"].as_str()),
        ("access_denied", "user_banned")
    );
}

#[tokio::test]
async fn a_provider_s_refusal_is_handed_on_and_spends_the_flow() {
    let (provider, desk) = both(|_| ()).await;
    let (code, state) = provider.consent(&desk.authorize("provider=keycloak").await);
    let refused = desk
        .callback(&format!("error=access_denied&error_description=not%20today&state={state}"))
        .await;
    let said = behind(&refused);
    assert_eq!(
        (said["error"].as_str(), said["error_description"].as_str()),
        ("access_denied", "not today")
    );
    let late = behind(&desk.callback(&format!("code={code}&state={state}")).await);
    assert_eq!(late["error_code"], "bad_oauth_state");
    let head = Request::head("/auth/v1/callback?code=a&state=b").body(Bytes::new()).unwrap();
    assert_eq!(desk.send("192.0.2.1", head).await.status, 204);
}

/// The address at which somebody who is signed in links an identity.
async fn linking(desk: &Desk, token: &str) -> Answer {
    desk.ask("GET", &link_path("keycloak"), Some(token), Value::Null).await
}

async fn link(desk: &Desk, provider: &Provider, token: &str) -> BTreeMap<String, String> {
    let answer = linking(desk, token).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let (code, state) = provider.consent(answer.text("url"));
    let back = behind(&desk.callback(&format!("code={code}&state={state}")).await);
    let Some(code) = back.get("code") else { return back };
    let session = desk.exchange(code, VERIFIER).await;
    assert_eq!(session.status, 200, "{}", session.body);
    [("access_token".to_owned(), session.text("access_token").to_owned())].into()
}

#[tokio::test]
async fn who_is_signed_in_links_an_identity_that_nobody_else_has() {
    let (provider, desk) = both(|_| ()).await;
    let bob = desk.sign_up("bob@example.com", "correct horse").await;
    let linked = link(&desk, &provider, bob.text("access_token")).await;
    let user = desk.user(&linked["access_token"]).await;
    assert_eq!((&user["id"], &user["email"]), (&bob.body["user"]["id"], &json!("bob@example.com")));
    assert_eq!(user["app_metadata"]["providers"], json!(["email", "keycloak"]));
    let twice = link(&desk, &provider, bob.text("access_token")).await;
    assert_eq!(twice["error_code"], "identity_already_exists");
    let eve = desk.sign_up("eve@example.com", "correct horse").await;
    let other = link(&desk, &provider, eve.text("access_token")).await;
    assert_eq!(other["error_code"], "identity_already_exists");
    assert_eq!(desk.user(&desk.arrive(&provider).await["access_token"]).await["id"], user["id"]);
}

#[tokio::test]
async fn an_identity_is_linked_only_for_a_session_that_lives() {
    let (provider, desk) = both(|_| ()).await;
    let bob = desk.sign_up("bob@example.com", "correct horse").await;
    let answer = linking(&desk, bob.text("access_token")).await;
    let (code, state) = provider.consent(answer.text("url"));
    desk.ask("POST", "/logout", Some(bob.text("access_token")), Value::Null).await;
    let late = behind(&desk.callback(&format!("code={code}&state={state}")).await);
    assert_eq!(late["error_code"], "session_not_found");
    let anon = desk.anon.clone();
    assert_eq!(linking(&desk, &anon).await.code(), (403, "bad_jwt"));
    let (_, closed) = both(|config| config.manual_linking = false).await;
    let bob = closed.sign_up("bob@example.com", "correct horse").await;
    let token = bob.text("access_token");
    assert_eq!(linking(&closed, token).await.code(), (404, "manual_linking_disabled"));
    let id = bob.body["user"]["identities"][0]["identity_id"].as_str().unwrap();
    let path = format!("/user/identities/{id}");
    let refused = closed.ask("DELETE", &path, Some(token), Value::Null).await;
    assert_eq!(refused.code(), (404, "manual_linking_disabled"));
}

#[tokio::test]
async fn an_identity_is_linked_by_an_id_token_too() {
    let (provider, desk) = both(|_| ()).await;
    let bob = desk.sign_up("bob@example.com", "correct horse").await;
    let token = provider.id_token(|_| ());
    let body = json!({ "provider": "keycloak", "id_token": token, "link_identity": true });
    let path = "/token?grant_type=id_token";
    let nobody = desk.ask("POST", path, None, body.clone()).await;
    assert_eq!(nobody.code(), (Code::JwtBad.status(), "bad_jwt"));
    let linked = desk.ask("POST", path, Some(bob.text("access_token")), body).await;
    assert_eq!(linked.status, 200, "{}", linked.body);
    assert_eq!(linked.body["user"]["id"], bob.body["user"]["id"]);
    assert_eq!(linked.body["user"]["identities"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_anonymous_user_who_links_an_identity_is_somebody() {
    let (provider, desk) = both(|_| ()).await;
    let anonymous = desk.ask("POST", "/signup", None, json!({})).await;
    let linked = link(&desk, &provider, anonymous.text("access_token")).await;
    let user = desk.user(&linked["access_token"]).await;
    assert_eq!(user["id"], anonymous.body["user"]["id"]);
    assert_eq!((&user["is_anonymous"], &user["email"]), (&json!(false), &json!("ann@example.com")));
}

#[tokio::test]
async fn all_identities_but_the_last_can_be_unlinked() {
    let (provider, desk) = both(|_| ()).await;
    let bob = desk.sign_up("bob@example.com", "correct horse").await;
    let token = bob.text("access_token");
    let unlink = async |id: &Value| {
        let path = format!("/user/identities/{}", id.as_str().unwrap());
        desk.ask("DELETE", &path, Some(token), Value::Null).await
    };
    let email = &bob.body["user"]["identities"][0]["identity_id"];
    assert_eq!(unlink(email).await.code(), (422, "single_identity_not_deletable"));
    let linked = link(&desk, &provider, token).await;
    let user = desk.user(token).await;
    let identities = user["identities"].as_array().unwrap();
    let there = identities.iter().find(|identity| identity["provider"] == "keycloak").unwrap();
    assert_eq!(unlink(&json!("no-id")).await.code(), (422, "identity_not_found"));
    let eve = desk.sign_up("eve@example.com", "correct horse").await;
    let foreign = &eve.body["user"]["identities"][0]["identity_id"];
    assert_eq!(unlink(foreign).await.code(), (422, "identity_not_found"));
    let gone = unlink(&there["identity_id"]).await;
    assert_eq!((gone.status, &gone.body), (200, &json!({})));
    let user = desk.user(token).await;
    let about = json!({ "provider": "email", "providers": ["email"] });
    assert_eq!((&user["app_metadata"], user["identities"].as_array().unwrap().len()), (&about, 1));
    let ended = desk.ask("GET", "/user", Some(&linked["access_token"]), Value::Null).await;
    assert_eq!(ended.code(), (403, "session_not_found"), "it came by what is unlinked");
}

#[tokio::test]
async fn with_the_address_s_identity_its_password_goes() {
    let (provider, desk) = both(|_| ()).await;
    let bob = desk.sign_up("bob@example.com", "correct horse").await;
    let token = bob.text("access_token");
    link(&desk, &provider, token).await;
    let email = bob.body["user"]["identities"][0]["identity_id"].as_str().unwrap();
    // Somebody else has meanwhile proven the address that would be left.
    let path = format!("/user/identities/{email}");
    let made = json!({ "email": "ann@example.com", "email_confirm": true });
    let ann = desk.admin("POST", "/admin/users", made).await;
    let refused = desk.ask("DELETE", &path, Some(token), Value::Null).await;
    assert_eq!(refused.code(), (422, "email_conflict_identity_not_deletable"));
    desk.admin("DELETE", &format!("/admin/users/{}", ann.text("id")), Value::Null).await;
    assert_eq!(desk.ask("DELETE", &path, Some(token), Value::Null).await.status, 200);
    let user = desk.user(token).await;
    assert_eq!(
        (&user["email"], &user["app_metadata"]["provider"]),
        (&json!("ann@example.com"), &json!("keycloak"))
    );
    let old = desk.sign_in("bob@example.com", "correct horse").await;
    assert_eq!(old.code(), (400, "invalid_credentials"));
    let new = desk.sign_in("ann@example.com", "correct horse").await;
    assert_eq!(new.code(), (400, "invalid_credentials"));
}
