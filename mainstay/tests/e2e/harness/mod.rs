//! What every end-to-end test stands on: a server of its own, a client that sends exact bytes, and
//! tokens made by hand.

mod http;
mod programs;
mod server;
mod tokens;

pub use http::{Answer, Ask, exchange};
pub use programs::{finish, python, skip};
pub use server::{PATIENCE, Server, binary, repository, run, test_app};
pub use tokens::{Forge, encode, now, sign};
