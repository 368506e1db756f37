//! Addresses of mail and of telephones, in the one form that is stored and compared. What people
//! type comes in here; accounts, letters and counters see only what this module let through.

use std::fmt;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};

use crate::limits::{ADDRESS_BYTES, LOCAL_PART_BYTES};

/// Why an address was refused, in the dialect's words (a `validation_failed`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Malformed(&'static str);

impl Malformed {
    /// The sentence for the caller.
    #[must_use]
    pub fn message(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}

const NO_ADDRESS: Malformed = Malformed("Unable to validate email address: invalid format");
const NO_PHONE: Malformed = Malformed("Invalid phone number format (E.164 required)");

/// An address of mail: ASCII, lower case as a whole, its domain in the form of the DNS.
///
/// The local part is a dot-atom (RFC 5321, 4.1.2); quoted local parts, address literals and
/// letters outside ASCII before the `@` are refused: hardly a mailbox has them, and letters that
/// look or fold alike are how one account is mistaken for another.
#[derive(Clone, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(into = "String", try_from = "String")]
pub struct Address(String);

impl Address {
    /// Reads what somebody typed. Spaces around it are not forgiven.
    ///
    /// # Errors
    /// When it is no address, or longer than RFC 5321 (4.5.3.1) allows.
    pub fn parse(typed: &str) -> Result<Self, Malformed> {
        if typed.len() > ADDRESS_BYTES {
            return Err(NO_ADDRESS);
        }
        let (local, domain) = typed.rsplit_once('@').ok_or(NO_ADDRESS)?;
        if local.len() > LOCAL_PART_BYTES || !local.split('.').all(is_atom) {
            return Err(NO_ADDRESS);
        }
        let domain = Uts46::new()
            .to_ascii(
                domain.as_bytes(),
                AsciiDenyList::STD3,
                Hyphens::CheckFirstLast,
                DnsLength::Verify,
            )
            .map_err(|_| NO_ADDRESS)?;
        let top = domain.rsplit('.').next().unwrap_or_default();
        let address = format!("{}@{domain}", local.to_ascii_lowercase());
        if address.len() > ADDRESS_BYTES || top.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NO_ADDRESS);
        }
        Ok(Self(address))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    #[must_use]
    pub fn local(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }

    /// What stands behind the `@`, in ASCII.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }

    /// Enough to recognise one's own address, not enough to write to it: `a***@example.com`.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("{}***@{}", self.local().get(..1).unwrap_or_default(), self.domain())
    }
}

/// Masked, so that no log holds addresses because somebody formatted a struct.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.masked())
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0
    }
}

impl TryFrom<String> for Address {
    type Error = Malformed;

    fn try_from(stored: String) -> Result<Self, Malformed> {
        Self::parse(&stored)
    }
}

/// `atext` of RFC 5322, 3.2.3, once or more.
fn is_atom(part: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte);
    !part.is_empty() && part.bytes().all(allowed)
}

/// The number of a telephone: E.164 without the plus, as the dialect stores it.
#[derive(Clone, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(into = "String", try_from = "String")]
pub struct Phone(String);

impl Phone {
    /// Reads what somebody typed: a plus in front and spaces between the digits are left out.
    ///
    /// # Errors
    /// When what is left is not 2 to 15 digits of which the first is no zero (E.164, 6.2).
    pub fn parse(typed: &str) -> Result<Self, Malformed> {
        if typed.len() > 2 * 15 + 1 {
            return Err(NO_PHONE);
        }
        let digits = typed.strip_prefix('+').unwrap_or(typed).replace(' ', "");
        let right = (2..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if right { Ok(Self(digits)) } else { Err(NO_PHONE) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last two digits: `***89`.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("***{}", &self.0[self.0.len() - 2..])
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

impl TryFrom<String> for Phone {
    type Error = Malformed;

    fn try_from(stored: String) -> Result<Self, Malformed> {
        Self::parse(&stored)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_let_in_is_ascii_stays_as_it_is_and_can_be_written_to(
            typed in prop_oneof![
                any::<String>(),
                "[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,8}@[a-zA-Z0-9üßİ。.-]{1,12}\\.[a-zé0-9]{1,4}",
            ],
        ) {
            if let Ok(address) = Address::parse(&typed) {
                let text = address.as_str();
                prop_assert!(text.is_ascii() && text == text.to_lowercase(), "{}", text);
                prop_assert!(Address::parse(text).as_ref() == Ok(&address));
                prop_assert!(text.parse::<lettre::Address>().is_ok(), "{}", text);
                prop_assert!(!text.contains(|c: char| c.is_whitespace() || c.is_control()));
            }
        }
    }

    #[test]
    fn an_address_is_stored_in_one_form() {
        let table = [
            ("ann@example.com", "ann@example.com"),
            ("Ann.Smith+Shop@Example.COM", "ann.smith+shop@example.com"),
            ("o'neil@sub.example.co.uk", "o'neil@sub.example.co.uk"),
            ("ann@localhost", "ann@localhost"),
            ("ann@Bücher.example", "ann@xn--bcher-kva.example"),
            ("ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example"),
            // Full-width letters and the ideographic dot mean the plain ones.
            ("ann@ｅxample。com", "ann@example.com"),
        ];
        for (typed, stored) in table {
            let address = Address::parse(typed).unwrap();
            assert_eq!(address.as_str(), stored, "{typed}");
            assert_eq!(Address::parse(stored).unwrap(), address);
            assert!(stored.parse::<lettre::Address>().is_ok(), "{stored}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_words_of_the_dialect() {
        let refused = [
            "",
            "@",
            "ann",
            "ann@",
            "@example.com",
            "ann@@example.com",
            "a@b@example.com",
            " ann@example.com",
            "ann@example.com ",
            "ann @example.com",
            "ann@exam ple.com",
            "ann@example.com\n",
            "ann\r\nBcc: eve@example.com@example.com",
            "ann\0@example.com",
            "ann@example.com\u{0}",
            "ann@example.com,eve@example.com",
            "<ann@example.com>",
            "Ann <ann@example.com>",
            "\"ann\"@example.com",
            "ann@[127.0.0.1]",
            "ann@127.0.0.1",
            ".ann@example.com",
            "ann.@example.com",
            "an..n@example.com",
            "ann@.example.com",
            "ann@example..com",
            "ann@example.com.",
            "ann@-example.com",
            "ann@exa_mple.com",
            "änn@example.com",
            "ann@exa\u{200b}mple.com@",
            "ann@xn--a.example",
            "(x)ann@example.com",
            "ann@example.com(x)",
            "ann;@example.com",
            "ann@exam/ple.com",
            "ann%00@exam%ple.com",
        ];
        for typed in refused {
            let refusal = Address::parse(typed).unwrap_err();
            assert_eq!(
                refusal.message(),
                "Unable to validate email address: invalid format",
                "{typed:?}"
            );
        }
    }

    #[test]
    fn the_lengths_of_the_standard_are_the_longest_allowed() {
        let label = "d".repeat(63);
        let domain = format!("{label}.{label}.{}", "d".repeat(61));
        assert!(Address::parse(&format!("{}@{domain}", "l".repeat(64))).is_ok());
        assert!(Address::parse(&format!("{}@{domain}d", "l".repeat(64))).is_err());
        assert!(Address::parse(&format!("{}@example.com", "l".repeat(64))).is_ok());
        assert!(Address::parse(&format!("{}@example.com", "l".repeat(65))).is_err());
        assert!(Address::parse(&format!("ann@{label}d.com")).is_err());
        assert!(Address::parse(&"a".repeat(10_000_000)).is_err());
        // Short when typed, too long in the form of the DNS.
        assert!(Address::parse(&format!("ann@{}.example", "ü".repeat(60))).is_err());
    }

    #[test]
    fn a_phone_number_is_stored_as_digits() {
        assert_eq!(Phone::parse("+49 170 1234567").unwrap().as_str(), "491701234567");
        assert_eq!(Phone::parse("15551234567").unwrap().as_str(), "15551234567");
        let refused = [
            "",
            "+",
            "1",
            "0170123456",
            "+0",
            "+49-170",
            "1234567890123456",
            "++491701234567",
            "49170x",
            "４９１７０",
            "+49\n170123",
        ];
        for typed in refused {
            let refusal = Phone::parse(typed).unwrap_err();
            assert_eq!(
                refusal.message(),
                "Invalid phone number format (E.164 required)",
                "{typed}"
            );
        }
    }

    #[test]
    fn debug_output_names_nobody() {
        let address = Address::parse("ann@example.com").unwrap();
        let phone = Phone::parse("+491701234567").unwrap();
        assert_eq!(format!("{address:?} {phone:?}"), "Address(a***@example.com) Phone(***67)");
        assert_eq!(serde_json::to_string(&address).unwrap(), "\"ann@example.com\"");
        assert!(serde_json::from_str::<Address>("\"ann\"").is_err());
    }
}
