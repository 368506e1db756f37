//! Who a provider says that it is, compared to the letter: a prefix, another case or a slash more
//! is somebody else (OpenID Connect Core 3.1.3.7, RFC 9207; CVE-2026-31813). Only Azure's has a
//! place in it, for the id of a directory and nothing else.

use uuid::Uuid;

use super::preset::TENANT;

/// Accounts of persons, at Azure.
const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Apple's two names: its document and its tokens have been seen with either.
const APPLE: [&str; 2] = ["https://appleid.apple.com", "https://account.apple.com"];

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Issuer {
    /// As declared, perhaps with a place for the directory.
    text: String,
    /// Where discovery begins.
    pub discovery: String,
}

impl Issuer {
    pub fn new(text: &str, tenant: Option<&str>) -> Option<Self> {
        let tenant = tenant.unwrap_or("common");
        let text = match tenant {
            "common" | "organizations" => text.to_owned(),
            "consumers" => text.replace(TENANT, CONSUMERS),
            id if is_directory(id) => text.replace(TENANT, id),
            _ => return None,
        };
        let base = text.replace(TENANT, tenant);
        let base = base.strip_suffix('/').unwrap_or(&base);
        let discovery = format!("{base}/.well-known/openid-configuration");
        Some(Self { text, discovery })
    }

    /// The document of discovery is of this issuer.
    pub fn wrote(&self, issuer: &str) -> bool {
        self.is_same(issuer)
    }

    fn is_same(&self, issuer: &str) -> bool {
        issuer == self.text || (self.text == APPLE[0] && issuer == APPLE[1])
    }

    /// Only one directory is meant, which the operator chose.
    pub fn is_one(&self) -> bool {
        !self.text.contains(TENANT)
    }

    /// Whether it is this issuer; of a directory that stands in it `tenant` is the same.
    pub fn is(&self, issuer: &str, tenant: Option<&str>) -> bool {
        match self.text.split_once(TENANT) {
            None => self.is_same(issuer),
            Some((front, back)) => {
                let inner = issuer.strip_prefix(front).and_then(|rest| rest.strip_suffix(back));
                inner.is_some_and(|inner| {
                    is_directory(inner) && tenant.is_none_or(|tenant| tenant == inner)
                })
            }
        }
    }

    /// As text, for those who ask by it.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// An id as Azure writes it: 36 characters in lower case.
fn is_directory(text: &str) -> bool {
    Uuid::try_parse(text).is_ok_and(|id| id.hyphenated().to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HONEST: &str = "https://idp.example/realm";
    const DIRECTORY: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    #[test]
    fn an_issuer_is_the_same_to_the_letter_or_another() {
        let issuer = Issuer::new(HONEST, None).unwrap();
        assert!(issuer.is(HONEST, None) && issuer.is(HONEST, Some("a")) && issuer.wrote(HONEST));
        for other in [
            "",
            "https://idp.example/realm/",
            "https://idp.example/realm2",
            "https://idp.example/Realm",
            "https://idp.example",
            "HTTPS://idp.example/realm",
            "http://idp.example/realm",
            "https://idp.example:443/realm",
            "https://idp.example/realm?a",
            "https://idp.example/realm#",
            "https://user@idp.example/realm",
            "https://evil.example/https://idp.example/realm",
            " https://idp.example/realm",
        ] {
            assert!(!issuer.is(other, None) && !issuer.wrote(other), "{other}");
        }
    }

    #[test]
    fn apple_has_two_names_and_no_third() {
        let apple = Issuer::new("https://appleid.apple.com", None).unwrap();
        assert!(APPLE.iter().all(|name| apple.is(name, None) && apple.wrote(name)));
        assert!(!apple.is("https://apple.com", None) && !apple.wrote("https://account.apple.com/"));
        let other = Issuer::new(HONEST, None).unwrap();
        assert!(!other.is("https://account.apple.com", None));
    }

    #[test]
    fn a_directory_stands_in_its_place_and_is_the_one_of_the_token() {
        let template = "https://login.example/{tenantid}/v2.0";
        let of = |tenant: &str| format!("https://login.example/{tenant}/v2.0");
        let any = Issuer::new(template, Some("common")).unwrap();
        assert!(any.is(&of(DIRECTORY), Some(DIRECTORY)) && any.wrote(template) && !any.is_one());
        assert_eq!(any.discovery, of("common") + "/.well-known/openid-configuration");
        assert!(!any.is(&of(DIRECTORY), Some(CONSUMERS)), "another directory's token");
        for tenant in ["", "common", "{tenantid}", "a/b", &DIRECTORY.to_uppercase()] {
            assert!(!any.is(&of(tenant), Some(tenant)) && !any.is(&of(tenant), None), "{tenant}");
        }
        let one = Issuer::new(template, Some(DIRECTORY)).unwrap();
        assert!(
            one.is(&of(DIRECTORY), Some(DIRECTORY)) && one.wrote(&of(DIRECTORY)) && one.is_one()
        );
        assert!(!one.is(&of(CONSUMERS), Some(CONSUMERS)) && !one.wrote(template));
        let persons = Issuer::new(template, Some("consumers")).unwrap();
        assert!(persons.is(&of(CONSUMERS), None) && !persons.is(&of(DIRECTORY), None));
        assert_eq!(Issuer::new(template, Some("contoso.example")), None);
    }
}
