//! What was done, for administrators: pages of the journal, and whether its chain is whole.

use mainstay_base::{Code, Error, Result};
use serde_json::{Value as Json, json};

use super::super::Auth;
use super::super::answer::{Answer, time};
use super::super::asked::Asked;
use crate::accounts::journal::Verdict;
use crate::accounts::rows::Event;
use crate::limits::EVENTS_PER_PAGE;

/// `GET /admin/audit?before=&per_page=`, newest first.
pub(super) async fn listed(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let before = number(asked, "before")?.unwrap_or(i64::MAX);
    let most = number(asked, "per_page")?.unwrap_or(100).min(EVENTS_PER_PAGE);
    let events = auth.book.events_before(before, most).await?;
    let shown: Json = events.iter().map(shown).collect();
    Ok(Answer::json(200, json!({ "events": shown })))
}

fn shown(event: &Event) -> Json {
    json!({
        "number": event.number,
        "at": time(event.at),
        "action": event.action,
        "actor": event.actor,
        "user": event.user,
        "ip": event.address,
        "user_agent": event.agent,
        "detail": event.detail,
        "seal": event.seal,
    })
}

/// `GET /admin/audit/verify?number=&seal=`; number and seal are those of an earlier verification.
pub(super) async fn verified(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let known = match (number(asked, "number")?, asked.query("seal")) {
        (Some(number), Some(seal)) => Some((number, seal)),
        (None, None) => None,
        _ => return Err(Error::new(Code::ValidationFailed, "Give number and seal together")),
    };
    let body = match auth.book.verify_journal(known).await? {
        Verdict::Whole { events, last } => json!({ "whole": true, "events": events, "seal": last }),
        Verdict::Broken { number } => json!({ "whole": false, "broken_at": number }),
    };
    Ok(Answer::json(200, body))
}

fn number(asked: &Asked, name: &str) -> Result<Option<i64>> {
    let unfit = || Error::new(Code::ValidationFailed, format!("`{name}` is no number from 1 on"));
    let number = |text: &str| text.parse().ok().filter(|number| *number >= 1).ok_or_else(unfit);
    asked.query(name).map(number).transpose()
}
