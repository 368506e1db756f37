//! Regular expressions of `matches`: linear time by the library that is used, bounded size by this
//! file, and the same for whoever evaluates a rule.

use regex::{Regex, RegexBuilder};

use crate::limits::MAX_RULE_PATTERN_BYTES;

/// # Errors
/// When the expression does not parse, or is too large when compiled.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern).size_limit(MAX_RULE_PATTERN_BYTES).build();
    built.map_err(|error| error.to_string().lines().last().unwrap_or_default().to_owned())
}
