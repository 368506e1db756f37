//! Who asks, when and how: what rules may look at before they look at rows.

use std::sync::{Arc, LazyLock};

use http::{HeaderMap, Method};
use mainstay_base::Instant;
use mainstay_schema::rule::{Asking, RequestFacts};

use crate::Identity;

static NO_HEADERS: LazyLock<HeaderMap> = LazyLock::new(HeaderMap::new);

/// One request of a caller.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    pub identity: &'a Arc<Identity>,
    pub now: Instant,
    pub method: &'a Method,
    /// As the layer that answers sees it, decoded: `/products` of `/rest/v1/products`.
    pub path: &'a str,
    pub headers: &'a HeaderMap,
}

impl<'a> Caller<'a> {
    /// A caller outside of any request: seeds, documents, tools.
    #[must_use]
    pub fn of(identity: &'a Arc<Identity>, now: Instant) -> Self {
        Self { identity, now, method: &Method::GET, path: "/", headers: &NO_HEADERS }
    }

    /// What rules are asked with. `request` is made only for a rule that looks at it.
    pub(crate) fn asking(&self) -> Asking<'_> {
        Asking::new(self.identity.facts(), self.now, self)
    }
}

impl RequestFacts for Caller<'_> {
    fn method(&self) -> &str {
        self.method.as_str()
    }

    fn path(&self) -> &str {
        self.path
    }

    /// Of a header that is no readable text nothing is told.
    fn headers(&self) -> Vec<(String, String)> {
        let value = |name: &http::HeaderName| {
            let values = self.headers.get_all(name).iter();
            let texts: Option<Vec<&str>> = values.map(|value| value.to_str().ok()).collect();
            Some((name.as_str().to_owned(), texts?.join(", ")))
        };
        self.headers.keys().filter_map(value).collect()
    }
}
