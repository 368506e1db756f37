//! What one of our own hashes costs, and how it is computed: argon2id (RFC 9106) in memory that a
//! thread uses again.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use mainstay_base::{Code, Error, Result};

use crate::limits::{PASSWORD_MEMORY_KIB, PASSWORD_WORK_KIB};

/// Bytes of a salt that is made here, and of a hash: what RFC 9106, section 4, recommends.
const SALT_BYTES: usize = 16;
pub(super) const HASH_BYTES: usize = 32;

/// The least that OWASP's table of equal settings allows: 7 MiB, gone over five times.
const LEAST_MEMORY_KIB: u32 = 7 * 1024;
const LEAST_WORK_KIB: u64 = 35 * 1024;
const MOST_LANES: u32 = 4;

/// Parameters of argon2id for new hashes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cost {
    /// Memory of one hash in KiB: 7,168 to 262,144.
    pub memory_kib: u32,
    /// How often the memory is gone over. Times `memory_kib`: 35 MiB to 1 GiB.
    pub passes: u32,
    /// 1 to 4. They are computed one after the other, in one thread.
    pub lanes: u32,
}

impl Default for Cost {
    /// 19 MiB, two passes: 12 ms of one core.
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 }
    }
}

impl Cost {
    /// The same, when it is neither too weak nor more than a sign-in may cost.
    ///
    /// # Errors
    /// `internal`, with the bound that is not kept: a mistake in the settings.
    pub fn judged(self) -> Result<Self> {
        let wrong = |what: String| Err(Error::new(Code::Internal, what));
        if !(LEAST_MEMORY_KIB..=PASSWORD_MEMORY_KIB).contains(&self.memory_kib) {
            return wrong(format!(
                "the memory of a password hash is {LEAST_MEMORY_KIB} to {PASSWORD_MEMORY_KIB} KiB"
            ));
        }
        if !(LEAST_WORK_KIB..=PASSWORD_WORK_KIB).contains(&self.work_kib()) {
            return wrong(format!(
                "memory times passes of a password hash is {LEAST_WORK_KIB} to \
                 {PASSWORD_WORK_KIB} KiB"
            ));
        }
        if !(1..=MOST_LANES).contains(&self.lanes) {
            return wrong(format!("a password hash has 1 to {MOST_LANES} lanes"));
        }
        Ok(self)
    }

    /// Memory that is written in all.
    pub(super) fn work_kib(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }

    /// A new PHC string for a password.
    pub(super) fn hash(self, password: &str, arena: &mut Arena) -> Result<String> {
        let mut salt = [0; SALT_BYTES];
        aws_lc_rs::rand::fill(&mut salt).map_err(Error::internal)?;
        let kind = (Algorithm::Argon2id, Version::V0x13);
        let hash = arena.argon2(kind, self, password.as_bytes(), &salt, HASH_BYTES)?;
        let Self { memory_kib, passes, lanes } = self;
        let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
        Ok(format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${hash}"))
    }

    /// The work of one hash, for nothing: where there is no hash to compare with.
    pub(super) fn dummy(self, password: &str, arena: &mut Arena) -> Result<()> {
        let kind = (Algorithm::Argon2id, Version::V0x13);
        arena.argon2(kind, self, password.as_bytes(), &[0; SALT_BYTES], HASH_BYTES).map(|_| ())
    }
}

/// The memory of one thread. Kept between hashes, for 19 MiB of fresh pages cost more than a tenth
/// of the hash itself.
#[derive(Default)]
pub(super) struct Arena {
    blocks: Vec<Block>,
}

impl Arena {
    pub fn argon2(
        &mut self,
        (algorithm, version): (Algorithm, Version),
        cost: Cost,
        password: &[u8],
        salt: &[u8],
        bytes: usize,
    ) -> Result<Vec<u8>> {
        let Cost { memory_kib, passes, lanes } = cost;
        let params =
            Params::new(memory_kib, passes, lanes, Some(bytes)).map_err(Error::internal)?;
        let blocks = params.block_count();
        if self.blocks.len() < blocks {
            self.blocks.resize(blocks, Block::new());
        }
        let mut hash = vec![0; bytes];
        // The first pass writes every block before one is read, so that nothing of the last
        // password reaches this one.
        Argon2::new(algorithm, version, params)
            .hash_password_into_with_memory(password, salt, &mut hash, &mut self.blocks[..blocks])
            .map_err(Error::internal)?;
        Ok(hash)
    }

    /// Gives back what is more than this.
    pub fn keep(&mut self, memory_kib: usize) {
        if self.blocks.len() > memory_kib {
            self.blocks = Vec::new();
        }
    }

    #[cfg(test)]
    pub fn kib(&self) -> usize {
        self.blocks.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_outside_its_bounds_is_refused() {
        let ours = Cost::default();
        assert_eq!(ours.judged().unwrap(), ours);
        for wrong in [
            Cost { memory_kib: 7167, passes: 16, ..ours },
            Cost { memory_kib: 262_145, ..ours },
            Cost { passes: 1, ..ours },
            Cost { passes: 0, ..ours },
            Cost { memory_kib: 262_144, passes: 5, ..ours },
            Cost { lanes: 0, ..ours },
            Cost { lanes: 5, ..ours },
        ] {
            assert_eq!(wrong.judged().unwrap_err().code(), Code::Internal, "{wrong:?}");
        }
    }

    /// RFC 9106's vectors have a secret, which the PHC form has not; these are of the reference
    /// implementation (its `test.c`).
    #[test]
    fn the_reference_implementation_computes_the_same() {
        let cost = Cost { memory_kib: 256, passes: 2, lanes: 1 };
        let kind = (Algorithm::Argon2id, Version::V0x13);
        let hash =
            Arena::default().argon2(kind, cost, b"password", b"somesalt", HASH_BYTES).unwrap();
        let known = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert_eq!(STANDARD_NO_PAD.encode(hash), known);
    }

    #[test]
    fn memory_that_was_used_for_one_password_does_not_change_the_next_hash() {
        let cost = Cost { memory_kib: 64, passes: 2, lanes: 2 };
        let kind = (Algorithm::Argon2id, Version::V0x13);
        let mut arena = Arena::default();
        let alone = arena.argon2(kind, cost, b"second", b"somesalt", HASH_BYTES).unwrap();
        let larger = Cost { memory_kib: 128, ..cost };
        arena.argon2(kind, larger, b"first", b"saltsome", HASH_BYTES).unwrap();
        assert_eq!(arena.argon2(kind, cost, b"second", b"somesalt", HASH_BYTES).unwrap(), alone);
        arena.keep(64);
        assert_eq!(arena.kib(), 0);
    }
}
