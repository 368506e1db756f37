//! Codes that an app shows and that change every 30 seconds (RFC 6238, SHA-1, six digits: what
//! every authenticator app speaks). `Secret` is made at enrolment and kept by the caller, with the
//! step of the last code that was taken, so that no code works twice.

use std::fmt;

use aws_lc_rs::{constant_time, hmac, rand};
use mainstay_base::{Error, Result};
use qrcodegen::{QrCode, QrCodeEcc};
use serde::Serialize;

use crate::limits::{TOTP_ACCOUNT_BYTES, TOTP_ISSUER_BYTES};

/// Seconds that one code is shown.
pub const STEP_SECONDS: i64 = 30;

/// Digits of a code.
pub const DIGITS: usize = 6;

/// Bytes of a secret: as many as the hash has (RFC 4226, section 4, R6).
const SECRET_BYTES: usize = 20;

/// Letters of a secret in base32: it divides without padding.
const BASE32_LETTERS: usize = SECRET_BYTES * 8 / 5;

/// Base32 of RFC 4648, section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// White modules around a QR code (ISO/IEC 18004, 9.1).
const QUIET_MODULES: i32 = 4;

/// What the server and the app share: 160 random bits.
#[derive(Clone)]
pub struct Secret([u8; SECRET_BYTES]);

/// What is shown to the user once, in the words of the dialect (`totp` of an enrolled factor).
#[derive(Clone, Serialize)]
pub struct Enrolment {
    /// SVG markup. It holds no `#` and no `%`, for clients put it into a data URI unescaped.
    pub qr_code: String,
    /// Base32, for typing.
    pub secret: String,
    /// `otpauth://totp/…`, what the QR code says.
    pub uri: String,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enrolment(…)")
    }
}

impl Secret {
    /// A new secret from the operating system's randomness.
    ///
    /// # Errors
    /// When the operating system gives none.
    pub fn make() -> Result<Self> {
        let mut bytes = [0; SECRET_BYTES];
        rand::fill(&mut bytes).map_err(|_| Error::internal("no randomness"))?;
        Ok(Self(bytes))
    }

    /// The secret that `base32` wrote. `None` when it is anything else.
    #[must_use]
    pub fn parse(base32: &str) -> Option<Self> {
        if base32.len() != BASE32_LETTERS {
            return None;
        }
        let mut bytes = [0; SECRET_BYTES];
        for (five, letters) in bytes.chunks_mut(5).zip(base32.as_bytes().chunks(8)) {
            let bits = letters.iter().try_fold(0_u64, |bits, letter| {
                let value = BASE32.iter().position(|known| known == letter)?;
                Some(bits << 5 | value as u64)
            })?;
            five.copy_from_slice(&bits.to_be_bytes()[3..]);
        }
        Some(Self(bytes))
    }

    /// The form that people type and that is stored (encrypted, where the store can do so).
    #[must_use]
    pub fn base32(&self) -> String {
        let letters = self.0.chunks(5).flat_map(|five| {
            let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            (0..8).rev().map(move |at| BASE32[(bits >> (at * 5) & 31) as usize])
        });
        letters.map(char::from).collect()
    }

    /// What the user is shown: the QR code, the secret and the URI behind it. `issuer` (the
    /// application) and `account` (mostly the address) are what the app lists; they are cut at
    /// `TOTP_ISSUER_BYTES` and `TOTP_ACCOUNT_BYTES`.
    ///
    /// # Errors
    /// A fault of ours when the URI does not fit into a QR code, which the bounds rule out.
    pub fn enrol(&self, issuer: &str, account: &str) -> Result<Enrolment> {
        let uri = self.uri(issuer, account);
        let code = QrCode::encode_text(&uri, QrCodeEcc::Medium).map_err(Error::internal)?;
        Ok(Enrolment { qr_code: svg(&code), secret: self.base32(), uri })
    }

    /// The key URI that authenticator apps read: label `issuer:account`, and the issuer again as a
    /// parameter. Colons would divide the label elsewhere, so both are written without them.
    fn uri(&self, issuer: &str, account: &str) -> String {
        let issuer = escaped(&label(issuer, TOTP_ISSUER_BYTES));
        let account = escaped(&label(account, TOTP_ACCOUNT_BYTES));
        let secret = self.base32();
        format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}\
             &algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
        )
    }

    /// The step whose code this is, if it is the one of now, of the step before or of the step
    /// after. A step at or before `last_used_step` is refused: the caller stores the step that it
    /// gets, in the transaction that checks, and no code is taken twice (RFC 6238, section 5.2).
    /// All three codes are made and compared in constant time.
    #[must_use]
    pub fn check(&self, code: &str, now_seconds: i64, last_used_step: Option<i64>) -> Option<i64> {
        let now = now_seconds.div_euclid(STEP_SECONDS);
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let mut found = None;
        for step in [now - 1, now, now + 1] {
            let right = constant_time::verify_slices_are_equal(
                code_of(&key, step).as_bytes(),
                code.as_bytes(),
            );
            if right.is_ok() && last_used_step.is_none_or(|last| step > last) {
                found = Some(step);
            }
        }
        found
    }
}

/// HOTP of a step (RFC 4226, section 5.3).
fn code_of(key: &hmac::Key, step: i64) -> String {
    let tag = hmac::sign(key, &step.to_be_bytes());
    let hash = tag.as_ref();
    let at = hash.last().map_or(0, |byte| usize::from(byte & 15));
    let mut four = [0; 4];
    four.copy_from_slice(&hash[at..at + 4]);
    let number = u32::from_be_bytes(four) & 0x7fff_ffff;
    format!("{:0DIGITS$}", number % 10_u32.pow(DIGITS as u32))
}

/// Without colons and control characters, and not longer than `bytes`.
fn label(text: &str, bytes: usize) -> String {
    let plain: String = text.chars().filter(|c| *c != ':' && !c.is_control()).collect();
    plain[..plain.floor_char_boundary(bytes)].trim().to_owned()
}

/// Percent-encoding of everything that RFC 3986 (2.3) does not call unreserved.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte));
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// Dark modules as one path on a white ground, one unit a module.
fn svg(code: &QrCode) -> String {
    let size = code.size();
    let side = size + 2 * QUIET_MODULES;
    let dark = (0..size)
        .flat_map(|y| (0..size).map(move |x| (x, y)))
        .filter(|(x, y)| code.get_module(*x, *y))
        .map(|(x, y)| format!("M{},{}h1v1h-1z", x + QUIET_MODULES, y + QUIET_MODULES));
    let path: String = dark.collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><rect width=\"{side}\" height=\"{side}\" fill=\"white\"/>\
         <path d=\"{path}\" fill=\"black\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B, for SHA-1.
    fn of_the_standard() -> Secret {
        Secret(*b"12345678901234567890")
    }

    #[test]
    fn the_codes_of_the_standard_are_right() {
        // RFC 6238, appendix B, the last six of its eight digits.
        let table = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (now, code) in table {
            assert_eq!(of_the_standard().check(code, now, None), Some(now / 30), "{now}");
        }
    }

    #[test]
    fn a_code_is_taken_one_step_early_or_late_and_no_further() {
        let (secret, now, code) = (of_the_standard(), 1_234_567_890, "005924");
        let step = now / 30;
        let taken: Vec<i64> = (-3..=3)
            .filter(|away| secret.check(code, now + away * 30, None) == Some(step))
            .collect();
        assert_eq!(taken, [-1, 0, 1]);
    }

    #[test]
    fn a_used_code_is_refused_in_the_same_window() {
        let secret = of_the_standard();
        let step = secret.check("005924", 1_234_567_890, None).unwrap();
        assert_eq!(secret.check("005924", 1_234_567_890, Some(step)), None);
        assert_eq!(secret.check("005924", 1_234_567_890, Some(step + 1)), None);
        assert_eq!(secret.check("005924", 1_234_567_890, Some(step - 1)), Some(step));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let forms = [
            "",
            "05924",
            "0059240",
            "005925",
            "5924",
            " 005924",
            "005924\0",
            "００５９２４",
            "-05924",
        ];
        for code in forms {
            assert_eq!(of_the_standard().check(code, 1_234_567_890, None), None, "{code:?}");
        }
        for now in [i64::MIN, -1, 0, i64::MAX] {
            assert_eq!(of_the_standard().check("000000", now, None), None);
        }
    }

    #[test]
    fn a_secret_is_read_back_from_its_base32_form() {
        assert_eq!(of_the_standard().base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let made = Secret::make().unwrap();
        assert_eq!(Secret::parse(&made.base32()).unwrap().0, made.0);
        assert_ne!(Secret::make().unwrap().0, made.0);
        let wrong = ["", "GEZD", "gezdgnbvgy3tqojqgezdgnbvgy3tqojq"];
        assert!(wrong.iter().all(|form| Secret::parse(form).is_none()));
        assert!(Secret::parse("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1").is_none());
    }

    #[test]
    fn a_reader_of_qr_codes_finds_the_uri() {
        let enrolment = of_the_standard().enrol("Café: A&B", "ann+x@example.com").unwrap();
        assert_eq!(
            enrolment.uri,
            "otpauth://totp/Caf%C3%A9%20A%26B:ann%2Bx%40example.com\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Caf%C3%A9%20A%26B\
             &algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(read(&enrolment.qr_code), enrolment.uri);
    }

    #[test]
    fn the_longest_labels_fit_into_the_code_and_into_a_data_uri() {
        let enrolment = of_the_standard().enrol(&"ü".repeat(900), &"%#".repeat(900)).unwrap();
        assert_eq!(read(&enrolment.qr_code), enrolment.uri);
        assert!(!enrolment.qr_code.contains(['#', '%', '\n']));
    }

    #[test]
    fn a_secret_is_not_in_debug_output() {
        let secret = of_the_standard();
        let enrolment = secret.enrol("a", "b").unwrap();
        assert_eq!(format!("{secret:?} {enrolment:?}"), "Secret(…) Enrolment(…)");
    }

    /// Draws the markup, four pixels a module, and has it read by a library that is not ours.
    fn read(svg: &str) -> String {
        let side: usize =
            svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let path = svg.split("d=\"").nth(1).unwrap().split('"').next().unwrap();
        let dark: std::collections::HashSet<(usize, usize)> = path
            .split('M')
            .skip(1)
            .map(|module| {
                let (x, y) = module.strip_suffix("h1v1h-1z").unwrap().split_once(',').unwrap();
                (x.parse().unwrap(), y.parse().unwrap())
            })
            .collect();
        let mut picture =
            rqrr::PreparedImage::prepare_from_greyscale(side * 4, side * 4, |x, y| {
                if dark.contains(&(x / 4, y / 4)) { 0 } else { 255 }
            });
        picture.detect_grids()[0].decode().unwrap().1
    }
}
