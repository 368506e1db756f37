//! Where a provider answers: by discovery, by what is known of it, or by what the operator wrote,
//! which stands over both. Sources: OpenID Connect Discovery 1.0 section 4, RFC 8414, RFC 9207.

use mainstay_base::{Error, Result};
use serde_json::Value as Json;

use super::issuer::Issuer;

/// How we say who we are at the token endpoint (RFC 6749, section 2.3.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Proves {
    /// In the header.
    Basic,
    /// In the form.
    Form,
}

#[derive(Clone, Debug)]
pub(super) struct Metadata {
    pub authorize: String,
    pub token: String,
    pub userinfo: Option<String>,
    pub keys: Option<String>,
    pub proves: Proves,
    /// Its answers always say who gives them.
    pub says_issuer: bool,
}

/// What stands over discovery.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub authorize: Option<String>,
    pub token: Option<String>,
    pub userinfo: Option<String>,
}

impl Written {
    /// Without discovery: none when an endpoint is missing.
    pub fn alone(&self) -> Option<Metadata> {
        Some(Metadata {
            authorize: self.authorize.clone()?,
            token: self.token.clone()?,
            userinfo: Some(self.userinfo.clone()?),
            keys: None,
            proves: Proves::Form,
            says_issuer: false,
        })
    }

    /// With the document that discovery found.
    ///
    /// # Errors
    /// When it is of another issuer, or names no endpoint that could be asked.
    pub fn over(&self, document: &[u8], issuer: &Issuer) -> Result<Metadata> {
        let document: Json = serde_json::from_slice(document).map_err(Error::internal)?;
        let text = |name: &str| document.get(name).and_then(Json::as_str);
        if !text("issuer").is_some_and(|said| issuer.wrote(said)) {
            return Err(Error::internal("the document of discovery is of another issuer"));
        }
        let endpoint = |written: &Option<String>, name: &str| match written {
            Some(url) => Ok(Some(url.clone())),
            None => text(name).map(|url| checked(url).map(|()| url.to_owned())).transpose(),
        };
        let missing = || Error::internal("the document of discovery lacks an endpoint");
        Ok(Metadata {
            authorize: endpoint(&self.authorize, "authorization_endpoint")?.ok_or_else(missing)?,
            token: endpoint(&self.token, "token_endpoint")?.ok_or_else(missing)?,
            userinfo: endpoint(&self.userinfo, "userinfo_endpoint")?,
            keys: Some(endpoint(&None, "jwks_uri")?.ok_or_else(missing)?),
            proves: proves(document.get("token_endpoint_auth_methods_supported")),
            says_issuer: document.get("authorization_response_iss_parameter_supported")
                == Some(&Json::Bool(true)),
        })
    }
}

fn checked(url: &str) -> Result<()> {
    mainstay_fleet::read_url(url).map(drop).map_err(Error::internal)
}

/// In the header unless only the form is taken; where nothing is said it is the header.
fn proves(methods: Option<&Json>) -> Proves {
    let Some(methods) = methods.and_then(Json::as_array) else { return Proves::Basic };
    let takes = |method: &str| methods.iter().any(|known| known == method);
    match takes("client_secret_post") && !takes("client_secret_basic") {
        true => Proves::Form,
        false => Proves::Basic,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Json {
        json!({
            "issuer": "https://idp.example",
            "authorization_endpoint": "https://idp.example/authorize",
            "token_endpoint": "https://idp.example/token",
            "jwks_uri": "https://idp.example/keys",
        })
    }

    fn read(document: &Json, written: &Written) -> Result<Metadata> {
        let issuer = Issuer::new("https://idp.example", None).unwrap();
        written.over(document.to_string().as_bytes(), &issuer)
    }

    #[test]
    fn a_document_says_where_to_ask_unless_the_operator_does() {
        let plain = read(&document(), &Written::default()).unwrap();
        assert_eq!((plain.token.as_str(), plain.userinfo), ("https://idp.example/token", None));
        assert_eq!((plain.proves, plain.says_issuer), (Proves::Basic, false));
        let token = Some("https://inside.example/token".to_owned());
        let written = Written { token: token.clone(), ..Written::default() };
        assert_eq!(Some(read(&document(), &written).unwrap().token), token);
        let mut form = document();
        form["token_endpoint_auth_methods_supported"] = json!(["none", "client_secret_post"]);
        assert_eq!(read(&form, &written).unwrap().proves, Proves::Form);
    }

    #[test]
    fn a_document_of_another_issuer_or_with_endpoints_in_clear_is_refused() {
        for (name, value) in [
            ("issuer", json!("https://idp.example/")),
            ("issuer", json!("https://evil.example")),
            ("issuer", json!(null)),
            ("authorization_endpoint", json!("http://idp.example/authorize")),
            ("authorization_endpoint", json!("javascript:alert(1)")),
            ("token_endpoint", json!("http://idp.example/token")),
            ("token_endpoint", json!(null)),
            ("jwks_uri", json!("file:///etc/passwd")),
            ("jwks_uri", json!("https://user@idp.example/keys")),
            ("userinfo_endpoint", json!("//idp.example")),
        ] {
            let mut document = document();
            document[name] = value;
            assert!(read(&document, &Written::default()).is_err(), "{document}");
        }
        assert!(Written::default().over(b"<html>", &Issuer::new("a", None).unwrap()).is_err());
    }
}
