//! Public keys as authenticators write them (COSE_Key, RFC 9053), of the three kinds that we ask
//! for, and their signatures. The cryptography is that of `aws-lc-rs`.

use aws_lc_rs::signature::{self, ParsedPublicKey, RsaPublicKeyComponents, UnparsedPublicKey};
use cbor4ii::core::Value;

use super::Refused;
use super::device::{one, value};

/// What we offer, best known first (IANA COSE Algorithms).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Algorithm {
    Es256,
    EdDsa,
    Rs256,
}

impl Algorithm {
    pub const ALL: [Self; 3] = [Self::Es256, Self::EdDsa, Self::Rs256];

    pub fn number(self) -> i128 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
            Self::Rs256 => -257,
        }
    }
}

/// A key that was read.
#[derive(Debug)]
pub(super) enum PublicKey {
    /// An uncompressed point on P-256 (SEC 1, 2.3.3).
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
}

impl PublicKey {
    pub fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let (Value::Map(entries), []) = value(bytes)? else { return Err(Refused::Key) };
        let number = |label: i128| match labelled(&entries, label)? {
            Value::Integer(number) => Ok(*number),
            _ => Err(Refused::Key),
        };
        let bytes = |label: i128| match labelled(&entries, label)? {
            Value::Bytes(bytes) => Ok(bytes.clone()),
            _ => Err(Refused::Key),
        };
        let kind = number(3)?;
        let algorithm = Algorithm::ALL.into_iter().find(|known| known.number() == kind);
        let key = match (algorithm.ok_or(Refused::Key)?, number(1)?) {
            (Algorithm::Es256, 2) if number(-1)? == 1 => {
                let (x, y) = (bytes(-2)?, bytes(-3)?);
                if (x.len(), y.len()) != (32, 32) {
                    return Err(Refused::Key);
                }
                Self::P256([&[4], x.as_slice(), &y].concat())
            }
            (Algorithm::EdDsa, 1) if number(-1)? == 6 => Self::Ed25519(bytes(-2)?),
            (Algorithm::Rs256, 3) => Self::Rsa { modulus: bytes(-1)?, exponent: bytes(-2)? },
            _ => return Err(Refused::Key),
        };
        key.judge()?;
        Ok(key)
    }

    /// That it is a key at all: a point on its curve, a modulus of 2,048 to 8,192 bits.
    fn judge(&self) -> Result<(), Refused> {
        match self {
            Self::P256(point) => {
                ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point.as_slice())
                    .map(|_| ())
                    .map_err(|_| Refused::Key)
            }
            Self::Ed25519(point) if point.len() == 32 => Ok(()),
            Self::Rsa { modulus, exponent }
                if (256..=1_024).contains(&modulus.len()) && (1..=4).contains(&exponent.len()) =>
            {
                Ok(())
            }
            _ => Err(Refused::Key),
        }
    }

    pub fn verify(&self, signed: &[u8], signature: &[u8]) -> Result<(), Refused> {
        let verified = match self {
            Self::P256(point) => UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point)
                .verify(signed, signature),
            Self::Ed25519(point) => {
                UnparsedPublicKey::new(&signature::ED25519, point).verify(signed, signature)
            }
            Self::Rsa { modulus, exponent } => {
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, signed, signature)
            }
        };
        verified.map_err(|_| Refused::Signature)
    }
}

fn labelled(entries: &[(Value, Value)], label: i128) -> Result<&Value, Refused> {
    one(entries, |key| matches!(key, Value::Integer(number) if *number == label))
        .map_err(|_| Refused::Key)
}
