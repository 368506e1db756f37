//! `POST /signup`: a new user, by address and password, by telephone and password, or without
//! either. Where an address has to be confirmed, an address that has an account is answered as one
//! that has none, but for what the dialect itself leaves out: its identities.

use mainstay_base::{Code, Error, Result};
use mainstay_mail::Kind;
use mainstay_mail::address::{Address, Phone};
use serde_json::{Map, Value as Json, json};

use super::answer::{Answer, body};
use super::asked::Asked;
use super::letters::{Proving, address};
use super::people::{self, email_identity, new_user};
use super::proof::{self, About, Purpose};
use super::{Auth, pkce, tries, user};
use crate::accounts::journal::Deed;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Flow, Identity, Session, User};
use crate::accounts::session::{Method, Scope};
use crate::accounts::{Page, session};

pub(super) async fn answer(auth: &Auth, asked: &Asked) -> Result<Answer> {
    if !auth.config.signup {
        let message = "Signups not allowed for this instance";
        return Err(Error::new(Code::SignupDisabled, message));
    }
    let data = people::data(asked)?.unwrap_or_default();
    let (email, phone) = (asked.text("email")?, asked.text("phone")?);
    match (email, phone, asked.text("password")?) {
        (None, None, None) => anonymous(auth, asked, data).await,
        (None, None, Some(_)) => {
            let message = "Sign up needs an address beside the password";
            Err(Error::new(Code::ValidationFailed, message))
        }
        (_, _, None) => Err(Error::new(Code::ValidationFailed, "Signup requires a valid password")),
        (Some(email), _, Some(password)) if auth.config.email => {
            by_email(auth, asked, (email, password), data).await
        }
        (Some(_), ..) => Err(Error::new(Code::EmailDisabled, "Email signups are disabled")),
        (None, Some(phone), Some(password)) if auth.config.phone => {
            by_phone(auth, asked, (phone, password), data).await
        }
        _ => Err(Error::new(Code::PhoneDisabled, "Phone signups are disabled")),
    }
}

async fn anonymous(auth: &Auth, asked: &Asked, data: Map<String, Json>) -> Result<Answer> {
    if !auth.config.anonymous {
        return Err(Error::new(Code::AnonymousDisabled, "Anonymous sign-ins are disabled"));
    }
    counted(auth, tries::sign_up(auth, asked), tries::too_many).await?;
    let now = auth.now();
    let new = User {
        is_anonymous: true,
        app_metadata: json!({}),
        last_sign_in_at: Some(now),
        ..new_user(data, now)
    };
    let added = add(auth, asked, new, None, "anonymous").await?;
    match added {
        Added::In(user, session) => Ok(Answer::json(200, auth.session(&user, &session).await?)),
        Added::Taken => Err(Error::internal("a user without an address was there already")),
    }
}

/// Counts what is asked for before anything is computed: hashes are what a flood would cost.
async fn counted(auth: &Auth, pace: tries::Counted, refusal: fn(i64) -> Error) -> Result<()> {
    let now = auth.now();
    let work = move |page: &mut Page<'_, '_>| page.count_all(&pace, now);
    auth.book.write(work).await?.map_or(Ok(()), |wait| Err(refusal(wait)))
}

async fn by_phone(
    auth: &Auth,
    asked: &Asked,
    (phone, password): (&str, &str),
    data: Map<String, Json>,
) -> Result<Answer> {
    let phone =
        Phone::parse(phone).map_err(|error| Error::new(Code::ValidationFailed, error.message()))?;
    user::judge(auth, password, &[phone.as_str()])?;
    counted(auth, tries::sign_up(auth, asked), tries::too_many).await?;
    let hash = auth.hasher.hash(password).await?;
    let now = auth.now();
    let new = User {
        phone: Some(phone.as_str().to_owned()),
        phone_confirmed_at: Some(now),
        password: Some(hash),
        last_sign_in_at: Some(now),
        app_metadata: json!({ "provider": "phone", "providers": ["phone"] }),
        ..new_user(data, now)
    };
    let identity = people::phone_identity(&new, now);
    match add(auth, asked, new, Some(identity), "password").await? {
        Added::In(user, session) => Ok(Answer::json(200, auth.session(&user, &session).await?)),
        Added::Taken => Err(taken()),
    }
}

async fn by_email(
    auth: &Auth,
    asked: &Asked,
    (email, password): (&str, &str),
    data: Map<String, Json>,
) -> Result<Answer> {
    let email = address(email)?;
    user::judge(auth, password, &[email.as_str(), email.local()])?;
    counted(auth, tries::sign_up(auth, asked), tries::too_many).await?;
    if auth.config.confirm_email {
        counted(auth, tries::letter(auth, asked, &email), tries::too_many_letters).await?;
    }
    // Before it is known whether there is such a user: both take the same time.
    let hash = auth.hasher.hash(password).await?;
    let now = auth.now();
    let confirmed = !auth.config.confirm_email;
    let new = User {
        email: Some(email.as_str().to_owned()),
        password: Some(hash),
        email_confirmed_at: confirmed.then_some(now),
        last_sign_in_at: confirmed.then_some(now),
        ..new_user(data, now)
    };
    let new = people::with_claims(new, confirmed);
    let identity = email_identity(&new, confirmed, now);
    if !confirmed {
        return awaited(auth, asked, &email, new, identity).await;
    }
    match add(auth, asked, new, Some(identity), "password").await? {
        Added::In(user, session) => Ok(Answer::json(200, auth.session(&user, &session).await?)),
        Added::Taken => Err(taken()),
    }
}

fn taken() -> Error {
    Error::new(Code::UserExists, "User already registered")
}

/// What became of an attempt to add a user who is in at once.
enum Added {
    In(Box<User>, Box<Session>),
    /// There is one with this address or number.
    Taken,
}

async fn add(
    auth: &Auth,
    asked: &Asked,
    new: User,
    identity: Option<Identity>,
    method: &str,
) -> Result<Added> {
    let (now, life, origin) = (auth.now(), auth.config.life, asked.origin.clone());
    let until = now.after(life.access);
    let mut note = asked.note(Deed::SignUp, Some(&new.id)).with("method", method);
    note.actor = Some(new.id.clone());
    let method = Method::of(method, None);
    let work = move |page: &mut Page<'_, '_>| {
        if !make_room(page, new.email.as_deref(), now, until)? || !page.offer(&new)? {
            return Ok(Added::Taken);
        }
        if let Some(identity) = &identity {
            page.put(identity)?;
        }
        let session = session::open(page, &new, &method, &origin, now, &life)?;
        page.note(note.clone(), now)?;
        Ok(Added::In(Box::new(new.clone()), Box::new(session)))
    };
    auth.book.write(work).await
}

/// An account that nobody has proven and nobody has prepared makes room for whoever comes next
/// with its address. Whether the address is free now.
fn make_room(
    page: &mut Page<'_, '_>,
    email: Option<&str>,
    now: Moment,
    until: Moment,
) -> Result<bool> {
    let Some(known) = people::by_email(page, email)? else { return Ok(true) };
    if !people::yields(page, &known, now)? {
        return Ok(false);
    }
    session::end(page, &known.id, None, Scope::Global, until)?;
    page.remove::<User>("id", &known.id)?;
    Ok(true)
}

/// A user whose address is to be confirmed first.
async fn awaited(
    auth: &Auth,
    asked: &Asked,
    email: &Address,
    new: User,
    identity: Identity,
) -> Result<Answer> {
    let now = auth.now();
    let until = now.after(auth.config.life.access);
    let (flow, target) =
        (pkce::begun(asked, Purpose::SignUp.method(), now)?, asked.redirect(&auth.config));
    let new = User { confirmation_sent_at: Some(now), ..new };
    let draft = Waiting::draft(auth, email, &new, (flow, &target), now)?;
    let note = asked.note(Deed::SignUp, Some(&new.id));
    let (shown, fake) = (body(&new, std::slice::from_ref(&identity), &[]), body(&new, &[], &[]));
    let work = move |page: &mut Page<'_, '_>| {
        if !make_room(page, new.email.as_deref(), now, until)? || !page.offer(&new)? {
            return Ok(false);
        }
        page.put(&identity)?;
        draft.keep(page, now)?;
        page.note(note.clone(), now)?;
        Ok(true)
    };
    let added = auth.book.write(work).await?;
    Ok(Answer::json(200, if added { shown } else { fake }))
}

/// The proof and the letter of a user who waits.
struct Waiting {
    flow: Option<Flow>,
    made: proof::Made,
    letter: mainstay_mail::Letter,
}

impl Waiting {
    fn draft(
        auth: &Auth,
        email: &Address,
        new: &User,
        (flow, target): (Option<Flow>, &str),
        now: Moment,
    ) -> Result<Self> {
        let about = About {
            purpose: Purpose::SignUp,
            user: new,
            address: email.as_str(),
            flow: flow.as_ref().map(|flow| flow.id.as_str()),
        };
        let made = proof::make(&about, &auth.config, auth.book.sealer(), now)?;
        let proving = Proving {
            link: &made.link,
            code: &made.code,
            verified_as: Purpose::SignUp.verified_as(),
            redirect: target,
        };
        let letter = auth.letters.proof(Kind::Confirm, email, new, &proving)?;
        Ok(Self { flow, made, letter })
    }

    fn keep(&self, page: &mut Page<'_, '_>, now: Moment) -> Result<()> {
        self.flow.as_ref().map_or(Ok(()), |flow| page.put(flow))?;
        page.keep_proof(&self.made.proof)?;
        page.post(&self.letter, now)
    }
}
