//! One identity provider: who we are there, what is known of it, and the address at which somebody
//! signs in (RFC 6749, 7636, 9700). `exchange` asks it who that was.

use std::fmt;
use std::sync::Arc;

use mainstay_base::{Clock, Code, Error, Result};
use mainstay_fleet::{Call, Outbound};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::apple::AppleKey;
use super::declared::Declared;
use super::issuer::Issuer;
use super::kept::Kept;
use super::keys::Keys;
use super::metadata::{Metadata, Written};
use super::preset::{Kind, Preset, preset};
use crate::limits::PASSED_CHARACTERS;

/// Unreserved characters stand for themselves: some readers decode nothing.
pub(super) const PART: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a client may hand on to a provider: how it asks, never what it answers and to whom.
const PASSED: [&str; 11] = [
    "access_type",
    "acr_values",
    "audience",
    "display",
    "domain_hint",
    "hd",
    "include_granted_scopes",
    "login_hint",
    "max_age",
    "prompt",
    "ui_locales",
];

/// Characters of one scope, RFC 6749, appendix A.4.
fn is_scope(text: &str) -> bool {
    let visible = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    !text.is_empty() && text.bytes().all(visible)
}

pub(super) enum Secret {
    Given(String),
    Made(AppleKey),
    None,
}

/// An identity provider.
pub struct Provider {
    pub(super) name: String,
    /// Whom tokens may be for; the first is us.
    pub(super) clients: Vec<String>,
    pub(super) secret: Secret,
    scopes: Vec<String>,
    pub(super) kind: Kind,
    pub(super) issuer: Option<Issuer>,
    written: Written,
    pub(super) skips_nonce: bool,
    pub(super) outbound: Outbound,
    pub(super) clock: Arc<dyn Clock>,
    metadata: Kept<Metadata>,
    pub(super) keys: Kept<Keys>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Provider({})", self.name)
    }
}

/// How somebody is sent to sign in.
#[derive(Clone, Copy)]
pub struct Sent<'a> {
    /// Where the answer has to go: our own callback.
    pub callback: &'a str,
    pub state: &'a str,
    /// Must stand in the ID token.
    pub nonce: &'a str,
    /// SHA-256 of the verifier, in base64url.
    pub challenge: &'a str,
    /// More scopes, with spaces between them.
    pub scopes: &'a str,
}

impl Provider {
    /// # Errors
    /// With what is wrong in the settings.
    pub(super) fn new(
        name: &str,
        declared: &Declared,
        outbound: Outbound,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let wrong = |what: &str| {
            let message = format!("the identity provider {name} {what}");
            Error::new(Code::Internal, message)
        };
        let preset = preset(name);
        let clients = clients(declared).ok_or_else(|| wrong("needs a client_id"))?;
        let written = written(declared, &preset);
        for url in declared.addresses() {
            let plain = url.replace(super::preset::TENANT, "tenant");
            mainstay_fleet::read_url(&plain)
                .map_err(|why| wrong(&format!("has a bad URL: {why}")))?;
        }
        let issuer = own(&declared.issuer, preset.issuer);
        let kind = match (preset.kind, &issuer) {
            (Kind::OpenId, None) => Kind::Claims,
            (kind, _) => kind,
        };
        let issuer = match issuer {
            None => None,
            Some(issuer) => Some(
                Issuer::new(&issuer, declared.tenant.as_deref())
                    .ok_or_else(|| wrong("needs the id of a directory as tenant"))?,
            ),
        };
        if !kind.has_id_token() && written.alone().is_none() {
            return Err(wrong("needs an issuer; or authorize_url, token_url and userinfo_url"));
        }
        let scopes = scopes(declared, &preset).ok_or_else(|| wrong("has a scope that is none"))?;
        let secret = secret(declared, kind).map_err(|error| wrong(error.message()))?;
        Ok(Self {
            name: name.to_owned(),
            clients,
            secret,
            scopes,
            kind,
            issuer,
            written,
            skips_nonce: declared.skip_nonce_check,
            outbound,
            clock,
            metadata: Kept::default(),
            keys: Kept::default(),
        })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Seconds since the epoch.
    pub(super) fn now(&self) -> i64 {
        self.clock.now().div_euclid(1_000_000)
    }

    /// The address at which somebody signs in. `passed` is what the client says under a name; of
    /// that only what is harmless is handed on.
    ///
    /// # Errors
    /// When the provider cannot be asked where it answers.
    pub async fn address<'q>(
        &self,
        sent: &Sent<'q>,
        passed: impl Fn(&'static str) -> Option<&'q str>,
    ) -> Result<String> {
        let metadata = self.metadata().await?;
        let scopes = self.scopes_with(sent.scopes);
        let mut query = vec![
            ("response_type", "code"),
            ("client_id", self.clients.first().map_or("", String::as_str)),
            ("redirect_uri", sent.callback),
            ("scope", &scopes),
            ("state", sent.state),
            ("code_challenge", sent.challenge),
            ("code_challenge_method", "S256"),
        ];
        if self.kind.has_id_token() {
            query.push(("nonce", sent.nonce));
        }
        if self.kind == Kind::Apple {
            query.push(("response_mode", "form_post"));
        }
        let given = PASSED.iter().filter_map(|name| Some((*name, passed(name)?)));
        query.extend(given.filter(|(_, value)| value.chars().count() <= PASSED_CHARACTERS));
        let part = |text: &str| utf8_percent_encode(text, PART).to_string();
        let pairs = query.iter().map(|(name, value)| format!("{}={}", part(name), part(value)));
        let joint = if metadata.authorize.contains('?') { '&' } else { '?' };
        Ok(format!("{}{joint}{}", metadata.authorize, pairs.collect::<Vec<_>>().join("&")))
    }

    /// What is asked for, and what the client asks for beside it; each once.
    fn scopes_with(&self, more: &str) -> String {
        let mut scopes: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
        for scope in more.split_whitespace().filter(|scope| is_scope(scope)) {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        scopes.join(" ")
    }

    /// The answer is from whom it says (RFC 9207): who mixes two providers up is found out.
    ///
    /// # Errors
    /// `bad_oauth_callback`
    pub async fn check_sender(&self, said: Option<&str>) -> Result<()> {
        let matches = match said {
            Some(said) => self.issuer.as_ref().is_none_or(|issuer| issuer.is(said, None)),
            None => !self.metadata().await?.says_issuer,
        };
        match matches {
            true => Ok(()),
            false => Err(super::unbelieved("the answer is of another issuer")),
        }
    }

    pub(super) async fn metadata(&self) -> Result<Arc<Metadata>> {
        let fetch = async || match &self.issuer {
            Some(issuer) if self.kind.has_id_token() => {
                let call = Call::get(&issuer.discovery).json();
                let body = super::exchange::good(&self.outbound, call).await?;
                self.written.over(&body, issuer)
            }
            _ => self.written.alone().ok_or_else(|| Error::internal("no endpoints")),
        };
        self.metadata.get(self.now(), |_| true, fetch).await
    }
}

/// What the settings say, or else what is known.
fn own(given: &Option<String>, known: Option<&str>) -> Option<String> {
    given.clone().or_else(|| known.map(ToOwned::to_owned))
}

fn clients(declared: &Declared) -> Option<Vec<String>> {
    let clients = declared.client_id.split(',').map(|id| id.trim().to_owned());
    let clients: Vec<String> = clients.filter(|id| !id.is_empty()).collect();
    (!clients.is_empty()).then_some(clients)
}

fn written(declared: &Declared, preset: &Preset) -> Written {
    Written {
        authorize: own(&declared.authorize_url, preset.authorize),
        token: own(&declared.token_url, preset.token),
        userinfo: own(&declared.userinfo_url, preset.userinfo),
    }
}

fn scopes(declared: &Declared, preset: &Preset) -> Option<Vec<String>> {
    let scopes = match &declared.scopes {
        Some(scopes) => scopes.clone(),
        None => preset.scopes.iter().map(ToString::to_string).collect(),
    };
    scopes.iter().all(|scope| is_scope(scope)).then_some(scopes)
}

/// The secret of the settings, or what makes one.
fn secret(declared: &Declared, kind: Kind) -> Result<Secret> {
    let given = declared.secret.clone().filter(|secret| !secret.is_empty());
    let key = (&declared.team_id, &declared.key_id, &declared.private_key);
    match (given, kind, key) {
        (Some(secret), ..) => Ok(Secret::Given(secret)),
        (None, Kind::Apple, (Some(team), Some(name), Some(pem))) => {
            AppleKey::read(team, name, pem).map(Secret::Made)
        }
        (None, Kind::Apple, _) => {
            Err(Error::new(Code::Internal, "needs team_id, key_id and private_key"))
        }
        (None, ..) => Ok(Secret::None),
    }
}
