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
        if let Some(behind) = rest.strip_prefix(close) {
            return behind;
        }
        let skipped = match c {
            '\\' if !raw => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            c => c.len_utf8(),
        };
        rest = &rest[skipped..];
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_just_within_the_bounds_is_taken() {
        let many = |text: &str, times: usize| text.repeat(times);
        let most = MAX_RULE_DEPTH;
        let pad = |bytes: usize| "true".to_owned() + &many(" ", bytes - 4);
        for (within, beyond) in [
            (pad(MAX_RULE_BYTES), pad(MAX_RULE_BYTES + 1)),
            (many("(", most) + "1" + &many(")", most), many("(", most + 1)),
            (many("!", most) + "true", many("! ", most + 1) + "true"),
            (many("-", most) + "1", many("-", most + 1) + "1"),
            (many("true ? 1 : ", most) + "2", many("true ? 1 : ", most + 1) + "2"),
            (many("[", 12) + &many("!", 12), many("{", 12) + "1 ? " + &many("-", 12)),
            // Brackets that were closed and prefixes that were used up count no more.
            (many("()", 200), many("()", 200) + &many("(", most + 1)),
            (many("!a ", 200), many("!a ", 20) + &many("!", most + 1)),
        ] {
            assert!(check(&within).is_ok(), "{within}");
            assert!(check(&beyond).is_err(), "{beyond}");
        }
    }

    #[test]
    fn brackets_in_texts_and_comments_do_not_count() {
        let deep = "(".repeat(30);
        for (open, close) in [
            ("'", "'"),
            ("\"", "\""),
            ("'''", "'''"),
            ("\"\"\"", "\"\"\""),
            ("r'", "'"),
            ("'it\\'s ", "'"),
            ("// ", "\n"),
        ] {
            assert!(check(&format!("{open}{deep}{close} == x")).is_ok(), "{open}");
            assert!(check(&format!("{open}{close}{deep}")).is_err(), "{open}");
        }
        // A backslash means itself in a raw text, which ends there.
        assert!(check(&format!("r'\\' == {deep}")).is_err());
        assert!(check(&format!("'\\' == {deep}'")).is_ok());
    }
}
