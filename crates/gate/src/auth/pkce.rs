//! Sign-ins that end in the browser where they began (PKCE, RFC 7636): a flow is kept with the
//! client's challenge, the link or the provider leads back with a code, and only who knows the
//! verifier gets the session for it. Both live five minutes, and a code is good for one answer.

use mainstay_base::{Code, Error, Result};
use mainstay_credentials::secret::{self, Challenge};
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::answer::Answer;
use super::arrival::Arrival;
use super::asked::Asked;
use super::judge::Judge;
use super::{Auth, proof};
use crate::accounts::journal::Deed;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Flow, User};
use crate::accounts::{Page, session};
use crate::limits::FLOW_SECONDS;

/// The flow that a request begins, when it brings a challenge.
///
/// # Errors
/// `validation_failed` for a challenge that is none, or that has a part only.
pub fn begun(asked: &Asked, method: &str, now: Moment) -> Result<Option<Flow>> {
    let text = |name| Ok::<_, Error>(asked.text(name)?.or_else(|| asked.query(name)));
    let challenge = match (text("code_challenge")?, text("code_challenge_method")?) {
        (None, None) => return Ok(None),
        (Some(challenge), Some(how)) => Challenge::read(challenge, how)
            .map_err(|error| Error::new(Code::ValidationFailed, error.message().to_owned()))?,
        (Some(_), None) | (None, Some(_)) => {
            let message = "PKCE flow requires code_challenge_method and code_challenge";
            return Err(Error::new(Code::ValidationFailed, message));
        }
    };
    Ok(Some(Flow {
        id: Uuid::new_v4().to_string(),
        user: None,
        provider: None,
        challenge: Some(challenge.text().to_owned()),
        challenge_method: Some(challenge.method().text().to_owned()),
        code: None,
        method: method.to_owned(),
        state: json!({}),
        redirect: None,
        created_at: now,
        issued_at: None,
    }))
}

impl Page<'_, '_> {
    /// Gives a flow its code: what the browser is sent back with.
    ///
    /// # Errors
    /// Without randomness; when the store fails.
    pub fn issue_code(&mut self, flow: Flow, user: &str, now: Moment) -> Result<String> {
        let code = Uuid::from_bytes(secret::random()?).to_string();
        let kept = proof::digest(&code);
        self.put(&Flow {
            user: Some(user.to_owned()),
            code: Some(kept),
            issued_at: Some(now),
            ..flow
        })?;
        Ok(code)
    }
}

/// `POST /token?grant_type=pkce`.
pub(super) async fn exchanged(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let (code, verifier) = (asked.text("auth_code")?, asked.text("code_verifier")?);
    let (Some(code), Some(verifier)) = (code, verifier) else {
        let message = "invalid request: both auth code and code verifier should be non-empty";
        return Err(Error::new(Code::ValidationFailed, message));
    };
    let (code, verifier) = (proof::digest(code), verifier.to_owned());
    let (now, life, config) = (auth.now(), auth.config.life, asked.origin.clone());
    let (judge, note) = (Judge::new(auth, asked), asked.note(Deed::SignIn, None));
    let work = move |page: &mut Page<'_, '_>| {
        let found = page.one::<Flow>("code", &code)?;
        let flow = match found.filter(|flow| flow.issued_at.is_some()) {
            None => return Ok(Err(unknown())),
            Some(flow) => flow,
        };
        // Right or wrong, it is spent: nobody tries verifiers.
        page.remove::<Flow>("id", &flow.id)?;
        let issued_at = flow.issued_at.unwrap_or(flow.created_at);
        if issued_at.after(FLOW_SECONDS) < now {
            let message = "auth code expired, redirect the user to obtain a new one";
            return Ok(Err(Error::new(Code::FlowExpired, message)));
        }
        if !meets(&flow, &verifier) {
            let message = "code challenge does not match previously saved code verifier";
            return Ok(Err(Error::new(Code::VerifierBad, message)));
        }
        let user = page.one::<User>("id", flow.user.as_deref().unwrap_or_default())?;
        let Some(user) = user.filter(|user| user.deleted_at.is_none()) else {
            return Ok(Err(unknown()));
        };
        if session::is_banned(&user, now) {
            return Ok(Err(Error::new(Code::UserBanned, "User is banned")));
        }
        // An identity that is to be linked has waited for the one who knows the verifier.
        let user = match Arrival::waiting(page.sealer(), &flow)? {
            None => user,
            Some(arrival) => match judge.settle(page, &arrival)? {
                Ok(settled) => settled.user,
                Err(error) => return Ok(Err(error)),
            },
        };
        let user = User { last_sign_in_at: Some(now), ..user };
        page.put(&user)?;
        let method = session::Method::of(&flow.method, flow.provider.as_deref());
        let session = session::open(page, &user, &method, &config, now, &life)?;
        let mut note = note.clone().with("method", flow.method.as_str());
        note.user = Some(user.id.clone());
        note.actor = Some(user.id.clone());
        page.note(note, now)?;
        let carried = carried(page, &flow)?;
        Ok(Ok((user, session, carried)))
    };
    let (user, session, carried) = auth.book.write(work).await??;
    let mut body = auth.session(&user, &session).await?;
    if let Json::Object(body) = &mut body {
        body.extend(carried);
    }
    Ok(Answer::json(200, body))
}

/// There is no such code or flow, or it was used.
#[must_use]
pub fn unknown() -> Error {
    Error::new(Code::FlowUnknown, "invalid flow state, no valid flow state found")
}

fn meets(flow: &Flow, verifier: &str) -> bool {
    let (Some(challenge), Some(method)) = (&flow.challenge, &flow.challenge_method) else {
        return false;
    };
    Challenge::read(challenge, method).is_ok_and(|challenge| challenge.is_met(verifier))
}

/// What the flow brought along for the client: the tokens of another provider, which are sealed
/// while they wait.
fn carried(page: &Page<'_, '_>, flow: &Flow) -> Result<Map<String, Json>> {
    let Some(sealed) = flow.state.get("carried").and_then(Json::as_str) else {
        return Ok(Map::new());
    };
    let text = page.sealer().open(&carried_purpose(&flow.id), sealed)?;
    serde_json::from_str(&text).map_err(Error::internal)
}

/// What the tokens of another provider are sealed for.
#[must_use]
pub fn carried_purpose(flow: &str) -> String {
    format!("flows.state {flow}")
}
