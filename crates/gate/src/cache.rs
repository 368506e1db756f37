//! Remembers verified tokens, so that a signature is checked once and not with every request.
//! A remembered token is still judged by its times; new keys mean an empty cache.

use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::Identity;
use crate::limits::CACHED_TOKENS;

pub(crate) struct TokenCache {
    tokens: Cache<Box<str>, Arc<Identity>, quick_cache::UnitWeighter, rustc_hash::FxBuildHasher>,
}

impl TokenCache {
    pub fn new() -> Self {
        let tokens = Cache::with(
            CACHED_TOKENS,
            CACHED_TOKENS as u64,
            quick_cache::UnitWeighter,
            rustc_hash::FxBuildHasher,
            quick_cache::sync::DefaultLifecycle::default(),
        );
        Self { tokens }
    }

    pub fn get(&self, token: &str) -> Option<Arc<Identity>> {
        self.tokens.get(token)
    }

    pub fn put(&self, token: &str, identity: Arc<Identity>) {
        self.tokens.insert(token.into(), identity);
    }

    pub fn clear(&self) {
        self.tokens.clear();
    }

    pub fn forget(&self, token: &str) {
        self.tokens.remove(token);
    }
}
