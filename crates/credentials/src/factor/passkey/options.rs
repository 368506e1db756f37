//! What a browser is asked, as the JSON that `PublicKeyCredential.parseCreationOptionsFromJSON`
//! and `parseRequestOptionsFromJSON` take (WebAuthn Level 3, 5.1.8 and 5.1.9): bytes in base64url.

use serde_json::{Value, json};

use super::key::Algorithm;
use super::{Challenge, Credential, RelyingParty, Use, encode};
use crate::limits::PASSKEY_TIMEOUT;

/// For whom a key is made.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// Up to 64 bytes that name the user and say nothing about them: the user's id.
    pub handle: &'a [u8],
    /// What tells accounts apart in the device's list, mostly the address.
    pub name: &'a str,
    /// What the user is called.
    pub display_name: &'a str,
}

pub(super) fn creation(
    party: &RelyingParty,
    challenge: &Challenge,
    account: &Account<'_>,
    existing: &[Credential],
    wanted: Use,
) -> Value {
    let kinds = Algorithm::ALL.map(|kind| json!({ "type": "public-key", "alg": kind.number() }));
    // A key that signs in without a name must be able to name its owner.
    let resident = match wanted {
        Use::First => "required",
        Use::Second => "discouraged",
    };
    json!({
        "rp": { "id": party.id, "name": party.name },
        "user": {
            "id": encode(account.handle),
            "name": account.name,
            "displayName": account.display_name,
        },
        "challenge": challenge.text(),
        "pubKeyCredParams": kinds,
        "timeout": timeout(),
        "excludeCredentials": named(existing),
        "authenticatorSelection": {
            "residentKey": resident,
            "requireResidentKey": wanted == Use::First,
            "userVerification": verification(wanted),
        },
        "attestation": "none",
    })
}

pub(super) fn request(
    party: &RelyingParty,
    challenge: &Challenge,
    allowed: &[Credential],
    wanted: Use,
) -> Value {
    json!({
        "challenge": challenge.text(),
        "timeout": timeout(),
        "rpId": party.id,
        "allowCredentials": named(allowed),
        "userVerification": verification(wanted),
    })
}

fn timeout() -> u64 {
    u64::try_from(PASSKEY_TIMEOUT.as_millis()).unwrap_or(u64::MAX)
}

fn verification(wanted: Use) -> &'static str {
    match wanted {
        Use::First => "required",
        Use::Second => "preferred",
    }
}

fn named(credentials: &[Credential]) -> Vec<Value> {
    let named = |credential: &Credential| json!({ "type": "public-key", "id": credential.id, "transports": credential.transports });
    credentials.iter().map(named).collect()
}
