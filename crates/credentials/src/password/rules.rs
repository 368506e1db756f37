//! What may become a password: long enough, not one that everybody uses, not the account's own
//! name. Nothing about its composition unless the application asks for it. Sources: NIST SP
//! 800-63B-4, section 3.1.1.2; ASVS 5.0, V6.2.

use mainstay_base::{Code, Error, Result};

use super::frequent;
use crate::limits::PASSWORD_BYTES;

/// What the least length may be set to.
const LEAST_CHARACTERS: std::ops::RangeInclusive<usize> = 6..=128;

/// A name shorter than this is in too many good passwords.
const NAME_CHARACTERS: usize = 3;

/// As many characters beside a name do not make a password of it: `Shop2026!`.
const AROUND_NAME: usize = 5;

/// The rules of one application.
#[derive(Clone, Debug)]
pub struct Rules {
    characters: usize,
    required: Vec<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { characters: 8, required: Vec::new() }
    }
}

/// Why a password is refused, as the dialect says it: 422 `weak_password`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Weak {
    /// `length`, `characters` and `pwned`, in this order, those that apply.
    pub reasons: Vec<&'static str>,
    /// For the person who chose it.
    pub message: String,
}

impl Rules {
    /// `characters` is the least length, 6 to 128; of each text in `required` a password must have
    /// one character at least.
    ///
    /// # Errors
    /// `internal` for a length out of its bounds or an empty set: a mistake in the settings.
    pub fn new(characters: usize, required: Vec<String>) -> Result<Self> {
        if !LEAST_CHARACTERS.contains(&characters) {
            let message = "the least length of a password is 6 to 128 characters";
            return Err(Error::new(Code::Internal, message));
        }
        if required.iter().any(String::is_empty) {
            let message = "a set of required characters is empty";
            return Err(Error::new(Code::Internal, message));
        }
        Ok(Self { characters, required })
    }

    /// Judges what shall become a password. `about` is what others know of the account: its
    /// address, its number, the name of the application.
    ///
    /// # Errors
    /// Everything that is weak about it at once.
    pub fn judge(&self, password: &str, about: &[&str]) -> Result<(), Weak> {
        let mut weak = Weak { reasons: Vec::new(), message: String::new() };
        if password.chars().count() < self.characters {
            weak.add(
                "length",
                &format!("Password should be at least {} characters.", self.characters),
            );
        }
        if password.len() > PASSWORD_BYTES {
            weak.add("length", &format!("Password cannot be longer than {PASSWORD_BYTES} bytes."));
        }
        if self.required.iter().any(|set| !password.contains(|c| set.contains(c))) {
            let sets = self.required.join(", ");
            let message =
                format!("Password should contain at least one character of each: {sets}.");
            weak.add("characters", &message);
        }
        // What is refused for its length is not looked for.
        let lower =
            if password.len() > PASSWORD_BYTES { String::new() } else { password.to_lowercase() };
        if frequent::holds(&lower) || about.iter().any(|name| is_name(&lower, &name.to_lowercase()))
        {
            let message =
                "Password is known to be weak and easy to guess, please choose a different one.";
            weak.add("pwned", message);
        }
        if weak.reasons.is_empty() { Ok(()) } else { Err(weak) }
    }
}

impl Weak {
    fn add(&mut self, reason: &'static str, message: &str) {
        self.reasons.push(reason);
        if !self.message.is_empty() {
            self.message.push(' ');
        }
        self.message.push_str(message);
    }
}

/// Whether little but a name makes up the password: the name, or what stands before the `@` of an
/// address.
fn is_name(password: &str, name: &str) -> bool {
    let local = name.split('@').next().unwrap_or(name);
    [name, local].into_iter().any(|name| {
        let length = name.chars().count();
        length >= NAME_CHARACTERS
            && password.contains(name)
            && password.chars().count() - length < AROUND_NAME
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMON: &str =
        "Password is known to be weak and easy to guess, please choose a different one.";

    fn reasons(rules: &Rules, password: &str, about: &[&str]) -> Vec<&'static str> {
        rules.judge(password, about).err().map_or(Vec::new(), |weak| weak.reasons)
    }

    #[test]
    fn passwords_are_judged_by_length_in_characters_and_by_how_common_they_are() {
        let rules = Rules::default();
        for (password, expected) in [
            ("", vec!["length"]),
            ("zq9x#Lk", vec!["length"]),
            ("zq9x#Lkv", vec![]),
            ("ääääöööü", vec![]),
            ("äöäöäöä", vec!["length"]),
            ("123456", vec!["length", "pwned"]),
            ("password1", vec!["pwned"]),
            ("PassWord1", vec!["pwned"]),
            ("1q2w3e4r5t", vec!["pwned"]),
            ("correct horse battery staple", vec![]),
            ("a password of words that nobody chose before, with seventy and more", vec![]),
        ] {
            assert_eq!(reasons(&rules, password, &[]), expected, "{password:?}");
        }
    }

    #[test]
    fn the_words_are_those_of_the_dialect() {
        let weak = Rules::default().judge("qwerty", &[]).unwrap_err();
        assert_eq!(weak.message, format!("Password should be at least 8 characters. {COMMON}"));
        let sets = vec!["abc".to_owned(), "0123456789".to_owned()];
        let weak = Rules::new(6, sets).unwrap().judge("zyx987", &[]).unwrap_err();
        let message = "Password should contain at least one character of each: abc, 0123456789.";
        assert_eq!((weak.reasons, weak.message), (vec!["characters"], message.to_owned()));
    }

    #[test]
    fn what_others_know_of_the_account_is_no_password() {
        let about = ["Ann.Smith@example.com", "Bookshop"];
        let rules = Rules::default();
        for weak in [
            "ann.smith@example.com",
            "Ann.Smith",
            "ann.smith1",
            "BOOKSHOP",
            "bookshop2026",
            "!!bookshop",
        ] {
            assert_eq!(reasons(&rules, weak, &about), ["pwned"], "{weak}");
        }
        for strong in ["bookshop and more of it", "smith of annland", "my ann.smith pet"] {
            assert_eq!(reasons(&rules, strong, &about), Vec::<&str>::new(), "{strong}");
        }
        assert!(rules.judge("zq9x#Lkv", &["", "v", "@"]).is_ok(), "short names say nothing");
    }

    #[test]
    fn a_page_of_text_is_no_password() {
        let rules = Rules::default();
        assert!(rules.judge(&"zq9x#Lkv".repeat(PASSWORD_BYTES / 8), &[]).is_ok());
        let weak = rules.judge(&"x".repeat(PASSWORD_BYTES + 1), &[]).unwrap_err();
        let message = "Password cannot be longer than 1024 bytes.";
        assert_eq!((weak.reasons, weak.message.as_str()), (vec!["length"], message));
    }

    #[test]
    fn settings_beyond_the_bounds_are_refused() {
        assert!(Rules::new(5, Vec::new()).is_err() && Rules::new(129, Vec::new()).is_err());
        assert!(Rules::new(8, vec![String::new()]).is_err());
        assert!(Rules::new(6, Vec::new()).is_ok() && Rules::new(128, Vec::new()).is_ok());
    }
}
