//! Names of columns that hold what is nobody else's business, recognised word by word: `card_no`
//! is one, `discarded` is none.

/// Words that make a name private by themselves, and what they are.
const WORDS: &[(&str, &[&str])] = &[
    (
        "a secret",
        &[
            "password",
            "passwords",
            "passwd",
            "pwd",
            "passphrase",
            "passcode",
            "secret",
            "secrets",
            "token",
            "tokens",
            "apikey",
            "credential",
            "credentials",
            "otp",
            "totp",
            "pin",
            "cvv",
            "cvc",
            "salt",
            "mnemonic",
        ],
    ),
    (
        "an address",
        &[
            "email",
            "emails",
            "mail",
            "phone",
            "phones",
            "telephone",
            "mobile",
            "fax",
            "address",
            "addresses",
            "street",
            "postcode",
            "zipcode",
        ],
    ),
    (
        "a matter of one person",
        &[
            "ssn",
            "passport",
            "birth",
            "birthday",
            "birthdate",
            "dob",
            "gender",
            "religion",
            "diagnosis",
            "salary",
            "salaries",
            "wage",
            "wages",
            "income",
        ],
    ),
    ("a matter of money", &["iban", "bic", "card", "cards", "cost", "costs", "margin", "account"]),
];

/// Two words that are private together.
const PAIRS: &[(&str, &str, &str)] = &[
    ("api", "key", "a secret"),
    ("access", "key", "a secret"),
    ("private", "key", "a secret"),
    ("signing", "key", "a secret"),
    ("key", "hash", "a secret"),
    ("recovery", "code", "a secret"),
    ("backup", "code", "a secret"),
    ("tax", "id", "a matter of one person"),
    ("national", "id", "a matter of one person"),
    ("social", "security", "a matter of one person"),
    ("purchase", "price", "a matter of money"),
];

/// What a column of this name seems to hold, if it is private.
pub(super) fn private(name: &str) -> Option<&'static str> {
    let words = words(name);
    let single =
        WORDS.iter().find(|(_, known)| words.iter().any(|word| known.contains(&word.as_str())));
    let pair = PAIRS.iter().find(|(first, second, _)| {
        words.windows(2).any(|two| two[0] == *first && two[1].trim_end_matches('s') == *second)
    });
    single.map(|(what, _)| *what).or(pair.map(|(.., what)| *what))
}

/// `apiKeyHash`, `api_key_hash` and `API-KEY-HASH` have the same words.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || was_lower && c.is_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase() || c.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_private_word_by_word() {
        for name in [
            "password",
            "Passwd",
            "api_key",
            "apiKeys",
            "key_hash",
            "e-mail address",
            "user_email",
            "phoneNumber",
            "homeAddress",
            "card_no",
            "iban",
            "date_of_birth",
            "tax_id",
            "cost",
            "unit_cost",
            "purchasePrice",
            "SSN",
            "TOKEN_2",
        ] {
            assert!(private(name).is_some(), "{name}");
        }
        for name in [
            "discarded",
            "costume",
            "tokenizer",
            "key",
            "hash",
            "id",
            "name",
            "price",
            "addressed",
            "mailbox",
            "phonetic",
            "birthplace_of_idea",
            "secretary",
            "hashkey",
            "tax",
            "pinned",
        ] {
            assert_eq!(private(name), None, "{name}");
        }
    }
}
