//! Sessions that have ended while their access tokens live: who brings such a token is refused at
//! once. Looked at with every request, so it is one look into a map that is empty most of the time.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use parking_lot::RwLock;
use rustc_hash::FxHashMap;

/// Session ids, and the second after which nobody can bring a token of theirs.
#[derive(Default)]
pub(crate) struct Ended {
    sessions: RwLock<FxHashMap<Box<str>, i64>>,
    /// How many there are, to be read without the lock.
    count: AtomicUsize,
    /// The second of the last look for what is over.
    pruned_at: AtomicI64,
}

impl Ended {
    pub fn add<'i>(&self, ids: impl Iterator<Item = &'i str>, until: i64, now: i64) {
        let mut sessions = self.sessions.write();
        // Once a second: whoever ends thousands one by one does not look at thousands each time.
        if self.pruned_at.swap(now, Ordering::Relaxed) != now {
            sessions.retain(|_, until| *until > now);
        }
        sessions.extend(ids.map(|id| (Box::from(id), until)));
        self.count.store(sessions.len(), Ordering::Release);
    }

    pub fn has(&self, id: &str) -> bool {
        self.count.load(Ordering::Acquire) > 0 && self.sessions.read().contains_key(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_remembered_for_as_long_as_its_tokens_live() {
        let ended = Ended::default();
        assert!(!ended.has("a"));
        ended.add(["a", "b"].into_iter(), 100, 10);
        assert!(ended.has("a") && ended.has("b") && !ended.has("c"));
        ended.add(["c"].into_iter(), 200, 100);
        assert!(!ended.has("a") && ended.has("c"), "what is over makes room");
        ended.add(["d"].into_iter(), 200, 200);
        ended.add(["e"].into_iter(), 300, 200);
        assert!(ended.has("d") && !ended.has("c"), "once a second");
        ended.add(["f"].into_iter(), 300, 201);
        assert!(!ended.has("d") && ended.has("e") && ended.has("f"));
    }
}
