//! Sessions that are taken from whoever has them: by an administrator, or because a spent token
//! came back; and that the journal says so.

use std::sync::Arc;

use serde_json::Value;

use crate::desk::{Ground, desk, desk_on};

const PASSWORD: &str = "correct horse";

#[tokio::test]
async fn an_administrator_ends_all_sessions_of_one_user_and_of_no_other() {
    let desk = desk(|_| ()).await;
    let first = desk.sign_up("ann@example.com", PASSWORD).await;
    let second = desk.sign_in("ann@example.com", PASSWORD).await;
    let other = desk.sign_up("bob@example.com", PASSWORD).await;
    let id = first.body["user"]["id"].as_str().unwrap();
    let path = format!("/admin/users/{id}/logout");
    let user = async |token: &str| desk.ask("GET", "/user", Some(token), Value::Null).await;
    let own = desk.ask("POST", &path, Some(first.text("access_token")), Value::Null).await;
    assert_eq!(own.code(), (403, "not_admin"));
    assert_eq!(user(second.text("access_token")).await.status, 200);
    assert_eq!(desk.admin("POST", &path, Value::Null).await.status, 204);
    for session in [&first, &second] {
        let seen = user(session.text("access_token")).await;
        assert_eq!(seen.code(), (403, "session_not_found"));
        assert_ne!(desk.refresh(session.text("refresh_token")).await.status, 200);
    }
    assert_eq!(user(other.text("access_token")).await.status, 200);
}

#[tokio::test]
async fn a_spent_token_that_comes_back_is_in_the_journal_with_its_user() {
    let ground = Ground::new();
    let desk = desk_on(Arc::clone(&ground), |_| ()).await;
    let session = desk.sign_up("ann@example.com", PASSWORD).await;
    let spent = session.text("refresh_token");
    desk.refresh(spent).await;
    desk.refresh(spent).await;
    let reused = async || {
        let events = ground.book().events_before(i64::MAX, 100).await.unwrap();
        events.into_iter().filter(|event| event.action == "token_reused").collect::<Vec<_>>()
    };
    assert!(reused().await.is_empty(), "an answer that was lost is no theft");
    desk.clock.advance_seconds(11);
    desk.refresh(spent).await;
    let events = reused().await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].user.as_deref(), session.body["user"]["id"].as_str());
    assert!(!format!("{events:?}").contains(spent));
}
