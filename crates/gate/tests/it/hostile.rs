//! What a hostile provider, a hostile browser or somebody on the way may try (E7): no session comes
//! of it, and beside each stands the honest control that gives one.

use std::sync::Arc;

use mainstay_federation::Declared;
use mainstay_gate::accounts::Moment;
use mainstay_gate::accounts::rows::Factor;
use serde_json::{Value, json};

use crate::desk::{Desk, SITE_URL, START};
use crate::external::{CHALLENGE, VERIFIER, behind, both, declared, desk_of};
use crate::provider::{Lie, Provider};

/// Nobody is in, and nobody new is there.
async fn assert_refused(desk: &Desk, provider: &Provider, code: &str, what: &str) {
    let arrived = desk.arrive(provider).await;
    assert!(!arrived.contains_key("access_token") && !arrived.contains_key("code"), "{what}");
    assert_eq!(arrived["error_code"], code, "{what}: {arrived:?}");
    assert_eq!(desk.users().await, 0, "{what}");
}

#[tokio::test]
async fn a_token_that_proves_nothing_opens_nothing() {
    let (provider, desk) = both(|_| ()).await;
    let lies: [(&str, Lie); 27] = [
        ("no algorithm", Lie::Unsigned("none")),
        ("no algorithm, in capitals", Lie::Unsigned("NONE")),
        ("no signature", Lie::Unsigned("ES256")),
        ("an empty algorithm", Lie::Unsigned("")),
        ("the public key as a secret", Lie::PublicKeyAsSecret),
        ("another key", Lie::OtherKey),
        ("another token's signature", Lie::Spliced),
        ("no token", Lie::Missing),
        ("an unknown key", Lie::Header(|header| header["kid"] = json!("third"))),
        ("another algorithm of the key", Lie::Header(|header| header["alg"] = json!("RS256"))),
        ("an access token", Lie::Header(|header| header["typ"] = json!("at+jwt"))),
        ("news of a sign-out", Lie::Header(|header| header["typ"] = json!("logout+jwt"))),
        ("a demand", Lie::Header(|header| header["crit"] = json!(["b64"]))),
        ("another issuer", Lie::Claims(|claims| claims["iss"] = json!("https://evil.example"))),
        (
            "the issuer with a slash",
            Lie::Claims(|claims| {
                claims["iss"] = json!(format!("{}/", claims["iss"].as_str().unwrap()));
            }),
        ),
        (
            "the issuer's beginning",
            Lie::Claims(|claims| {
                claims["iss"] =
                    json!(claims["iss"].as_str().unwrap().strip_suffix("/realm").unwrap());
            }),
        ),
        ("another audience", Lie::Claims(|claims| claims["aud"] = json!("somebody"))),
        (
            "several, nobody asked",
            Lie::Claims(|claims| {
                claims["aud"] = json!([claims["aud"], "somebody"]);
            }),
        ),
        ("somebody else asked", Lie::Claims(|claims| claims["azp"] = json!("somebody"))),
        ("expired", Lie::Claims(|claims| claims["exp"] = json!(START - 31))),
        ("no end", Lie::Claims(|claims| claims["exp"] = Value::Null)),
        ("not yet", Lie::Claims(|claims| claims["iat"] = json!(START + 600))),
        ("no nonce", Lie::Claims(|claims| drop(claims.as_object_mut().unwrap().remove("nonce")))),
        ("another nonce", Lie::Claims(|claims| claims["nonce"] = json!("replayed"))),
        ("another access token", Lie::Claims(|claims| claims["at_hash"] = json!("AAAA"))),
        ("nobody", Lie::Claims(|claims| claims["sub"] = json!(""))),
        ("a text for nobody", Lie::Claims(|claims| claims["sub"] = json!("x".repeat(256)))),
    ];
    for (what, lie) in lies {
        provider.tell(|script| script.lie = lie);
        assert_refused(&desk, &provider, "bad_oauth_callback", what).await;
    }
    provider.tell(|script| script.lie = Lie::None);
    assert!(desk.arrive(&provider).await.contains_key("access_token"), "the control");
}

#[tokio::test]
async fn a_provider_that_answers_nonsense_opens_nothing() {
    let (provider, desk) = both(|_| ()).await;
    for (lie, code) in [
        (Lie::Answers(500, "{}"), "unexpected_failure"),
        (Lie::Answers(200, "<html>"), "bad_oauth_callback"),
        (Lie::Answers(200, "[]"), "bad_oauth_callback"),
        (Lie::Answers(200, "{}"), "bad_oauth_callback"),
        (
            Lie::Answers(200, r#"{"error":"bad_verification_code","access_token":"a"}"#),
            "bad_oauth_callback",
        ),
        (Lie::Answers(302, "{}"), "bad_oauth_callback"),
        (Lie::Answers(400, r#"{"error":"invalid_grant"}"#), "bad_oauth_callback"),
    ] {
        provider.tell(|script| script.lie = lie);
        assert_refused(&desk, &provider, code, "an answer").await;
    }
    assert_eq!(provider.count("/elsewhere"), 0, "no redirect is followed");
    provider.tell(|script| script.lie = Lie::None);
    assert!(desk.arrive(&provider).await.contains_key("access_token"), "the control");
}

#[tokio::test]
async fn userinfo_about_somebody_else_is_not_believed() {
    let (provider, desk) = both(|_| ()).await;
    provider.tell(|script| {
        script.reserved = vec!["email", "email_verified"];
        script.pages.insert(
            "/userinfo",
            json!({ "sub": "boss", "email": "boss@example.com", "email_verified": true }),
        );
    });
    assert_refused(&desk, &provider, "bad_oauth_callback", "somebody else").await;
    provider.tell(|script| drop(script.pages.remove("/userinfo")));
    assert!(desk.arrive(&provider).await.contains_key("access_token"), "the control");
}

#[tokio::test]
async fn discovery_cannot_lead_us_elsewhere() {
    for metadata in [
        json!({ "issuer": "https://evil.example" }),
        json!({ "token_endpoint": "http://169.254.169.254/latest/meta-data" }),
        json!({ "token_endpoint": "http://evil.example/token" }),
        json!({ "jwks_uri": "file:///etc/passwd" }),
    ] {
        let (provider, desk) = both(|_| ()).await;
        provider.tell(|script| script.metadata = metadata.clone());
        let refused = desk.browse("/authorize?provider=keycloak").await;
        assert_eq!(
            (refused.status, refused.text("error_code")),
            (500, "unexpected_failure"),
            "{metadata}"
        );
    }
    // Loopback is allowed as it was written down, and not under its other name.
    let (provider, desk) = both(|_| ()).await;
    let port = provider.issuer.split(':').nth(2).unwrap();
    let inside = format!("http://localhost:{port}/token");
    provider.tell(|script| script.metadata = json!({ "token_endpoint": inside }));
    assert_refused(&desk, &provider, "unexpected_failure", "another host of ours").await;
    assert_eq!(provider.count("/token"), 0);
}

#[tokio::test]
async fn a_state_that_is_not_ours_opens_nothing() {
    let (provider, desk) = both(|_| ()).await;
    let (code, state) = provider.consent(&desk.authorize("provider=keycloak").await);
    let other = state.chars().rev().collect::<String>();
    for (query, expected) in [
        (format!("code={code}"), "bad_oauth_callback"),
        (format!("code={code}&state="), "bad_oauth_callback"),
        (format!("code={code}&state={other}"), "bad_oauth_state"),
        (format!("code={code}&state={}", &state[1..]), "bad_oauth_state"),
        (format!("code={code}&state=00000000-0000-4000-8000-000000000000"), "bad_oauth_state"),
    ] {
        let location = desk.callback(&query).await;
        assert!(location.starts_with(&format!("{SITE_URL}#")), "{location}");
        assert_eq!(behind(&location)["error_code"], expected, "{query}");
    }
    let exchanged = desk.exchange(&state, VERIFIER).await;
    assert_eq!(exchanged.code(), (404, "flow_state_not_found"), "a state is no code");
    assert_eq!(provider.count("/token"), 0);
    let good = format!("code={code}&state={state}");
    assert!(behind(&desk.callback(&good).await).contains_key("access_token"), "the control");
    assert_eq!(behind(&desk.callback(&good).await)["error_code"], "bad_oauth_state", "spent");
    let (code, state) = provider.consent(&desk.authorize("provider=keycloak").await);
    desk.clock.advance_seconds(301);
    let late = behind(&desk.callback(&format!("code={code}&state={state}")).await);
    assert_eq!(late["error_code"], "bad_oauth_state", "too late");
}

#[tokio::test]
async fn codes_are_bound_to_the_flow_that_asked_for_them() {
    let (provider, desk) = both(|_| ()).await;
    // The attacker's code, brought to the victim's flow: PKCE towards the provider finds it out.
    let (stolen, _) = provider.consent(&desk.authorize("provider=keycloak").await);
    let (own, state) = provider.consent(&desk.authorize("provider=keycloak").await);
    let injected = behind(&desk.callback(&format!("code={stolen}&state={state}")).await);
    assert_eq!(injected["error_code"], "bad_oauth_callback");
    let late = behind(&desk.callback(&format!("code={own}&state={state}")).await);
    assert_eq!(late["error_code"], "bad_oauth_state", "the flow is spent");
    assert_eq!(desk.users().await, 0);
    assert!(desk.arrive(&provider).await.contains_key("access_token"), "the control");
}

/// An ID token with one character changed, wherever that is, is none.
#[tokio::test]
async fn an_id_token_that_was_changed_anywhere_is_refused() {
    let (provider, desk) = both(|_| ()).await;
    let token = provider.id_token(|_| ());
    let bring = async |token: &str| {
        let body = json!({ "provider": "keycloak", "id_token": token });
        desk.ask("POST", "/token?grant_type=id_token", None, body).await
    };
    for at in 0..token.len() {
        let other = if &token[at..=at] == "A" { "B" } else { "A" };
        let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        assert_eq!(bring(&changed).await.code(), (400, "bad_jwt"), "{at}");
    }
    for changed in
        [format!("{token}A"), format!("{token}="), format!("{token}."), format!(" {token}")]
    {
        assert_eq!(bring(&changed).await.code(), (400, "bad_jwt"), "{changed}");
    }
    assert_eq!(desk.users().await, 0);
    assert_eq!(bring(&token).await.status, 200, "the control");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_comes_fifty_times_at_once_is_good_for_one_session() {
    let (provider, desk) = both(|_| ()).await;
    let desk = Arc::new(desk);
    let url = desk.authorize(&begun("s256", CHALLENGE)).await;
    let (code, state) = provider.consent(&url);
    let query = Arc::new(format!("code={code}&state={state}"));
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (desk, query) = (Arc::clone(&desk), Arc::clone(&query));
            tokio::spawn(async move { behind(&desk.callback(&query).await) })
        })
        .collect();
    let mut codes = Vec::new();
    for task in tasks {
        codes.extend(task.await.unwrap().remove("code"));
    }
    assert_eq!((codes.len(), provider.count("/token")), (1, 1));
    let code = Arc::new(codes.remove(0));
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (desk, code) = (Arc::clone(&desk), Arc::clone(&code));
            tokio::spawn(async move { desk.exchange(&code, VERIFIER).await.status })
        })
        .collect();
    let mut good = 0;
    for task in tasks {
        good += usize::from(task.await.unwrap() == 200);
    }
    assert_eq!(good, 1);
}

fn begun(method: &str, challenge: &str) -> String {
    format!("provider=keycloak&code_challenge={challenge}&code_challenge_method={method}")
}

#[tokio::test]
async fn without_its_verifier_a_code_is_worth_nothing() {
    let (provider, desk) = both(|_| ()).await;
    let code = async |method: &str, challenge: &str| {
        let (code, state) = provider.consent(&desk.authorize(&begun(method, challenge)).await);
        let location = desk.callback(&format!("code={code}&state={state}")).await;
        assert!(!location.contains("access_token"), "no session in the address");
        behind(&location)["code"].clone()
    };
    let other = "a-verifier-of-another-client-with-enough-characters";
    for (verifier, expected) in [
        (other, (400, "bad_code_verifier")),
        (CHALLENGE, (400, "bad_code_verifier")),
        ("", (400, "validation_failed")),
        ("short", (400, "bad_code_verifier")),
    ] {
        let code = code("S256", CHALLENGE).await;
        assert_eq!(desk.exchange(&code, verifier).await.code(), expected, "{verifier}");
        let spent = desk.exchange(&code, VERIFIER).await;
        let retried = if verifier.is_empty() { (200, "") } else { (404, "flow_state_not_found") };
        assert_eq!(spent.code(), retried, "a wrong verifier is tried once");
    }
    let plain = code("plain", VERIFIER).await;
    assert_eq!(
        desk.exchange(&plain, VERIFIER).await.status,
        200,
        "the control of the plain method"
    );
    let own = code("s256", CHALLENGE).await;
    let misused = behind(&desk.callback(&format!("code=a&state={own}")).await);
    assert_eq!(misused["error_code"], "bad_oauth_state", "a code is no state");
    assert_eq!(desk.exchange(&own, VERIFIER).await.status, 200, "and is not spent as one");
    let late = code("s256", CHALLENGE).await;
    desk.clock.advance_seconds(301);
    assert_eq!(desk.exchange(&late, VERIFIER).await.code(), (422, "flow_state_expired"));
    for query in [
        begun("none", CHALLENGE),
        begun("S512", CHALLENGE),
        begun("s256", "short"),
        "provider=keycloak&code_challenge_method=s256".to_owned(),
    ] {
        let refused = desk.browse(&format!("/authorize?{query}")).await;
        assert_eq!(
            (refused.status, refused.text("error_code")),
            (400, "validation_failed"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_session_goes_to_the_application_s_pages_only() {
    let (provider, desk) = both(|_| ()).await;
    for given in [
        "https://shop.example.evil.example/welcome",
        "https://shop.example@evil.example/welcome",
        "https://evil.example/https://shop.example/welcome",
        "https://shop.example:8443/welcome",
        "https://shop.example/welcome/../../evil",
        "https://shop.example/welcome%2f..%2fevil",
        "https://shop.example/%77elcome",
        "https://shop.example/welcome#",
        "https://shop.example/welcome?next=https://evil.example",
        "http://shop.example/welcome",
        "//evil.example",
        "https:evil.example",
        "https://shop.example\\.evil.example/welcome",
        "javascript:alert(1)",
        "https://evil.example/welcome",
    ] {
        let given =
            percent_encoding::utf8_percent_encode(given, percent_encoding::NON_ALPHANUMERIC);
        for (query, mark) in [
            (format!("provider=keycloak&redirect_to={given}"), '#'),
            (format!("{}&redirect_to={given}", begun("s256", CHALLENGE)), '?'),
        ] {
            let (code, state) = provider.consent(&desk.authorize(&query).await);
            let location =
                desk.callback(&format!("code={code}&state={state}&redirect_to={given}")).await;
            assert!(location.starts_with(&format!("{SITE_URL}{mark}")), "{location}");
        }
    }
    let query = "provider=keycloak&redirect_to=https%3A%2F%2Fshop.example%2Fwelcome";
    let (code, state) = provider.consent(&desk.authorize(query).await);
    let location = desk.callback(&format!("code={code}&state={state}")).await;
    assert!(location.starts_with("https://shop.example/welcome#"), "the control: {location}");
}

#[tokio::test]
async fn an_answer_of_another_provider_is_found_out_before_its_code_is_shown() {
    let (honest, evil) = (Provider::open().await, Provider::open().await);
    for provider in [&honest, &evil] {
        let says = json!({ "authorization_response_iss_parameter_supported": true });
        provider.tell(|script| script.metadata = says);
    }
    let desk = desk_of(&[("keycloak", declared(&honest)), ("evil", declared(&evil))], |_| ()).await;
    // Somebody sent to the evil one comes back with a code of the honest one, and the other way round.
    for (name, sent_to, iss) in [
        ("evil", &evil, Some(&honest.issuer)),
        ("keycloak", &honest, Some(&evil.issuer)),
        ("keycloak", &honest, None),
    ] {
        let url = desk.authorize(&format!("provider={name}")).await;
        let (code, state) = sent_to.consent(&url);
        let iss = iss.map(|iss| format!("&iss={iss}")).unwrap_or_default();
        let location = desk.callback(&format!("code={code}&state={state}{iss}")).await;
        assert_eq!(behind(&location)["error_code"], "bad_oauth_callback", "{location}");
    }
    assert_eq!((honest.count("/token"), evil.count("/token"), desk.users().await), (0, 0, 0));
    let (code, state) = honest.consent(&desk.authorize("provider=keycloak").await);
    let good = format!("code={code}&state={state}&iss={}", honest.issuer);
    assert!(behind(&desk.callback(&good).await).contains_key("access_token"), "the control");
    // The same subject at another provider is another person, whatever it is called there.
    evil.tell(|script| script.person["email_verified"] = json!(false));
    let (code, state) = evil.consent(&desk.authorize("provider=evil").await);
    let other = format!("code={code}&state={state}&iss={}", evil.issuer);
    let other = behind(&desk.callback(&other).await);
    assert_eq!(desk.user(&other["access_token"]).await["email"], "", "a user without the address");
}

#[tokio::test]
async fn an_address_that_nobody_verified_is_nobody_s() {
    let unverified = |provider: &Provider| {
        provider.tell(|script| script.person["email_verified"] = json!(false));
    };
    let (provider, desk) = both(|config| config.confirm_email = true).await;
    unverified(&provider);
    let made = json!({ "email": "ann@example.com", "email_confirm": true });
    desk.admin("POST", "/admin/users", made.clone()).await;
    let arrived = desk.arrive(&provider).await;
    assert_eq!(arrived["error_code"], "provider_email_needs_verification");
    assert_eq!(desk.users().await, 1);
    // Where addresses are not confirmed, it is a user of its own, without the address.
    let (provider, desk) = both(|_| ()).await;
    unverified(&provider);
    let ann = desk.admin("POST", "/admin/users", made).await;
    let arrived = desk.arrive(&provider).await;
    let user = desk.user(&arrived["access_token"]).await;
    assert_ne!(user["id"], ann.body["id"]);
    assert_eq!((&user["email"], desk.users().await), (&json!(""), 2));
}

#[tokio::test]
async fn who_took_an_address_before_its_owner_came_loses_everything() {
    let (provider, desk) = both(|config| config.confirm_email = true).await;
    let squatter = desk.sign_up("ann@example.com", "correct horse").await;
    assert_eq!(squatter.status, 200, "{}", squatter.body);
    let link = desk.letter_to("ann@example.com").await.link.unwrap();
    let arrived = desk.arrive(&provider).await;
    let owner = desk.user(&arrived["access_token"]).await;
    assert_eq!(owner["email"], "ann@example.com");
    let identities = owner["identities"].as_array().unwrap();
    assert_eq!((identities.len(), &identities[0]["provider"]), (1, &json!("keycloak")));
    let about = json!({ "provider": "keycloak", "providers": ["keycloak"] });
    assert_eq!(owner["app_metadata"], about);
    let back = desk.sign_in("ann@example.com", "correct horse").await;
    assert_eq!(back.code(), (400, "invalid_credentials"), "the password is gone");
    let old = desk.click(&link).await;
    assert!(old.contains("error_code=otp_expired"), "and so is what was sent: {old}");
}

/// A second factor of a user, as the squatter would have set it up.
fn factor(user: &str) -> Factor {
    let now = Moment(START * 1_000_000);
    Factor {
        id: "5e1f6e2c-0d0c-4b52-8f0a-3f1b7e7f0a11".to_owned(),
        user: user.to_owned(),
        kind: "totp".to_owned(),
        verified: true,
        name: None,
        secret: "sealed".to_owned(),
        credential: None,
        step: None,
        last_challenged_at: None,
        created_at: now,
        updated_at: now,
    }
}

#[tokio::test]
async fn where_addresses_are_not_confirmed_having_one_proves_nothing() {
    let (provider, other) = (Provider::open().await, Provider::open().await);
    other.tell(|script| {
        script.person = json!({ "sub": "eve", "email": "eve@example.com", "email_verified": true });
    });
    let both = [("keycloak", declared(&provider)), ("other", declared(&other))];
    let desk = desk_of(&both, |_| ()).await;
    let data = json!({ "evil": 1 });
    let body = json!({ "email": "ann@example.com", "password": "correct horse", "data": data });
    let squatter = desk.ask("POST", "/signup", None, body).await;
    let token = squatter.text("access_token").to_owned();
    // A second way in, a second factor, a code that waits, and a linking that is under way.
    let linked = behind(&desk.callback(&desk.link(&other, &token).await).await);
    assert_eq!(desk.exchange(&linked["code"], VERIFIER).await.status, 200);
    other.tell(|script| script.person["sub"] = json!("another eve"));
    let waiting = desk.callback(&desk.link(&other, &token).await).await;
    let waiting = behind(&waiting)["code"].clone();
    let under_way = desk.link(&other, &token).await;
    let own = factor(squatter.body["user"]["id"].as_str().unwrap());
    desk.ground.book().write(move |page| page.put(&own)).await.unwrap();
    assert_eq!(desk.user(&token).await["identities"].as_array().unwrap().len(), 2);

    let arrived = desk.arrive(&provider).await;
    let owner = desk.user(&arrived["access_token"]).await;
    assert_eq!(owner["identities"].as_array().unwrap().len(), 1);
    assert!(owner["user_metadata"].get("evil").is_none() && owner.get("factors").is_none());
    let gone = desk.ask("GET", "/user", Some(&token), Value::Null).await;
    assert_eq!(gone.code(), (403, "session_not_found"), "its session is over");
    let refreshed = desk.refresh(squatter.text("refresh_token")).await;
    assert_eq!(refreshed.code(), (400, "session_not_found"));
    let back = desk.sign_in("ann@example.com", "correct horse").await;
    assert_eq!(back.code(), (400, "invalid_credentials"));
    let exchanged = desk.exchange(&waiting, VERIFIER).await;
    assert_eq!(exchanged.code(), (404, "flow_state_not_found"));
    let late = behind(&desk.callback(&under_way).await);
    assert_eq!(late["error_code"], "bad_oauth_state");

    // The owner keeps what the owner has: the next arrival takes nothing away.
    let set = json!({ "password": "battery staple" });
    desk.ask("PUT", "/user", Some(&arrived["access_token"]), set).await;
    let again = desk.arrive(&provider).await;
    assert_eq!(desk.user(&again["access_token"]).await["id"], owner["id"]);
    assert_eq!(desk.sign_in("ann@example.com", "battery staple").await.status, 200);
}

#[tokio::test]
async fn nobody_s_identity_is_linked_to_who_only_sent_them_there() {
    let other = Provider::open().await;
    let desk = desk_of(&[("other", declared(&other))], |_| ()).await;
    let eve = desk.sign_up("eve@example.com", "correct horse").await;
    let token = eve.text("access_token");
    // Eve begins, Ann follows the address and comes back with the code: in her own browser.
    let back = desk.link(&other, token).await;
    let code = behind(&desk.callback(&back).await)["code"].clone();
    let providers = async || desk.user(token).await["app_metadata"]["providers"].clone();
    assert_eq!(providers().await, json!(["email"]), "Eve has nothing of it without the code");
    assert_eq!(desk.exchange(&code, CHALLENGE).await.code(), (400, "bad_code_verifier"));
    assert_eq!(providers().await, json!(["email"]));
    // Who has both is linked.
    let code = behind(&desk.callback(&desk.link(&other, token).await).await)["code"].clone();
    let linked = desk.exchange(&code, VERIFIER).await;
    assert_eq!(linked.status, 200, "{}", linked.body);
    assert_eq!(linked.body["user"]["id"], eve.body["user"]["id"]);
    assert_eq!(linked.text("provider_token"), "the access token");
    assert_eq!(providers().await, json!(["email", "other"]));
    // What stands against it is said at once.
    let again = behind(&desk.callback(&desk.link(&other, token).await).await);
    assert_eq!(again["error_code"], "identity_already_exists");
}

#[tokio::test]
async fn a_directory_cannot_claim_the_addresses_of_others() {
    const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
    let provider = Provider::open().await;
    let template = provider.issuer.replace("/realm", "/{tenantid}");
    let of = |tenant: &str| Declared {
        issuer: Some(template.clone()),
        tenant: Some(tenant.to_owned()),
        ..declared(&provider)
    };
    // Any directory may come, so that none is believed about an address.
    let desk = desk_of(&[("azure", of("common"))], |config| config.confirm_email = true).await;
    let endpoints = |issuer: &str| {
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{}/authorize", provider.issuer),
            "token_endpoint": format!("{}/token", provider.issuer),
            "jwks_uri": format!("{}/keys", provider.issuer),
        })
    };
    provider.tell(|script| {
        script.pages.insert("/common/.well-known/openid-configuration", endpoints(&template));
        let own = endpoints(&template.replace("{tenantid}", TENANT));
        script
            .pages
            .insert("/72f988bf-86f1-41af-91ab-2d7cd011db47/.well-known/openid-configuration", own);
        script.lie = Lie::Claims(|claims| {
            claims["tid"] = json!(TENANT);
            let issuer = claims["iss"].as_str().unwrap().replace("/realm", &format!("/{TENANT}"));
            claims["iss"] = json!(issuer);
        });
    });
    let arrive = async |desk: &Desk| {
        let (code, state) = provider.consent(&desk.authorize("provider=azure").await);
        behind(&desk.callback(&format!("code={code}&state={state}")).await)
    };
    assert_eq!(arrive(&desk).await["error_code"], "provider_email_needs_verification");
    provider.tell(|script| script.person["xms_edov"] = json!(true));
    assert!(arrive(&desk).await.contains_key("access_token"), "the domain is the directory's");
    provider.tell(|script| drop(script.person.as_object_mut().unwrap().remove("xms_edov")));
    let one = desk_of(&[("azure", of(TENANT))], |config| config.confirm_email = true).await;
    assert!(arrive(&one).await.contains_key("access_token"), "the directory that was chosen");
    let other = "9188040d-6c67-4c5b-b112-36a304b66dad";
    assert_ne!(other, TENANT);
    provider.tell(|script| {
        script.lie = Lie::Claims(|claims| {
            claims["tid"] = json!(TENANT);
            let other = "/9188040d-6c67-4c5b-b112-36a304b66dad";
            claims["iss"] = json!(claims["iss"].as_str().unwrap().replace("/realm", other));
        });
    });
    for desk in [&desk, &one] {
        assert_eq!(arrive(desk).await["error_code"], "bad_oauth_callback", "another directory");
    }
}
