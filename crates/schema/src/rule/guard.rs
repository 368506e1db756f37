//! Bounds a rule before the parser sees it. ANTLR grammars predict with unbounded look-ahead: deep
//! brackets and chains of prefixes cost time and stack that a short text should not buy.

use super::RuleFault;
use crate::limits::{MAX_RULE_BYTES, MAX_RULE_DEPTH};

/// Refuses texts that are longer or nested deeper than any rule a person writes.
pub(super) fn check(source: &str) -> Result<(), RuleFault> {
    if source.trim().is_empty() {
        return Err(RuleFault::new("rule-syntax", "the rule is empty")
            .hint("leave the rule out to deny everyone but the service role, or write \"false\""));
    }
    if source.len() > MAX_RULE_BYTES {
        let message =
            format!("the rule has {} bytes, at most {MAX_RULE_BYTES} are taken", source.len());
        return Err(RuleFault::new("rule-too-large", message));
    }
    if depth(source) > MAX_RULE_DEPTH {
        let message = format!("the rule is nested deeper than {MAX_RULE_DEPTH} levels");
        return Err(RuleFault::new("rule-too-large", message));
    }
    Ok(())
}

/// The greatest number of open brackets, prefix operators in a row and conditionals together.
fn depth(source: &str) -> usize {
    let (mut brackets, mut prefixes, mut conditionals, mut deepest) = (0_usize, 0, 0, 0);
    let mut rest = source;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        match c {
            '"' | '\'' => {
                rest = behind_string(rest, c, matches!(before, 'r' | 'R'));
                (prefixes, before) = (0, c);
                continue;
            }
            '/' if rest.starts_with("//") => {
                rest = rest.find('\n').map_or("", |end| &rest[end..]);
                continue;
            }
            '(' | '[' | '{' => brackets += 1,
            ')' | ']' | '}' => brackets = brackets.saturating_sub(1),
            '?' => conditionals += 1,
            _ => {}
        }
        match c {
            '!' | '-' => prefixes += 1,
            c if c.is_whitespace() => {}
            _ => prefixes = 0,
        }
        deepest = deepest.max(brackets + prefixes + conditionals);
        before = c;
        rest = &rest[c.len_utf8()..];
    }
    deepest
}

/// What stands behind the string that `text` begins with: in one quote or three, in raw ones a
/// backslash means itself.
fn behind_string(text: &str, quote: char, raw: bool) -> &str {
    let three = String::from(quote).repeat(3);
    let close = if text.starts_with(&three) { three.as_str() } else { &three[..1] };
    let mut rest = &text[close.len()..];
    while let Some(c) = rest.chars().next() {
        if rest.starts_with(close) {
            return &rest[close.len()..];
        }
        let skipped = match c {
            '\\' if !raw => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            c => c.len_utf8(),
        };
        rest = &rest[skipped..];
    }
    rest
}
