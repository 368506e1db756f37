//! Second factors against those who have everything but them: who skips the step, answers twice,
//! answers for another, plants a factor of his own, or comes with a token of another level. Each
//! with the owner beside, for whom it works.

use std::sync::Arc;

use mainstay_base::Code;
use mainstay_gate::Credentials;
use mainstay_gate::accounts::rows::RecoveryCode;
use mainstay_gate::auth::Config;
use mainstay_schema::Value::Text;
use serde_json::{Value, json};

use crate::desk::{Answer, Desk, code, desk, value};
use crate::device::app;

const NO_BODY: Value = Value::Null;

/// Somebody who is signed in, perhaps with an app of codes.
pub struct Person {
    pub token: String,
    pub refresh: String,
    pub id: String,
}

impl Person {
    pub fn of(session: &Answer) -> Self {
        assert_eq!(session.status, 200, "{}", session.body);
        let id = session.body["user"]["id"].as_str().unwrap().to_owned();
        let (token, refresh) = (session.text("access_token"), session.text("refresh_token"));
        Self { token: token.to_owned(), refresh: refresh.to_owned(), id }
    }
}

/// A factor of codes.
pub struct App {
    pub id: String,
    pub secret: String,
}

impl Desk {
    pub async fn person(&self, email: &str) -> Person {
        Person::of(&self.sign_up(email, "correct horse").await)
    }

    pub async fn again(&self, email: &str) -> Person {
        Person::of(&self.sign_in(email, "correct horse").await)
    }

    pub async fn enroll(&self, token: &str, name: &str) -> Answer {
        let body = json!({ "factor_type": "totp", "friendly_name": name });
        self.ask("POST", "/factors", Some(token), body).await
    }

    pub async fn app(&self, token: &str, name: &str) -> App {
        let made = self.enroll(token, name).await;
        assert_eq!(made.status, 200, "{}", made.body);
        let secret = made.body["totp"]["secret"].as_str().unwrap().to_owned();
        App { id: made.text("id").to_owned(), secret }
    }

    pub async fn challenge(&self, token: &str, factor: &str) -> String {
        let path = format!("/factors/{factor}/challenge");
        let asked = self.ask("POST", &path, Some(token), json!({})).await;
        assert_eq!(asked.status, 200, "{}", asked.body);
        asked.text("id").to_owned()
    }

    pub async fn verify(&self, token: &str, factor: &str, challenge: &str, code: &str) -> Answer {
        let body = json!({ "challenge_id": challenge, "code": code });
        self.ask("POST", &format!("/factors/{factor}/verify"), Some(token), body).await
    }

    async fn unenroll(&self, token: &str, factor: &str) -> Answer {
        self.ask("DELETE", &format!("/factors/{factor}"), Some(token), NO_BODY).await
    }

    fn shown(&self, app_: &App) -> String {
        use mainstay_base::Clock;
        app(&app_.secret, self.clock.now().div_euclid(1_000_000))
    }

    /// Challenge and answer, as the client's `challengeAndVerify`. The clock goes on by a step, so
    /// that the next code is another one.
    pub async fn prove(&self, token: &str, app: &App) -> Answer {
        let challenge = self.challenge(token, &app.id).await;
        let done = self.verify(token, &app.id, &challenge, &self.shown(app)).await;
        self.clock.advance_seconds(30);
        done
    }

    /// Somebody with a verified app, raised.
    pub async fn raised(&self, email: &str) -> (Person, App) {
        let low = self.person(email).await;
        let app = self.app(&low.token, "phone").await;
        (Person::of(&self.prove(&low.token, &app).await), app)
    }

    pub async fn codes(&self, token: &str) -> Vec<String> {
        let made = self.ask("POST", "/factors/recovery-codes", Some(token), NO_BODY).await;
        assert_eq!(made.status, 200, "{}", made.body);
        let codes = made.body["codes"].as_array().unwrap();
        codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect()
    }

    async fn recover(&self, token: &str, code: &str) -> Answer {
        let body = json!({ "code": code });
        self.ask("POST", "/factors/recovery-codes/verify", Some(token), body).await
    }

    fn is_known(&self, token: &str) -> bool {
        self.gate.identify(Credentials { apikey: None, bearer: Some(token) }).is_ok()
    }
}

/// A refusal as it comes back.
pub fn of(code: Code) -> (u16, &'static str) {
    (code.status(), code.text())
}

pub fn claims(token: &str) -> Value {
    use base64::Engine;
    let part = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn a_code_raises_its_session_and_ends_those_that_have_proven_less() {
    let desk = desk(|_| ()).await;
    let low = desk.person("ann@example.com").await;
    let other = desk.again("ann@example.com").await;
    let made = desk.enroll(&low.token, "phone").await;
    assert_eq!((made.text("type"), made.text("friendly_name")), ("totp", "phone"));
    let totp = &made.body["totp"];
    assert!(totp["qr_code"].as_str().unwrap().starts_with("<svg"));
    assert!(totp["uri"].as_str().unwrap().starts_with("otpauth://totp/app:ann%40example.com?"));
    let secret = totp["secret"].as_str().unwrap().to_owned();
    let app = App { id: made.text("id").to_owned(), secret };
    let high = desk.prove(&low.token, &app).await;
    let (before, after) = (claims(&low.token), claims(high.text("access_token")));
    assert_eq!((&before["aal"], &after["aal"]), (&json!("aal1"), &json!("aal2")));
    assert_eq!(before["session_id"], after["session_id"]);
    assert_eq!(after["amr"][0]["method"], "password");
    assert_eq!(after["amr"][1]["method"], "totp");
    assert_eq!(high.body["user"]["factors"][0]["status"], "verified");
    assert!(high.body["user"]["factors"][0].get("secret").is_none());
    assert!(!desk.is_known(&other.token), "the other session has ended");
    assert_eq!(desk.refresh(&other.refresh).await.code(), (400, "session_not_found"));
    let kept = desk.refresh(high.text("refresh_token")).await;
    assert_eq!(claims(kept.text("access_token"))["aal"], "aal2", "a refresh keeps the level");
    let letter = desk.letter_to("ann@example.com").await;
    assert!(letter.text.contains("authenticator app"), "{}", letter.text);
}

#[tokio::test]
async fn a_refresh_token_of_the_lower_level_is_dead_at_once() {
    let desk = desk(|_| ()).await;
    let low = desk.person("ann@example.com").await;
    let spent = low.refresh.clone();
    let low = Person::of(&desk.refresh(&low.refresh).await);
    let app = desk.app(&low.token, "phone").await;
    let challenge = desk.challenge(&low.token, &app.id).await;
    let high = desk.verify(&low.token, &app.id, &challenge, &desk.shown(&app)).await;
    // Within the moment in which a spent one would be answered with its successor.
    for old in [&low.refresh, &spent] {
        assert_eq!(desk.refresh(old).await.code(), (400, "refresh_token_not_found"));
    }
    assert_eq!(desk.refresh(high.text("refresh_token")).await.status, 200, "the control");
}

#[tokio::test]
async fn a_used_code_is_refused_in_its_window() {
    let desk = desk(|_| ()).await;
    let low = desk.person("ann@example.com").await;
    let app = desk.app(&low.token, "phone").await;
    let code = desk.shown(&app);
    let challenge = desk.challenge(&low.token, &app.id).await;
    let high = Person::of(&desk.verify(&low.token, &app.id, &challenge, &code).await);
    let again = desk.verify(&high.token, &app.id, &challenge, &code).await;
    assert_eq!(again.code(), (404, "mfa_factor_not_found"), "the challenge is gone");
    let thief = desk.again("ann@example.com").await;
    for seconds in [0, 29, 1] {
        desk.clock.advance_seconds(seconds);
        let challenge = desk.challenge(&thief.token, &app.id).await;
        let stolen = desk.verify(&thief.token, &app.id, &challenge, &code).await;
        assert_eq!(stolen.code(), (422, "mfa_verification_failed"));
    }
    let next = desk.prove(&thief.token, &app).await;
    assert_eq!(next.status, 200, "the control: {}", next.body);
}

/// No try is refused for being one of many: what refuses it is that another was first.
pub fn all_are_heard(config: &mut Config) {
    config.paces.known_device.free = 1_000;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_equal_codes_at_once_one_is_taken() {
    let desk = Arc::new(desk(all_are_heard).await);
    let (high, app) = desk.raised("ann@example.com").await;
    let code = desk.shown(&app);
    let mut challenges = Vec::new();
    for _ in 0..50 {
        challenges.push(desk.challenge(&high.token, &app.id).await);
    }
    let tasks: Vec<_> = challenges
        .into_iter()
        .map(|challenge| {
            let (desk, code) = (Arc::clone(&desk), code.clone());
            let (token, factor) = (high.token.clone(), app.id.clone());
            tokio::spawn(
                async move { desk.verify(&token, &factor, &challenge, &code).await.status },
            )
        })
        .collect();
    let mut taken = 0;
    for task in tasks {
        let status = task.await.unwrap();
        assert!([200, 422].contains(&status), "{status}");
        taken += usize::from(status == 200);
    }
    assert_eq!(taken, 1);
}

#[tokio::test]
async fn the_factor_and_the_challenge_of_another_are_not_there() {
    let desk = desk(|_| ()).await;
    let (ann, ours) = desk.raised("ann@example.com").await;
    let (bob, theirs) = desk.raised("bob@example.com").await;
    let challenge = desk.challenge(&ann.token, &ours.id).await;
    let code = desk.shown(&ours);
    // Bob with Ann's factor, with her challenge, and with her code for his factor.
    let path = format!("/factors/{}/challenge", ours.id);
    let asked = desk.ask("POST", &path, Some(&bob.token), json!({})).await;
    assert_eq!(asked.code(), (404, "mfa_factor_not_found"));
    let tried = desk.verify(&bob.token, &ours.id, &challenge, &code).await;
    assert_eq!(tried.code(), (404, "mfa_factor_not_found"));
    let tried = desk.verify(&bob.token, &theirs.id, &challenge, &desk.shown(&theirs)).await;
    assert_eq!(tried.code(), (404, "mfa_factor_not_found"));
    let own = desk.challenge(&bob.token, &theirs.id).await;
    let tried = desk.verify(&bob.token, &theirs.id, &own, &code).await;
    assert_eq!(tried.code(), (422, "mfa_verification_failed"));
    let gone = desk.unenroll(&bob.token, &ours.id).await;
    assert_eq!(gone.code(), (404, "mfa_factor_not_found"));
    for id in ["1", "recovery-codes-", "00000000-0000-0000-0000-000000000000"] {
        let asked = desk.unenroll(&bob.token, id).await;
        assert_eq!(asked.code(), (404, "mfa_factor_not_found"), "{id}");
    }
    let right = desk.verify(&ann.token, &ours.id, &challenge, &code).await;
    assert_eq!(right.status, 200, "the control: {}", right.body);
}

#[tokio::test]
async fn a_challenge_is_good_for_five_minutes_five_tries_and_one_place() {
    let desk = desk(|_| ()).await;
    let (ann, app) = desk.raised("ann@example.com").await;
    let path = format!("/factors/{}/verify", app.id);
    let challenge = desk.challenge(&ann.token, &app.id).await;
    let body = json!({ "challenge_id": challenge, "code": desk.shown(&app) });
    let away = desk.ask_from("198.51.100.7", "POST", &path, Some(&ann.token), body).await;
    assert_eq!(away.code(), (422, "mfa_ip_address_mismatch"));
    desk.clock.advance_seconds(300);
    let late = desk.verify(&ann.token, &app.id, &challenge, &desk.shown(&app)).await;
    assert_eq!(late.code(), (422, "mfa_challenge_expired"));
    let challenge = desk.challenge(&ann.token, &app.id).await;
    for _ in 0..5 {
        let wrong = desk.verify(&ann.token, &app.id, &challenge, "abcdef").await;
        assert_eq!(wrong.code(), (422, "mfa_verification_failed"));
    }
    let tired = desk.verify(&ann.token, &app.id, &challenge, &desk.shown(&app)).await;
    assert_eq!(tired.code(), (422, "mfa_challenge_expired"));
    assert_eq!(desk.prove(&ann.token, &app).await.status, 200, "the control");
}

#[tokio::test]
async fn who_guesses_codes_is_stopped_and_the_owner_at_a_known_device_is_not() {
    let desk = desk(|_| ()).await;
    let (ann, app) = desk.raised("ann@example.com").await;
    let mut thief = desk.again("ann@example.com").await;
    let (mut heard, mut wait) = (0, 0);
    let (verify, ask) =
        (format!("/factors/{}/verify", app.id), format!("/factors/{}/challenge", app.id));
    for guess in 0..40 {
        // From another place each time, as a thief with many addresses does.
        let place = format!("198.51.100.{guess}");
        let asked = desk.ask_from(&place, "POST", &ask, Some(&thief.token), json!({})).await;
        let body = json!({ "challenge_id": asked.text("id"), "code": "abcdef" });
        let tried = desk.ask_from(&place, "POST", &verify, Some(&thief.token), body).await;
        match tried.code() {
            (422, "mfa_verification_failed") => heard += 1,
            (429, "over_request_rate_limit") => wait += 1,
            other => panic!("{other:?}"),
        }
        desk.clock.advance_seconds(600);
        thief = Person::of(&desk.refresh(&thief.refresh).await);
    }
    assert_eq!((heard, wait), (30, 10));
    let events = desk.admin("GET", "/admin/audit?per_page=1000", NO_BODY).await.body.to_string();
    assert_eq!(events.matches("\"factor_failed\"").count(), 30);
    let ann = Person::of(&desk.refresh(&ann.refresh).await);
    assert_eq!(desk.prove(&ann.token, &app).await.status, 200, "the control");
}

#[tokio::test]
async fn a_factor_is_added_by_who_has_proven_one_as_soon_as_there_is_one() {
    let desk = desk(|_| ()).await;
    let ann = desk.person("ann@example.com").await;
    // The thief has the password, and plants a factor before there is any.
    let thief = desk.again("ann@example.com").await;
    let planted = desk.app(&thief.token, "planted").await;
    let challenge = desk.challenge(&thief.token, &planted.id).await;
    let app = desk.app(&ann.token, "phone").await;
    let high = Person::of(&desk.prove(&ann.token, &app).await);
    assert!(!desk.is_known(&thief.token), "and is out");
    let thief = desk.again("ann@example.com").await;
    let verified = desk.verify(&thief.token, &planted.id, &challenge, &desk.shown(&planted)).await;
    assert_eq!(verified.code(), of(Code::AalNeeded));
    assert_eq!(desk.enroll(&thief.token, "mine").await.code(), of(Code::AalNeeded));
    let begun = desk.ask("POST", "/passkeys/registration/options", Some(&thief.token), json!({}));
    assert_eq!(begun.await.code(), of(Code::AalNeeded));
    let gone = desk.unenroll(&thief.token, &app.id).await;
    assert_eq!(gone.code(), of(Code::AalNeeded));
    assert_eq!(desk.enroll(&high.token, "tablet").await.status, 200, "the control");
    let gone = desk.unenroll(&high.token, &planted.id).await;
    assert_eq!(gone.text("id"), planted.id);
}

#[tokio::test]
async fn a_token_of_the_lower_level_is_not_raised_with_its_session() {
    let desk = desk(|_| ()).await;
    let low = desk.person("ann@example.com").await;
    let app = desk.app(&low.token, "phone").await;
    let high = Person::of(&desk.prove(&low.token, &app).await);
    let change = json!({ "password": "battery staple" });
    let stolen = desk.ask("PUT", "/user", Some(&low.token), change.clone()).await;
    assert_eq!(stolen.code(), of(Code::AalInsufficient));
    assert_eq!(desk.enroll(&low.token, "mine").await.code(), of(Code::AalNeeded));
    let path = format!("/factors/{}", app.id);
    let gone = desk.ask("DELETE", &path, Some(&low.token), NO_BODY).await;
    assert_eq!(gone.code(), of(Code::AalNeeded));
    let changed = desk.ask("PUT", "/user", Some(&high.token), change).await;
    assert_eq!(changed.status, 200, "the control: {}", changed.body);
}

#[tokio::test]
async fn ways_in_are_added_and_taken_away_by_a_raised_session() {
    let desk = desk(|_| ()).await;
    let (high, app) = desk.raised("ann@example.com").await;
    let low = desk.again("ann@example.com").await;
    let cases = [
        ("GET", "/user/identities/authorize?provider=none", json!({})),
        ("DELETE", "/user/identities/00000000-0000-0000-0000-000000000000", json!({})),
        (
            "POST",
            "/token?grant_type=id_token",
            json!({ "provider": "none", "id_token": "x", "link_identity": true }),
        ),
    ];
    for (method, path, body) in &cases {
        let tried = desk.ask(method, path, Some(&low.token), body.clone()).await;
        assert_eq!(tried.code(), of(Code::AalInsufficient), "{path}");
        let heard = desk.ask(method, path, Some(&high.token), body.clone()).await;
        assert!((400..500).contains(&heard.status), "{}", heard.body);
        assert_ne!(heard.code(), of(Code::AalInsufficient), "the control: {path}");
    }
    desk.unenroll(&high.token, &app.id).await;
    let bare = desk.again("ann@example.com").await;
    let (method, path, body) = &cases[0];
    let heard = desk.ask(method, path, Some(&bare.token), body.clone()).await;
    assert_eq!(heard.code(), (400, "validation_failed"), "without a factor nobody asks for one");
}

#[tokio::test]
async fn a_level_that_is_written_into_a_token_is_no_level() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let desk = desk(|_| ()).await;
    let (_, _) = desk.raised("ann@example.com").await;
    let low = desk.again("ann@example.com").await;
    let mut parts: Vec<&str> = low.token.split('.').collect();
    let mut forged = claims(&low.token);
    forged["aal"] = json!("aal2");
    let forged = URL_SAFE_NO_PAD.encode(forged.to_string());
    parts[1] = &forged;
    let forged = parts.join(".");
    let change = json!({ "password": "battery staple" });
    let tried = desk.ask("PUT", "/user", Some(&forged), change).await;
    assert_eq!(tried.code(), (403, "bad_jwt"));
    assert!(!desk.is_known(&forged));
    assert!(desk.is_known(&low.token), "the control");
}

#[tokio::test]
async fn recovery_by_letter_does_not_skip_the_second_factor() {
    let desk = desk(|_| ()).await;
    let (_, app) = desk.raised("ann@example.com").await;
    desk.clock.advance_seconds(120);
    let asked = desk.ask("POST", "/recover", None, json!({ "email": "ann@example.com" })).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    let letter = desk.letter_to("ann@example.com").await;
    let landed = desk.click(&letter.link.unwrap()).await;
    let token = value(&landed, "access_token");
    assert_eq!(claims(&token)["aal"], "aal1");
    for change in [json!({ "password": "battery staple" }), json!({ "email": "eve@example.com" })] {
        let tried = desk.ask("PUT", "/user", Some(&token), change).await;
        assert_eq!(tried.code(), of(Code::AalInsufficient));
    }
    let old = desk.sign_in("ann@example.com", "battery staple").await;
    assert_eq!(old.code(), (400, "invalid_credentials"));
    let high = Person::of(&desk.prove(&token, &app).await);
    let change = json!({ "password": "battery staple" });
    let changed = desk.ask("PUT", "/user", Some(&high.token), change).await;
    assert_eq!(changed.status, 200, "the control: {}", changed.body);
}

#[tokio::test]
async fn every_way_in_but_a_passkey_begins_at_the_first_level() {
    let desk = desk(|_| ()).await;
    desk.raised("ann@example.com").await;
    desk.clock.advance_seconds(120);
    let by_password = desk.again("ann@example.com").await;
    desk.ask("POST", "/otp", None, json!({ "email": "ann@example.com" })).await;
    let letter = desk.letter_to("ann@example.com").await;
    let body = json!({ "type": "email", "email": "ann@example.com", "token": code(&letter) });
    let by_code = Person::of(&desk.ask("POST", "/verify", None, body).await);
    let refreshed = Person::of(&desk.refresh(&by_code.refresh).await);
    for token in [&by_password.token, &by_code.token, &refreshed.token] {
        assert_eq!(claims(token)["aal"], "aal1");
    }
}

#[tokio::test]
async fn a_recovery_code_raises_a_session_once() {
    let desk = desk(|_| ()).await;
    let low = desk.person("ann@example.com").await;
    let early = desk.ask("POST", "/factors/recovery-codes", Some(&low.token), NO_BODY).await;
    assert_eq!(early.code(), (422, "mfa_recovery_codes_sole_factor"));
    let app = desk.app(&low.token, "phone").await;
    let high = Person::of(&desk.prove(&low.token, &app).await);
    let early = desk.ask("POST", "/factors/recovery-codes", Some(&low.token), NO_BODY).await;
    assert_eq!(early.code(), of(Code::AalNeeded), "with the old token");
    let none = desk.ask("GET", "/factors/recovery-codes", Some(&high.token), NO_BODY).await;
    assert_eq!(none.code(), (404, "mfa_factor_not_found"));
    let codes = desk.codes(&high.token).await;
    assert_eq!(codes.len(), 10);
    let twice = desk.ask("POST", "/factors/recovery-codes", Some(&high.token), NO_BODY).await;
    assert_eq!(twice.code(), (422, "mfa_verified_factor_exists"));
    // As it is typed from paper.
    let lost = desk.again("ann@example.com").await;
    let typed = format!("{}-{} ", codes[0][..8].to_uppercase(), &codes[0][8..]);
    let raised = desk.recover(&lost.token, &typed).await;
    assert_eq!(raised.status, 200, "{}", raised.body);
    let told = claims(raised.text("access_token"));
    assert_eq!(
        (&told["aal"], &told["amr"][1]["method"]),
        (&json!("aal2"), &json!("mfa/recovery_code"))
    );
    let other = desk.again("ann@example.com").await;
    assert_eq!(
        desk.recover(&other.token, &codes[0]).await.code(),
        (422, "mfa_verification_failed")
    );
    let left = desk.ask("GET", "/factors/recovery-codes", Some(&other.token), NO_BODY).await;
    assert_eq!((&left.body["total"], &left.body["remaining"]), (&json!(10), &json!(9)));
    // In place of a code of the app, once too.
    let challenge = desk.challenge(&other.token, &app.id).await;
    let raised = desk.verify(&other.token, &app.id, &challenge, &codes[1]).await;
    assert_eq!(claims(raised.text("access_token"))["aal"], "aal2");
    let third = desk.again("ann@example.com").await;
    let challenge = desk.challenge(&third.token, &app.id).await;
    let again = desk.verify(&third.token, &app.id, &challenge, &codes[1]).await;
    assert_eq!(again.code(), (422, "mfa_verification_failed"));
    assert_eq!(desk.recover(&third.token, &codes[2]).await.status, 200, "the control");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_equal_recovery_codes_at_once_one_is_taken() {
    let desk = Arc::new(desk(all_are_heard).await);
    let (high, _) = desk.raised("ann@example.com").await;
    let codes = desk.codes(&high.token).await;
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (desk, token, code) = (Arc::clone(&desk), high.token.clone(), codes[0].clone());
            tokio::spawn(async move { desk.recover(&token, &code).await.status })
        })
        .collect();
    let mut taken = 0;
    for task in tasks {
        let status = task.await.unwrap();
        assert!([200, 422].contains(&status), "{status}");
        taken += usize::from(status == 200);
    }
    assert_eq!(taken, 1);
    let high = desk.again("ann@example.com").await;
    assert_eq!(desk.recover(&high.token, &codes[1]).await.status, 200, "the control");
}

#[tokio::test]
async fn new_recovery_codes_end_the_old_ones_and_wrong_ones_lock() {
    let desk = desk(|_| ()).await;
    let (high, app) = desk.raised("ann@example.com").await;
    let old = desk.codes(&high.token).await;
    let path = "/factors/recovery-codes/regenerate";
    let made = desk.ask("POST", path, Some(&high.token), NO_BODY).await;
    let new = made.body["codes"][0].as_str().unwrap().to_owned();
    let low = desk.again("ann@example.com").await;
    let refused = desk.ask("POST", path, Some(&low.token), NO_BODY).await;
    assert_eq!(refused.code(), of(Code::AalNeeded));
    let mut locked = 0;
    for _ in 0..20 {
        match desk.recover(&low.token, &old[0]).await.code() {
            (422, "mfa_verification_failed") => assert_eq!(locked, 0),
            (429, "mfa_recovery_codes_locked") => locked += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(locked, 10);
    assert_eq!(desk.prove(&low.token, &app).await.status, 200, "other factors are not locked");
    desk.clock.advance_seconds(900);
    let low = desk.again("ann@example.com").await;
    assert_eq!(desk.recover(&low.token, &new).await.status, 200, "the control");
}

#[tokio::test]
async fn a_recovery_code_verifies_no_new_factor_and_none_stands_alone() {
    let desk = desk(|_| ()).await;
    let (high, app) = desk.raised("ann@example.com").await;
    let codes = desk.codes(&high.token).await;
    let planted = desk.app(&high.token, "tablet").await;
    let challenge = desk.challenge(&high.token, &planted.id).await;
    let tried = desk.verify(&high.token, &planted.id, &challenge, &codes[0]).await;
    assert_eq!(tried.code(), (422, "mfa_verification_failed"));
    let gone = desk.unenroll(&high.token, &app.id).await;
    assert_eq!(gone.status, 200);
    let low = desk.again("ann@example.com").await;
    assert_eq!(desk.recover(&low.token, &codes[0]).await.code(), (422, "mfa_verification_failed"));
    let alone = desk.ask("POST", "/factors/recovery-codes", Some(&low.token), NO_BODY).await;
    assert_eq!(alone.code(), (422, "mfa_recovery_codes_sole_factor"));
}

#[tokio::test]
async fn with_its_last_factor_a_session_falls_back_and_the_others_end() {
    let desk = desk(|_| ()).await;
    let (here, app) = desk.raised("ann@example.com").await;
    let there = desk.again("ann@example.com").await;
    let there = Person::of(&desk.prove(&there.token, &app).await);
    assert!(desk.is_known(&here.token), "both are raised");
    desk.codes(&here.token).await;
    let gone = desk.unenroll(&here.token, &app.id).await;
    assert_eq!(gone.text("id"), app.id);
    assert!(!desk.is_known(&there.token));
    let fallen = desk.refresh(&here.refresh).await;
    let told = claims(fallen.text("access_token"));
    assert_eq!((&told["aal"], told["amr"].as_array().unwrap().len()), (&json!("aal1"), 1));
    assert!(fallen.body["user"].get("factors").is_none(), "{}", fallen.body);
    let letter = desk.letter_to("ann@example.com").await;
    assert!(letter.text.contains("removed"), "{}", letter.text);
}

#[tokio::test]
async fn names_numbers_and_ages_of_factors_are_bounded() {
    let desk = desk(|_| ()).await;
    let ann = desk.person("ann@example.com").await;
    desk.app(&ann.token, "phone").await;
    assert_eq!(desk.enroll(&ann.token, "phone").await.code(), (422, "mfa_factor_name_conflict"));
    for at in 1..10 {
        desk.app(&ann.token, &format!("app {at}")).await;
    }
    let full = desk.enroll(&ann.token, "one more").await;
    assert_eq!(full.code(), (422, "too_many_enrolled_mfa_factors"));
    desk.clock.advance_seconds(3_600);
    let ann = desk.again("ann@example.com").await;
    assert_eq!(desk.enroll(&ann.token, "phone").await.status, 200, "the old ones made room");
    let shown = desk.ask("GET", "/user", Some(&ann.token), NO_BODY).await;
    assert_eq!(shown.body["factors"].as_array().unwrap().len(), 1);
    for (body, code) in [
        (json!({ "factor_type": "phone", "phone": "1" }), (422, "mfa_phone_enroll_not_enabled")),
        (json!({ "factor_type": "paper" }), (400, "validation_failed")),
        (json!({}), (400, "validation_failed")),
        (
            json!({ "factor_type": "totp", "friendly_name": "x".repeat(129) }),
            (400, "validation_failed"),
        ),
    ] {
        let refused = desk.ask("POST", "/factors", Some(&ann.token), body.clone()).await;
        assert_eq!(refused.code(), code, "{body}");
    }
    let request = http::Request::post("/auth/v1/factors");
    let request = request.header("x-supabase-api-version", "2024-01-01");
    let keyless = desk.send("192.0.2.1", request.body(bytes::Bytes::new()).unwrap()).await;
    assert_eq!(keyless.code(), of(Code::AuthorizationMissing));
    let nobody = Person::of(&desk.ask("POST", "/signup", None, json!({})).await);
    assert_eq!(desk.enroll(&nobody.token, "phone").await.code(), of(Code::AnonymousRefused));
}

#[tokio::test]
async fn an_administrator_removes_one_factor_or_all_and_the_user_is_out() {
    let desk = desk(|_| ()).await;
    let (ann, app) = desk.raised("ann@example.com").await;
    desk.codes(&ann.token).await;
    let path = format!("/admin/users/{}/factors", ann.id);
    let refused = desk.ask("GET", &path, Some(&ann.token), NO_BODY).await;
    assert_eq!(refused.code(), (403, "not_admin"));
    let listed = desk.admin("GET", &path, NO_BODY).await;
    assert_eq!(listed.body.as_array().unwrap().len(), 2, "{}", listed.body);
    let mut codes = listed.body.as_array().unwrap().iter();
    let codes = codes.find(|it| it["factor_type"] == "recovery_code").unwrap();
    let codes = codes["id"].as_str().unwrap();
    let gone = desk.admin("DELETE", &format!("{path}/{codes}"), NO_BODY).await;
    assert_eq!(gone.status, 200);
    assert!(!desk.is_known(&ann.token), "whatever is removed, the user is out");
    let kept = desk.ground.book().find::<RecoveryCode>("user", &[Text(ann.id.clone())]).await;
    assert!(kept.unwrap().is_empty(), "the codes went with their set");
    let ann = desk.again("ann@example.com").await;
    let ann = Person::of(&desk.prove(&ann.token, &app).await);
    desk.codes(&ann.token).await;
    let left = desk.ask("GET", "/factors/recovery-codes", Some(&ann.token), NO_BODY).await;
    assert_eq!(left.body["remaining"], 10, "none of the old ones is left");
    let (bob, theirs) = desk.raised("bob@example.com").await;
    let strange = desk.admin("DELETE", &format!("{path}/{}", theirs.id), NO_BODY).await;
    assert_eq!(strange.code(), (404, "mfa_factor_not_found"));
    let gone = desk.admin("DELETE", &format!("{path}/{}", app.id), NO_BODY).await;
    assert_eq!((gone.status, gone.text("id")), (200, app.id.as_str()));
    assert!(!desk.is_known(&ann.token) && desk.is_known(&bob.token));
    assert_eq!(desk.admin("GET", &path, NO_BODY).await.body, json!([]), "no codes stand alone");
    let all = desk.admin("DELETE", &format!("/admin/users/{}/factors", bob.id), NO_BODY).await;
    assert_eq!(all.body["removed"], 1);
    assert!(!desk.is_known(&bob.token));
    let bob = desk.again("bob@example.com").await;
    assert_eq!(desk.enroll(&bob.token, "new phone").await.status, 200, "the control");
}
