//! What an authenticator says: the attestation object (WebAuthn Level 3, 6.5.4) and the
//! authenticator data in it (6.1). Bytes from outside; nothing is taken for granted.

use cbor4ii::core::Value;
use cbor4ii::core::dec::{Decode, Read};
use cbor4ii::core::utils::SliceReader;
use uuid::Uuid;

use super::Refused;

/// Bytes of a credential's id (7.1, step 25).
const CREDENTIAL_ID_BYTES: usize = 1_023;

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const MADE: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;

/// What is signed, beside the hash of the client data.
pub(super) struct AuthenticatorData<'a> {
    /// SHA-256 of the relying party's id.
    pub relying_party: &'a [u8],
    pub user_present: bool,
    pub user_verified: bool,
    pub backup_eligible: bool,
    pub backed_up: bool,
    pub counter: u32,
    /// The new credential; in a registration only.
    pub made: Option<Made<'a>>,
}

/// A credential that was made.
pub(super) struct Made<'a> {
    pub aaguid: Uuid,
    pub id: &'a [u8],
    /// COSE_Key.
    pub key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    pub fn read(bytes: &'a [u8]) -> Result<Self, Refused> {
        let mut rest = bytes;
        let relying_party = take(&mut rest, 32)?;
        let flags = take(&mut rest, 1)?[0];
        let has = |flag: u8| flags & flag != 0;
        let counter = take(&mut rest, 4)?.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        let made = if has(MADE) { Some(Made::read(&mut rest)?) } else { None };
        if has(EXTENSIONS) {
            let (extensions, after) = value(rest)?;
            if !matches!(extensions, Value::Map(_)) {
                return Err(Refused::Malformed);
            }
            rest = after;
        }
        if !rest.is_empty() {
            return Err(Refused::Malformed);
        }
        Ok(Self {
            relying_party,
            user_present: has(USER_PRESENT),
            user_verified: has(USER_VERIFIED),
            backup_eligible: has(BACKUP_ELIGIBLE),
            backed_up: has(BACKED_UP),
            counter,
            made,
        })
    }
}

impl<'a> Made<'a> {
    fn read(rest: &mut &'a [u8]) -> Result<Self, Refused> {
        let aaguid = Uuid::from_slice(take(rest, 16)?).map_err(|_| Refused::Malformed)?;
        let length = take(rest, 2)?;
        let length = usize::from(length[0]) << 8 | usize::from(length[1]);
        if length == 0 || length > CREDENTIAL_ID_BYTES {
            return Err(Refused::Malformed);
        }
        let id = take(rest, length)?;
        let (_, after) = value(rest)?;
        let key = take(rest, rest.len() - after.len())?;
        Ok(Self { aaguid, id, key })
    }
}

/// The authenticator data of an attestation object. The statement about the device beside it is
/// not judged: none was asked for, and what is not asked for proves nothing (6.5.4, 8.7).
pub(super) fn attested(object: &[u8]) -> Result<Vec<u8>, Refused> {
    let (Value::Map(entries), []) = value(object)? else { return Err(Refused::Malformed) };
    let entry = |name: &str| one(&entries, |key| matches!(key, Value::Text(key) if key == name));
    let (Value::Text(_), Value::Map(_), Value::Bytes(data)) =
        (entry("fmt")?, entry("attStmt")?, entry("authData")?)
    else {
        return Err(Refused::Malformed);
    };
    Ok(data.clone())
}

/// The value of the one entry whose key is meant. Two of a name are refused, for two readers could
/// take different ones.
pub(super) fn one(
    entries: &[(Value, Value)],
    is_meant: impl Fn(&Value) -> bool,
) -> Result<&Value, Refused> {
    let mut found = entries.iter().filter(|(key, _)| is_meant(key));
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Ok(value),
        _ => Err(Refused::Malformed),
    }
}

/// One value of CBOR (RFC 8949) and what follows it.
pub(super) fn value(bytes: &[u8]) -> Result<(Value, &[u8]), Refused> {
    let mut reader = SliceReader::new(bytes);
    let value = Value::decode(&mut reader).map_err(|_| Refused::Malformed)?;
    let left = reader.fill(bytes.len()).map_or(0, |left| left.as_ref().len());
    Ok((value, &bytes[bytes.len() - left..]))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Refused> {
    let (taken, left) = rest.split_at_checked(length).ok_or(Refused::Malformed)?;
    *rest = left;
    Ok(taken)
}
