//! Where a link or another provider may send a browser: to the application's own page or to an
//! address of the allow-list, compared as a whole. What is not allowed becomes the application's
//! page, as the dialect has it. Sources: RFC 9700, section 4.1; ASVS 5.0, V10.4.1.

use http::Uri;

use super::Config;
use super::asked::Asked;

impl Config {
    /// Where to go: `given`, when it is allowed.
    #[must_use]
    pub fn target(&self, given: Option<&str>) -> String {
        let allowed = given.filter(|given| self.allows(given));
        allowed.unwrap_or(&self.site_url).to_owned()
    }

    /// Whether a browser may be sent there.
    #[must_use]
    pub fn allows(&self, given: &str) -> bool {
        let known = self.redirect_urls.iter().map(String::as_str).chain([self.site_url.as_str()]);
        is_plain(given) && known.into_iter().any(|known| rooted(known) == rooted(given))
    }

    /// Where a browser may be sent, as sources of a content security policy.
    pub(super) fn sources(&self) -> Vec<String> {
        let known = self.redirect_urls.iter().chain([&self.site_url]);
        let mut sources: Vec<String> = known.filter_map(|url| source(url)).collect();
        sources.sort();
        sources.dedup();
        sources
    }
}

/// The origin of an address of the web, the scheme of any other.
fn source(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?']).next()?;
    // These would end the source, or the directive.
    let fits = !host.contains([';', ',', '\'']);
    match scheme {
        "http" | "https" => fits.then(|| format!("{scheme}://{host}")),
        _ => Some(format!("{scheme}:")),
    }
}

impl Asked {
    /// Where the caller wants to end up: in the query, or in the body of older clients.
    pub(super) fn redirect(&self, config: &Config) -> String {
        let body = self.text("redirect_to").ok().flatten();
        config.target(self.query("redirect_to").or(body))
    }
}

/// Without what makes two readers of one address disagree: user names, fragments, backslashes,
/// control characters, spaces.
fn is_plain(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    let named = scheme.is_some_and(|scheme| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    });
    named
        && url.bytes().all(|b| b.is_ascii_graphic() && !b"\\#@".contains(&b))
        && !matches!(scheme, Some("javascript" | "data" | "vbscript" | "file"))
}

/// With the path `/` where there is none.
fn rooted(url: &str) -> String {
    match url.split_once("://") {
        Some((_, rest)) if !rest.contains(['/', '?']) => format!("{url}/"),
        _ => url.to_owned(),
    }
}

/// An address with more values behind `?`.
#[must_use]
pub fn with_query(url: &str, pairs: &[(&str, &str)]) -> String {
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}{}", form(pairs))
}

/// An address with values behind `#`.
#[must_use]
pub fn with_fragment(url: &str, pairs: &[(&str, &str)]) -> String {
    format!("{url}#{}", form(pairs))
}

/// `application/x-www-form-urlencoded`.
#[must_use]
pub fn form(pairs: &[(&str, &str)]) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    const PLAIN: &percent_encoding::AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    let pair = |(name, value): &(&str, &str)| {
        format!("{}={}", utf8_percent_encode(name, PLAIN), utf8_percent_encode(value, PLAIN))
    };
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// Whether an address of the configuration can be one: absolute, and plain.
#[must_use]
pub fn is_fit(url: &str) -> bool {
    is_plain(url) && url.parse::<Uri>().is_ok_and(|uri| uri.host().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config {
            site_url: "https://shop.example".to_owned(),
            redirect_urls: vec![
                "https://shop.example/welcome".to_owned(),
                "com.shop.app://callback".to_owned(),
            ],
            ..super::super::tests::config()
        }
    }

    #[test]
    fn the_own_page_and_the_listed_ones_are_allowed_as_they_are_written() {
        for url in [
            "https://shop.example",
            "https://shop.example/",
            "https://shop.example/welcome",
            "com.shop.app://callback",
        ] {
            assert!(config().allows(url), "{url}");
        }
    }

    #[test]
    fn forms_may_lead_to_the_hosts_and_programs_of_the_list() {
        assert_eq!(config().sources(), ["com.shop.app:", "https://shop.example"]);
    }

    #[test]
    fn nothing_that_only_looks_like_it_is_allowed() {
        for url in [
            "",
            "https://shop.example.evil.example",
            "https://shop.example.evil.example/welcome",
            "https://evil.example/https://shop.example/welcome",
            "https://shop.example@evil.example/welcome",
            "https://shop.example:8443/welcome",
            "https://shop.example/welcome/../admin",
            "https://shop.example/welcome/",
            "https://shop.example/welcome?next=//evil.example",
            "https://shop.example/welcome#x",
            "https://shop.example/%77elcome",
            "https://SHOP.example/welcome",
            "http://shop.example/welcome",
            "//shop.example/welcome",
            "https:\\\\shop.example/welcome",
            "https://shop.example\\@evil.example/welcome",
            "https://shop.example/welcome\r\nSet-Cookie: a=b",
            "https://shop.example /welcome",
            "javascript://shop.example/%0aalert(1)",
            "/welcome",
            "welcome",
            "null",
        ] {
            assert!(!config().allows(url), "{url}");
            assert_eq!(config().target(Some(url)), "https://shop.example", "{url}");
        }
    }

    #[test]
    fn values_cannot_break_out_of_their_place() {
        let url = with_query("https://a.example/?x=1", &[("a b", "c&d=e#f"), ("g", "ä/")]);
        assert_eq!(url, "https://a.example/?x=1&a%20b=c%26d%3De%23f&g=%C3%A4%2F");
    }
}
