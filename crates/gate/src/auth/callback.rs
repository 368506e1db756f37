//! `GET` and `POST /callback`: somebody comes back from an identity provider. The flow that they
//! were sent away with is spent first, then the provider is asked who they are, then `arrival`
//! decides whose account that is. Whatever happens, the browser goes on to the application's page.

use http::Method as Verb;
use mainstay_base::{Code, Error, Facts, Result};
use serde_json::{Map, Value as Json, json};

use super::answer::Answer;
use super::arrival::Arrival;
use super::asked::Asked;
use super::authorize::{Away, METHOD, away_purpose};
use super::judge::{Judge, Settled};
use super::redirect::{form, with_fragment, with_query};
use super::{Auth, pkce, proof, refusal};
use crate::accounts::Page;
use crate::accounts::journal::Deed;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Flow, Session, User};
use crate::accounts::session::{self, Method};
use crate::limits::FLOW_SECONDS;
use mainstay_federation::{Person, Returned};

/// Characters of a provider's own word for what went wrong.
const WORD_CHARACTERS: usize = 64;

/// Characters of its sentence.
const SENTENCE_CHARACTERS: usize = 300;

/// A flow on its way back.
struct Back {
    flow: Flow,
    away: Away,
}

/// Where a browser goes on to.
enum Onward {
    /// With a code for the client that knows the verifier.
    Code(String),
    /// With the session itself.
    Session(Box<(User, Session)>),
}

pub(super) async fn answer(auth: &Auth, asked: &Asked, verb: &Verb, facts: &Facts) -> Answer {
    if *verb == Verb::HEAD {
        return Answer::nothing();
    }
    let back = match taken(auth, asked).await {
        Ok(back) => back,
        Err(error) => return failed(&auth.config.site_url, &error, false, facts),
    };
    let target = back.flow.redirect.clone().unwrap_or_else(|| auth.config.site_url.clone());
    let by_code = back.flow.challenge.is_some();
    if let Some(word) = given(asked, "error") {
        return refused(&target, word, given(asked, "error_description"), by_code);
    }
    let provider = back.flow.provider.clone().unwrap_or_default();
    match onward(auth, asked, back, &target).await {
        Ok(url) => Answer::redirect(302, url),
        Err(error) => {
            let noted = noted(auth, asked, &provider, &error).await;
            failed(&target, noted.as_ref().err().unwrap_or(&error), by_code, facts)
        }
    }
}

/// The journal has failures of those who were sent away by us; strangers could fill it.
async fn noted(auth: &Auth, asked: &Asked, provider: &str, error: &Error) -> Result<()> {
    let note = asked.note(Deed::SignInFailed, None).with("method", METHOD);
    let code = refusal::text(error.code());
    let (note, now) = (note.with("provider", provider).with("code", code), auth.now());
    auth.book.write(move |page: &mut Page<'_, '_>| page.note(note.clone(), now)).await
}

/// In the query, or in the form of those who answer by one.
fn given<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    asked.query(name).or_else(|| asked.text(name).ok().flatten()).filter(|text| !text.is_empty())
}

/// The flow of the state that came back: it is gone now, whatever follows.
async fn taken(auth: &Auth, asked: &Asked) -> Result<Back> {
    let missing = || Error::new(Code::OauthCallbackBad, "OAuth state parameter missing");
    let lost = || Error::new(Code::OauthStateBad, "OAuth state not found or expired");
    let key = proof::digest(given(asked, "state").ok_or_else(missing)?);
    let now = auth.now();
    let work = move |page: &mut Page<'_, '_>| {
        let found = page.one::<Flow>("code", &key)?;
        let flow = found.filter(|flow| flow.issued_at.is_none() && flow.provider.is_some());
        if let Some(flow) = &flow {
            page.remove::<Flow>("id", &flow.id)?;
        }
        Ok(flow)
    };
    let flow = auth.book.write(work).await?.ok_or_else(lost)?;
    if flow.created_at.after(FLOW_SECONDS) < now {
        return Err(lost());
    }
    let sealed = flow.state.get("away").and_then(Json::as_str).ok_or_else(lost)?;
    let text = auth.book.sealer().open(&away_purpose(&flow.id), sealed)?;
    let away = serde_json::from_str(&text).map_err(Error::internal)?;
    Ok(Back { flow, away })
}

async fn onward(auth: &Auth, asked: &Asked, back: Back, target: &str) -> Result<String> {
    let Back { flow, away } = back;
    let lost = || Error::new(Code::OauthStateBad, "The identity provider is no longer enabled");
    let name = flow.provider.clone().ok_or_else(lost)?;
    let provider = auth.external.get(&name).ok_or_else(lost)?;
    // Before the code is shown to anybody: another provider's answer is not ours to spend there.
    provider.check_sender(given(asked, "iss")).await?;
    let missing = || Error::new(Code::OauthCallbackBad, "OAuth callback is missing the code");
    let returned = Returned {
        code: given(asked, "code").ok_or_else(missing)?,
        verifier: &away.verifier,
        nonce: &away.nonce,
        callback: auth.external.callback(),
        user: given(asked, "user"),
    };
    let person = provider.person(&returned).await?;
    let tokens = tokens(&person);
    match settled(auth, asked, flow, &name, person, away.linking).await? {
        Onward::Code(code) => Ok(with_query(target, &[("code", &code)])),
        Onward::Session(in_) => {
            let session = auth.session(&in_.0, &in_.1).await?;
            Ok(with_session(target, &session, &tokens))
        }
    }
}

/// What the application may ask the provider with.
fn tokens(person: &Person) -> Map<String, Json> {
    let named = [
        ("provider_token", &person.provider_token),
        ("provider_refresh_token", &person.provider_refresh_token),
    ];
    let there = named
        .into_iter()
        .filter_map(|(name, token)| Some((name.to_owned(), Json::from(token.as_deref()?))));
    there.collect()
}

async fn settled(
    auth: &Auth,
    asked: &Asked,
    flow: Flow,
    provider: &str,
    person: Person,
    linking: Option<String>,
) -> Result<Onward> {
    let (now, life, origin) = (auth.now(), auth.config.life, asked.origin.clone());
    let tokens = Json::Object(tokens(&person)).to_string();
    let linking = flow.user.clone().zip(linking);
    let judge = Judge::new(auth, asked);
    let arrival = Arrival { provider: provider.to_owned(), person, linking };
    let method = Method::of(METHOD, Some(provider));
    let work = move |page: &mut Page<'_, '_>| {
        if let (Some((user, session)), Some(_)) = (&arrival.linking, &flow.challenge) {
            let user = match judge.linkable(page, &arrival, user, session)? {
                Ok(user) => user,
                Err(error) => return Ok(Err(error)),
            };
            let waits = arrival.sealed(page.sealer(), &flow.id)?;
            let code = issued(page, &flow, &user, (&tokens, Some(waits)), now)?;
            return Ok(Ok((Onward::Code(code), Vec::new())));
        }
        let Settled { user, ended } = match judge.settle(page, &arrival)? {
            Ok(settled) => settled,
            Err(error) => return Ok(Err(error)),
        };
        if flow.challenge.is_some() {
            let code = issued(page, &flow, &user, (&tokens, None), now)?;
            return Ok(Ok((Onward::Code(code), ended)));
        }
        let user = User { last_sign_in_at: Some(now), ..user };
        page.put(&user)?;
        let session = session::open(page, &user, &method, &origin, now, &life)?;
        page.note(judge.sign_in(&arrival, &user), now)?;
        Ok(Ok((Onward::Session(Box::new((user, session))), ended)))
    };
    let (onward, ended) = auth.book.write(work).await??;
    auth.gate.end_sessions(&ended, now.after(life.access).seconds());
    Ok(onward)
}

/// The code for the client that began the flow, with what waits for it there.
fn issued(
    page: &mut Page<'_, '_>,
    flow: &Flow,
    user: &User,
    (tokens, arrival): (&str, Option<String>),
    now: Moment,
) -> Result<String> {
    let carried = page.sealer().seal(&pkce::carried_purpose(&flow.id), tokens)?;
    let state = json!({ "carried": carried, "arrival": arrival });
    page.issue_code(Flow { state, ..flow.clone() }, &user.id, now)
}

/// The application's page with everything that a client keeps of a session, in the fragment, which
/// no server sees.
fn with_session(target: &str, session: &Json, tokens: &Map<String, Json>) -> String {
    let names = ["access_token", "expires_at", "expires_in", "refresh_token", "token_type"];
    let own = names.iter().map(|name| (*name, &session[*name]));
    let values: Vec<(&str, String)> = own
        .chain(tokens.iter().map(|(name, token)| (name.as_str(), token)))
        .map(|(name, value)| {
            (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        })
        .collect();
    let pairs: Vec<(&str, &str)> = values.iter().map(|(name, text)| (*name, &**text)).collect();
    with_fragment(target, &pairs)
}

/// The provider itself says no: mostly because somebody thought better of it.
fn refused(target: &str, word: &str, sentence: Option<&str>, by_code: bool) -> Answer {
    let plain = |text: &str, most: usize| -> String {
        text.chars().filter(|c| !c.is_control()).take(most).collect()
    };
    let known = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let word = if known { plain(word, WORD_CHARACTERS) } else { "access_denied".to_owned() };
    let sentence = plain(sentence.unwrap_or("The identity provider refused"), SENTENCE_CHARACTERS);
    let code = Code::OauthCallbackBad.text();
    sent_back(
        target,
        [("error", &word), ("error_code", code), ("error_description", &sentence)],
        by_code,
    )
}

/// What went wrong here; the log has the reason, the browser what may be said.
fn failed(target: &str, error: &Error, by_code: bool, facts: &Facts) -> Answer {
    facts.set_failure(error.code(), error.cause().map(ToString::to_string));
    let word = match error.code() {
        Code::OauthStateBad | Code::OauthCallbackBad => "invalid_request",
        _ if error.status() >= 500 => "server_error",
        _ => "access_denied",
    };
    let pairs = [
        ("error", word),
        ("error_code", refusal::text(error.code())),
        ("error_description", error.message()),
    ];
    sent_back(target, pairs, by_code)
}

/// Clients of PKCE look in the query, all others in the fragment.
fn sent_back(target: &str, pairs: [(&str, &str); 3], by_code: bool) -> Answer {
    Answer::redirect(
        302,
        match by_code {
            true => format!("{}#{}", with_query(target, &pairs), form(&pairs)),
            false => with_fragment(target, &pairs),
        },
    )
}
