//! Secrets that are given out once: tokens in links, codes in mails, refresh tokens, and the proofs
//! of PKCE. They are made of the operating system's randomness, kept as digests, and compared in a
//! time that tells nothing. The module of the accounts stores them and counts the tries.

use aws_lc_rs::{constant_time, digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mainstay_base::{Code, Error, Result};

use crate::limits::{CODE_DIGITS, PKCE_CHARACTERS};

/// What refresh tokens are written with: 32 characters, so that five bits choose one without bias.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Characters of a refresh token: 160 bits.
const REFRESH_CHARACTERS: usize = 32;

/// Bytes from the operating system.
///
/// # Errors
/// `internal` when it has none to give.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(Error::internal)?;
    Ok(bytes)
}

/// A token of 256 bits for links: 43 characters of base64url.
///
/// # Errors
/// As `random`.
pub fn token() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// A code for people to type: decimal digits, each code as likely as any other.
///
/// # Errors
/// As `random`; and when `digits` is out of `limits::CODE_DIGITS`.
pub fn code(digits: usize) -> Result<String> {
    if !CODE_DIGITS.contains(&digits) {
        return Err(Error::new(Code::Internal, "a one-time code has 6 to 10 digits"));
    }
    let codes = 10_u64.pow(u32::try_from(digits).map_err(Error::internal)?);
    loop {
        if let Some(code) = evenly(u64::from_be_bytes(random()?), codes) {
            return Ok(format!("{code:0digits$}"));
        }
    }
}

/// The remainder, unless it comes from the last stretch of numbers, which is too short for all.
fn evenly(number: u64, codes: u64) -> Option<u64> {
    let stretch = u64::MAX - u64::MAX % codes;
    (number < stretch).then_some(number % codes)
}

/// A refresh token. Clients keep it as it is; the dialect's were 12 lower-case letters and digits,
/// this has the same look and 160 bits.
///
/// # Errors
/// As `random`.
pub fn refresh_token() -> Result<String> {
    let bytes = random::<REFRESH_CHARACTERS>()?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}

/// Whether it may be a refresh token that was made here: anything else need not be looked up.
#[must_use]
pub fn is_refresh_token(text: &str) -> bool {
    text.len() == REFRESH_CHARACTERS && text.bytes().all(|byte| LETTERS.contains(&byte))
}

/// SHA-256 of what is given out, for keeping. Parts are told from each other by their lengths, so
/// that ("ab", "c") is not ("a", "bc"): a code is digested together with the account that it is for.
///
/// Of a token the digest says nothing. Of a code it hides little from a thief of the whole table,
/// who can try a million codes; what protects a code is its short life and the counted tries.
#[must_use]
pub fn digest(parts: &[&str]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(part.as_bytes());
    }
    bytes(&context.finish())
}

fn bytes(digest: &digest::Digest) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

/// SHA-256 of bytes as they are.
#[must_use]
pub fn sha256(of: &[u8]) -> [u8; 32] {
    bytes(&digest::digest(&digest::SHA256, of))
}

/// Whether two secrets are the same. The time depends on their lengths only.
#[must_use]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// What a client promised to prove when it comes back for its session. Source: RFC 7636.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Challenge {
    method: Method,
    text: String,
}

/// How the verifier becomes the challenge.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// By SHA-256.
    S256,
    /// Not at all: whoever saw the challenge has the verifier. The dialect knows it, so we do.
    Plain,
}

impl Method {
    /// As it is stored, and as the dialect writes it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::S256 => "s256",
            Self::Plain => "plain",
        }
    }
}

impl Challenge {
    /// Reads `code_challenge` and `code_challenge_method`, the method in any case.
    ///
    /// # Errors
    /// `bad_request`, worded for the client.
    pub fn read(text: &str, method: &str) -> Result<Self> {
        let refuse = |message: &'static str| Err(Error::new(Code::BadRequest, message));
        let method = match method {
            s256 if s256.eq_ignore_ascii_case("s256") => Method::S256,
            plain if plain.eq_ignore_ascii_case("plain") => Method::Plain,
            _ => return refuse("code_challenge_method must be s256 or plain"),
        };
        if !is_proof(text) {
            return refuse(
                "code challenge has to be between 43 and 128 characters of a-z, A-Z, 0-9, -, ., _, ~",
            );
        }
        Ok(Self { method, text: text.to_owned() })
    }

    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the verifier is the one that was promised.
    #[must_use]
    pub fn is_met(&self, verifier: &str) -> bool {
        if !is_proof(verifier) {
            return false;
        }
        match self.method {
            Method::Plain => same(verifier.as_bytes(), self.text.as_bytes()),
            Method::S256 => {
                let made = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
                same(made.as_bytes(), self.text.as_bytes())
            }
        }
    }
}

/// 43 to 128 unreserved characters.
fn is_proof(text: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    PKCE_CHARACTERS.contains(&text.len()) && text.bytes().all(unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_have_the_form_that_is_promised() {
        let tokens: std::collections::HashSet<String> = (0..64).map(|_| token().unwrap()).collect();
        assert!(tokens.len() == 64 && tokens.iter().all(|token| token.len() == 43));
        let refresh: std::collections::HashSet<String> =
            (0..64).map(|_| refresh_token().unwrap()).collect();
        assert!(refresh.len() == 64 && refresh.iter().all(|token| is_refresh_token(token)));
        for other in ["", "abc", &"a".repeat(33), &"A".repeat(32), &"1".repeat(32), &"ä".repeat(16)]
        {
            assert!(!is_refresh_token(other), "{other}");
        }
    }

    #[test]
    fn codes_have_all_their_digits_and_no_bias() {
        for digits in CODE_DIGITS {
            let code = code(digits).unwrap();
            assert!(code.len() == digits && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
        }
        assert!(code(5).is_err() && code(11).is_err());
        // The last stretch would make the small codes more likely than the great ones.
        let codes = 1_000_000;
        assert_eq!(evenly(u64::MAX, codes), None);
        let stretch = u64::MAX - u64::MAX % codes;
        assert_eq!((evenly(stretch, codes), evenly(stretch - 1, codes)), (None, Some(999_999)));
        assert_eq!((evenly(0, codes), evenly(codes + 7, codes)), (Some(0), Some(7)));
    }

    #[test]
    fn parts_of_a_digest_cannot_be_shifted() {
        assert_eq!(digest(&["ann@example.com", "123456"]), digest(&["ann@example.com", "123456"]));
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_ne!(digest(&["a"]), digest(&["a", ""]));
        assert_eq!(sha256(b"abc")[..4], [0xba, 0x78, 0x16, 0xbf], "FIPS 180-4's example");
    }

    #[test]
    fn secrets_are_the_same_only_when_every_byte_is() {
        assert!(same(b"", b"") && same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd") && !same(b"abc", b"ab") && !same(b"", b"a"));
    }

    /// RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn a_challenge_is_met_by_its_verifier_only() {
        for method in ["S256", "s256"] {
            let challenge = Challenge::read(CHALLENGE, method).unwrap();
            assert!(challenge.is_met(VERIFIER) && challenge.method().text() == "s256");
            assert!(!challenge.is_met(CHALLENGE), "the challenge itself proves nothing");
            assert!(!challenge.is_met(&VERIFIER.to_lowercase()) && !challenge.is_met(""));
            assert!(!challenge.is_met(&format!("{VERIFIER}=")));
        }
        let plain = Challenge::read(VERIFIER, "PLAIN").unwrap();
        assert!(plain.is_met(VERIFIER) && !plain.is_met(CHALLENGE));
    }

    #[test]
    fn a_challenge_of_another_form_is_refused() {
        let (short, long) = ("a".repeat(42), "a".repeat(129));
        for (text, method) in [
            (CHALLENGE, ""),
            (CHALLENGE, "S512"),
            (CHALLENGE, "none"),
            (short.as_str(), "s256"),
            (long.as_str(), "plain"),
            ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=", "s256"),
            ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw/cM", "s256"),
        ] {
            let refusal = Challenge::read(text, method).unwrap_err();
            assert_eq!(refusal.code(), Code::BadRequest, "{text} {method}");
        }
    }
}
