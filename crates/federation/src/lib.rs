//! People whom others vouch for: OAuth 2 and OpenID Connect towards identity providers. This part
//! knows protocols and no dialect, and keeps nothing of anybody.
//!
//! `declared` (settings) and `preset` (what is known by name) -> `provider` (where somebody signs
//! in) -> `exchange` (a code for tokens, over `metadata`, `keys` and `id_token`) -> `person`. The
//! dialect stands in `auth`.

mod apple;
mod declared;
mod exchange;
mod id_token;
mod issuer;
mod kept;
mod keys;
pub mod limits;
mod metadata;
mod person;
mod preset;
mod provider;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use mainstay_base::{Clock, Code, Error, Result};
use mainstay_fleet::Outbound;

pub use declared::Declared;
pub use exchange::Returned;
/// How far calls to providers may reach.
pub use mainstay_fleet::Settings as Reach;
pub use person::Person;
pub use provider::{Provider, Sent};

/// Names of which we know where they answer.
pub const KNOWN: [&str; 6] = ["apple", "azure", "discord", "github", "gitlab", "google"];

/// Names that identities have which are no provider's.
const TAKEN: [&str; 5] = ["email", "phone", "anonymous", "anonymous_users", "web3"];

/// The identity providers of one application.
#[derive(Debug, Default)]
pub struct External {
    by_name: BTreeMap<String, Arc<Provider>>,
    callback: String,
}

impl External {
    /// `callback` is where providers send people back to: the public address of
    /// `/auth/v1/callback`. Hosts of addresses that the operator wrote down may stand anywhere;
    /// those that a provider names must be public, or the same.
    ///
    /// # Errors
    /// With what is wrong in the settings; when this machine has no authorities for TLS.
    pub fn new(
        declared: &BTreeMap<String, Declared>,
        callback: String,
        reach: Reach,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self> {
        let enabled: Vec<_> = declared.iter().filter(|(_, one)| one.is_enabled()).collect();
        if enabled.is_empty() {
            return Ok(Self { by_name: BTreeMap::new(), callback });
        }
        let mut by_name = BTreeMap::new();
        for (name, declared) in enabled {
            let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b':');
            if !(1..=64).contains(&name.len())
                || !name.bytes().all(plain)
                || TAKEN.contains(&&**name)
            {
                let message = format!("no identity provider can be called `{name}`");
                return Err(Error::new(Code::Internal, message));
            }
            let mut reach = reach.clone();
            let urls = declared.addresses().filter_map(|url| mainstay_fleet::read_url(url).ok());
            reach.allowed.extend(urls.filter_map(|url| url.host().map(ToOwned::to_owned)));
            let outbound = Outbound::new(reach)?;
            let provider = Provider::new(name, declared, outbound, Arc::clone(clock))?;
            by_name.insert(name.clone(), Arc::new(provider));
        }
        Ok(Self { by_name, callback })
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Provider>> {
        self.by_name.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// Where providers send people back to.
    #[must_use]
    pub fn callback(&self) -> &str {
        &self.callback
    }
}

/// One sentence for all that is not proven; the log has the reason.
fn unbelieved(why: impl Into<Cow<'static, str>>) -> Error {
    let message = "The identity provider's answer could not be verified";
    Error::new(Code::OauthCallbackBad, message).caused_by(why.into().into_owned())
}

#[cfg(test)]
mod tests {
    use mainstay_testkit::FakeClock;

    use super::*;

    fn made(name: &str, change: impl FnOnce(&mut Declared)) -> Result<External> {
        let mut declared = Declared { client_id: "us".to_owned(), ..Declared::default() };
        change(&mut declared);
        let clock: Arc<dyn Clock> = Arc::new(FakeClock::at(0));
        let declared = BTreeMap::from([(name.to_owned(), declared)]);
        External::new(&declared, String::new(), Reach::default(), &clock)
    }

    #[test]
    fn a_known_name_needs_a_client_and_any_other_an_issuer() {
        for name in ["google", "github", "gitlab", "discord", "azure"] {
            assert!(made(name, |_| ()).is_ok(), "{name}");
            assert!(made(name, |declared| declared.client_id.clear()).is_err(), "{name}");
        }
        let issuer = |issuer: &str| Some(issuer.to_owned());
        assert!(made("keycloak", |_| ()).is_err());
        assert!(made("keycloak", |d| d.issuer = issuer("https://idp.example/realm")).is_ok());
        assert!(made("keycloak", |d| d.issuer = issuer("http://localhost:8080/realm")).is_ok());
        for wrong in ["http://idp.example", "idp.example", "https://a@idp.example", ""] {
            assert!(made("keycloak", |d| d.issuer = issuer(wrong)).is_err(), "{wrong}");
        }
        let alone = |d: &mut Declared| {
            d.authorize_url = issuer("https://idp.example/a");
            d.token_url = issuer("https://idp.example/t");
        };
        assert!(made("custom", alone).is_err());
        let whole = |d: &mut Declared| {
            alone(d);
            d.userinfo_url = issuer("https://idp.example/u");
        };
        assert!(made("custom", whole).is_ok());
        assert!(made("azure", |d| d.tenant = issuer("contoso.example")).is_err());
        assert!(made("apple", |_| ()).is_err());
        assert!(made("google", |d| d.scopes = Some(vec!["a b".to_owned()])).is_err());
    }

    #[test]
    fn a_provider_has_a_name_of_its_own_and_is_not_there_when_it_is_switched_off() {
        for name in ["", "email", "phone", "Google", "a b", "a/b", &"a".repeat(65)] {
            let made = made(name, |d| d.issuer = Some("https://idp.example".to_owned()));
            assert!(made.is_err(), "{name}");
        }
        let off = made("google", |declared| declared.enabled = Some(false)).unwrap();
        assert_eq!(off.names().count(), 0);
        assert!(made("google", |_| ()).unwrap().get("google").is_some());
    }
}
