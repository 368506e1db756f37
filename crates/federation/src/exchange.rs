//! Asks a provider who somebody is: a code for tokens, tokens for a person. What it answers is
//! believed only as far as it is proven; why it was not is for the log, callers hear one sentence.
//! Sources: RFC 6749 section 4.1.3, OpenID Connect Core 3.1.3 and 5.3.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use mainstay_base::{Error, Result};
use mainstay_fleet::{Call, Outbound};
use percent_encoding::utf8_percent_encode;
use serde_json::{Map, Value as Json};

use super::id_token::{self, Expected, Nonce};
use super::keys::Keys;
use super::metadata::{Metadata, Proves};
use super::person::{self, Person};
use super::preset::Kind;
use super::provider::{PART, Provider, Secret};
use super::unbelieved;
use crate::limits::PROVIDER_TOKEN_BYTES;

/// What came back with somebody who was sent away to sign in.
#[derive(Clone, Copy)]
pub struct Returned<'a> {
    pub code: &'a str,
    /// What the challenge was made of.
    pub verifier: &'a str,
    pub nonce: &'a str,
    /// As it was sent.
    pub callback: &'a str,
    /// Apple's `user`, as it stands in the form.
    pub user: Option<&'a str>,
}

struct Tokens {
    access: String,
    refresh: Option<String>,
    id: Option<String>,
}

impl Provider {
    /// Who came back.
    ///
    /// # Errors
    /// `bad_oauth_callback` when the code is not taken or its answer not proven; a fault of ours
    /// when the provider is away.
    pub async fn person(&self, returned: &Returned<'_>) -> Result<Person> {
        let metadata = self.metadata().await?;
        let tokens = self.tokens(&metadata, returned).await?;
        let mut person = match (&tokens.id, self.kind.has_id_token()) {
            (Some(id), true) => {
                let access = Some(tokens.access.as_str());
                let nonce = Nonce::Ours(returned.nonce);
                let mut claims = self.claims(id, true, nonce, access).await?;
                self.complete(&mut claims, &metadata, &tokens.access).await?;
                self.of_claims(&claims)?
            }
            (None, true) => return Err(unbelieved("no ID token came with the tokens")),
            (_, false) => self.looked_up(&metadata, &tokens.access).await?,
        };
        if let Some(name) = returned.user.filter(|_| self.kind == Kind::Apple).and_then(name_of) {
            person.named(name);
        }
        person.provider_token = Some(tokens.access);
        person.provider_refresh_token = tokens.refresh;
        Ok(person)
    }

    /// Whom an ID token is about that another client of the application brings.
    ///
    /// # Errors
    /// `bad_oauth_callback` when it is not proven; a fault of ours when the provider's keys cannot
    /// be had.
    pub async fn vouched(
        &self,
        token: &str,
        nonce: Option<&str>,
        access_token: Option<&str>,
    ) -> Result<Person> {
        let nonce = if self.skips_nonce { Nonce::Any } else { Nonce::Shown(nonce) };
        let claims = self.claims(token, false, nonce, access_token).await?;
        self.of_claims(&claims)
    }

    /// It gives ID tokens, so that one may be brought.
    #[must_use]
    pub fn has_id_tokens(&self) -> bool {
        self.kind.has_id_token()
    }

    /// The question of the token endpoint, with who we are.
    fn question(&self, metadata: &Metadata, returned: &Returned<'_>) -> Result<Call> {
        let client = self.clients.first().map_or("", String::as_str);
        let made = match &self.secret {
            Secret::Given(secret) => Some(secret.clone()),
            Secret::Made(key) => Some(key.secret(client, self.now())?),
            Secret::None => None,
        };
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", returned.code),
            ("redirect_uri", returned.callback),
            ("code_verifier", returned.verifier),
        ];
        // Apple's discovery says it; a secret that is made is never taken in the header.
        let basic = metadata.proves == Proves::Basic && !matches!(self.secret, Secret::Made(_));
        Ok(match &made {
            Some(secret) if basic => {
                let part = |text: &str| utf8_percent_encode(text, PART).to_string();
                let both = format!("{}:{}", part(client), part(secret));
                Call::form(&metadata.token, &form).authorized("Basic", &STANDARD.encode(both))
            }
            _ => {
                form.push(("client_id", client));
                form.extend(made.as_deref().map(|secret| ("client_secret", secret)));
                Call::form(&metadata.token, &form)
            }
        })
    }

    async fn tokens(&self, metadata: &Metadata, returned: &Returned<'_>) -> Result<Tokens> {
        let call = self.question(metadata, returned)?;
        let answer = self.outbound.send(call.json()).await.map_err(Error::internal)?;
        if answer.status >= 500 {
            return Err(Error::internal(format!("the token endpoint answered {}", answer.status)));
        }
        let said = object(&answer.body)?;
        let text = |name: &str| said.get(name).and_then(Json::as_str).map(ToOwned::to_owned);
        if answer.status != 200 || said.contains_key("error") {
            let why = text("error").unwrap_or_default();
            let why: String = why.chars().filter(char::is_ascii_graphic).take(64).collect();
            return Err(unbelieved(format!("the code was not taken: {} {why}", answer.status)));
        }
        let fits = |token: &String| token.len() <= PROVIDER_TOKEN_BYTES;
        let access = text("access_token").filter(fits);
        Ok(Tokens {
            access: access.ok_or_else(|| unbelieved("no access token came for the code"))?,
            refresh: text("refresh_token").filter(fits),
            id: text("id_token"),
        })
    }

    /// The claims of an ID token whose signature and contents hold.
    async fn claims(
        &self,
        token: &str,
        ours_only: bool,
        nonce: Nonce<'_>,
        access_token: Option<&str>,
    ) -> Result<Map<String, Json>> {
        let header = id_token::header(token).map_err(unbelieved)?;
        let metadata = self.metadata().await?;
        let (Some(issuer), Some(address)) = (&self.issuer, &metadata.keys) else {
            return Err(Error::internal("the provider has no keys"));
        };
        let fetch = async || Keys::read(&good(&self.outbound, Call::get(address).json()).await?);
        let kid = header.kid.as_deref();
        let known = |keys: &Keys| keys.find(kid, header.signed).is_some();
        let keys = self.keys.get(self.now(), known, fetch).await?;
        let key = keys.find(kid, header.signed).ok_or_else(|| unbelieved("of an unknown key"))?;
        let claims = key.verified(token, header.signed);
        let claims = claims.ok_or_else(|| unbelieved("the signature does not hold"))?;
        let expected = Expected {
            issuer,
            audiences: &self.clients,
            ours_only,
            nonce,
            access_token,
            signed: header.signed,
            now: self.now(),
        };
        id_token::judge(&claims, &expected).map_err(unbelieved)?;
        Ok(claims)
    }

    /// Some providers say the address at `userinfo` only. It must be about the same person, and an
    /// address is never taken from one and its proof from the other.
    async fn complete(
        &self,
        claims: &mut Map<String, Json>,
        metadata: &Metadata,
        access_token: &str,
    ) -> Result<()> {
        let Some(address) = metadata.userinfo.as_ref().filter(|_| !claims.contains_key("email"))
        else {
            return Ok(());
        };
        claims.remove("email_verified");
        let call = Call::get(address).json().authorized("Bearer", access_token);
        let more = object(&good(&self.outbound, call).await?)?;
        if more.get("sub").is_none() || more.get("sub") != claims.get("sub") {
            return Err(unbelieved("userinfo is about somebody else"));
        }
        for (name, value) in more {
            claims.entry(name).or_insert(value);
        }
        Ok(())
    }

    fn of_claims(&self, claims: &Map<String, Json>) -> Result<Person> {
        // Of a directory that the operator chose the addresses are what its administrator wrote.
        let trusted = self.issuer.as_ref().is_some_and(super::issuer::Issuer::is_one);
        let issuer = self.issuer.as_ref().map_or("", |issuer| issuer.text());
        let person = person::of_claims(claims, self.kind, issuer, trusted);
        person.ok_or_else(|| unbelieved("nobody is named"))
    }

    /// Who an access token is about, where there are no ID tokens: only ever one that we got for a
    /// code of our own.
    async fn looked_up(&self, metadata: &Metadata, access_token: &str) -> Result<Person> {
        let address = metadata.userinfo.as_deref().unwrap_or_default();
        let ask = |url: &str| Call::get(url).json().authorized("Bearer", access_token);
        let user = object(&good(&self.outbound, ask(address)).await?)?;
        let issuer = address.strip_suffix("/user").or(address.strip_suffix("/users/@me"));
        let issuer = issuer.unwrap_or(address);
        let person = match self.kind {
            Kind::GitHub => {
                let emails = good(&self.outbound, ask(&format!("{address}/emails"))).await?;
                let emails = serde_json::from_slice(&emails).map_err(Error::internal)?;
                person::of_github(&user, &emails, issuer)
            }
            Kind::Discord => person::of_discord(&user, issuer),
            _ => person::of_claims(&user, self.kind, issuer, false),
        };
        person.ok_or_else(|| unbelieved("nobody is named"))
    }
}

/// The body of an answer that is good.
pub(super) async fn good(outbound: &Outbound, call: Call) -> Result<Bytes> {
    let answer = outbound.send(call).await.map_err(Error::internal)?;
    match answer.status {
        200 => Ok(answer.body),
        status => Err(Error::internal(format!("the provider answered {status}"))),
    }
}

fn object(body: &[u8]) -> Result<Map<String, Json>> {
    serde_json::from_slice(body).map_err(|_| unbelieved("the answer is no JSON object"))
}

/// `{"name":{"firstName":…,"lastName":…}}`, as a browser brings it.
fn name_of(user: &str) -> Option<String> {
    let user: Json = serde_json::from_str(user).ok()?;
    let part = |name: &str| user.get("name")?.get(name)?.as_str().filter(|part| !part.is_empty());
    let parts: Vec<&str> = [part("firstName"), part("lastName")].into_iter().flatten().collect();
    let name = parts.join(" ");
    (name.chars().count() <= crate::limits::PROVIDER_CLAIM_CHARACTERS).then_some(name)
}
