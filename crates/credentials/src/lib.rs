//! What proves who somebody is: passwords, one-time secrets and second factors. It makes, checks
//! and judges them; who keeps them, and what they open, is the gate's.
//!
//! `secret` is made of randomness and given out once; `password` is hashed on threads of its own,
//! checked and judged; `factor` is a code or a device beside it; `signing` are the keys behind
//! tokens, and `claims` what tokens say.

pub mod claims;
pub mod factor;
pub mod limits;
pub mod password;
pub mod secret;
pub mod signing;
