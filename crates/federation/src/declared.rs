//! What an application says of one identity provider, as its settings write it. `provider` makes of
//! it, and of what is known of that name (`preset`), somebody who can be asked.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `[auth.external.NAME]`. Secrets stand in it: it shows nothing of them.
#[derive(Clone, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Declared {
    /// Who we are there. Several, with commas between them, where other clients of the application
    /// (on a telephone) bring tokens that were made for them; the first is ours.
    pub client_id: String,
    /// None for a public client, which PKCE alone protects.
    pub secret: Option<String>,
    /// Where discovery begins, and what `iss` must say, to the letter. A name stands for one issuer
    /// for good: the identities of its people are kept under it.
    pub issuer: Option<String>,
    /// What is asked for, in place of what is usual.
    pub scopes: Option<Vec<String>>,
    /// True unless it says otherwise.
    pub enabled: Option<bool>,
    /// Microsoft: the directory's id; or `common`, `organizations`, `consumers`.
    pub tenant: Option<String>,
    /// Apple: whose key it is.
    pub team_id: Option<String>,
    /// Apple: the key's name.
    pub key_id: Option<String>,
    /// Apple: the key, PKCS#8 in PEM, from which secrets are made.
    pub private_key: Option<String>,
    /// In place of what discovery says, or where there is none.
    pub authorize_url: Option<String>,
    pub token_url: Option<String>,
    pub userinfo_url: Option<String>,
    /// `grant_type=id_token` takes tokens whose nonce nobody shows: they can be replayed.
    pub skip_nonce_check: bool,
}

impl Declared {
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(true)
    }

    /// The addresses that the operator wrote down: by that they are allowed.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &str> {
        [&self.issuer, &self.authorize_url, &self.token_url, &self.userinfo_url]
            .into_iter()
            .filter_map(|url| url.as_deref())
    }
}

impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Declared")
            .field("client_id", &self.client_id)
            .field("issuer", &self.issuer)
            .field("enabled", &self.is_enabled())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let declared = Declared {
            client_id: "us".to_owned(),
            secret: Some("hunter2".to_owned()),
            private_key: Some("hunter3".to_owned()),
            ..Declared::default()
        };
        let shown = format!("{declared:?}");
        assert!(shown.contains("us") && !shown.contains("hunter"), "{shown}");
        assert!(declared.is_enabled());
    }
}
