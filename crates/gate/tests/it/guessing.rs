//! Against guessing: tries are counted exactly, whoever guesses runs out of them, and the owner at a
//! known device does not. What a stranger sees is the same for known and unknown addresses.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::desk::{Desk, desk};

const PASSWORD: &str = "correct horse";

async fn try_from(desk: &Desk, client: &str, email: &str, password: &str) -> (u16, String) {
    let body = json!({ "email": email, "password": password });
    let answer = desk.ask_from(client, "POST", "/token?grant_type=password", None, body).await;
    (answer.status, answer.code().1.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_tries_at_once_are_counted_exactly() {
    let desk = Arc::new(desk(|_| ()).await);
    desk.sign_up("ann@example.com", PASSWORD).await;
    let tasks: Vec<_> = (0..500)
        .map(|at| {
            let desk = Arc::clone(&desk);
            tokio::spawn(async move {
                try_from(&desk, "198.51.100.7", "ann@example.com", &format!("guess {at}")).await
            })
        })
        .collect();
    let (mut heard, mut refused) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            (400, code) if code == "invalid_credentials" => heard += 1,
            (429, code) if code == "over_request_rate_limit" => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((heard, refused), (10, 490));
}

#[tokio::test]
async fn a_thousand_places_together_hear_a_hundred_answers_and_the_owner_gets_in_all_the_same() {
    let desk = desk(|_| ()).await;
    desk.sign_up("ann@example.com", PASSWORD).await;
    // The owner's device is known once it has signed in.
    assert_eq!(try_from(&desk, "192.0.2.1", "ann@example.com", PASSWORD).await.0, 200);
    let mut heard = 0;
    for at in 0..1_000 {
        let client = format!("203.0.113.{}", at % 250);
        let (status, _) = try_from(&desk, &client, "ann@example.com", "guess").await;
        heard += usize::from(status == 400);
        desk.clock.advance_seconds(601);
    }
    assert_eq!(heard, 100);
    let right = try_from(&desk, "203.0.113.9", "ann@example.com", PASSWORD).await;
    assert_eq!(right.0, 429, "a stranger's right guess would come too late");
    assert_eq!(try_from(&desk, "192.0.2.1", "ann@example.com", PASSWORD).await.0, 200);
}

#[tokio::test]
async fn the_owner_who_has_forgotten_gets_in_by_a_letter_and_that_forgives() {
    let desk = desk(|_| ()).await;
    desk.sign_up("ann@example.com", PASSWORD).await;
    for _ in 0..11 {
        try_from(&desk, "198.51.100.7", "ann@example.com", "guess").await;
    }
    assert_eq!(try_from(&desk, "198.51.100.7", "ann@example.com", PASSWORD).await.0, 429);
    desk.ask("POST", "/recover", None, json!({ "email": "ann@example.com" })).await;
    let link = desk.letter_to("ann@example.com").await.link.unwrap();
    assert!(desk.click(&link).await.contains("access_token="));
    // The click came from 192.0.2.1, which the account knows from now on.
    assert_eq!(try_from(&desk, "192.0.2.1", "ann@example.com", PASSWORD).await.0, 200);
}

#[tokio::test]
async fn one_place_that_tries_many_accounts_runs_out() {
    let desk = desk(|config| config.paces.place.free = 20).await;
    let mut heard = 0;
    for at in 0..40 {
        let email = format!("user{at}@example.com");
        heard += usize::from(try_from(&desk, "2001:db8::1", &email, "guess").await.0 == 400);
    }
    assert_eq!(heard, 20);
    // The same customer of IPv6, elsewhere in the same network; and the control.
    let same = try_from(&desk, "2001:db8::ffff:1", "other@example.com", "guess").await;
    assert_eq!(same.0, 429);
    let other = try_from(&desk, "2001:db8:0:1::1", "other@example.com", "guess").await;
    assert_eq!(other.0, 400);
}

#[tokio::test]
async fn who_guesses_right_is_not_counted_against_the_place() {
    let desk = desk(|config| config.paces.place.free = 5).await;
    for at in 0..20 {
        let email = format!("user{at}@example.com");
        desk.sign_up(&email, PASSWORD).await;
        assert_eq!(try_from(&desk, "198.51.100.7", &email, PASSWORD).await.0, 200, "{at}");
    }
}

#[tokio::test]
async fn codes_are_guessed_no_better_than_passwords() {
    let desk = desk(|_| ()).await;
    desk.sign_up("ann@example.com", PASSWORD).await;
    let mut heard = 0;
    for round in 0..60 {
        desk.clock.advance_seconds(901);
        desk.ask("POST", "/otp", None, json!({ "email": "ann@example.com" })).await;
        for guess in 0..5 {
            let token = format!("{:06}", round * 5 + guess);
            let body = json!({ "type": "email", "email": "ann@example.com", "token": token });
            let client = format!("203.0.113.{round}");
            let answer = desk.ask_from(&client, "POST", "/verify", None, body).await;
            heard += usize::from(answer.status == 403);
        }
    }
    assert!(heard <= 100, "{heard} of a million: one in ten thousand at most");
    assert!(heard >= 20, "the control");
}

#[tokio::test]
async fn a_stranger_sees_the_same_bytes_for_known_and_unknown_addresses() {
    let desk = desk(|config| config.confirm_email = true).await;
    desk.admin(
        "POST",
        "/admin/users",
        json!({ "email": "known@example.com", "password": PASSWORD, "email_confirm": true }),
    )
    .await;
    let cases = [
        ("/token?grant_type=password", json!({ "password": "wrong horse" })),
        ("/recover", json!({})),
        ("/resend", json!({ "type": "signup" })),
        ("/verify", json!({ "type": "email", "token": "000000" })),
        ("/otp", json!({ "create_user": true })),
    ];
    for (path, body) in cases {
        desk.clock.advance_seconds(61);
        let with = |email: &str| {
            let mut body = body.clone();
            body["email"] = email.into();
            body
        };
        let known = desk.ask("POST", path, None, with("known@example.com")).await;
        let unknown = desk.ask("POST", path, None, with("unknown@example.com")).await;
        assert_eq!(known.status, unknown.status, "{path}");
        assert_eq!(known.raw, unknown.raw, "{path}");
        assert_eq!(known.headers, unknown.headers, "{path}");
    }
}

#[tokio::test]
async fn a_dummy_hash_is_computed_for_whoever_does_not_exist() {
    let desk = desk(|_| ()).await;
    desk.sign_up("ann@example.com", PASSWORD).await;
    let body = |email: &str| json!({ "email": email, "password": "wrong horse" });
    let path = "/token?grant_type=password";
    for email in ["ann@example.com", "nobody@example.com"] {
        let before = desk.hashes();
        desk.ask("POST", path, None, body(email)).await;
        assert_eq!(desk.hashes() - before, 1, "{email}");
    }
    let before = desk.hashes();
    desk.ask("GET", "/settings", None, Value::Null).await;
    assert_eq!(desk.hashes(), before, "the control");
}
