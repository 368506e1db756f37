//! The sections `[auth]` and `[mail]`, with their defaults. What they mean is made of them in
//! `accounts`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use mainstay_base::{Code, Error, Result};
use mainstay_credentials::password::Rules;
use mainstay_federation::Declared;
use serde::{Deserialize, Serialize};

use super::Span;

/// `[auth]`: accounts and sessions.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct Auth {
    pub jwt_secret: Option<String>,
    /// Roles that tokens may name, beside `anon`, `authenticated` and `service_role`.
    pub roles: Vec<String>,
    /// What signs access tokens: `ES256` with keys of ours, or `HS256` with `jwt_secret`.
    pub signing: String,
    pub access_token_ttl: Span,
    /// After so long a new signing key is made.
    pub rotate_keys_after: Span,
    /// For so long a spent refresh token is still answered.
    pub refresh_grace: Span,
    /// A session that nobody refreshes for so long is over.
    pub session_idle: Option<Span>,
    /// A session is over after so long.
    pub session_lifetime: Option<Span>,
    pub signup: bool,
    pub anonymous: bool,
    pub email: bool,
    pub phone: bool,
    pub confirm_email: bool,
    pub confirm_both_addresses: bool,
    pub reauthenticate: bool,
    pub link_page: bool,
    pub manual_linking: bool,
    /// Claims that tokens have beside their own: name and CEL over `user` and `session`.
    pub claims: BTreeMap<String, String>,
    /// Identity providers, by the names that clients use.
    pub external: BTreeMap<String, Declared>,
    /// Users may sign in by a passkey, without a password.
    pub passkeys: bool,
    /// Origins whose pages may ask for devices, beside that of `site_url`.
    pub webauthn_origins: Vec<String>,
    /// Roles that are refused everything but `/auth/v1` until they have proven a second factor.
    pub require_aal2: Vec<String>,
    pub site_url: Option<String>,
    pub redirect_urls: Vec<String>,
    pub password_min: usize,
    /// Sets of characters of which a password must have one each.
    pub password_required: Vec<String>,
    pub code_digits: usize,
    pub code_ttl: Span,
    /// The least time between two letters to one address.
    pub letter_pause: Span,
    /// New users from one place within an hour.
    pub signups_per_hour: i64,
    /// Letters that one place asks for within an hour.
    pub letters_per_hour: i64,
    /// Wrong passwords and codes of one place within a quarter of an hour.
    pub failures_per_place: i64,
}

impl Default for Auth {
    fn default() -> Self {
        let span = |seconds| Span(Duration::from_secs(seconds));
        Self {
            jwt_secret: None,
            roles: Vec::new(),
            signing: "ES256".to_owned(),
            access_token_ttl: span(3_600),
            rotate_keys_after: span(90 * 24 * 3_600),
            refresh_grace: span(10),
            session_idle: None,
            session_lifetime: Some(span(180 * 24 * 3_600)),
            signup: true,
            anonymous: false,
            email: true,
            phone: false,
            confirm_email: true,
            confirm_both_addresses: true,
            reauthenticate: false,
            link_page: false,
            manual_linking: false,
            claims: BTreeMap::new(),
            external: BTreeMap::new(),
            passkeys: false,
            webauthn_origins: Vec::new(),
            require_aal2: Vec::new(),
            site_url: None,
            redirect_urls: Vec::new(),
            password_min: 8,
            password_required: Vec::new(),
            code_digits: 6,
            code_ttl: span(3_600),
            letter_pause: span(60),
            signups_per_hour: 100,
            letters_per_hour: 100,
            failures_per_place: 100,
        }
    }
}

/// Roles that mean something by themselves: whoever could give one of them away by a user's data
/// would give away what it stands for.
const MEANT: [&str; 4] = ["anon", "authenticated", "service_role", "supabase_admin"];

/// Digits of a code. Fewer are guessed, more are not typed.
const CODE_DIGITS: RangeInclusive<usize> = 6..=10;

impl Auth {
    /// # Errors
    /// For a value that would open accounts or keep people out of them, with a hint.
    pub fn must_be_sound(&self) -> Result<()> {
        let refuse = |message: String, hint: &str| {
            Err(Error::new(Code::Internal, message).hint(hint.to_owned()))
        };
        if let Some(role) = self.roles.iter().find(|role| MEANT.contains(&role.as_str())) {
            let message = format!("auth.roles names {role}, which is no role to give");
            return refuse(message, "It is there without being named; write roles of your own.");
        }
        if !CODE_DIGITS.contains(&self.code_digits) {
            let message = format!("auth.code_digits is {}", self.code_digits);
            return refuse(message, "Write 6 to 10.");
        }
        match Rules::new(self.password_min, self.password_required.clone()) {
            Ok(_) => Ok(()),
            Err(error) => {
                let message = format!("auth.password_min or auth.password_required: {error}");
                refuse(message, "Write 6 to 128, and sets of characters that are not empty.")
            }
        }
    }
}

/// `[mail]`: the mail server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct Mail {
    /// Without one, letters are kept for the operator to see: development.
    pub host: Option<String>,
    pub port: Option<u16>,
    /// `implicit`, `starttls` or `clear`, which is for this machine only.
    pub security: String,
    pub username: Option<String>,
    pub password: Option<String>,
    /// The address that letters come from.
    pub from: Option<String>,
    /// The name beside it.
    pub from_name: String,
    /// A file with the certificates of the authorities to trust, in place of the machine's.
    pub authorities: Option<String>,
    pub timeout: Span,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            host: None,
            port: None,
            security: "implicit".to_owned(),
            username: None,
            password: None,
            from: None,
            from_name: String::new(),
            authorities: None,
            timeout: Span(Duration::from_secs(30)),
        }
    }
}
