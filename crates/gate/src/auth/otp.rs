//! `POST /otp` (and the older `/magiclink`), `/recover` and `/resend`, and `GET /reauthenticate`:
//! letters with a link and a code. Each asks the store once, whoever is asked for.

use mainstay_base::{Code, Error, Result};
use mainstay_mail::address::Address;
use mainstay_mail::{Kind, Letter};
use serde_json::{Map, Value as Json, json};

use super::answer::Answer;
use super::asked::Asked;
use super::letters::{Proving, address};
use super::people::{self, new_user};
use super::proof::{self, About, Made, Purpose};
use super::{Auth, Caller, pkce, tries};
use crate::accounts::Page;
use crate::accounts::journal::Deed;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Flow, User};

/// `POST /otp`.
pub(super) async fn code(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let email = addressee(auth, asked)?;
    let create = asked.flag("create_user")?.unwrap_or(true);
    let data = people::data(asked)?.unwrap_or_default();
    let known = auth.book.one::<User>("email", email.as_str()).await?;
    let new = match known {
        Some(_) => None,
        None if !create => {
            let refusal = Error::new(Code::OtpDisabled, "Signups not allowed for otp");
            return told(auth, asked, refusal).await;
        }
        None if !auth.config.signup => {
            let message = "Signups not allowed for this instance";
            return told(auth, asked, Error::new(Code::SignupDisabled, message)).await;
        }
        None => Some(newcomer(&email, data, auth.now())),
    };
    let who = Asking { known, new, email };
    send(auth, asked, who, (Purpose::MagicLink, Kind::MagicLink)).await
}

/// A refusal that tells that there is no such user, as the dialect has it: counted, so that nobody
/// asks for a list of addresses.
async fn told(auth: &Auth, asked: &Asked, refusal: Error) -> Result<Answer> {
    let (pace, now) = (tries::question(auth, asked), auth.now());
    let work = move |page: &mut Page<'_, '_>| page.count_all(&pace, now);
    match auth.book.write(work).await? {
        Some(wait) => Err(tries::too_many_letters(wait)),
        None => Err(refusal),
    }
}

/// `POST /recover`: the same answer, whether or not there is such a user.
pub(super) async fn recovery(auth: &Auth, asked: &Asked) -> Result<Answer> {
    let email = addressee(auth, asked)?;
    let known = auth.book.one::<User>("email", email.as_str()).await?;
    let who = Asking { known, new: None, email };
    send(auth, asked, who, (Purpose::Recovery, Kind::Recovery)).await
}

/// `POST /resend`.
pub(super) async fn again(auth: &Auth, asked: &Asked) -> Result<Answer> {
    match asked.needed("type")? {
        "signup" => {
            let email = addressee(auth, asked)?;
            let known = auth.book.one::<User>("email", email.as_str()).await?;
            let known = known.filter(|user| user.email_confirmed_at.is_none());
            let who = Asking { known, new: None, email };
            send(auth, asked, who, (Purpose::SignUp, Kind::Confirm)).await
        }
        "email_change" => super::email_change::again(auth, asked, addressee(auth, asked)?).await,
        "sms" | "phone_change" => {
            Err(Error::new(Code::PhoneDisabled, "Letters by telephone are disabled"))
        }
        _ => Err(Error::new(
            Code::ValidationFailed,
            "Missing one of these types: signup, email_change, sms, phone_change",
        )),
    }
}

/// `GET /reauthenticate`.
pub(super) async fn nonce(auth: &Auth, asked: &Asked, caller: Caller) -> Result<Answer> {
    let Some(email) =
        caller.user.email.as_deref().filter(|_| caller.user.email_confirmed_at.is_some())
    else {
        let message = "Reauthentication requires the user to have an email or a phone number";
        return Err(Error::new(Code::ReauthenticationInvalid, message));
    };
    let email = address(email)?;
    let who = Asking { known: Some(caller.user), new: None, email };
    send(auth, asked, who, (Purpose::Reauthentication, Kind::Reauthentication)).await
}

fn addressee(auth: &Auth, asked: &Asked) -> Result<Address> {
    match (asked.text("email")?, asked.text("phone")?) {
        (Some(email), _) if auth.config.email => address(email),
        (Some(_), _) => Err(Error::new(Code::EmailDisabled, "Email logins are disabled")),
        (None, Some(_)) => Err(Error::new(Code::PhoneDisabled, "Codes by telephone are disabled")),
        (None, None) => {
            Err(Error::new(Code::ValidationFailed, "One of email or phone must be set"))
        }
    }
}

fn newcomer(email: &Address, data: Map<String, Json>, now: Moment) -> User {
    let user = User { email: Some(email.as_str().to_owned()), ..new_user(data, now) };
    people::with_claims(user, false)
}

/// Who is asked for: somebody known, somebody new, or nobody.
struct Asking {
    known: Option<User>,
    new: Option<User>,
    email: Address,
}

/// A letter with its proof, ready to be kept.
struct Draft {
    flow: Option<Flow>,
    made: Made,
    letter: Letter,
}

async fn send(
    auth: &Auth,
    asked: &Asked,
    who: Asking,
    (purpose, kind): (Purpose, Kind),
) -> Result<Answer> {
    let now = auth.now();
    let nobody = newcomer(&who.email, Map::new(), now);
    let about = who.known.as_ref().or(who.new.as_ref()).unwrap_or(&nobody);
    // Written for nobody, too: it takes the same time.
    let draft = draft(auth, asked, about, &who.email, (purpose, kind))?;
    let pace = tries::letter(auth, asked, &who.email);
    let note = asked.note(Deed::CodeSent, Some(&about.id)).with("kind", purpose.name());
    let work = move |page: &mut Page<'_, '_>| {
        if let Some(wait) = page.count_all(&pace, now)? {
            return Ok(Err(tries::too_many_letters(wait)));
        }
        let user = match (&who.known, &who.new) {
            (Some(known), _) => page.one::<User>("id", &known.id)?,
            (None, Some(new)) => page.offer(new)?.then(|| new.clone()),
            (None, None) => None,
        };
        let Some(user) = user.filter(|user| user.deleted_at.is_none()) else { return Ok(Ok(())) };
        if who.new.is_some() {
            page.put(&people::email_identity(&user, false, now))?;
        }
        draft.flow.as_ref().map_or(Ok(()), |flow| page.put(flow))?;
        page.keep_proof(&draft.made.proof)?;
        page.post(&draft.letter, now)?;
        page.put(&sent(user, purpose, now))?;
        page.note(note.clone(), now)?;
        Ok(Ok(()))
    };
    auth.book.write(work).await??;
    Ok(Answer::json(200, json!({})))
}

fn sent(user: User, purpose: Purpose, now: Moment) -> User {
    match purpose {
        Purpose::SignUp => User { confirmation_sent_at: Some(now), ..user },
        Purpose::Reauthentication => User { reauthentication_sent_at: Some(now), ..user },
        _ => User { recovery_sent_at: Some(now), ..user },
    }
}

fn draft(
    auth: &Auth,
    asked: &Asked,
    user: &User,
    email: &Address,
    (purpose, kind): (Purpose, Kind),
) -> Result<Draft> {
    let now = auth.now();
    let flow = pkce::begun(asked, purpose.method(), now)?;
    let about = About {
        purpose,
        user,
        address: email.as_str(),
        flow: flow.as_ref().map(|flow| flow.id.as_str()),
    };
    let made = proof::make(&about, &auth.config, auth.book.sealer(), now)?;
    let proving = Proving {
        link: &made.link,
        code: &made.code,
        verified_as: purpose.verified_as(),
        redirect: &asked.redirect(&auth.config),
    };
    let letter = auth.letters.proof(kind, email, user, &proving)?;
    Ok(Draft { flow, made, letter })
}
