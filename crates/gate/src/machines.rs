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
    id: String,
    identity: Arc<Identity>,
    /// The second of its last use here that the table does not know of yet; 0 for none.
    used: AtomicI64,
}

/// All keys that hold.
#[derive(Default)]
pub(crate) struct Machines(RwLock<FxHashMap<[u8; 32], Arc<Machine>>>);

impl Machines {
    /// From now on these hold and no others.
    pub fn follow(&self, keys: &[MachineKey]) {
        let mut known = self.0.write();
        let mut next = FxHashMap::default();
        for key in keys {
            let digest = STANDARD_NO_PAD.decode(&key.digest).ok();
            let digest: Option<[u8; 32]> = digest.and_then(|digest| digest.try_into().ok());
            let Some(digest) = digest else { continue };
            let used = known.get(&digest).map_or(0, |known| known.used.load(Ordering::Relaxed));
            let machine = Machine {
                id: key.id.clone(),
                identity: Arc::new(identity(key)),
                used: AtomicI64::new(used),
            };
            next.insert(digest, Arc::new(machine));
        }
        *known = next;
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
        let used = known.values().map(|key| (key.id.clone(), key.used.swap(0, Ordering::Relaxed)));
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
