//! What was declared: modules, tables, columns, types, rules. Pure: it reads text into values and
//! checks them as a whole; it never touches a database or a socket.
//!
//! `read` (TOML to sketches) -> `check` (sketches to catalog, all mistakes at once) -> `model` (the
//! catalog); `value` reads and writes the forms of each type, `write` makes TOML again, `change`
//! compares two versions, `sql` takes apart what people wrote.

pub mod change;
mod check;
mod implied;
pub mod limits;
pub mod mistake;
pub mod model;
pub mod name;
pub mod read;
pub mod rule;
pub mod sql;
pub mod types;
pub mod value;
pub mod write;

pub use mistake::{Mistake, Mistakes};
pub use model::{Catalog, Column, Module, Table};
pub use read::{Declared, SettingsFile, read, read_text, read_texts};
pub use rule::{AuthFacts, Rule};
pub use types::{Scale, Type};
pub use value::Value;
