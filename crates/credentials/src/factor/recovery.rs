//! Codes on paper, for the day when the device is lost: ten, shown once, each good for one
//! sign-in. The caller stores `hashes` and removes the one that `find` names, in the transaction
//! that checks, and only if it is still there.

use std::fmt;

use aws_lc_rs::{constant_time, digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mainstay_base::{Error, Result};
use serde::{Deserialize, Serialize};

/// Codes that are made at once.
pub const CODES: usize = 10;

/// Letters of one code, at five bits each: 80 bits, more than can be tried against a stolen table
/// of plain hashes, also if one try counts against the codes of everybody.
const LETTERS: usize = 16;

/// Letters between two hyphens.
const GROUP: usize = 4;

/// Crockford's base32: no I, L, O and U, so that nothing is mistaken when it is read from paper.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Bytes of a typed code that are looked at. Nobody types more.
const TYPED_BYTES: usize = 64;

/// New codes: what is shown, and what is stored in its place.
pub struct Codes {
    /// `XXXX-XXXX-XXXX-XXXX`, for the user's eyes only.
    pub shown: Vec<String>,
    /// In the same order.
    pub hashes: Vec<Hash>,
}

impl fmt::Debug for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codes(…)")
    }
}

/// SHA-256 of a code: the codes are random enough to need nothing slower. Its stored form is
/// base64url.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(into = "String", try_from = "String")]
pub struct Hash([u8; digest::SHA256_OUTPUT_LEN]);

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(…)")
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        URL_SAFE_NO_PAD.encode(hash.0)
    }
}

impl TryFrom<String> for Hash {
    type Error = &'static str;

    fn try_from(stored: String) -> Result<Self, Self::Error> {
        let bytes = URL_SAFE_NO_PAD.decode(stored).ok();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or("not the hash of a code")
    }
}

impl Hash {
    fn of(code: &[u8; LETTERS]) -> Self {
        let mut hash = [0; digest::SHA256_OUTPUT_LEN];
        hash.copy_from_slice(digest::digest(&digest::SHA256, code).as_ref());
        Self(hash)
    }
}

/// Ten new codes from the operating system's randomness.
///
/// # Errors
/// When the operating system gives none.
pub fn make() -> Result<Codes> {
    let mut codes = Codes { shown: Vec::new(), hashes: Vec::new() };
    for _ in 0..CODES {
        let mut letters = [0; LETTERS];
        rand::fill(&mut letters).map_err(|_| Error::internal("no randomness"))?;
        // 256 is a multiple of 32: every letter is as likely as any other.
        letters.iter_mut().for_each(|letter| *letter = ALPHABET[usize::from(*letter & 31)]);
        let groups: Vec<String> = letters
            .chunks(GROUP)
            .map(|group| group.iter().copied().map(char::from).collect())
            .collect();
        codes.shown.push(groups.join("-"));
        codes.hashes.push(Hash::of(&letters));
    }
    Ok(codes)
}

/// Which of the stored codes was typed. Case, spaces and hyphens do not matter, and O, I and L
/// stand for the digits that they resemble. Every hash is compared, in constant time.
#[must_use]
pub fn find(typed: &str, stored: &[Hash]) -> Option<usize> {
    let typed = Hash::of(&normal(typed)?);
    let mut found = None;
    for (at, hash) in stored.iter().enumerate() {
        if constant_time::verify_slices_are_equal(&hash.0, &typed.0).is_ok() {
            found = Some(at);
        }
    }
    found
}

fn normal(typed: &str) -> Option<[u8; LETTERS]> {
    if typed.len() > TYPED_BYTES {
        return None;
    }
    let letters = typed.bytes().filter(|byte| !matches!(byte, b'-' | b' ')).map(|byte| {
        let letter = match byte.to_ascii_uppercase() {
            b'O' => b'0',
            b'I' | b'L' => b'1',
            other => other,
        };
        ALPHABET.contains(&letter).then_some(letter)
    });
    letters.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_different_codes_are_shown_in_groups_of_plain_letters() {
        let codes = make().unwrap();
        assert_eq!((codes.shown.len(), codes.hashes.len()), (10, 10));
        let different: std::collections::HashSet<&String> = codes.shown.iter().collect();
        assert_eq!(different.len(), 10);
        for code in &codes.shown {
            assert_eq!(code.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4]);
            assert!(code.bytes().all(|byte| byte == b'-' || ALPHABET.contains(&byte)), "{code}");
        }
    }

    #[test]
    fn each_code_names_its_own_hash_and_none_when_that_is_removed() {
        let codes = make().unwrap();
        for (at, code) in codes.shown.iter().enumerate() {
            assert_eq!(find(code, &codes.hashes), Some(at));
            let mut left = codes.hashes.clone();
            left.remove(at);
            assert_eq!(find(code, &left), None);
        }
        assert_eq!(find(&make().unwrap().shown[0], &codes.hashes), None);
        assert_eq!(find(&codes.shown[0], &[]), None);
    }

    #[test]
    fn a_code_is_found_however_it_is_typed() {
        let stored = [Hash::of(b"01AB01CDEFGHJKMN")];
        for typed in [
            "01AB-01CD-EFGH-JKMN",
            "01ab01cdefghjkmn",
            " olab oicd efgh-jkmn ",
            "OIAB--OLCD--EFGH--JKMN",
        ] {
            assert_eq!(find(typed, &stored), Some(0), "{typed}");
        }
        for typed in
            ["", "01AB-01CD-EFGH-JKM", "01AB-01CD-EFGH-JKMNN", "01AB-01CD-EFGH-JKMU", "01AB\n01CD"]
        {
            assert_eq!(find(typed, &stored), None, "{typed}");
        }
        // Longer than anybody types, and so not even read.
        assert_eq!(find(&format!("{}01AB01CDEFGHJKMN", " ".repeat(100)), &stored), None);
    }

    #[test]
    fn a_hash_is_stored_as_text_and_read_back() {
        let codes = make().unwrap();
        let stored = serde_json::to_string(&codes.hashes).unwrap();
        assert!(!stored.contains(&codes.shown[0]));
        let read: Vec<Hash> = serde_json::from_str(&stored).unwrap();
        assert_eq!(find(&codes.shown[7], &read), Some(7));
        assert!(serde_json::from_str::<Hash>("\"AAAA\"").is_err());
        assert_eq!(format!("{codes:?} {:?}", codes.hashes[0]), "Codes(…) Hash(…)");
    }
}
