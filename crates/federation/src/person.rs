//! Who somebody is, in one form whatever the provider: its claims read as what they must be,
//! bounded, under the names that clients of the dialect know. Before it the provider was believed
//! (`exchange`), after it comes the dialect.

use mainstay_mail::address::Address;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::preset::Kind;
use crate::limits::{PROVIDER_CLAIM_CHARACTERS, SUBJECT_CHARACTERS};

/// Somebody whom a provider vouches for.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
pub struct Person {
    /// Who it is there, for good. An address is never that.
    pub subject: String,
    /// In the form in which addresses are compared.
    pub email: Option<String>,
    /// The provider says that the address is this person's.
    pub email_verified: bool,
    pub name: Option<String>,
    pub picture: Option<String>,
    /// What is kept of the identity, under the dialect's names (`identity_data`).
    pub data: Map<String, Json>,
    /// What the application may ask the provider with, in the person's name.
    pub provider_token: Option<String>,
    pub provider_refresh_token: Option<String>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Claims that are kept as they are.
const KEPT: [&str; 10] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "locale",
];

/// What a provider said, before it is in one form.
#[derive(Default)]
struct Said<'a> {
    subject: String,
    email: Option<&'a str>,
    verified: bool,
    name: Option<String>,
    user_name: Option<&'a str>,
    picture: Option<String>,
    issuer: &'a str,
}

/// From the claims of OpenID Connect. `trusted` says that this provider's addresses count as
/// verified though it does not say so.
pub(super) fn of_claims(
    claims: &Map<String, Json>,
    kind: Kind,
    issuer: &str,
    trusted: bool,
) -> Option<Person> {
    let email = text(claims, "email");
    let verified = match kind {
        // `email` there is what a directory's administrator wrote. `xms_edov` says whether the
        // directory holds that domain.
        Kind::Azure => claims.get("xms_edov").map_or(trusted, is_true),
        _ => claims.get("email_verified").is_some_and(is_true),
    };
    let parts = [text(claims, "given_name"), text(claims, "family_name")];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    let name = text(claims, "name").map(ToOwned::to_owned);
    let said = Said {
        subject: text(claims, "sub")?.to_owned(),
        email,
        verified,
        name: name.or_else(|| (!parts.is_empty()).then(|| parts.join(" "))),
        user_name: text(claims, "preferred_username").or_else(|| text(claims, "nickname")),
        picture: text(claims, "picture").map(ToOwned::to_owned),
        issuer: text(claims, "iss").unwrap_or(issuer),
    };
    let mut person = person(said)?;
    for name in KEPT {
        let known = text(claims, name).filter(|_| !person.data.contains_key(name));
        let known = known.map(|value| (name.to_owned(), Json::from(value)));
        person.data.extend(known);
    }
    let own: Map<String, Json> = ["hd", "tid"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), text(claims, name)?.into())))
        .collect();
    if !own.is_empty() {
        person.data.insert("custom_claims".to_owned(), own.into());
    }
    Some(person)
}

/// From GitHub's `/user` and `/user/emails`: the primary address, verified or not.
pub(super) fn of_github(user: &Map<String, Json>, emails: &Json, issuer: &str) -> Option<Person> {
    let primary = emails.as_array()?.iter().filter_map(Json::as_object);
    let primary = primary.into_iter().find(|email| email.get("primary") == Some(&Json::Bool(true)));
    let login = text(user, "login");
    person(Said {
        subject: number(user.get("id")?)?,
        email: primary.and_then(|email| text(email, "email")),
        verified: primary.and_then(|email| email.get("verified")) == Some(&Json::Bool(true)),
        name: text(user, "name").or(login).map(ToOwned::to_owned),
        user_name: login,
        picture: text(user, "avatar_url").map(ToOwned::to_owned),
        issuer,
    })
}

/// From Discord's `/users/@me`.
pub(super) fn of_discord(user: &Map<String, Json>, issuer: &str) -> Option<Person> {
    let subject = text(user, "id").filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()))?;
    let plain = |hash: &&str| hash.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let picture = text(user, "avatar").filter(plain).map(|hash| {
        let form = if hash.starts_with("a_") { "gif" } else { "png" };
        format!("https://cdn.discordapp.com/avatars/{subject}/{hash}.{form}")
    });
    let user_name = text(user, "username");
    let mut person = person(Said {
        subject: subject.to_owned(),
        email: text(user, "email"),
        verified: user.get("verified") == Some(&Json::Bool(true)),
        name: user_name.map(ToOwned::to_owned),
        user_name,
        picture,
        issuer,
    })?;
    if let Some(global) = text(user, "global_name") {
        let own = serde_json::json!({ "global_name": global });
        person.data.insert("custom_claims".to_owned(), own);
    }
    Some(person)
}

fn person(said: Said<'_>) -> Option<Person> {
    let Said { subject, email, verified, name, user_name, picture, issuer } = said;
    if subject.is_empty() || subject.chars().count() > SUBJECT_CHARACTERS {
        return None;
    }
    let email = email.and_then(|email| Address::parse(email).ok());
    let email = email.map(|email| email.as_str().to_owned());
    let email_verified = verified && email.is_some();
    let picture = picture.filter(|url| url.starts_with("https://"));
    let mut data = Map::new();
    let mut set = |key: &str, value: Option<Json>| {
        data.extend(value.map(|value| (key.to_owned(), value)));
    };
    set("iss", Some(issuer.into()));
    set("sub", Some(subject.as_str().into()));
    set("provider_id", Some(subject.as_str().into()));
    set("email", email.as_deref().map(Json::from));
    set("email_verified", Some(email_verified.into()));
    set("phone_verified", Some(false.into()));
    for key in ["name", "full_name"] {
        set(key, name.as_deref().map(Json::from));
    }
    for key in ["picture", "avatar_url"] {
        set(key, picture.as_deref().map(Json::from));
    }
    for key in ["user_name", "preferred_username"] {
        set(key, user_name.map(Json::from));
    }
    let (provider_token, provider_refresh_token) = (None, None);
    Some(Person {
        subject,
        email,
        email_verified,
        name,
        picture,
        data,
        provider_token,
        provider_refresh_token,
    })
}

impl Person {
    /// The name that came beside the token, where that has none. It is what a browser sent: good
    /// for showing, and for nothing else.
    pub(super) fn named(&mut self, name: String) {
        if self.name.is_some() || name.is_empty() {
            return;
        }
        for key in ["name", "full_name"] {
            self.data.insert(key.to_owned(), name.as_str().into());
        }
        self.name = Some(name);
    }
}

/// A text of a bounded length, not empty.
fn text<'a>(claims: &'a Map<String, Json>, name: &str) -> Option<&'a str> {
    let text = claims.get(name)?.as_str()?;
    let fits = !text.is_empty() && text.chars().count() <= PROVIDER_CLAIM_CHARACTERS;
    fits.then_some(text)
}

fn number(value: &Json) -> Option<String> {
    value.as_u64().map(|number| number.to_string())
}

/// Some providers write truth as a text or a number.
fn is_true(value: &Json) -> bool {
    match value {
        Json::Bool(truth) => *truth,
        Json::String(text) => text == "true" || text == "1",
        Json::Number(number) => number.as_u64() == Some(1),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://idp.example";

    fn object(json: Json) -> Map<String, Json> {
        match json {
            Json::Object(object) => object,
            _ => Map::new(),
        }
    }

    #[test]
    fn claims_become_what_clients_know() {
        let claims = object(json!({
            "iss": ISSUER, "sub": "ann", "email": "Ann@Example.com", "email_verified": true,
            "name": "Ann Example", "picture": "https://idp.example/ann.png", "hd": "example.com",
            "locale": "en", "aud": "us", "exp": 1, "evil": "x",
        }));
        let person = of_claims(&claims, Kind::OpenId, ISSUER, false).unwrap();
        assert_eq!(
            Json::Object(person.data.clone()),
            json!({
                "iss": ISSUER, "sub": "ann", "provider_id": "ann", "email": "ann@example.com",
                "email_verified": true, "phone_verified": false, "name": "Ann Example",
                "full_name": "Ann Example", "picture": "https://idp.example/ann.png",
                "avatar_url": "https://idp.example/ann.png", "locale": "en",
                "custom_claims": { "hd": "example.com" },
            })
        );
        assert_eq!(
            (person.email.as_deref(), person.email_verified),
            (Some("ann@example.com"), true)
        );
    }

    #[test]
    fn an_address_is_verified_only_when_the_provider_says_so() {
        for (said, verified) in [
            (json!(true), true),
            (json!("true"), true),
            (json!(false), false),
            (json!("false"), false),
            (json!("TRUE"), false),
            (json!(null), false),
            (json!([true]), false),
        ] {
            let claims = json!({ "sub": "a", "email": "a@example.com", "email_verified": said });
            let person = of_claims(&object(claims), Kind::OpenId, ISSUER, true).unwrap();
            assert_eq!(person.email_verified, verified, "{said}");
        }
        let none = of_claims(
            &object(json!({ "sub": "a", "email": "a@example.com" })),
            Kind::Apple,
            ISSUER,
            true,
        );
        assert!(!none.unwrap().email_verified);
        let malformed = json!({ "sub": "a", "email": "no address", "email_verified": true });
        let person = of_claims(&object(malformed), Kind::OpenId, ISSUER, false).unwrap();
        assert_eq!((person.email, person.email_verified), (None, false));
    }

    #[test]
    fn a_directory_s_address_is_verified_when_its_domain_is_or_the_directory_was_chosen() {
        let of = |edov: Json, trusted: bool| {
            let mut claims =
                json!({ "sub": "a", "email": "a@example.com", "email_verified": true });
            if !edov.is_null() {
                claims["xms_edov"] = edov;
            }
            of_claims(&object(claims), Kind::Azure, ISSUER, trusted).unwrap().email_verified
        };
        assert!(of(json!(true), false) && of(json!("1"), false) && of(json!(null), true));
        assert!(!of(json!(null), false), "any directory may write any address");
        assert!(!of(json!(false), true) && !of(json!("0"), true));
    }

    #[test]
    fn who_has_no_id_is_nobody() {
        for claims in [json!({}), json!({ "sub": "" }), json!({ "sub": 7 })] {
            assert!(of_claims(&object(claims), Kind::OpenId, ISSUER, false).is_none());
        }
        let long = json!({ "sub": "x".repeat(256) });
        assert!(of_claims(&object(long), Kind::OpenId, ISSUER, false).is_none());
        assert!(of_github(&object(json!({ "id": "7" })), &json!([]), ISSUER).is_none());
        assert!(of_discord(&object(json!({ "id": "../7" })), ISSUER).is_none());
    }

    #[test]
    fn github_s_primary_address_counts_and_not_the_one_of_the_profile() {
        let user = object(json!({
            "id": 7, "login": "ann", "email": "boss@example.com",
            "avatar_url": "javascript:alert(1)",
        }));
        let emails = |verified: bool| {
            json!([
                { "email": "other@example.com", "primary": false, "verified": true },
                { "email": "ann@example.com", "primary": true, "verified": verified },
            ])
        };
        let person = of_github(&user, &emails(true), ISSUER).unwrap();
        assert_eq!(
            (person.subject.as_str(), person.email.as_deref()),
            ("7", Some("ann@example.com"))
        );
        assert!(person.email_verified && person.picture.is_none());
        assert_eq!(person.data["user_name"], "ann");
        assert!(!of_github(&user, &emails(false), ISSUER).unwrap().email_verified);
        assert_eq!(of_github(&user, &json!([]), ISSUER).unwrap().email, None);
    }

    #[test]
    fn discord_says_itself_whether_an_address_is_verified() {
        let of = |verified: Json| {
            of_discord(
                &object(json!({
                    "id": "80351110224678912", "username": "nelly", "global_name": "Nelly",
                    "avatar": "8342729096ea3675442027381ff50dfe", "email": "nelly@discord.com",
                    "verified": verified,
                })),
                ISSUER,
            )
            .unwrap()
        };
        let person = of(json!(true));
        assert!(person.email_verified && !of(json!(false)).email_verified);
        assert!(!of(json!("true")).email_verified && !of(json!(null)).email_verified);
        assert_eq!(
            person.picture.as_deref(),
            Some(
                "https://cdn.discordapp.com/avatars/80351110224678912/8342729096ea3675442027381ff50dfe.png"
            )
        );
        assert_eq!(person.data["custom_claims"]["global_name"], "Nelly");
    }
}
