//! The accounts of an application, kept in its module `auth`: `rows` are the records, `book` finds
//! and puts them, `session` says what becomes of a session, `pace` how often something may be
//! tried, and `journal` keeps what was done.

pub mod book;
pub mod journal;
pub mod pace;
pub(crate) mod record;
pub mod rows;
mod seals;
pub mod session;
mod signing_keys;

pub use book::{Book, Page, declared};
pub use record::Moment;
