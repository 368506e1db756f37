//! `POST /token?grant_type=id_token`: an application on a telephone, or a page with a provider's
//! own button, brings an ID token. It is believed as the provider's own answer is; with
//! `link_identity` it is one more way in for who is signed in already.

use mainstay_base::{Code, Error, Result};

use super::answer::Answer;
use super::arrival::Arrival;
use super::asked::Asked;
use super::authorize::{METHOD, provider};
use super::judge::{Judge, Settled};
use super::{Auth, Caller, identities};
use crate::accounts::Page;
use crate::accounts::rows::User;
use crate::accounts::session::{self, Method};
use mainstay_federation::Person;

/// It is to be linked to who asks.
///
/// # Errors
/// `validation_failed`
pub(super) fn links(asked: &Asked) -> Result<bool> {
    let meant = asked.query("grant_type") == Some("id_token");
    Ok(meant && asked.flag("link_identity")?.unwrap_or_default())
}

pub(super) async fn answer(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let (name, person) = vouched(auth, asked).await?;
    enter(auth, asked, &name, person, None).await
}

pub(super) async fn linked(auth: &Auth, asked: &Asked, caller: Caller) -> Result<Answer> {
    identities::allowed(auth)?;
    let session = caller.session.map(|session| session.id);
    let session =
        session.ok_or_else(|| Error::new(Code::SessionGone, "Linking needs a session"))?;
    let (name, person) = vouched(auth, asked).await?;
    enter(auth, asked, &name, person, Some((caller.user.id, session))).await
}

async fn vouched(auth: &Auth, asked: &Asked) -> Result<(String, Person)> {
    let Some(token) = asked.text("id_token")? else {
        return Err(Error::new(Code::ValidationFailed, "id_token required"));
    };
    let provider = provider(auth, asked.text("provider")?)?;
    if !provider.has_id_tokens() {
        let message = format!("Unsupported provider: {} gives no ID tokens", provider.name());
        return Err(Error::new(Code::ValidationFailed, message));
    }
    let (nonce, access) = (asked.text("nonce")?, asked.text("access_token")?);
    let person =
        provider.vouched(token, nonce, access).await.map_err(|error| match error.code() {
            Code::OauthCallbackBad => {
                let why = error.cause().map(ToString::to_string).unwrap_or_default();
                Error::new(Code::IdTokenBad, "Bad ID token").caused_by(why)
            }
            _ => error,
        })?;
    Ok((provider.name().to_owned(), person))
}

async fn enter(
    auth: &Auth,
    asked: &Asked,
    provider: &str,
    person: Person,
    linking: Option<(String, String)>,
) -> Result<Answer> {
    let (now, life, origin) = (auth.now(), auth.config.life, asked.origin.clone());
    let judge = Judge::new(auth, asked);
    let arrival = Arrival { provider: provider.to_owned(), person, linking };
    let method = Method::of(METHOD, Some(provider));
    let work = move |page: &mut Page<'_, '_>| {
        let Settled { user, ended } = match judge.settle(page, &arrival)? {
            Ok(settled) => settled,
            Err(error) => return Ok(Err(error)),
        };
        let user = User { last_sign_in_at: Some(now), ..user };
        page.put(&user)?;
        let session = session::open(page, &user, &method, &origin, now, &life)?;
        page.note(judge.sign_in(&arrival, &user), now)?;
        Ok(Ok((user, session, ended)))
    };
    let (user, session, ended) = auth.book.write(work).await??;
    auth.gate.end_sessions(&ended, now.after(life.access).seconds());
    Ok(Answer::json(200, auth.session(&user, &session).await?))
}
