//! Passwords: what may become one (`rules`, `frequent`), how one is kept (`cost`, `stored`, and of
//! others `imported`, `firebase`), and the threads that compute it (`hasher`). Nothing here knows
//! an account; what is stored is a text, a PHC string for all that is made here. Sources: RFC 9106,
//! NIST SP 800-63B-4, ASVS 5.0 V6.2 and V11.4.

mod cost;
mod firebase;
mod frequent;
mod hasher;
mod imported;
mod rules;
mod stored;

pub use cost::Cost;
pub use hasher::{Checked, Hasher, Pool};
pub use rules::{Rules, Weak};
pub use stored::Stored;
