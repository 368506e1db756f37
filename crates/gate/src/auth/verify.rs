//! `POST /verify` and the link `GET /verify`: an address is proven, and whoever proved it is in.
//! What only looks at a link (HEAD, a prefetch) spends nothing; with `link_page` a click shows a
//! page first, whose button does it, because programs that read mail open links too.

use http::{HeaderMap, Method as Verb};
use mainstay_base::{Code, Error, Result};
use serde_json::{Value as Json, json};

use super::admin::escaped;
use super::answer::Answer;
use super::asked::Asked;
use super::letters::address;
use super::proof::{self, Purpose};
use super::redirect::{form, with_fragment, with_query};
use super::{Auth, email_change, people, pkce, tries};
use crate::accounts::Page;
use crate::accounts::journal::Deed;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Flow, Proof, Session, User};
use crate::accounts::session::{self, Method, is_banned};

/// What became of a proof that was brought back.
enum Proven {
    /// The user is in.
    In(Box<(User, Session)>),
    /// The browser gets a code for the flow that it began.
    Code { code: String, redirect: Option<String> },
    /// One of two addresses has agreed.
    Half,
}

/// A link, or a code and its address.
#[derive(Clone)]
enum Brought {
    Link(String),
    Code { address: String, code: String },
}

/// `POST /verify`.
pub(super) async fn answer(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let meant = Purpose::meant_here(asked.needed("type")?)?;
    let brought = match (asked.text("token_hash")?, asked.text("token")?) {
        (Some(link), None) => Brought::Link(link.to_owned()),
        (None, Some(code)) => {
            let address = match (asked.text("email")?, asked.text("phone")?) {
                (Some(email), _) => address(email)?.as_str().to_owned(),
                (None, Some(_)) => return Err(proof::refused()),
                (None, None) => {
                    let message =
                        "Only an email address or phone number should be provided on verify";
                    return Err(Error::new(Code::ValidationFailed, message));
                }
            };
            Brought::Code { address, code: code.to_owned() }
        }
        (Some(_), Some(_)) => {
            let message = "Only the token_hash and type should be provided";
            return Err(Error::new(Code::ValidationFailed, message));
        }
        (None, None) => {
            let message = "Verify requires a token or a token hash";
            return Err(Error::new(Code::ValidationFailed, message));
        }
    };
    match prove(auth, asked, brought, meant, false).await? {
        Proven::In(in_) => Ok(Answer::json(200, auth.session(&in_.0, &in_.1).await?)),
        Proven::Half => Ok(Answer::json(200, json!({ "msg": HALF, "code": "200" }))),
        Proven::Code { .. } => Err(Error::internal("a code where a session was asked for")),
    }
}

const HALF: &str =
    "Confirmation link accepted. Please proceed to confirm link sent to the other email";

/// `GET /verify`: a browser that followed a link.
pub(super) async fn clicked(
    auth: &Auth,
    asked: &Asked,
    verb: &Verb,
    headers: &HeaderMap,
) -> Answer {
    let target = asked.redirect(&auth.config);
    if *verb == Verb::HEAD || is_glance(headers) {
        return Answer::nothing();
    }
    let pressed = *verb == Verb::POST;
    if auth.config.link_page && !pressed {
        return Answer::page(page(asked), &auth.config.sources());
    }
    let given = |name: &str| {
        asked.query(name).or_else(|| asked.text(name).ok().flatten()).unwrap_or_default().to_owned()
    };
    let (link, kind) = (given("token"), given("type"));
    let done = match Purpose::meant_here(&kind) {
        Ok(meant) => prove(auth, asked, Brought::Link(link.clone()), meant, true).await,
        Err(error) => Err(error),
    };
    let url = match done {
        Ok(Proven::In(in_)) => match auth.session(&in_.0, &in_.1).await {
            Ok(session) => with_session(&target, &session, &kind),
            Err(error) => failed(&target, &error, false),
        },
        Ok(Proven::Code { code, redirect }) => {
            with_query(redirect.as_deref().unwrap_or(&target), &[("code", &code)])
        }
        Ok(Proven::Half) => with_fragment(&target, &[("message", HALF)]),
        Err(error) => failed(&target, &error, link.starts_with("pkce_")),
    };
    Answer::redirect(303, url)
}

/// Somebody looks whether there is something at the link, and means nothing by it.
fn is_glance(headers: &HeaderMap) -> bool {
    ["purpose", "sec-purpose", "x-purpose", "x-moz"].iter().any(|name| {
        headers.get(*name).is_some_and(|value| {
            let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
            value.contains("prefetch") || value.contains("preview")
        })
    })
}

/// The address of the application's page with everything that a client keeps of a session.
pub(super) fn with_session(target: &str, session: &Json, kind: &str) -> String {
    let text = |name: &str| match &session[name] {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    let names = ["access_token", "expires_at", "expires_in", "refresh_token", "token_type"];
    let values: Vec<String> = names.iter().map(|name| text(name)).collect();
    let mut pairs: Vec<(&str, &str)> =
        names.iter().copied().zip(values.iter().map(String::as_str)).collect();
    pairs.push(("type", kind));
    with_fragment(target, &pairs)
}

/// The address of the application's page with what went wrong.
pub(super) fn failed(target: &str, error: &Error, is_flow: bool) -> String {
    let pairs = [
        ("error", if error.status() >= 500 { "server_error" } else { "access_denied" }),
        ("error_code", super::refusal::text(error.code())),
        ("error_description", error.message()),
    ];
    match is_flow {
        true => format!("{}#{}", with_query(target, &pairs), form(&pairs)),
        false => with_fragment(target, &pairs),
    }
}

async fn prove(
    auth: &Auth,
    asked: &Asked,
    brought: Brought,
    meant: &'static [Purpose],
    in_browser: bool,
) -> Result<Proven> {
    let guess = match &brought {
        Brought::Link(_) => None,
        Brought::Code { address, .. } => Some(tries::guess(auth, asked, address)),
    };
    let entering = Entering {
        now: auth.now(),
        life: auth.config.life,
        origin: asked.origin.clone(),
        both: auth.config.confirm_both_addresses,
        in_browser,
        letters: std::sync::Arc::clone(&auth.letters),
    };
    let (now, note) = (entering.now, asked.note(Deed::CodeFailed, None));
    let place = tries::place(auth, asked);
    let (confirmed, paces) = (asked.note(Deed::Confirmed, None), auth.config.paces);
    let work = move |page: &mut Page<'_, '_>| {
        if let Some(guess) = &guess
            && let Some(wait) = guess.begin(page, now)?
        {
            return Ok(Err(tries::too_many(wait)));
        }
        let taken = match &brought {
            Brought::Link(link) => page.take_link(link, meant, now)?,
            Brought::Code { address, code } => page.take_code(address, code, meant, now)?,
        };
        let Some(proof) = taken else {
            // Without a guess that is counted already, the place is: nobody fills the journal.
            if guess.is_none()
                && let Some(wait) = page.count_all(&place, now)?
            {
                return Ok(Err(tries::too_many(wait)));
            }
            page.note(note.clone(), now)?;
            return Ok(Err(proof::refused()));
        };
        match &guess {
            Some(guess) => guess.forgive(page, now)?,
            None => {
                let (sealer, origin) = (page.sealer(), &entering.origin);
                let guess = tries::Guess::new(sealer, origin, paces, &proof.address);
                guess.welcome(page, now)?;
            }
        }
        let mut note = confirmed.clone().with("kind", proof.kind.as_str());
        (note.user, note.actor) = (Some(proof.user.clone()), Some(proof.user.clone()));
        page.note(note, now)?;
        entering.enter(page, &proof)
    };
    auth.book.write(work).await?
}

/// What is needed to let somebody in.
struct Entering {
    now: Moment,
    life: session::Life,
    origin: session::Origin,
    /// Both addresses agree to a change.
    both: bool,
    in_browser: bool,
    letters: std::sync::Arc<super::Letters>,
}

impl Entering {
    fn enter(&self, page: &mut Page<'_, '_>, proof: &Proof) -> Result<Result<Proven>> {
        let now = self.now;
        let user = page.one::<User>("id", &proof.user)?.filter(|user| user.deleted_at.is_none());
        let (Some(user), Some(purpose)) = (user, Purpose::of(proof)) else {
            return Ok(Err(proof::refused()));
        };
        if is_banned(&user, now) {
            return Ok(Err(Error::new(Code::UserBanned, "User is banned")));
        }
        let user = match purpose {
            Purpose::EmailChangeCurrent | Purpose::EmailChangeNew => {
                let changing = email_change::Changing { both: self.both, now };
                match changing.agree(page, user, purpose, proof, &self.letters)? {
                    Ok(Some(user)) => user,
                    Ok(None) => return Ok(Ok(Proven::Half)),
                    Err(error) => return Ok(Err(error)),
                }
            }
            // Somebody else's address since: the letter went to one that is no more the user's.
            _ if user.email.as_deref() != Some(proof.address.as_str()) => {
                return Ok(Err(proof::refused()));
            }
            _ => self.proven(page, user, purpose)?,
        };
        let flow = match &proof.flow {
            Some(flow) if self.in_browser => match page.one::<Flow>("id", flow)? {
                Some(flow) => Some(flow),
                // Whoever began it waits for a code: nobody else gets a session in its place.
                None => return Ok(Err(pkce::unknown())),
            },
            _ => None,
        };
        if let Some(flow) = flow {
            page.put(&user)?;
            let redirect = flow.redirect.clone();
            let code = page.issue_code(flow, &user.id, now)?;
            return Ok(Ok(Proven::Code { code, redirect }));
        }
        let user = User { last_sign_in_at: Some(now), ..user };
        page.put(&user)?;
        let method = Method::of("otp", None);
        let session = session::open(page, &user, &method, &self.origin, now, &self.life)?;
        Ok(Ok(Proven::In(Box::new((user, session)))))
    }
}

impl Entering {
    /// The user, whose address is proven now. Somebody else may have made the account before: only
    /// by the letter of a sign-up does its password prove as much as the address, for the letter
    /// went out with it.
    fn proven(&self, page: &mut Page<'_, '_>, user: User, purpose: Purpose) -> Result<User> {
        let fresh = user.email_confirmed_at.is_none() && !user.is_anonymous;
        let doubtful = fresh && user.self_made && purpose != Purpose::SignUp;
        let user = match doubtful {
            true => people::vacated(page, user, self.now.after(self.life.access))?.0,
            false => user,
        };
        people::confirm_email(page, user, self.now)
    }
}

/// The page behind a link: nothing happens before its button is pressed.
fn page(asked: &Asked) -> String {
    let field = |name: &str| {
        let value = escaped(asked.query(name).unwrap_or_default());
        format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
    };
    let fields: String = ["token", "type", "redirect_to"].iter().map(|name| field(name)).collect();
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Continue</title>\
         <style>body{{font:1.1rem system-ui;display:grid;place-items:center;min-height:90vh}}\
         button{{font:inherit;padding:.8em 2em}}</style></head><body>\
         <form method=\"post\" action=\"/auth/v1/verify/click\">{fields}\
         <button>Continue</button></form></body></html>"
    )
}
