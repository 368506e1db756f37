//! Spreads requests, and calls out. What is here is the calling out: `outbound` judges the address
//! (`target`), resolves the host and judges every address that it has (`reach`, `connect`), and
//! brings back an answer within bounds.
//!
//! Before it: whoever has something to ask of another server (`gate` of an identity provider).
//! It knows no table and no user, and writes no log: its failures say nothing of what was sent.

mod connect;
pub mod limits;
mod outbound;
mod reach;
mod target;
mod trust;

pub use connect::{Resolve, Resolved};
pub use outbound::{Answer, Call, Failed, Outbound, Settings};
pub use reach::is_public;
pub use target::read as read_url;
