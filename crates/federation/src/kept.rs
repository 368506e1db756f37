//! What a provider publishes, kept for a while: asked once by however many need it, and asked again
//! neither at every request of a stranger nor at every failure.

use std::future::Future;
use std::sync::Arc;

use mainstay_base::{Error, Result};
use tokio::sync::Mutex;

use crate::limits::{
    PROVIDER_FAILURE_SECONDS, PROVIDER_FRESH_SECONDS, PROVIDER_PAUSE_SECONDS,
    PROVIDER_STALE_SECONDS,
};

pub(super) struct Kept<T>(Mutex<Held<T>>);

struct Held<T> {
    value: Option<Arc<T>>,
    /// When it was fetched; seconds.
    fetched: i64,
    /// Before this it is not asked for again.
    next: i64,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(Held { value: None, fetched: 0, next: i64::MIN }))
    }
}

impl<T> Kept<T> {
    /// The value; another one when it is old or not what is `wanted`, and there was time to ask. So
    /// what is given may still not be what is wanted.
    ///
    /// # Errors
    /// As `fetch`, when there is none that could serve in its place.
    pub async fn get<W: Future<Output = Result<T>>>(
        &self,
        now: i64,
        wanted: impl Fn(&T) -> bool,
        fetch: impl FnOnce() -> W,
    ) -> Result<Arc<T>> {
        let mut held = self.0.lock().await;
        let age = now.saturating_sub(held.fetched);
        let fresh = held.value.as_ref().filter(|_| age < PROVIDER_FRESH_SECONDS);
        if let Some(value) = fresh.filter(|value| wanted(value.as_ref())) {
            return Ok(Arc::clone(value));
        }
        if now >= held.next {
            match fetch().await {
                Ok(value) => {
                    let value = Arc::new(value);
                    held.value = Some(Arc::clone(&value));
                    (held.fetched, held.next) = (now, now + PROVIDER_PAUSE_SECONDS);
                    return Ok(value);
                }
                Err(error) => {
                    held.next = now + PROVIDER_FAILURE_SECONDS;
                    if held.value.is_none() || age >= PROVIDER_STALE_SECONDS {
                        return Err(error);
                    }
                }
            }
        }
        let usable = held.value.clone().filter(|_| age < PROVIDER_STALE_SECONDS);
        usable.ok_or_else(|| Error::internal("the provider was away a moment ago"))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn it_is_asked_again_when_it_is_old_or_lacks_something_and_not_too_often() {
        let (kept, asked) = (Kept::<i64>::default(), Cell::new(0));
        let get = async |now: i64, least: i64, works: bool| {
            let fetch = || {
                asked.set(asked.get() + 1);
                let number = asked.get();
                async move { if works { Ok(number) } else { Err(Error::internal("away")) } }
            };
            kept.get(now, |value| *value >= least, fetch).await.ok().map(|value| *value)
        };
        assert_eq!(get(0, 0, false).await, None);
        assert_eq!((get(4, 0, true).await, asked.get()), (None, 1), "it failed a moment ago");
        assert_eq!((get(5, 0, true).await, asked.get()), (Some(2), 2));
        assert_eq!((get(3_604, 0, true).await, asked.get()), (Some(2), 2), "still fresh");
        assert_eq!((get(3_605, 0, true).await, asked.get()), (Some(3), 3));
        assert_eq!((get(3_664, 9, true).await, asked.get()), (Some(3), 3), "asked a moment ago");
        assert_eq!((get(3_665, 9, true).await, asked.get()), (Some(4), 4));
        assert_eq!(
            (get(7_400, 0, false).await, asked.get()),
            (Some(4), 5),
            "old and better than none"
        );
        assert_eq!((get(90_065, 0, false).await, asked.get()), (None, 6), "too old");
    }
}
