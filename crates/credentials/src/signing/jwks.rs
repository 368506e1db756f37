//! What is published at `/.well-known/jwks.json`: the public halves of the keys whose tokens live,
//! and of the one that will sign next. Before it the ring has judged the time, after it come the
//! cache and the world. Source: RFC 7517, section 5.

use serde_json::{Value, json};

use super::ring::Ring;

impl Ring {
    /// The published set at this moment, in seconds. A shared secret is never in it, so that an
    /// application that has nothing else publishes `{"keys":[]}`.
    #[must_use]
    pub fn jwks(&self, now: i64) -> Value {
        let pairs = self.living(now).map(|held| held.pair.published());
        let trusted = self.trusted().map(|trusted| trusted.published.clone());
        json!({ "keys": pairs.chain(trusted).collect::<Vec<Value>>() })
    }
}
