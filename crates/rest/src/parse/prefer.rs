//! `Prefer`: how a request is to be handled, from several headers or one list (RFC 7240).

use http::HeaderMap;
use mainstay_base::{Code, Error, Result};
use mainstay_store::shown::Zone;

/// The preferences that were given; unknown ones are ignored unless `handling=strict`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prefer {
    pub resolution: Option<Resolution>,
    pub missing_default: bool,
    pub returning: Option<Returning>,
    pub count: Option<Count>,
    pub tx: Option<Tx>,
    /// The server lets callers choose how a transaction ends.
    pub tx_applied: bool,
    pub handling: Option<Handling>,
    pub max_affected: Option<u64>,
    /// The zone in which moments are shown.
    pub zone: Option<Zone>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    Merge,
    Ignore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returning {
    Minimal,
    HeadersOnly,
    Representation,
}

/// All three are answered exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    Exact,
    Planned,
    Estimated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tx {
    Commit,
    Rollback,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    Strict,
    Lenient,
}

impl Prefer {
    /// # Errors
    /// `PGRST122` for an unknown preference under `handling=strict`.
    pub fn read(headers: &HeaderMap) -> Result<Self> {
        let mut prefer = Self::default();
        let mut unknown = Vec::new();
        for value in headers.get_all("prefer") {
            let text = value.to_str().unwrap_or_default();
            for token in text.split(',').map(str::trim).filter(|token| !token.is_empty()) {
                if !prefer.take(token) {
                    unknown.push(token);
                }
            }
        }
        if prefer.handling == Some(Handling::Strict) && !unknown.is_empty() {
            let message = "Invalid preferences given with handling=strict";
            return Err(Error::new(Code::PreferenceInvalid, message)
                .details(format!("Invalid preferences: {}", unknown.join(", "))));
        }
        Ok(prefer)
    }

    /// The first of each kind counts.
    fn take(&mut self, token: &str) -> bool {
        match token {
            "resolution=merge-duplicates" => first(&mut self.resolution, Resolution::Merge),
            "resolution=ignore-duplicates" => first(&mut self.resolution, Resolution::Ignore),
            "missing=default" => self.missing_default = true,
            "missing=null" => {}
            "return=minimal" => first(&mut self.returning, Returning::Minimal),
            "return=headers-only" => first(&mut self.returning, Returning::HeadersOnly),
            "return=representation" => first(&mut self.returning, Returning::Representation),
            "count=exact" => first(&mut self.count, Count::Exact),
            "count=planned" => first(&mut self.count, Count::Planned),
            "count=estimated" => first(&mut self.count, Count::Estimated),
            "tx=commit" => first(&mut self.tx, Tx::Commit),
            "tx=rollback" => first(&mut self.tx, Tx::Rollback),
            "handling=strict" => first(&mut self.handling, Handling::Strict),
            "handling=lenient" => first(&mut self.handling, Handling::Lenient),
            _ => return self.take_valued(token),
        }
        true
    }

    fn take_valued(&mut self, token: &str) -> bool {
        match token.split_once('=') {
            Some(("max-affected", most)) => match most.parse() {
                Ok(most) => first(&mut self.max_affected, most),
                Err(_) => return false,
            },
            Some(("timezone", name)) => match Zone::find(name.trim_matches('"')) {
                Some(zone) => first(&mut self.zone, zone),
                None => return false,
            },
            _ => return false,
        }
        true
    }

    /// Whether rows come back from a write.
    #[must_use]
    pub fn represents(&self) -> bool {
        self.returning == Some(Returning::Representation)
    }

    /// The bound on affected rows, which counts only under `handling=strict`.
    #[must_use]
    pub fn bound(&self) -> Option<u64> {
        self.max_affected.filter(|_| self.handling == Some(Handling::Strict))
    }
}

fn first<T>(kept: &mut Option<T>, value: T) {
    kept.get_or_insert(value);
}
