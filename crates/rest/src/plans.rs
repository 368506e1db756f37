//! Plans by shape: a shape that was seen before costs a hash, not a resolution.

use std::sync::Arc;

use mainstay_base::Result;
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use rustc_hash::FxBuildHasher;

use crate::limits;
use crate::observe::Observed;
use crate::plan::Prepared;
use crate::plan::shape::Key;

/// The remembered plans of one application.
pub struct Plans {
    by_shape: Cache<Vec<u8>, Arc<Prepared>, UnitWeighter, FxBuildHasher>,
    pub observed: Observed,
}

impl Default for Plans {
    fn default() -> Self {
        Self::new()
    }
}

impl Plans {
    #[must_use]
    pub fn new() -> Self {
        let by_shape = Cache::with(
            limits::PLANS,
            limits::PLANS as u64,
            UnitWeighter,
            FxBuildHasher,
            DefaultLifecycle::default(),
        );
        Self { by_shape, observed: Observed::default() }
    }

    /// The plan of this shape, made when it is new. What fails is not remembered.
    pub(crate) fn get_or_make(
        &self,
        key: Key,
        make: impl FnOnce() -> Result<Prepared>,
    ) -> Result<Arc<Prepared>> {
        if let Some(known) = self.by_shape.get(key.bytes()) {
            self.observed.hit();
            return Ok(known);
        }
        self.observed.missed();
        let made = Arc::new(make()?);
        self.by_shape.insert(key.into_bytes(), Arc::clone(&made));
        Ok(made)
    }
}
