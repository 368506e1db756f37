//! Who asks: a role, perhaps a user, and the facts that rules may use. Made from a verified token
//! only, and shared between the requests that carry it.

use std::sync::Arc;

use mainstay_base::Code;
use mainstay_schema::rule::AuthFacts;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use crate::permit::Ruling;
use crate::{Action, Closed};

/// The role of callers without an account.
pub const ANON: &str = "anon";
/// The role of callers with one.
pub const AUTHENTICATED: &str = "authenticated";
/// The role of the application's own servers: no rule binds it.
pub const SERVICE: &str = "service_role";

/// A verified caller.
#[derive(Debug)]
pub struct Identity {
    facts: AuthFacts,
    /// Seconds since the epoch.
    pub(crate) expires: i64,
    pub(crate) not_before: Option<i64>,
    /// What rules left open before, where nothing that they look at changes while the token lives.
    pub(crate) decisions: Mutex<FxHashMap<(usize, usize, Action), Option<Ruling>>>,
    pub(crate) closed: Mutex<FxHashMap<(usize, usize), Arc<Closed>>>,
}

impl Identity {
    pub(crate) fn new(facts: AuthFacts, expires: i64, not_before: Option<i64>) -> Self {
        Self { facts, expires, not_before, decisions: Mutex::default(), closed: Mutex::default() }
    }

    /// The application itself, when it acts without a caller: seeds.
    #[must_use]
    pub fn service() -> Self {
        let facts = AuthFacts { role: SERVICE.to_owned(), ..AuthFacts::default() };
        Self::new(facts, i64::MAX, None)
    }

    /// A caller of a role, without a user: to show what a role may do, never to do it.
    #[must_use]
    pub fn of_role(role: &str) -> Self {
        let facts = AuthFacts { role: role.to_owned(), ..AuthFacts::default() };
        Self::new(facts, i64::MAX, None)
    }

    /// A caller with these facts: to try rules out.
    #[must_use]
    pub fn of_facts(facts: AuthFacts) -> Self {
        Self::new(facts, i64::MAX, None)
    }

    #[must_use]
    pub fn facts(&self) -> &AuthFacts {
        &self.facts
    }

    #[must_use]
    pub fn role(&self) -> &str {
        &self.facts.role
    }

    /// The user's id, where there is a user.
    #[must_use]
    pub fn uid(&self) -> Option<&str> {
        self.facts.uid.as_deref()
    }

    /// The session that the token is of, where it is one of ours.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.facts.claims.get("session_id").and_then(serde_json::Value::as_str)
    }

    #[must_use]
    pub fn is_service(&self) -> bool {
        self.facts.role == SERVICE
    }

    /// The code by which something is refused to this caller: signing in may help anonymous ones.
    #[must_use]
    pub fn refusal(&self) -> Code {
        if self.is_anonymous() { Code::ForbiddenAnonymous } else { Code::Forbidden }
    }

    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.facts.role == ANON
    }
}
