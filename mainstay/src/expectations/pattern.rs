//! A text that a declared `pattern` matches: made from the pattern itself, so that people do not
//! have to name a value that says nothing about a rule.

use regex_syntax::hir::{Class, Hir, HirKind};

/// How often a part is repeated that may be repeated without end.
const REPEATED: u32 = 3;

/// A text that matches; different for different numbers where the pattern leaves a choice.
pub fn matching(pattern: &str, number: u64) -> Option<String> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let mut out = String::new();
    let mut rest = number;
    write(&hir, &mut rest, &mut out)?;
    Some(out)
}

/// `rest` is what is left of the number: each choice takes its part of it.
fn write(hir: &Hir, rest: &mut u64, out: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(class) => out.push(chosen(class, rest)?),
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX);
            for _ in 0..repetition.min.max(REPEATED.min(most)) {
                write(&repetition.sub, rest, out)?;
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, rest, out)?,
        HirKind::Concat(parts) => {
            for part in parts {
                write(part, rest, out)?;
            }
        }
        HirKind::Alternation(parts) => write(parts.first()?, rest, out)?,
    }
    Some(())
}

/// A character that people can read, if the class has one.
fn chosen(class: &Class, rest: &mut u64) -> Option<char> {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) => {
            class.iter().map(|range| (range.start().into(), range.end().into())).collect()
        }
    };
    let within = |c: &char| ranges.iter().any(|(from, to)| (from..=to).contains(&c));
    let readable: Vec<char> =
        ('a'..='z').chain('A'..='Z').chain('0'..='9').filter(within).collect();
    let Ok(size) = u64::try_from(readable.len()) else { return None };
    if size == 0 {
        return ranges.first().map(|(from, _)| *from);
    }
    let at = usize::try_from(*rest % size).ok()?;
    *rest /= size;
    readable.get(at).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_from_a_pattern_matches_it() {
        for pattern in [
            "^[A-Z]{2}-[0-9]{4}$",
            "^[a-z0-9-]{2,40}$",
            "^[^@ ]+@[^@ ]+$",
            "^[+0-9 ]{5,20}$",
            "^(red|green)?$",
            r"^\d{3}\.\d+$",
            "^#(?:[0-9a-f]{3}){1,2}$",
            "^[ÄÖÜ]$",
            "",
        ] {
            let (one, other) = (matching(pattern, 1).unwrap(), matching(pattern, 2).unwrap());
            let compiled = regex::Regex::new(pattern).unwrap();
            assert!(
                compiled.is_match(&one) && compiled.is_match(&other),
                "{pattern} {one} {other}"
            );
        }
        assert_ne!(matching("^[A-Z]{2}$", 1), matching("^[A-Z]{2}$", 27));
    }
}
