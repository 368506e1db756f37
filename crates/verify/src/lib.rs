//! Proves the access rules: `world` (a declaration, rows, callers by chance) -> `request` (what
//! they ask) -> `real` (Mainstay in this process) and `model` (a slow evaluator of its own) ->
//! `oracle` (compares the two and makes the smallest case). `rule` holds the rules as trees.
//! It knows no business: whoever is right, both must say the same.

pub mod chance;
pub mod model;
pub mod oracle;
pub mod real;
pub mod request;
pub mod rule;
pub mod world;
