//! Method and path below `/auth/v1` to what is asked, and who may ask it.

use http::Method;
use mainstay_base::{Code, Error, Result};

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody: links that are clicked and documents that are public.
    Public,
    /// Whoever brings a key of the application.
    Key,
    /// Whoever is signed in.
    User,
    /// The service role.
    Admin,
}

macro_rules! routes {
    ($($(#[$doc:meta])* $name:ident = $access:ident $method:ident $template:literal;)*) => {
        /// Everything that can be asked.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Route { $($(#[$doc])* $name,)* }

        impl Route {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            #[must_use]
            pub fn access(self) -> Access {
                match self { $(Self::$name => Access::$access,)* }
            }

            #[must_use]
            pub fn method(self) -> Method {
                match self { $(Self::$name => Method::$method,)* }
            }

            /// The path below `/auth/v1`.
            fn below(self) -> &'static str {
                match self { $(Self::$name => $template,)* }
            }

            /// The whole path, as a label of metrics.
            #[must_use]
            pub fn template(self) -> &'static str {
                match self { $(Self::$name => concat!("/auth/v1", $template),)* }
            }
        }
    };
}

routes! {
    Health = Public GET "/health";
    Keys = Public GET "/.well-known/jwks.json";
    Discovery = Public GET "/.well-known/openid-configuration";
    Click = Public GET "/verify";
    Press = Public POST "/verify/click";
    Authorize = Public GET "/authorize";
    Callback = Public GET "/callback";
    CallbackForm = Public POST "/callback";
    Settings = Key GET "/settings";
    SignUp = Key POST "/signup";
    Token = Key POST "/token";
    Otp = Key POST "/otp";
    MagicLink = Key POST "/magiclink";
    Recover = Key POST "/recover";
    Verify = Key POST "/verify";
    Resend = Key POST "/resend";
    SignOut = User POST "/logout";
    User = User GET "/user";
    ChangeUser = User PUT "/user";
    Reauthenticate = User GET "/reauthenticate";
    LinkIdentity = User GET "/user/identities/authorize";
    UnlinkIdentity = User DELETE "/user/identities/{id}";
    Sessions = User GET "/sessions";
    EndSession = User DELETE "/sessions/{id}";
    RecoveryCodes = User GET "/factors/recovery-codes";
    MakeRecoveryCodes = User POST "/factors/recovery-codes";
    RemoveRecoveryCodes = User DELETE "/factors/recovery-codes";
    UseRecoveryCode = User POST "/factors/recovery-codes/verify";
    RemakeRecoveryCodes = User POST "/factors/recovery-codes/regenerate";
    EnrollFactor = User POST "/factors";
    RemoveFactor = User DELETE "/factors/{id}";
    ChallengeFactor = User POST "/factors/{id}/challenge";
    VerifyFactor = User POST "/factors/{id}/verify";
    BeginPasskey = User POST "/passkeys/registration/options";
    AddPasskey = User POST "/passkeys/registration/verify";
    Passkeys = User GET "/passkeys";
    RenamePasskey = User PATCH "/passkeys/{id}";
    RemovePasskey = User DELETE "/passkeys/{id}";
    AskPasskey = Key POST "/passkeys/authentication/options";
    EnterByPasskey = Key POST "/passkeys/authentication/verify";
    Invite = Admin POST "/invite";
    MakeLink = Admin POST "/admin/generate_link";
    ListUsers = Admin GET "/admin/users";
    AddUser = Admin POST "/admin/users";
    ShowUser = Admin GET "/admin/users/{id}";
    PutUser = Admin PUT "/admin/users/{id}";
    RemoveUser = Admin DELETE "/admin/users/{id}";
    EndUserSessions = Admin POST "/admin/users/{id}/logout";
    UserFactors = Admin GET "/admin/users/{id}/factors";
    RemoveUserFactors = Admin DELETE "/admin/users/{id}/factors";
    RemoveUserFactor = Admin DELETE "/admin/users/{id}/factors/{factor}";
    UserPasskeys = Admin GET "/admin/users/{id}/passkeys";
    RemoveUserPasskey = Admin DELETE "/admin/users/{id}/passkeys/{passkey}";
    Events = Admin GET "/admin/audit";
    VerifyEvents = Admin GET "/admin/audit/verify";
    ListKeys = Admin GET "/admin/keys";
    AddKey = Admin POST "/admin/keys";
    RevokeKey = Admin DELETE "/admin/keys/{id}";
    SigningKeys = Admin GET "/admin/signing-keys";
    RotateKeys = Admin POST "/admin/signing-keys";
    RevokeSigningKey = Admin DELETE "/admin/signing-keys/{id}";
    Letters = Admin GET "/admin/letters";
}

/// A route with what its path names.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    pub route: Route,
    pub ids: Vec<String>,
}

impl Route {
    /// Whether it may be asked by `HEAD`, which must change nothing (RFC 9110, section 9.2.1): some
    /// that the dialect asks by `GET` begin a flow or send a letter. A link that is only looked at
    /// (`Click`, `Callback`) knows `HEAD` and spends nothing.
    fn only_reads(self) -> bool {
        use Route::{
            Callback, Click, Discovery, Events, Health, Keys, Letters, ListKeys, ListUsers,
            Passkeys, RecoveryCodes, Sessions, Settings, ShowUser, SigningKeys, User, UserFactors,
            UserPasskeys, VerifyEvents,
        };
        matches!(
            self,
            Health
                | Keys
                | Discovery
                | Click
                | Callback
                | Settings
                | User
                | Sessions
                | RecoveryCodes
                | Passkeys
                | ListUsers
                | ShowUser
                | UserFactors
                | UserPasskeys
                | Events
                | VerifyEvents
                | ListKeys
                | SigningKeys
                | Letters
        )
    }

    /// # Errors
    /// `404` for an unknown path, `405` for another method of a known one; `404` with the dialect's
    /// word for what other servers of the dialect have.
    pub fn find(method: &Method, below: &str) -> Result<Found> {
        let mut known = false;
        for route in Self::ALL {
            let Some(ids) = ids(route.below(), below) else { continue };
            known = true;
            let takes = route.method();
            if takes == *method || (*method == Method::HEAD && route.only_reads()) {
                return Ok(Found { route: *route, ids });
            }
        }
        Err(match known {
            true => Error::new(Code::MethodNotAllowed, "This path is asked by another method"),
            false => absent(below),
        })
    }
}

/// The parts of a path that stand where the template has names.
fn ids(template: &str, below: &str) -> Option<Vec<String>> {
    let (mut wanted, mut given) = (template.split('/'), below.split('/'));
    let mut ids = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(ids),
            (Some(name), Some(part)) if name.starts_with('{') && !part.is_empty() => {
                ids.push(part.to_owned());
            }
            (Some(name), Some(part)) if name == part => {}
            _ => return None,
        }
    }
}

/// What the dialect has and this server has not, told apart from what nobody has.
fn absent(below: &str) -> Error {
    let is = |path: &str| {
        below == path || below.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
    };
    if is("/sso") || is("/saml") || is("/admin/sso") {
        return Error::new(Code::SamlDisabled, "SAML 2.0 is disabled");
    }
    let foreign = ["/oauth", "/admin/oauth", "/scim", "/admin/custom-providers"];
    if foreign.into_iter().any(is) {
        return Error::new(Code::ProviderUnsupported, "This feature is disabled");
    }
    Error::new(Code::NotFound, "Nothing answers at this path")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_is_found_by_its_method_and_path_and_by_no_other() {
        for route in Route::ALL {
            let below = route.below().replace("{id}", "1");
            let found = Route::find(&route.method(), &below).unwrap();
            assert_eq!(found.route, *route);
            assert_eq!(found.ids.is_empty(), !route.below().contains("{id}"));
            let wrong = Route::find(&Method::TRACE, &below).map_err(|error| error.code());
            assert_eq!(wrong, Err(Code::MethodNotAllowed), "{below}");
        }
        for below in ["", "/", "/users", "/user/", "/auth/v1/user", "/admin/users/", "/oauthx"] {
            let found = Route::find(&Method::GET, below).map_err(|error| error.code());
            assert_eq!(found, Err(Code::NotFound), "{below}");
        }
    }

    #[test]
    fn by_head_nothing_is_begun() {
        for route in Route::ALL {
            let below = route.below().replace("{id}", "1");
            let heard = Route::find(&Method::HEAD, &below).is_ok();
            let begins =
                matches!(route, Route::Authorize | Route::LinkIdentity | Route::Reauthenticate);
            let by_get = Route::find(&Method::GET, &below).is_ok();
            assert_eq!(heard, by_get && !begins, "{below}");
        }
    }

    #[test]
    fn what_the_dialect_has_and_this_server_has_not_is_refused_in_the_dialects_words() {
        for (below, code) in
            [("/sso", Code::SamlDisabled), ("/scim/v2/Users", Code::ProviderUnsupported)]
        {
            assert_eq!(Route::find(&Method::GET, below).map_err(|error| error.code()), Err(code));
        }
    }
}
