//! The accounts of an application, kept in its module `auth`: `rows` are the records, `book` finds
//! and puts them, `session` says what becomes of a session.

pub mod book;
pub(crate) mod record;
pub mod rows;
pub mod session;

pub use book::{Book, Page, declared};
