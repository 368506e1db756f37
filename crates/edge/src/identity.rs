//! Ids of requests: the caller's when it is well formed, else our own, ordered by time. An id only
//! has to be unique; it protects nothing, so no secure randomness is spent on it.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::{Builder, Uuid};

/// The header by which ids travel.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Makes ids. One for each address that is listened on.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: (u64, u64),
    next: AtomicU64,
}

impl Ids {
    pub(crate) fn new() -> Self {
        Self { seed: Uuid::new_v4().as_u64_pair(), next: AtomicU64::new(0) }
    }

    /// The id of a request, as text and as the header that echoes it. `now` in microseconds.
    pub(crate) fn of(&self, headers: &HeaderMap, now: i64) -> (String, HeaderValue) {
        let mut given = headers.get_all(REQUEST_ID).iter();
        if let (Some(value), None) = (given.next(), given.next())
            && let Some(id) = well_formed(value)
        {
            return (id.to_owned(), value.clone());
        }
        let id = self.make(now);
        // A UUID is always a valid header.
        let value = HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("unknown"));
        (id, value)
    }

    /// A UUID of version 7.
    pub(crate) fn make(&self, now: i64) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let low = scatter(self.seed.0.wrapping_add(number));
        let high = scatter(self.seed.1 ^ number);
        let mut random = [0; 10];
        random[..8].copy_from_slice(&low.to_le_bytes());
        random[8..].copy_from_slice(&high.to_le_bytes()[..2]);
        let millis = u64::try_from(now / 1_000).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string()
    }
}

/// The finalizer of SplitMix64: one to one, so different numbers never meet.
fn scatter(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn well_formed(value: &HeaderValue) -> Option<&str> {
    let text = value.to_str().ok()?;
    let fits = (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    fits.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_id_is_a_uuid_of_version_7_that_carries_its_time_and_is_never_made_twice() {
        let ids = Ids::new();
        let made: std::collections::HashSet<String> =
            (0..10_000).map(|_| ids.make(1_706_696_430_123_456)).collect();
        assert_eq!(made.len(), 10_000);
        let id = Uuid::parse_str(made.iter().next().unwrap()).unwrap();
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_timestamp().unwrap().to_unix().0, 1_706_696_430);
    }

    #[test]
    fn an_id_of_the_caller_is_kept_only_when_it_is_harmless() {
        let ids = Ids::new();
        let long = "a".repeat(65);
        for (given, kept) in [
            ("a-B_9.z", true),
            ("", false),
            ("a b", false),
            ("a\"b", false),
            ("ü", false),
            (long.as_str(), false),
            (&long[..64], true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_bytes(given.as_bytes()).unwrap());
            let (id, echo) = ids.of(&headers, 0);
            assert_eq!(id == given, kept, "{given}");
            assert_eq!(echo, id.as_str());
        }
        let mut twice = HeaderMap::new();
        twice.append(REQUEST_ID, HeaderValue::from_static("a"));
        twice.append(REQUEST_ID, HeaderValue::from_static("b"));
        assert_eq!(ids.of(&twice, 0).0.len(), 36);
    }
}
