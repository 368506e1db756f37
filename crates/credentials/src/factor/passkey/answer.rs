//! What a browser answers (`RegistrationResponseJSON` and `AuthenticationResponseJSON` of WebAuthn
//! Level 3, 5.1), and what the browser itself swears in it: the client data (5.8.1).

use aws_lc_rs::{constant_time, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::{Refused, encode};
use crate::limits::{PASSKEY_BYTES, PASSKEY_TRANSPORTS};

/// The answer to a request for a new key.
#[derive(Clone, Debug)]
pub struct Attestation {
    pub(super) id: Vec<u8>,
    pub(super) client: ClientData,
    pub(super) object: Vec<u8>,
    pub(super) transports: Vec<String>,
}

/// The answer to a request to prove a key.
#[derive(Clone, Debug)]
pub struct Assertion {
    id: Vec<u8>,
    pub(super) client: ClientData,
    pub(super) data: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) user_handle: Option<Vec<u8>>,
}

/// What the browser saw; `hash` is what the authenticator signed of it.
#[derive(Clone, Debug)]
pub(super) struct ClientData {
    ceremony: String,
    challenge: Vec<u8>,
    origin: String,
    inside_another: bool,
    pub hash: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<R> {
    id: String,
    raw_id: Option<String>,
    r#type: String,
    response: R,
}

#[derive(Deserialize)]
struct AttestationResponse {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    #[serde(rename = "attestationObject")]
    object: String,
    #[serde(default)]
    transports: Vec<String>,
}

#[derive(Deserialize)]
struct AssertionResponse {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    #[serde(rename = "authenticatorData")]
    data: String,
    signature: String,
    #[serde(rename = "userHandle")]
    user_handle: Option<String>,
}

#[derive(Deserialize)]
struct Client {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
    #[serde(rename = "topOrigin")]
    top_origin: Option<String>,
}

impl Attestation {
    /// Reads the JSON that `PublicKeyCredential.toJSON` made.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn read(answer: &Value) -> Result<Self, Refused> {
        let envelope: Envelope<AttestationResponse> = open(answer)?;
        let AttestationResponse { client_data, object, transports } = envelope.response;
        let known = |name: &String| PASSKEY_TRANSPORTS.contains(&name.as_str());
        Ok(Self {
            id: same(&envelope.id, envelope.raw_id.as_deref())?,
            client: ClientData::read(&client_data)?,
            object: decode(&object)?,
            transports: transports
                .into_iter()
                .filter(known)
                .take(PASSKEY_TRANSPORTS.len())
                .collect(),
        })
    }
}

impl Assertion {
    /// Reads the JSON that `PublicKeyCredential.toJSON` made.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn read(answer: &Value) -> Result<Self, Refused> {
        let envelope: Envelope<AssertionResponse> = open(answer)?;
        let AssertionResponse { client_data, data, signature, user_handle } = envelope.response;
        // Some libraries write an empty handle where there is none.
        let handle = user_handle.filter(|handle| !handle.is_empty());
        Ok(Self {
            id: same(&envelope.id, envelope.raw_id.as_deref())?,
            client: ClientData::read(&client_data)?,
            data: decode(&data)?,
            signature: decode(&signature)?,
            user_handle: handle.map(|handle| decode(&handle)).transpose()?,
        })
    }

    /// The credential that it claims to be of, as `Credential::id`: for looking it up.
    #[must_use]
    pub fn credential_id(&self) -> String {
        encode(&self.id)
    }

    /// The handle of the user whom it claims to be of. Proves nothing before `check`.
    #[must_use]
    pub fn user_handle(&self) -> Option<&[u8]> {
        self.user_handle.as_deref()
    }
}

impl ClientData {
    fn read(encoded: &str) -> Result<Self, Refused> {
        let bytes = decode(encoded)?;
        let client: Client = serde_json::from_slice(&bytes).map_err(|_| Refused::Malformed)?;
        Ok(Self {
            ceremony: client.r#type,
            challenge: URL_SAFE_NO_PAD.decode(&client.challenge).map_err(|_| Refused::Challenge)?,
            origin: client.origin,
            inside_another: client.cross_origin || client.top_origin.is_some(),
            hash: digest::digest(&digest::SHA256, &bytes).as_ref().to_vec(),
        })
    }

    /// That it is of this ceremony, answers this challenge and was made on one of our pages, not
    /// inside a frame of somebody else's.
    pub fn judge(
        &self,
        ceremony: &str,
        challenge: &[u8],
        origins: &[String],
    ) -> Result<(), Refused> {
        if self.ceremony != ceremony {
            return Err(Refused::Ceremony);
        }
        constant_time::verify_slices_are_equal(&self.challenge, challenge)
            .map_err(|_| Refused::Challenge)?;
        if self.inside_another || !origins.contains(&self.origin) {
            return Err(Refused::Origin);
        }
        Ok(())
    }
}

fn open<'a, R: Deserialize<'a>>(answer: &'a Value) -> Result<Envelope<R>, Refused> {
    let envelope = Envelope::deserialize(answer).map_err(|_| Refused::Malformed)?;
    if envelope.r#type == "public-key" { Ok(envelope) } else { Err(Refused::Malformed) }
}

/// `id` and `rawId` say the same.
fn same(id: &str, raw_id: Option<&str>) -> Result<Vec<u8>, Refused> {
    if raw_id.is_some_and(|raw_id| raw_id != id) {
        return Err(Refused::Malformed);
    }
    decode(id)
}

fn decode(encoded: &str) -> Result<Vec<u8>, Refused> {
    if encoded.len() > PASSKEY_BYTES {
        return Err(Refused::Malformed);
    }
    URL_SAFE_NO_PAD.decode(encoded).map_err(|_| Refused::Malformed)
}
