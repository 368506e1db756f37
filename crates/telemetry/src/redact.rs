//! Headers and query strings in a form that may be logged. Names are allowed one by one and
//! everything else is masked: a list of secret names would miss the next secret.

use std::borrow::Cow;

/// What stands in place of a value.
pub const MASK: &str = "[redacted]";

/// Headers whose values never hold a secret or say who somebody is.
const OPEN_HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "accept-language",
    "accept-profile",
    "connection",
    "content-encoding",
    "content-length",
    "content-profile",
    "content-type",
    "date",
    "expect",
    "host",
    "prefer",
    "range",
    "range-unit",
    "transfer-encoding",
    "user-agent",
    "x-client-info",
];

/// The value of a header as it may be logged. `name` in any case.
#[must_use]
pub fn header<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    if OPEN_HEADERS.iter().any(|open| open.eq_ignore_ascii_case(name)) {
        Cow::Borrowed(value)
    } else {
        Cow::Borrowed(MASK)
    }
}

/// The query string as it may be logged: the names of its parameters, no values. What does not
/// look like a name (long, or no plain word) is masked too, for it may be the secret itself.
#[must_use]
pub fn query(query: &str) -> String {
    let mut shown = String::with_capacity(query.len());
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let name = part.split_once('=').map(|(name, _)| name).filter(|name| looks_like_name(name));
        if !shown.is_empty() {
            shown.push('&');
        }
        shown.push_str(name.unwrap_or(MASK));
        if name.is_some() {
            shown.push_str("=*");
        }
    }
    shown
}

fn looks_like_name(name: &str) -> bool {
    (1..=24).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
        && !name.contains("eyJ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_headers_on_the_open_list_show_their_values() {
        assert_eq!(header("Accept", "text/csv"), "text/csv");
        for name in
            ["authorization", "apikey", "cookie", "x-api-key", "x-made-up", "x-forwarded-for"]
        {
            assert_eq!(header(name, "canary"), MASK, "{name}");
        }
    }

    #[test]
    fn a_query_shows_names_and_never_values() {
        assert_eq!(query("select=id,name&apikey=canary&price=gt.5"), "select=*&apikey=*&price=*");
        assert_eq!(query("eyJhbGciOi.canary"), MASK);
        assert_eq!(query("a%20b=1"), MASK);
        assert_eq!(query(""), "");
    }
}
