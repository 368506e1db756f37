//! The keys of machines, looked at with every request that brings one: by their digest in memory,
//! which follows the table. When a key was last used is noted here and kept now and then.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use mainstay_schema::rule::AuthFacts;
use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use serde_json::json;

use crate::Identity;
use crate::accounts::rows::MachineKey;
use crate::apikey::ApiKey;

/// A digest as it is kept.
#[must_use]
pub fn digest_text(digest: &[u8; 32]) -> String {
    STANDARD_NO_PAD.encode(digest)
}

/// A key that holds.
struct Machine {
    /// Its row, without the time of its last use, which changes nothing here.
    key: MachineKey,
    identity: Arc<Identity>,
    /// The second of its last use here that the table does not know of yet; 0 for none.
    used: AtomicI64,
}

impl Machine {
    fn new(key: MachineKey) -> Self {
        let identity = Arc::new(identity(&key));
        Self { key, identity, used: AtomicI64::new(0) }
    }
}

/// All keys that hold.
#[derive(Default)]
pub(crate) struct Machines(RwLock<FxHashMap<[u8; 32], Arc<Machine>>>);

impl Machines {
    /// From now on these hold and no others. Those that hold already stay as they are.
    pub fn follow(&self, keys: &[MachineKey]) {
        let keys = keys.iter().filter_map(|key| {
            let digest = STANDARD_NO_PAD.decode(&key.digest).ok()?;
            Some((digest.try_into().ok()?, MachineKey { last_used_at: None, ..key.clone() }))
        });
        let keys: Vec<([u8; 32], MachineKey)> = keys.collect();
        if self.are(&keys) {
            return;
        }
        let mut known = self.0.write();
        let next = keys.into_iter().map(|(digest, key)| match known.get(&digest) {
            Some(machine) if machine.key == key => (digest, Arc::clone(machine)),
            _ => (digest, Arc::new(Machine::new(key))),
        });
        *known = next.collect();
    }

    fn are(&self, keys: &[([u8; 32], MachineKey)]) -> bool {
        let known = self.0.read();
        let is = |(digest, key): &([u8; 32], MachineKey)| {
            known.get(digest).is_some_and(|machine| machine.key == *key)
        };
        known.len() == keys.len() && keys.iter().all(is)
    }

    /// Who brings this key, if it holds.
    pub fn find(&self, text: &str, now: i64) -> Option<Arc<Identity>> {
        let key = ApiKey::parse(text)?;
        let machine = self.0.read().get(&key.digest()).cloned()?;
        machine.identity.check_time(now).ok()?;
        machine.used.store(now, Ordering::Relaxed);
        Some(Arc::clone(&machine.identity))
    }

    /// Keys that were used, with the second of the last time; each is told once.
    pub fn uses(&self) -> Vec<(String, i64)> {
        let known = self.0.read();
        let used =
            known.values().map(|key| (key.key.id.clone(), key.used.swap(0, Ordering::Relaxed)));
        used.filter(|(_, second)| *second > 0).collect()
    }
}

/// The digest says nothing of the key, so the identity has no more than its role to say.
fn identity(key: &MachineKey) -> Identity {
    let roles = key.roles.as_array().into_iter().flatten();
    let roles = roles.filter_map(|role| role.as_str().map(ToOwned::to_owned)).collect();
    let facts = AuthFacts {
        role: key.role.clone(),
        roles,
        claims: json!({ "role": key.role, "roles": key.roles, "key": key.name }),
        ..AuthFacts::default()
    };
    Identity::new(facts, key.ends_at.map_or(i64::MAX, |end| end.seconds()), None)
}

#[cfg(test)]
mod tests {
    use mainstay_credentials::secret;

    use super::*;
    use crate::accounts::record::Moment;

    fn row(name: &str, text: &str) -> MachineKey {
        MachineKey {
            id: name.to_owned(),
            name: name.to_owned(),
            kind: "secret".to_owned(),
            digest: digest_text(&secret::sha256(text.as_bytes())),
            shown: String::new(),
            role: "staff".to_owned(),
            roles: json!([]),
            created_at: Moment(0),
            ends_at: None,
            last_used_at: None,
        }
    }

    #[test]
    fn keys_that_have_not_changed_are_not_made_again() {
        let machines = Machines::default();
        let (one, other) = (row("one", "a"), row("other", "b"));
        let digest = secret::sha256(b"a");
        let held = |machines: &Machines| machines.0.read().get(&digest).cloned();
        machines.follow(std::slice::from_ref(&one));
        let first = held(&machines).unwrap();
        let used = MachineKey { last_used_at: Some(Moment(1)), ..one.clone() };
        machines.follow(&[used, other.clone()]);
        assert!(Arc::ptr_eq(&first, &held(&machines).unwrap()));
        machines.follow(&[MachineKey { role: "other".to_owned(), ..one }, other.clone()]);
        assert_eq!(held(&machines).unwrap().identity.role(), "other");
        machines.follow(&[other]);
        assert!(held(&machines).is_none());
    }
}
