//! `/auth/v1`: accounts and sessions as the clients speak of them (the GoTrue dialect).
//!
//! `route` (method and path to what is asked, and who may ask it) -> `asked` (query and body as
//! values) -> one file for each thing that is asked -> `answer` (users and sessions as JSON) or
//! `refusal` (errors). What is kept stands in `accounts`; this part keeps nothing.

mod admin;
mod answer;
mod arrival;
mod asked;
mod authorize;
mod callback;
mod config;
mod email_change;
mod factors;
mod id_token;
mod identities;
mod issuer;
mod judge;
mod letters;
mod otp;
mod passkeys;
mod people;
mod pkce;
mod proof;
mod redirect;
mod refusal;
mod route;
mod sign_in;
mod sign_out;
mod sign_up;
mod tend;
mod tries;
mod user;
mod verify;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use mainstay_base::{Clock, Code, Error, Facts, Result};
use mainstay_credentials::password::{Hasher, Rules};
use mainstay_mail::{Outbox, Post};
use mainstay_telemetry::Log;
use serde_json::{Value as Json, json};

use self::answer::Answer;
use self::asked::Asked;
use self::route::{Access, Route};
use crate::accounts::Book;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Session, User};
use crate::accounts::session::Pepper;
use crate::{Credentials, Gate, Identity};
use mainstay_federation::External;

pub use config::{Config, Paces};
pub use issuer::{Issuer, More};
pub use letters::Letters;
pub use redirect::is_fit;
pub use route::{Access as RouteAccess, Route as AuthRoute};

/// The accounts of one application, at its door.
pub struct Auth {
    book: Book,
    gate: Arc<Gate>,
    hasher: Hasher,
    rules: Rules,
    pepper: Arc<Pepper>,
    issuer: Issuer,
    letters: Arc<Letters>,
    post: Arc<Post>,
    outbox: Outbox,
    external: External,
    config: Config,
    clock: Arc<dyn Clock>,
    log: Log,
    /// The number of the last ended session that the gate knows of.
    seen: AtomicI64,
}

/// What `Auth` is made of.
pub struct Parts {
    pub book: Book,
    pub gate: Arc<Gate>,
    pub hasher: Hasher,
    pub rules: Rules,
    pub pepper: Pepper,
    pub issuer: Issuer,
    pub letters: Letters,
    pub post: Arc<Post>,
    pub external: External,
    pub config: Config,
    pub clock: Arc<dyn Clock>,
    pub log: Log,
}

/// Who is signed in.
pub(crate) struct Caller {
    user: User,
    session: Option<Session>,
}

impl Auth {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts {
            book,
            gate,
            hasher,
            rules,
            pepper,
            issuer,
            letters,
            post,
            external,
            config,
            clock,
            log,
        } = parts;
        let (pepper, letters) = (Arc::new(pepper), Arc::new(letters));
        book.tell(&gate);
        let (outbox, seen) = (Outbox::default(), AtomicI64::new(0));
        Self {
            book,
            gate,
            hasher,
            rules,
            pepper,
            issuer,
            letters,
            post,
            outbox,
            external,
            config,
            clock,
            log,
            seen,
        }
    }

    /// Passwords that were hashed since the start, those for nobody included.
    #[must_use]
    pub fn hashed(&self) -> u64 {
        self.hasher.computed()
    }

    /// Answers a request; `below` is the path behind `/auth/v1`.
    pub async fn answer(
        &self,
        request: &Request<Bytes>,
        below: &str,
        facts: &Facts,
    ) -> Response<Bytes> {
        let dated = answer::is_dated(request.headers());
        match self.try_answer(request, below, facts).await {
            Ok(answer) => answer.response(dated),
            Err(error) => {
                facts.set_failure(error.code(), error.cause().map(ToString::to_string));
                refusal::response(&error, dated)
            }
        }
    }

    async fn try_answer(
        &self,
        request: &Request<Bytes>,
        below: &str,
        facts: &Facts,
    ) -> Result<Answer> {
        let found = Route::find(request.method(), below)?;
        let route = found.route;
        facts.set_route(route.template());
        let mut asked = Asked::read(request, found, facts)?;
        if route.access() == Access::Public {
            return self.public(route, &asked, request, facts).await;
        }
        let key = asked.query("apikey").map(ToOwned::to_owned);
        let identity = self.identify(request.headers(), key.as_deref())?;
        facts.set_role(identity.role());
        identity.uid().inspect(|uid| facts.set_user(uid));
        asked.actor = Some(identity.uid().unwrap_or(identity.role()).to_owned());
        match route.access() {
            Access::User => {
                let caller = self.caller(&identity).await?;
                self.signed_in(route, &asked, caller).await
            }
            Access::Admin => {
                if !identity.is_service() {
                    return Err(Error::new(Code::NotAdmin, "User not allowed"));
                }
                admin::answer(self, route, &asked).await
            }
            _ if route == Route::Token && id_token::links(&asked)? => {
                let caller = self.caller(&identity).await?;
                self.signed_in(route, &asked, caller).await
            }
            _ => self.keyed(route, &asked).await,
        }
    }

    fn identify(&self, headers: &HeaderMap, key: Option<&str>) -> Result<Arc<Identity>> {
        let identity = self.gate.proven(Credentials::read(headers, key)?);
        identity.map_err(|error| match error.code() {
            Code::ApiKeyMissing => Error::new(
                Code::AuthorizationMissing,
                "This endpoint requires a valid Bearer token",
            ),
            Code::TokenInvalid | Code::TokenClaimsInvalid => {
                Error::new(Code::JwtBad, format!("invalid JWT: {}", error.message()))
            }
            _ => error,
        })
    }

    async fn public(
        &self,
        route: Route,
        asked: &Asked,
        request: &Request<Bytes>,
        facts: &Facts,
    ) -> Result<Answer> {
        let (method, headers) = (request.method(), request.headers());
        match route {
            Route::Health => {
                let about = json!({
                    "name": "Mainstay",
                    "version": env!("CARGO_PKG_VERSION"),
                    "description": "Mainstay accounts, in the GoTrue dialect",
                });
                Ok(Answer::json(200, about))
            }
            Route::Keys => Ok(Answer::json(200, self.issuer.jwks(self.now())).kept_for(600)),
            Route::Discovery => Ok(Answer::json(200, self.issuer.discovery()).kept_for(600)),
            Route::Click | Route::Press => Ok(verify::clicked(self, asked, method, headers).await),
            Route::Authorize => authorize::answer(self, asked).await,
            Route::Callback | Route::CallbackForm => {
                Ok(callback::answer(self, asked, method, facts).await)
            }
            _ => Err(unanswered()),
        }
    }

    async fn keyed(&self, route: Route, asked: &Asked) -> Result<Answer> {
        match route {
            Route::Settings => Ok(Answer::json(200, self.settings())),
            Route::SignUp => sign_up::answer(self, asked).await,
            Route::Token => sign_in::answer(self, asked).await,
            Route::Otp | Route::MagicLink => otp::code(self, asked).await,
            Route::Recover => otp::recovery(self, asked).await,
            Route::Resend => otp::again(self, asked).await,
            Route::Verify => verify::answer(self, asked).await,
            Route::AskPasskey => passkeys::enter::begun(self, asked).await,
            Route::EnterByPasskey => passkeys::enter::entered(self, asked).await,
            _ => Err(unanswered()),
        }
    }

    async fn signed_in(&self, route: Route, asked: &Asked, caller: Caller) -> Result<Answer> {
        // A way in is added or taken away by who has proven everything that the account has.
        if matches!(route, Route::LinkIdentity | Route::UnlinkIdentity | Route::Token) {
            user::must_be_raised(self, &caller.user, caller.session.as_ref()).await?;
        }
        match route {
            Route::SignOut => sign_out::answer(self, asked, caller).await,
            Route::Sessions => sign_out::listed(self, caller).await,
            Route::EndSession => sign_out::ended(self, asked, caller).await,
            Route::User => user::shown(self, caller).await,
            Route::ChangeUser => user::changed(self, asked, caller).await,
            Route::Reauthenticate => otp::nonce(self, asked, caller).await,
            Route::LinkIdentity => authorize::linking(self, asked, caller).await,
            Route::UnlinkIdentity => identities::unlinked(self, asked, caller).await,
            Route::Token => id_token::linked(self, asked, caller).await,
            Route::BeginPasskey
            | Route::AddPasskey
            | Route::Passkeys
            | Route::RenamePasskey
            | Route::RemovePasskey => passkeys::answer(self, route, asked, caller).await,
            _ => factors::answer(self, route, asked, caller).await,
        }
    }

    fn settings(&self) -> Json {
        let mut external = json!({
            "email": self.config.email,
            "phone": self.config.phone,
            "anonymous_users": self.config.anonymous,
        });
        for known in mainstay_federation::KNOWN {
            external[known] = false.into();
        }
        for name in self.external.names() {
            external[name] = true.into();
        }
        json!({
            "external": external,
            "disable_signup": !self.config.signup,
            "mailer_autoconfirm": !self.config.confirm_email,
            "phone_autoconfirm": self.config.phone,
            "sms_provider": "",
            "saml_enabled": false,
            "passkeys_enabled": self.has_passkeys(),
        })
    }

    fn now(&self) -> Moment {
        Moment(self.clock.now())
    }

    /// The user and the session of a bearer token, as they are now.
    ///
    /// # Errors
    /// `bad_jwt` for a token without a user, `session_not_found`, `user_not_found`.
    async fn caller(&self, identity: &Identity) -> Result<Caller> {
        let Some(uid) = identity.uid() else {
            let message = "invalid claim: missing sub claim";
            return Err(Error::new(Code::JwtBad, message));
        };
        let session = match identity.session() {
            None => None,
            Some(id) => Some(self.book.one::<Session>("id", id).await?.ok_or_else(|| {
                let message = "Session from session_id claim in JWT does not exist";
                Error::new(Code::SessionGone, message)
            })?),
        };
        let user = self.book.one::<User>("id", uid).await?;
        let user = user.filter(|user| user.deleted_at.is_none()).ok_or_else(|| {
            Error::new(Code::UserGone, "User from sub claim in JWT does not exist")
        })?;
        if session.as_ref().is_some_and(|session| session.user != user.id) {
            return Err(Error::new(Code::JwtBad, "invalid claim: the session is another user's"));
        }
        // A token of the first level is worth that level, also when its session has risen since.
        let lower = identity.facts().aal.as_deref() != Some(factors::AAL2);
        let session = session.map(|session| match lower {
            true => Session { aal: factors::AAL1.to_owned(), ..session },
            false => session,
        });
        Ok(Caller { user, session })
    }
}

fn unanswered() -> Error {
    Error::internal("a route is asked of those who do not answer it")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// As the tests of the parts begin.
    pub fn config() -> Config {
        Config {
            name: "app".to_owned(),
            signup: true,
            anonymous: true,
            email: true,
            phone: true,
            confirm_email: true,
            confirm_both_addresses: true,
            reauthenticate: false,
            link_page: false,
            manual_linking: true,
            public_url: "https://api.example".to_owned(),
            site_url: "https://site.example".to_owned(),
            redirect_urls: Vec::new(),
            roles: vec!["staff".to_owned()],
            code_digits: 6,
            proof_life: 3_600,
            factor_issuer: "app".to_owned(),
            passkeys: true,
            webauthn_origins: Vec::new(),
            life: crate::accounts::session::Life::default(),
            paces: Paces::default(),
        }
    }
}
