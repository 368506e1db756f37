//! Opaque keys for machines, `sb_publishable_…` and `sb_secret_…`: made once, shown once, kept as a
//! digest. A mistyped key is refused by its own checksum, before anything is looked up.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mainstay_base::Result;

use mainstay_credentials::secret::{random, same, sha256};

/// Characters of the random part: 192 bits.
const RANDOM_CHARACTERS: usize = 32;
/// Characters of the checksum: 48 bits.
const CHECK_CHARACTERS: usize = 8;
/// Characters of the random part that people are shown, to tell their keys apart.
const SHOWN_CHARACTERS: usize = 4;

/// What a key is for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// In programs that anybody can read: it admits, and the caller is anonymous.
    Publishable,
    /// On servers only: it acts in its roles.
    Secret,
}

impl Kind {
    /// How its keys begin.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Publishable => "sb_publishable_",
            Self::Secret => "sb_secret_",
        }
    }
}

/// A key in clear. It lives as long as the request that brings it, or until it was shown.
#[derive(Clone, Eq, PartialEq)]
pub struct ApiKey {
    kind: Kind,
    text: String,
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl ApiKey {
    /// A new key: `<prefix><32 random characters>_<8 of checksum>`, in base64url.
    ///
    /// # Errors
    /// `internal` without randomness.
    pub fn make(kind: Kind) -> Result<Self> {
        let random = URL_SAFE_NO_PAD.encode(random::<{ RANDOM_CHARACTERS / 4 * 3 }>()?);
        let key = format!("{}{random}", kind.prefix());
        let text = format!("{key}_{}", check(&key));
        Ok(Self { kind, text })
    }

    /// Whether a credential is meant to be such a key, and not a token.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.starts_with("sb_")
    }

    /// Reads a key; nothing for what cannot be one that was made here.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let kinds = [Kind::Publishable, Kind::Secret];
        let kind = kinds.into_iter().find(|kind| text.starts_with(kind.prefix()))?;
        let (key, found) = text.split_at_checked(kind.prefix().len() + RANDOM_CHARACTERS)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let right = key.bytes().all(plain)
            && same(found.strip_prefix('_')?.as_bytes(), check(key).as_bytes());
        right.then(|| Self { kind, text: text.to_owned() })
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The whole key, to be shown to its owner once.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is kept and looked up by: with 192 bits behind it, SHA-256 needs no salt and hides all.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        sha256(self.text.as_bytes())
    }

    /// Its beginning, for lists and logs: `sb_secret_Ab3x…`.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}…", &self.text[..self.kind.prefix().len() + SHOWN_CHARACTERS])
    }
}

fn check(key: &str) -> String {
    let mut check = URL_SAFE_NO_PAD.encode(sha256(key.as_bytes()));
    check.truncate(CHECK_CHARACTERS);
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_made() {
        for kind in [Kind::Publishable, Kind::Secret] {
            for _ in 0..64 {
                let key = ApiKey::make(kind).unwrap();
                assert!(ApiKey::is_meant(key.text()) && key.text().starts_with(kind.prefix()));
                let read = ApiKey::parse(key.text()).unwrap();
                assert_eq!((read.kind(), read.digest()), (kind, key.digest()));
            }
        }
        let (one, other) =
            (ApiKey::make(Kind::Secret).unwrap(), ApiKey::make(Kind::Secret).unwrap());
        assert_ne!(one.digest(), other.digest());
    }

    #[test]
    fn a_key_with_any_other_character_is_refused() {
        let key = ApiKey::make(Kind::Secret).unwrap();
        for at in 0..key.text().len() {
            let mut bytes = key.text().as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            let mistyped = String::from_utf8(bytes).unwrap();
            assert_eq!(ApiKey::parse(&mistyped), None, "at {at}");
        }
        let text = key.text();
        let other_kind = text.replace("sb_secret_", "sb_publishable_");
        let longer = format!("{text}x");
        for wrong in [
            "",
            "sb_",
            "sb_secret_",
            &text[1..],
            &text[..text.len() - 1],
            &longer,
            &other_kind,
            "sb_secret_ä",
        ] {
            assert_eq!(ApiKey::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_shown_is_not_the_key() {
        let key = ApiKey::make(Kind::Publishable).unwrap();
        let shown = format!("{key:?}");
        assert_eq!(shown, key.shown());
        assert_eq!(shown.chars().count(), "sb_publishable_".len() + 5);
    }
}
