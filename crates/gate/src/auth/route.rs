//! Method and path below `/auth/v1` to what is asked.

use http::Method;
use mainstay_base::{Code, Error, Result};

/// Everything that can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    Health,
    Keys,
    Settings,
    SignUp,
    Token,
    SignOut,
    User,
    ChangeUser,
}

impl Route {
    pub const ALL: [Self; 8] = [
        Self::Health,
        Self::Keys,
        Self::Settings,
        Self::SignUp,
        Self::Token,
        Self::SignOut,
        Self::User,
        Self::ChangeUser,
    ];

    fn parts(self) -> (Method, &'static str) {
        match self {
            Self::Health => (Method::GET, "/auth/v1/health"),
            Self::Keys => (Method::GET, "/auth/v1/.well-known/jwks.json"),
            Self::Settings => (Method::GET, "/auth/v1/settings"),
            Self::SignUp => (Method::POST, "/auth/v1/signup"),
            Self::Token => (Method::POST, "/auth/v1/token"),
            Self::SignOut => (Method::POST, "/auth/v1/logout"),
            Self::User => (Method::GET, "/auth/v1/user"),
            Self::ChangeUser => (Method::PUT, "/auth/v1/user"),
        }
    }

    /// The path, as a label of metrics.
    #[must_use]
    pub fn template(self) -> &'static str {
        self.parts().1
    }

    /// Asked without an API key, too.
    #[must_use]
    pub fn is_public(self) -> bool {
        matches!(self, Self::Health | Self::Keys)
    }

    /// # Errors
    /// `404` for an unknown path, `405` for another method of a known one.
    pub fn find(method: &Method, below: &str) -> Result<Self> {
        let mut known = false;
        for route in Self::ALL {
            let (takes, template) = route.parts();
            if template.strip_prefix("/auth/v1") != Some(below) {
                continue;
            }
            known = true;
            if takes == *method || (*method == Method::HEAD && takes == Method::GET) {
                return Ok(route);
            }
        }
        Err(match known {
            true => Error::new(Code::MethodNotAllowed, "This path is asked by another method"),
            false => Error::new(Code::NotFound, "Nothing answers at this path"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_is_found_by_its_method_and_path_and_by_no_other() {
        for route in Route::ALL {
            let (method, template) = route.parts();
            let below = template.trim_start_matches("/auth/v1");
            assert_eq!(Route::find(&method, below).ok(), Some(route));
            let wrong = Route::find(&Method::PATCH, below).map_err(|error| error.code());
            assert_eq!(wrong, Err(Code::MethodNotAllowed), "{template}");
        }
        for below in ["", "/", "/users", "/user/", "/auth/v1/user"] {
            let found = Route::find(&Method::GET, below).map_err(|error| error.code());
            assert_eq!(found, Err(Code::NotFound), "{below}");
        }
    }
}
