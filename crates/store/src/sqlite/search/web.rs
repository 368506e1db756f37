//! `websearch_to_tsquery`: words, "quoted phrases", `or` between alternatives and `-` before what
//! is not wanted. Whatever else is typed is no syntax, so there is no error.

use super::{Phrase, Query, WORDS, all, any, has_word};

pub(super) fn parse(text: &str) -> Option<Query> {
    let mut alternatives = Vec::new();
    let mut wanted = Vec::new();
    let mut left = WORDS;
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let item = Item::take(&mut rest);
        rest = rest.trim_start();
        match item {
            Item::Or => alternatives.push(all(std::mem::take(&mut wanted))),
            Item::Text { text, negated } if has_word(text) => {
                let words = super::words(text).count();
                if words > left {
                    break;
                }
                left -= words;
                let phrase = Query::Phrase(Phrase::of(text));
                wanted.push(Some(if negated { Query::Not(Box::new(phrase)) } else { phrase }));
            }
            Item::Text { .. } => {}
        }
    }
    alternatives.push(all(wanted));
    any(alternatives)
}

enum Item<'a> {
    Or,
    Text { text: &'a str, negated: bool },
}

impl<'a> Item<'a> {
    fn take(rest: &mut &'a str) -> Self {
        let (negated, body) = match rest.strip_prefix('-') {
            Some(body) => (true, body),
            None => (false, *rest),
        };
        if let Some(quoted) = body.strip_prefix('"') {
            // A quote that is not closed reaches to the end.
            let (text, after) = quoted.split_once('"').unwrap_or((quoted, ""));
            *rest = after;
            return Self::Text { text, negated };
        }
        let end = body.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(body.len());
        let (text, after) = body.split_at(end);
        *rest = after;
        match !negated && text.eq_ignore_ascii_case("or") {
            true => Self::Or,
            false => Self::Text { text, negated },
        }
    }
}
