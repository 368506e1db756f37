//! Several processes over one store: what one of them does, the others know after their next round;
//! and what is on its way when a process ends goes on in the next.

use std::sync::Arc;

use mainstay_gate::Credentials;
use mainstay_gate::accounts::journal::Verdict;
use mainstay_gate::accounts::rows::{Event, Posted};
use mainstay_schema::Value as Stored;
use serde_json::{Value, json};

use crate::desk::{Ground, desk_on};

const PASSWORD: &str = "correct horse";

fn bearer(token: &str) -> Credentials<'_> {
    Credentials { apikey: None, bearer: Some(token) }
}

#[tokio::test]
async fn an_ended_session_is_ended_in_every_process() {
    let ground = Ground::new();
    let (one, other) = (desk_on(Arc::clone(&ground), |_| ()).await, desk_on(ground, |_| ()).await);
    let session = one.sign_up("ann@example.com", PASSWORD).await;
    let token = session.text("access_token");
    assert!(other.gate.identify(bearer(token)).is_ok(), "the keys are the same");
    one.ask("POST", "/logout", Some(token), Value::Null).await;
    assert!(one.gate.identify(bearer(token)).is_err());
    other.auth.round(false).await.unwrap();
    assert!(other.gate.identify(bearer(token)).is_err());
}

#[tokio::test]
async fn an_ended_session_stays_ended_over_a_restart() {
    let ground = Ground::new();
    let one = desk_on(Arc::clone(&ground), |_| ()).await;
    let session = one.sign_up("ann@example.com", PASSWORD).await;
    let token = session.text("access_token").to_owned();
    one.ask("POST", "/logout", Some(&token), Value::Null).await;
    drop(one);
    let next = desk_on(ground, |_| ()).await;
    next.auth.round(true).await.unwrap();
    assert!(next.gate.identify(bearer(&token)).is_err());
    let fresh = next.sign_in("ann@example.com", PASSWORD).await;
    assert!(next.gate.identify(bearer(fresh.text("access_token"))).is_ok(), "the control");
}

#[tokio::test]
async fn keys_that_one_process_makes_or_revokes_hold_in_all() {
    let ground = Ground::new();
    let (one, other) = (desk_on(Arc::clone(&ground), |_| ()).await, desk_on(ground, |_| ()).await);
    let made = one.admin("POST", "/admin/keys", json!({ "name": "m", "role": "staff" })).await;
    let key = made.text("key");
    let machine = Credentials { apikey: Some(key), bearer: None };
    assert!(other.gate.identify(machine).is_err());
    other.auth.round(false).await.unwrap();
    assert_eq!(other.gate.identify(machine).unwrap().role(), "staff");
    one.admin("DELETE", "/admin/keys/m", Value::Null).await;
    other.auth.round(false).await.unwrap();
    assert!(other.gate.identify(machine).is_err());

    one.admin("POST", "/admin/signing-keys", Value::Null).await;
    other.auth.round(false).await.unwrap();
    other.clock.advance_seconds(601);
    let session = one.sign_up("ann@example.com", PASSWORD).await;
    assert!(other.gate.identify(bearer(session.text("access_token"))).is_ok(), "of the new key");
}

#[tokio::test]
async fn both_processes_count_the_same_tries() {
    let ground = Ground::new();
    let (one, other) = (desk_on(Arc::clone(&ground), |_| ()).await, desk_on(ground, |_| ()).await);
    let mut heard = 0;
    for at in 0..20 {
        let desk = if at % 2 == 0 { &one } else { &other };
        heard += usize::from(desk.sign_in("ann@example.com", "guess").await.status == 400);
    }
    assert_eq!(heard, 10);
}

#[tokio::test]
async fn a_letter_that_waited_is_sent_by_the_next_process_once() {
    let ground = Ground::new();
    let one = desk_on(Arc::clone(&ground), |config| config.confirm_email = true).await;
    one.sign_up("ann@example.com", PASSWORD).await;
    drop(one);
    let values = [Stored::Text("2100-01-01T00:00:00+00:00".to_owned()), Stored::Int(10)];
    let waiting: Vec<Posted> = ground.book().list("due_letters", &values).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert!(!waiting[0].body.contains("verify"), "what waits is sealed");
    let (next, third) =
        (desk_on(Arc::clone(&ground), |_| ()).await, desk_on(Arc::clone(&ground), |_| ()).await);
    let (a, b) = tokio::join!(next.letters(), third.letters());
    assert_eq!(a.len() + b.len(), 1);
    let left: Vec<Posted> = ground.book().list("due_letters", &values).await.unwrap();
    assert_eq!(left, []);
}

#[tokio::test]
async fn the_journal_has_every_deed_and_no_secret_and_its_chain_shows_every_change() {
    let ground = Ground::new();
    let desk = desk_on(Arc::clone(&ground), |config| config.confirm_email = true).await;
    desk.sign_up("ann@example.com", PASSWORD).await;
    let link = desk.letter_to("ann@example.com").await.link.unwrap();
    desk.click(&link).await;
    desk.sign_in("ann@example.com", "wrong horse").await;
    let session = desk.sign_in("ann@example.com", PASSWORD).await;
    desk.ask("POST", "/logout", Some(session.text("access_token")), Value::Null).await;
    let book = ground.book();
    let events: Vec<Event> = book.events_before(i64::MAX, 100).await.unwrap();
    let actions: Vec<&str> = events.iter().rev().map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["sign_up", "confirmed", "sign_in_failed", "sign_in", "sign_out"]);
    let everything = format!("{events:?}");
    for secret in [PASSWORD, "wrong horse", session.text("access_token"), "ann@example.com"] {
        assert!(!everything.contains(secret), "{secret}");
    }
    let Verdict::Whole { events: 5, last } = book.verify_journal(None).await.unwrap() else {
        panic!("the control");
    };
    let by_http = desk.admin("GET", "/admin/audit/verify", Value::Null).await;
    assert_eq!(by_http.body, json!({ "whole": true, "events": 5, "seal": last }));

    for (what, change) in changes() {
        let at = change(&events);
        let broken = book.write(move |page| {
            for event in &at {
                page.put(event)?;
            }
            Ok(())
        });
        broken.await.unwrap();
        let verdict = book.verify_journal(None).await.unwrap();
        assert!(matches!(verdict, Verdict::Broken { .. }), "{what}: {verdict:?}");
        let all = events.clone();
        let mended = book.write(move |page| all.iter().try_for_each(|event| page.put(event)));
        mended.await.unwrap();
        assert!(matches!(book.verify_journal(None).await.unwrap(), Verdict::Whole { .. }));
    }
    let beyond = book.verify_journal(Some((6, "seal of an end that was cut off"))).await.unwrap();
    assert_eq!(beyond, Verdict::Broken { number: 6 });
    let other = book.verify_journal(Some((5, "another seal"))).await.unwrap();
    assert_eq!(other, Verdict::Broken { number: 5 });
    assert!(matches!(book.verify_journal(Some((5, &last))).await.unwrap(), Verdict::Whole { .. }));
}

type Change = fn(&[Event]) -> Vec<Event>;

/// Rows as somebody with the database would write them.
fn changes() -> Vec<(&'static str, Change)> {
    fn third(events: &[Event]) -> Event {
        events.iter().find(|event| event.number == 3).unwrap().clone()
    }
    vec![
        ("another deed", |events| vec![Event { action: "sign_in".into(), ..third(events) }]),
        ("another user", |events| vec![Event { user: None, ..third(events) }]),
        ("another address", |events| {
            vec![Event { address: Some("10.0.0.1".into()), ..third(events) }]
        }),
        ("the seal of another", |events| {
            vec![Event { seal: events[0].seal.clone(), ..third(events) }]
        }),
        ("two that changed places", |events| {
            let (a, b) = (&events[0], &events[1]);
            vec![Event { number: a.number, ..b.clone() }, Event { number: b.number, ..a.clone() }]
        }),
    ]
}
