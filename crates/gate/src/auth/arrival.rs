//! Somebody whom a provider vouches for, as the accounts see it: the identity that is kept, and an
//! arrival that waits, sealed, for the client that began it. Before it `callback` and `id_token`
//! asked the provider, after it `judge` decides whose account it is.

use mainstay_base::{Code, Error, Result};
use mainstay_schema::Value;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::accounts::Page;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Flow, Identity, User};
use crate::sealer::Sealer;
use mainstay_federation::Person;

/// Somebody who arrives.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Arrival {
    pub provider: String,
    pub person: Person,
    /// A user who links an identity, and the session in which it began.
    pub linking: Option<(String, String)>,
}

impl Arrival {
    /// What an arrival is sealed for that waits with its flow.
    fn purpose(flow: &str) -> String {
        format!("flows.state arrival {flow}")
    }

    /// As it waits for the client that knows the verifier: an identity is linked to who began it,
    /// and not to whoever got somebody else to follow an address.
    ///
    /// # Errors
    /// Without randomness.
    pub fn sealed(&self, sealer: &Sealer, flow: &str) -> Result<String> {
        let text = serde_json::to_string(self).map_err(Error::internal)?;
        sealer.seal(&Self::purpose(flow), &text)
    }

    /// The one that waits with this flow.
    ///
    /// # Errors
    /// When it was sealed for another.
    pub fn waiting(sealer: &Sealer, flow: &Flow) -> Result<Option<Self>> {
        let Some(sealed) = flow.state.get("arrival").and_then(Json::as_str) else {
            return Ok(None);
        };
        let text = sealer.open(&Self::purpose(&flow.id), sealed)?;
        serde_json::from_str(&text).map(Some).map_err(Error::internal)
    }

    /// The identity as it is kept of this user.
    pub fn identity(&self, user: &User, now: Moment) -> Identity {
        Identity {
            id: Uuid::new_v4().to_string(),
            user: user.id.clone(),
            provider: self.provider.clone(),
            provider_id: self.person.subject.clone(),
            data: Json::Object(self.person.data.clone()),
            email: self.person.email.clone(),
            last_sign_in_at: Some(now),
            created_at: now,
            updated_at: now,
        }
    }

    /// The identity, if it is known.
    pub fn known(&self, page: &mut Page<'_, '_>) -> Result<Option<Identity>> {
        let key = [&self.provider, &self.person.subject].map(|text| Value::Text(text.clone()));
        Ok(page.find("provider,provider_id", &key)?.into_iter().next())
    }

    /// Its address has to be verified first.
    pub fn unverified(&self) -> Error {
        let name = &self.provider;
        let message = format!(
            "Unverified email with {name}. Verify the email with {name} in order to sign in"
        );
        Error::new(Code::ProviderAddressUnverified, message)
    }
}

/// # Errors
/// When the store fails.
pub(super) fn identities(page: &mut Page<'_, '_>, user: &str) -> Result<Vec<Identity>> {
    page.find("user", &[Value::Text(user.to_owned())])
}

/// A provider said that this address is verified.
pub(super) fn vouches(identity: &Identity, email: Option<&str>) -> bool {
    let own = !matches!(identity.provider.as_str(), "email" | "phone");
    own && identity.data["email_verified"] == true && identity.email.as_deref() == email
}
