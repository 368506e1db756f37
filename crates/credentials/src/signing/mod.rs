//! The keys that sign an application's tokens: one pair (`key`), all of them through their lives
//! (`ring`), those that others hold (`trusted`), and what is published (`jwks`). `token` verifies
//! with what stands here. Keys are kept by whoever wires this; nothing here reads or writes a file.
//! Sources: RFC 7515, 7517, 7518, 7638.

mod jwks;
mod key;
mod ring;
mod trusted;

pub use key::{Algorithm, KeptKey};
pub use ring::{Ring, Secret, Settings, Stage, Standing};

pub use ring::Verifying;
pub use trusted::by_kind;
