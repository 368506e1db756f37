//! `POST /logout`, and the list of one's own sessions: seen, and ended one by one.

use mainstay_base::{Code, Error, Result};
use mainstay_schema::Value;
use serde_json::{Value as Json, json};

use super::answer::{Answer, time};
use super::asked::Asked;
use super::{Auth, Caller};
use crate::accounts::Page;
use crate::accounts::journal::Deed;
use crate::accounts::rows::Session;
use crate::accounts::session::{self, Scope};

pub(super) async fn answer(auth: &Auth, asked: &Asked, caller: Caller) -> Result<Answer> {
    let scope = match asked.query("scope") {
        None | Some("" | "global") => Scope::Global,
        Some("local") => Scope::Local,
        Some("others") => Scope::Others,
        Some(other) => {
            let message = format!("Unsupported logout scope \"{other}\"");
            let hint = "Write global, local or others.";
            return Err(Error::new(Code::ValidationFailed, message).hint(hint));
        }
    };
    let now = auth.now();
    let until = now.after(auth.config.life.access);
    let own = caller.session.map(|session| session.id);
    let note = asked.note(Deed::SignOut, Some(&caller.user.id));
    let work = move |page: &mut Page<'_, '_>| {
        page.note(note.clone(), now)?;
        session::end(page, &caller.user.id, own.as_deref(), scope, until)
    };
    auth.book.write(work).await?;
    Ok(Answer::nothing())
}

/// `GET /sessions`.
pub(super) async fn listed(auth: &Auth, caller: Caller) -> Result<Answer> {
    let own = caller.session.as_ref().map(|session| session.id.as_str());
    let values = [Value::Text(caller.user.id.clone())];
    let mut all: Vec<Session> = auth.book.find("user", &values).await?;
    all.sort_by_key(|session| std::cmp::Reverse(session.refreshed_at));
    let shown: Json = all.iter().map(|session| shown(session, own)).collect();
    Ok(Answer::json(200, json!({ "sessions": shown })))
}

fn shown(session: &Session, own: Option<&str>) -> Json {
    json!({
        "id": session.id,
        "current": own == Some(session.id.as_str()),
        "aal": session.aal,
        "ip": session.address,
        "user_agent": session.agent,
        "created_at": time(session.created_at),
        "refreshed_at": time(session.refreshed_at),
        "not_after": session.ends_at.map(time),
    })
}

/// `DELETE /sessions/{id}`.
pub(super) async fn ended(auth: &Auth, asked: &Asked, caller: Caller) -> Result<Answer> {
    let now = auth.now();
    let until = now.after(auth.config.life.access);
    let id = asked.id().to_owned();
    let note = asked.note(Deed::SignOut, Some(&caller.user.id)).with("session", id.as_str());
    let work = move |page: &mut Page<'_, '_>| {
        let found = page.one::<Session>("id", &id)?;
        let Some(session) = found.filter(|session| session.user == caller.user.id) else {
            return Ok(None);
        };
        page.end(&session, until)?;
        page.note(note.clone(), now)?;
        Ok(Some(session.id))
    };
    match auth.book.write(work).await? {
        None => Err(Error::new(Code::SessionUnknown, "There is no such session of yours")),
        Some(_) => Ok(Answer::nothing()),
    }
}
