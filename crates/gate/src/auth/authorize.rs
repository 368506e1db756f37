//! `GET /authorize` and `GET /user/identities/authorize`: a browser is sent to an identity
//! provider. What it must come back with is kept as a flow for five minutes, the state as a digest,
//! the rest sealed; `callback` takes it. Sources: RFC 6749 section 10.12, RFC 7636, RFC 9700.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mainstay_base::{Code, Error, Result};
use mainstay_credentials::secret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::answer::Answer;
use super::asked::Asked;
use super::{Auth, Caller, pkce, proof, tries};
use crate::accounts::Page;
use crate::accounts::record::Moment;
use crate::accounts::rows::Flow;
use mainstay_federation::{Provider, Sent};

/// How somebody signs in by a provider, in the session's `amr`.
pub const METHOD: &str = "oauth";

/// What is kept of somebody who was sent away, beside the flow's own columns.
#[derive(Clone, Deserialize, Serialize)]
pub struct Away {
    /// What the challenge to the provider was made of.
    pub verifier: String,
    pub nonce: String,
    /// The session that links an identity to its user: it has to live still when they come back.
    pub linking: Option<String>,
}

/// What `Away` is sealed for.
pub fn away_purpose(flow: &str) -> String {
    format!("flows.state away {flow}")
}

/// `GET /authorize`: to sign in.
pub(super) async fn answer(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let url = sent(auth, asked, None).await?;
    Ok(Answer::redirect(302, url))
}

/// `GET /user/identities/authorize`: to link an identity to who is signed in.
pub(super) async fn linking(auth: &Auth, asked: &Asked, caller: Caller) -> Result<Answer> {
    super::identities::allowed(auth)?;
    // Who comes back from the provider need not be who went: without a verifier that only this
    // client has, somebody could be sent there to link his identity to the sender's account.
    if asked.query("code_challenge").is_none() {
        let message = "Linking needs PKCE: createClient(url, key, { auth: { flowType: 'pkce' } })";
        return Err(Error::new(Code::ValidationFailed, message));
    }
    let url = sent(auth, asked, Some(&caller)).await?;
    Ok(match asked.query("skip_http_redirect") {
        Some("true" | "1") => Answer::json(200, json!({ "url": url })),
        _ => Answer::redirect(302, url),
    })
}

/// The provider that a request names.
///
/// # Errors
/// `validation_failed`
pub(super) fn provider<'a>(auth: &'a Auth, name: Option<&str>) -> Result<&'a Provider> {
    let refuse =
        |what: &str| Error::new(Code::ValidationFailed, format!("Unsupported provider: {what}"));
    let name = name.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| refuse("Provider could not be found"))?;
    let provider = auth.external.get(name).ok_or_else(|| refuse("provider is not enabled"))?;
    Ok(provider.as_ref())
}

async fn sent(auth: &Auth, asked: &Asked, caller: Option<&Caller>) -> Result<String> {
    let provider = provider(auth, asked.query("provider"))?;
    let now = auth.now();
    let away = Away {
        verifier: secret::token()?,
        nonce: secret::token()?,
        linking: match caller {
            None => None,
            Some(Caller { session: Some(session), .. }) => Some(session.id.clone()),
            Some(_) => return Err(Error::new(Code::SessionGone, "Linking needs a session")),
        },
    };
    let state = secret::token()?;
    let challenge = URL_SAFE_NO_PAD.encode(secret::sha256(away.verifier.as_bytes()));
    let asks = Sent {
        callback: auth.external.callback(),
        state: &state,
        nonce: &away.nonce,
        challenge: &challenge,
        scopes: asked.query("scopes").unwrap_or_default(),
    };
    let url = provider.address(&asks, |name| asked.query(name)).await?;
    let begun = pkce::begun(asked, METHOD, now)?.unwrap_or_else(|| without_challenge(now));
    let text = serde_json::to_string(&away).map_err(Error::internal)?;
    let sealed = auth.book.sealer().seal(&away_purpose(&begun.id), &text)?;
    let flow = Flow {
        user: caller.map(|caller| caller.user.id.clone()),
        provider: Some(provider.name().to_owned()),
        code: Some(proof::digest(&state)),
        state: json!({ "away": sealed }),
        redirect: Some(asked.redirect(&auth.config)),
        ..begun
    };
    let pace = tries::challenge(auth, &format!("a browser at {}", asked.origin.place()));
    let work = move |page: &mut Page<'_, '_>| match page.count_all(&pace, now)? {
        None => page.put(&flow).map(|()| None),
        wait => Ok(wait),
    };
    if let Some(wait) = auth.book.write(work).await? {
        return Err(tries::too_many(wait));
    }
    Ok(url)
}

/// A flow whose session comes in the fragment.
fn without_challenge(now: Moment) -> Flow {
    Flow {
        id: Uuid::new_v4().to_string(),
        user: None,
        provider: None,
        challenge: None,
        challenge_method: None,
        code: None,
        method: METHOD.to_owned(),
        state: json!({}),
        redirect: None,
        created_at: now,
        issued_at: None,
    }
}
