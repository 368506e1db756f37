//! Keys in devices: the application as devices know it, and credentials as they are kept.

use mainstay_base::{Code, Error, Result};
use mainstay_credentials::factor::passkey::{Account, Challenge, Credential, RelyingParty, Used};
use serde_json::Value as Json;
use uuid::Uuid;

use super::super::Config;
use super::secret_purpose;
use crate::accounts::rows::{Factor, User};
use crate::sealer::Sealer;

impl Config {
    /// The application as devices know it: the host of `site_url`, and pages there, below it, or at
    /// `webauthn_origins`.
    ///
    /// # Errors
    /// When an origin is not of the host, or the host is no domain: devices know none by number.
    pub fn relying_party(&self) -> Result<RelyingParty> {
        let unfit = || {
            let message = format!("auth.site_url is {}: no page of a domain", self.site_url);
            Error::new(Code::Internal, message).hint("Write it with a domain: https://shop.example")
        };
        let (scheme, rest) = self.site_url.split_once("://").ok_or_else(unfit)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.split(':').next().unwrap_or_default();
        if host.is_empty() || host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok() {
            return Err(unfit());
        }
        let own = format!("{scheme}://{}", authority.to_ascii_lowercase());
        let mut origins = vec![own];
        origins.extend(self.webauthn_origins.iter().cloned());
        RelyingParty::new(&host.to_ascii_lowercase(), &self.factor_issuer, origins)
    }
}

/// # Errors
/// `code` where the application is at no domain.
pub(in super::super) fn party(config: &Config, code: Code) -> Result<RelyingParty> {
    let message = match code {
        Code::PasskeysDisabled => "Passkeys are disabled",
        Code::DeviceVerifyDisabled => "MFA verification is disabled for WebAuthn",
        _ => "MFA enroll is disabled for WebAuthn",
    };
    let refused = |error: Error| Error::new(code, message).caused_by(error.message().to_owned());
    config.relying_party().map_err(refused)
}

/// Whether the client means this application: what it says is compared and never believed.
///
/// # Errors
/// `validation_failed` when it means another.
pub(super) fn must_be_ours(party: &RelyingParty, said: &Json) -> Result<()> {
    let id = said["rpId"].as_str();
    let origins: Vec<String> = match &said["rpOrigins"] {
        Json::Array(origins) => {
            origins.iter().map(|origin| origin.as_str().unwrap_or_default().to_owned()).collect()
        }
        Json::String(origins) => {
            origins.split(',').map(|origin| origin.trim().to_owned()).collect()
        }
        _ => Vec::new(),
    };
    match id.is_none_or(|id| party.is(id, &origins)) {
        true => Ok(()),
        false => {
            let message = "The relying party or an origin is not this application's";
            Err(Error::new(Code::ValidationFailed, message)
                .hint("auth.site_url names its host, auth.webauthn_origins its other pages."))
        }
    }
}

/// The name of a user towards devices: it says nothing about them.
pub(in super::super) fn handle(user: &str) -> Result<[u8; 16]> {
    Uuid::parse_str(user).map(Uuid::into_bytes).map_err(Error::internal)
}

/// Shows a user to the device that makes a key for them.
pub(in super::super) fn shown<'a>(user: &'a User, handle: &'a [u8; 16]) -> Account<'a> {
    let name = user.email.as_deref().or(user.phone.as_deref()).unwrap_or(&user.id);
    let called = ["name", "full_name"].iter().find_map(|key| user.user_metadata[*key].as_str());
    Account { handle, name, display_name: called.unwrap_or(name) }
}

/// The credential of a factor.
///
/// # Errors
/// When the application's secret is another one since.
pub(in super::super) fn credential(sealer: &Sealer, factor: &Factor) -> Result<Credential> {
    let text = sealer.open(&secret_purpose(&factor.id), &factor.secret)?;
    serde_json::from_str(&text).map_err(Error::internal)
}

/// The factor with its credential as it is now.
///
/// # Errors
/// Without randomness.
pub(in super::super) fn with_credential(
    sealer: &Sealer,
    factor: Factor,
    credential: &Credential,
) -> Result<Factor> {
    let text = serde_json::to_string(credential).map_err(Error::internal)?;
    let secret = sealer.seal(&secret_purpose(&factor.id), &text)?;
    Ok(Factor { secret, credential: Some(credential.id.clone()), ..factor })
}

/// The credential after a use.
#[must_use]
pub(in super::super) fn used(credential: Credential, used: Used) -> Credential {
    let Used { counter, backed_up, .. } = used;
    Credential { counter, backed_up, ..credential }
}

/// The credentials that a user has, of both uses.
///
/// # Errors
/// As `credential`.
pub(in super::super) fn credentials(
    sealer: &Sealer,
    factors: &[Factor],
) -> Result<Vec<Credential>> {
    let keys = factors.iter().filter(|factor| factor.credential.is_some());
    keys.map(|factor| credential(sealer, factor)).collect()
}

/// The question that a challenge keeps.
///
/// # Errors
/// When the application's secret is another one since.
pub(in super::super) fn question(state: String) -> Result<Challenge> {
    Challenge::try_from(state).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::config;
    use super::*;

    #[test]
    fn the_relying_party_is_the_host_of_the_page_and_nothing_that_is_no_domain() {
        let of = |site_url: &str, origins: &[&str]| {
            let webauthn_origins = origins.iter().map(|it| (*it).to_owned()).collect();
            Config { site_url: site_url.to_owned(), webauthn_origins, ..config() }.relying_party()
        };
        let party = of("https://Shop.example:8443/welcome?a=b", &["https://app.shop.example"]);
        let party = party.unwrap();
        for origin in ["https://shop.example:8443", "https://app.shop.example"] {
            assert!(party.is("shop.example", &[origin.to_owned()]), "{origin}");
        }
        assert!(!party.is("shop.example", &["https://shop.example".to_owned()]));
        assert!(of("http://localhost:3000", &[]).is_ok());
        for (site_url, origins) in [
            ("http://127.0.0.1:3000", vec![]),
            ("http://[::1]:3000", vec![]),
            ("http://shop.example", vec![]),
            ("app://callback", vec![]),
            ("", vec![]),
            ("https://shop.example", vec!["https://shop.example.evil.example"]),
            ("https://shop.example", vec!["https://shop.example/"]),
        ] {
            assert!(of(site_url, &origins).is_err(), "{site_url} {origins:?}");
        }
    }
}
