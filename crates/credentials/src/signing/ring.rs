//! All keys of an application through their lives. A pair is published before it signs, so that who
//! keeps the published keys knows it by then; it stays published after its last signature until the
//! last token has expired. Every change gives a new ring: the caller keeps it, swaps it in, and
//! makes a new verifier of it.
//!
//! ```text
//! made ── 10 min ──> signs ── until the next one signs ──> retired ── token's life ──> gone
//! └──────────────────────────── published, verifies ─────────────────────────────┘
//! ```

use std::sync::Arc;

use jsonwebtoken::{DecodingKey, EncodingKey};
use mainstay_base::{Code, Error, Result};
use serde_json::{Map, Value, json};

use super::key::{Algorithm, KeptKey, Pair, message};
use super::trusted::Trusted;
use crate::limits::{JWKS_CACHE_SECONDS, LEEWAY_SECONDS, SECRET_BYTES, SIGNING_KEYS};

/// What the configuration says about keys.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long access tokens live.
    pub token_seconds: i64,
    /// A secret that signs or only verifies, by HS256.
    pub secret: Option<Secret>,
    /// Whether the secret signs; else pairs do.
    pub secret_signs: bool,
    /// Public keys of others as JWKs, for RS256, ES256 or EdDSA.
    pub trusted: Vec<Value>,
}

/// A shared secret.
#[derive(Clone)]
pub struct Secret {
    pub bytes: Vec<u8>,
    /// What its tokens name it; those without a name are checked with it as well.
    pub kid: Option<String>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The keys of one application.
#[derive(Clone)]
pub struct Ring {
    settings: Arc<Settings>,
    trusted: Arc<Vec<Trusted>>,
    pairs: Vec<Held>,
}

/// A pair and its times, in seconds since the epoch.
#[derive(Clone)]
pub(super) struct Held {
    pub pair: Arc<Pair>,
    made_at: i64,
    current_from: i64,
    retired_at: Option<i64>,
}

/// Where a pair is in its life.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    Coming,
    Current,
    Retired,
    Gone,
}

/// A key, for lists that people read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    pub kid: String,
    pub stage: Stage,
    pub made_at: i64,
    /// From when on it signs, and until when.
    pub current_from: i64,
    pub retired_at: Option<i64>,
}

/// What the verifier takes from a ring.
pub struct Verifying {
    pub kid: Option<String>,
    pub algorithm: Algorithm,
    pub key: DecodingKey,
    /// From this second on nothing that it signed is accepted.
    pub gone_at: Option<i64>,
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kids: Vec<&str> = self.pairs.iter().map(|held| held.pair.kid.as_str()).collect();
        f.debug_struct("Ring").field("kids", &kids).finish_non_exhaustive()
    }
}

impl Ring {
    /// The keys that the configuration and the kept pairs make up.
    ///
    /// # Errors
    /// `internal`, with what is wrong: a short secret, a weak public key, a pair that cannot be
    /// read, a name twice, too many keys.
    pub fn new(settings: Settings, kept: &[KeptKey]) -> Result<Self> {
        if settings.secret.as_ref().is_some_and(|secret| secret.bytes.len() < SECRET_BYTES) {
            return Err(refused(format!("the shared secret has fewer than {SECRET_BYTES} bytes")));
        }
        if settings.secret_signs && settings.secret.is_none() {
            return Err(refused("HS256 is to sign, and there is no shared secret"));
        }
        if settings.token_seconds <= 0 {
            return Err(refused("access tokens live for less than a second"));
        }
        let trusted = settings.trusted.iter().map(Trusted::read).collect::<Result<Vec<_>>>()?;
        let held = |kept: &KeptKey| {
            let pair = Arc::new(Pair::load(kept)?);
            let KeptKey { made_at, current_from, retired_at, .. } = *kept;
            Ok(Held { pair, made_at, current_from, retired_at })
        };
        let pairs = kept.iter().map(held).collect::<Result<Vec<_>>>()?;
        Self { settings: Arc::new(settings), trusted: Arc::new(trusted), pairs }.judged()
    }

    /// What the configuration said.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings.as_ref().clone()
    }

    /// The pairs, to be kept where only the server reads.
    #[must_use]
    pub fn kept(&self) -> Vec<KeptKey> {
        let kept = |held: &Held| held.pair.kept(held.made_at, held.current_from, held.retired_at);
        self.pairs.iter().map(kept).collect()
    }

    /// With a new pair. It signs once it was published for `JWKS_CACHE_SECONDS`, and the pair that
    /// signs until then retires at that moment. The first pair of all signs at once, for nobody has
    /// kept anything yet.
    ///
    /// # Errors
    /// `internal` without randomness, or with too many keys.
    pub fn rotate(&self, now: i64) -> Result<Self> {
        let mut ring = self.pruned(now);
        let signs_already = ring.pairs.iter().any(|held| held.retired_at.is_none());
        let current_from = if signs_already { now + JWKS_CACHE_SECONDS } else { now };
        for held in ring.pairs.iter_mut().filter(|held| held.retired_at.is_none()) {
            // One that has not signed yet never will, if this one begins no later.
            held.retired_at = Some(current_from.max(held.current_from));
        }
        ring.add(now, current_from)
    }

    /// Without this pair, at once: its tokens end. When no other signs now, a new one does, which
    /// those who keep the published keys learn only in `JWKS_CACHE_SECONDS`: a stolen key is worse.
    ///
    /// # Errors
    /// As `rotate`; and when there is no such pair.
    pub fn revoke(&self, kid: &str, now: i64) -> Result<Self> {
        let mut ring = self.pruned(now);
        let before = ring.pairs.len();
        ring.pairs.retain(|held| held.pair.kid != kid);
        if ring.pairs.len() == before {
            return Err(refused("there is no signing key of this name"));
        }
        if ring
            .pairs
            .iter()
            .any(|held| held.stage(now, self.settings.token_seconds) == Stage::Current)
        {
            return Ok(ring);
        }
        // One that was to come must not take over from the new one before its own time.
        for held in ring.pairs.iter_mut().filter(|held| held.retired_at.is_none()) {
            held.retired_at = Some(held.current_from);
        }
        ring.add(now, now)
    }

    fn add(mut self, made_at: i64, current_from: i64) -> Result<Self> {
        let pair = Arc::new(Pair::make()?);
        self.pairs.push(Held { pair, made_at, current_from, retired_at: None });
        self.judged()
    }

    /// Whether it is time to rotate: nothing can sign, or the newest pair is so old.
    #[must_use]
    pub fn due(&self, now: i64, every_seconds: i64) -> bool {
        let newest = self.pairs.iter().filter(|held| held.retired_at.is_none());
        let newest = newest.map(|held| held.current_from).max();
        !self.settings.secret_signs && newest.is_none_or(|from| now - from >= every_seconds)
    }

    /// Without the pairs that are gone.
    #[must_use]
    pub fn pruned(&self, now: i64) -> Self {
        let mut ring = self.clone();
        ring.pairs.retain(|held| held.stage(now, self.settings.token_seconds) != Stage::Gone);
        ring
    }

    /// All pairs, for people.
    #[must_use]
    pub fn standings(&self, now: i64) -> Vec<Standing> {
        let standing = |held: &Held| Standing {
            kid: held.pair.kid.clone(),
            stage: held.stage(now, self.settings.token_seconds),
            made_at: held.made_at,
            current_from: held.current_from,
            retired_at: held.retired_at,
        };
        self.pairs.iter().map(standing).collect()
    }

    /// A token with these claims, of type `JWT`.
    ///
    /// # Errors
    /// `internal` when nothing can sign.
    pub fn sign(&self, claims: &Map<String, Value>, now: i64) -> Result<String> {
        self.sign_as("JWT", claims, now)
    }

    /// A token of another type, which is never taken for an access token: `state+jwt`, say. Source:
    /// RFC 8725, section 3.11.
    ///
    /// # Errors
    /// As `sign`.
    pub fn sign_as(&self, typ: &str, claims: &Map<String, Value>, now: i64) -> Result<String> {
        if self.settings.secret_signs {
            return self.sign_shared(typ, claims);
        }
        let current =
            self.current(now).ok_or_else(|| Error::internal("there is no signing key"))?;
        let alg = Algorithm::Es256.text();
        let header = json!({ "alg": alg, "kid": current.pair.kid, "typ": typ });
        current.pair.sign(message(&header, claims)?)
    }

    fn sign_shared(&self, typ: &str, claims: &Map<String, Value>) -> Result<String> {
        let secret = self.settings.secret.as_ref();
        let secret = secret.ok_or_else(|| Error::internal("there is no shared secret"))?;
        let mut header = jsonwebtoken::Header::new(Algorithm::Hs256.library());
        header.typ = Some(typ.to_owned());
        header.kid.clone_from(&secret.kid);
        let key = EncodingKey::from_secret(&secret.bytes);
        jsonwebtoken::encode(&header, claims, &key).map_err(Error::internal)
    }

    /// The pair that signs. Where the clock stands before all of them, the one that begins first.
    fn current(&self, now: i64) -> Option<&Held> {
        let token_seconds = self.settings.token_seconds;
        let signs = |held: &&Held| held.stage(now, token_seconds) == Stage::Current;
        let current = self.pairs.iter().filter(signs).max_by_key(|held| held.current_from);
        let coming = || {
            let coming = |held: &&Held| held.stage(now, token_seconds) == Stage::Coming;
            self.pairs.iter().filter(coming).min_by_key(|held| held.current_from)
        };
        current.or_else(coming)
    }

    pub(super) fn living(&self, now: i64) -> impl Iterator<Item = &Held> {
        let token_seconds = self.settings.token_seconds;
        self.pairs.iter().filter(move |held| held.stage(now, token_seconds) != Stage::Gone)
    }

    pub(super) fn trusted(&self) -> impl Iterator<Item = &Trusted> {
        self.trusted.iter()
    }

    pub fn verifying(&self) -> Vec<Verifying> {
        let pairs = self.pairs.iter().map(|held| Verifying {
            kid: Some(held.pair.kid.clone()),
            algorithm: Algorithm::Es256,
            key: held.pair.verifying(),
            gone_at: held.gone_at(self.settings.token_seconds),
        });
        let trusted = self.trusted.iter().map(|trusted| Verifying {
            kid: Some(trusted.kid.clone()),
            algorithm: trusted.algorithm,
            key: trusted.key.clone(),
            gone_at: None,
        });
        // With its name and without one.
        let secrets = self.settings.secret.iter().flat_map(|secret| {
            let kids = [Some(None), secret.kid.clone().map(Some)];
            kids.into_iter().flatten().map(|kid| Verifying {
                kid,
                algorithm: Algorithm::Hs256,
                key: DecodingKey::from_secret(&secret.bytes),
                gone_at: None,
            })
        });
        pairs.chain(trusted).chain(secrets).collect()
    }

    /// Every name once, for the name alone decides with what a token is checked.
    fn judged(self) -> Result<Self> {
        let keys = self.verifying();
        if keys.len() > SIGNING_KEYS {
            return Err(refused(format!("there are more than {SIGNING_KEYS} signing keys")));
        }
        let mut kids: Vec<_> = keys.iter().map(|key| &key.kid).collect();
        kids.sort_unstable();
        match kids.windows(2).find(|pair| pair[0] == pair[1]) {
            None => Ok(self),
            Some(_) => Err(refused("two signing keys have the same kid")),
        }
    }
}

impl Held {
    fn stage(&self, now: i64, token_seconds: i64) -> Stage {
        if self.gone_at(token_seconds).is_some_and(|gone| gone <= now) {
            Stage::Gone
        } else if self.retired_at.is_some_and(|retired| retired <= now) {
            Stage::Retired
        } else if self.current_from > now {
            Stage::Coming
        } else {
            Stage::Current
        }
    }

    /// When the last token that it may have signed is not accepted any more.
    fn gone_at(&self, token_seconds: i64) -> Option<i64> {
        self.retired_at.map(|retired| retired + token_seconds + LEEWAY_SECONDS)
    }
}

fn refused(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::Internal, message)
}

#[cfg(test)]
mod tests;
