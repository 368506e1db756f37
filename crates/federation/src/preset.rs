//! The providers that are known by name: where they are, what is asked of them, and in which way
//! they say who somebody is. Any other name is one of OpenID Connect, found by discovery.

/// In which way a provider says who somebody is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// By an ID token of OpenID Connect.
    OpenId,
    /// The same; its issuer has the directory in it, and its addresses are those that the directory
    /// says: nobody verified them unless it says so.
    Azure,
    /// The same; its secret is made anew, its answer comes as a form, the name beside the token.
    Apple,
    /// By `userinfo` with the claims of OpenID Connect.
    Claims,
    /// By `/user` and `/user/emails`.
    GitHub,
    /// By `/users/@me`.
    Discord,
}

impl Kind {
    /// It gives an ID token, which alone says who somebody is.
    pub fn has_id_token(self) -> bool {
        matches!(self, Self::OpenId | Self::Azure | Self::Apple)
    }
}

/// What is known of a name.
pub(super) struct Preset {
    pub kind: Kind,
    pub issuer: Option<&'static str>,
    pub authorize: Option<&'static str>,
    pub token: Option<&'static str>,
    pub userinfo: Option<&'static str>,
    pub scopes: &'static [&'static str],
}

const OPEN_ID: Preset = Preset {
    kind: Kind::OpenId,
    issuer: None,
    authorize: None,
    token: None,
    userinfo: None,
    scopes: &["openid", "email", "profile"],
};

/// What Azure writes where the directory's id stands.
pub(super) const TENANT: &str = "{tenantid}";

pub(super) fn preset(name: &str) -> Preset {
    match name {
        "google" => Preset { issuer: Some("https://accounts.google.com"), ..OPEN_ID },
        "gitlab" => Preset { issuer: Some("https://gitlab.com"), ..OPEN_ID },
        "azure" => Preset {
            kind: Kind::Azure,
            issuer: Some("https://login.microsoftonline.com/{tenantid}/v2.0"),
            ..OPEN_ID
        },
        "apple" => Preset {
            kind: Kind::Apple,
            issuer: Some("https://appleid.apple.com"),
            scopes: &["openid", "email", "name"],
            ..OPEN_ID
        },
        "github" => Preset {
            kind: Kind::GitHub,
            authorize: Some("https://github.com/login/oauth/authorize"),
            token: Some("https://github.com/login/oauth/access_token"),
            userinfo: Some("https://api.github.com/user"),
            scopes: &["user:email"],
            ..OPEN_ID
        },
        "discord" => Preset {
            kind: Kind::Discord,
            authorize: Some("https://discord.com/oauth2/authorize"),
            token: Some("https://discord.com/api/oauth2/token"),
            userinfo: Some("https://discord.com/api/users/@me"),
            scopes: &["email", "identify"],
            ..OPEN_ID
        },
        _ => OPEN_ID,
    }
}
