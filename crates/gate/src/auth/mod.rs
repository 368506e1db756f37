//! `/auth/v1`: accounts and sessions as the clients speak of them (the GoTrue dialect).
//!
//! `route` (method and path to what is asked) -> `asked` (query and body as values) -> one file for
//! each thing that is asked -> `answer` (users and sessions as JSON) or `refusal` (errors). What is
//! kept stands in `accounts`; this part keeps nothing.

mod answer;
mod asked;
mod issuer;
mod refusal;
mod route;
mod sign_in;
mod sign_out;
mod sign_up;
mod user;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use mainstay_base::{Clock, Code, Error, Facts, Result};
use serde_json::{Value as Json, json};

use self::answer::Answer;
use self::asked::Asked;
use self::route::Route;
use crate::accounts::Book;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Session, User};
use crate::accounts::session::{Life, Pepper};
use mainstay_credentials::password::{Hasher, Rules};
use crate::{Credentials, Gate, Identity};

pub use issuer::Issuer;

/// What an application says of its accounts.
#[derive(Clone, Debug)]
pub struct Config {
    /// The application's name, which no password may be.
    pub name: String,
    /// Users may make an account of their own.
    pub signup: bool,
    /// Users without an address.
    pub anonymous: bool,
    /// An address has to be confirmed before its user signs in.
    pub confirm_email: bool,
    pub life: Life,
}

/// The accounts of one application, at its door.
pub struct Auth {
    book: Book,
    gate: Arc<Gate>,
    hasher: Hasher,
    rules: Rules,
    pepper: Arc<Pepper>,
    issuer: Issuer,
    config: Config,
    clock: Arc<dyn Clock>,
}

/// What `Auth` is made of.
pub struct Parts {
    pub book: Book,
    pub gate: Arc<Gate>,
    pub hasher: Hasher,
    pub rules: Rules,
    pub pepper: Pepper,
    pub issuer: Issuer,
    pub config: Config,
    pub clock: Arc<dyn Clock>,
}

impl Auth {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let Parts { book, gate, hasher, rules, pepper, issuer, config, clock } = parts;
        let pepper = Arc::new(pepper);
        Self { book, gate, hasher, rules, pepper, issuer, config, clock }
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
        let route = Route::find(request.method(), below)?;
        facts.set_route(route.template());
        let asked = Asked::read(request)?;
        if !route.is_public() {
            let key = asked.query("apikey");
            let identity = self.gate.proven(Credentials::read(request.headers(), key)?)?;
            facts.set_role(identity.role());
            identity.uid().inspect(|uid| facts.set_user(uid));
            return self.identified(route, &asked, &identity).await;
        }
        match route {
            Route::Health => {
                Ok(Answer::json(200, json!({ "name": "Mainstay", "version": VERSION })))
            }
            Route::Keys => Ok(Answer::json(200, self.issuer.jwks(self.now())).kept_for(600)),
            _ => Err(Error::internal("a route that needs no key has no answer")),
        }
    }

    async fn identified(
        &self,
        route: Route,
        asked: &Asked,
        identity: &Arc<Identity>,
    ) -> Result<Answer> {
        match route {
            Route::Settings => Ok(Answer::json(200, self.settings())),
            Route::SignUp => sign_up::answer(self, asked).await,
            Route::Token => sign_in::answer(self, asked).await,
            Route::SignOut => sign_out::answer(self, asked, identity).await,
            Route::User => user::shown(self, identity).await,
            Route::ChangeUser => user::changed(self, asked, identity).await,
            Route::Health | Route::Keys => Err(Error::internal("a public route asked for a key")),
        }
    }

    fn settings(&self) -> Json {
        json!({
            "external": { "email": true, "phone": false, "anonymous_users": self.config.anonymous },
            "disable_signup": !self.config.signup,
            "mailer_autoconfirm": !self.config.confirm_email,
            "phone_autoconfirm": false,
            "sms_provider": "",
            "saml_enabled": false,
            "passkeys_enabled": false,
        })
    }

    fn now(&self) -> Moment {
        Moment(self.clock.now())
    }

    /// The user and the session of a bearer token, as they are now.
    ///
    /// # Errors
    /// `bad_jwt` for a token without a user, `session_not_found`, `user_not_found`.
    async fn caller(&self, identity: &Identity) -> Result<(User, Option<Session>)> {
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
        Ok((user, session))
    }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
