//! The accounts of an application, kept in its module `auth`: `rows` are the records, `book` finds
//! and puts them.

pub mod book;
pub(crate) mod record;
pub mod rows;

pub use book::{Book, Page, declared};
