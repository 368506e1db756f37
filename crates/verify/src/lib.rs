//! Proves the access rules: `world` (a declaration, rows, callers by chance) -> `request` (what
//! they ask) -> `real` (Mainstay in this process) and `model` (a slow evaluator of its own) ->
//! `oracle` (compares the two) -> `campaign` (many of them) -> `shrink` and `report` (the smallest
//! case that is different). `rule` holds the rules as trees. Whoever is right, both say the same.

pub mod campaign;
pub mod chance;
pub mod interference;
pub mod model;
pub mod oracle;
pub mod real;
pub mod report;
pub mod request;
pub mod rule;
pub mod shrink;
pub mod world;
