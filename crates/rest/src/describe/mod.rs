//! The application described for programs: what a caller may see (`seen`), as OpenAPI 2.0 in the
//! dialect's form (`swagger`), as OpenAPI 3.1 (`openapi`), and as TypeScript (`typescript`). Pure.

mod constants;
mod keys;
pub mod openapi;
pub mod seen;
pub mod swagger;
pub mod typescript;

use crate::Config;

pub use seen::Seen;

/// What a document says about the server that it describes.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    pub config: &'a Config,
    /// `host:port` by which the request came, where there was one.
    pub host: Option<&'a str>,
}

impl About<'_> {
    /// The address by which clients reach the server: scheme, host, and path without a slash at
    /// its end.
    fn address(&self) -> (&str, Option<&str>, &str) {
        let Some(url) = self.config.public_url.as_deref() else {
            return ("http", self.host, "");
        };
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        match rest.split_once('/') {
            Some((host, _)) => {
                let path = rest[host.len()..].trim_end_matches('/');
                (scheme, Some(host), path)
            }
            None => (scheme, Some(rest), ""),
        }
    }
}

/// The version that the documents name.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What cannot stand in a path or in a fragment as it is.
const UNSAFE: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
