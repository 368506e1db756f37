//! Full-text queries.

use mainstay_base::Result;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchKind {
    Query,
    Plain,
    Phrase,
    Web,
}

pub struct Match {
    pub text: String,
    pub negated: bool,
}

pub fn to_match(_: SearchKind, _: &[&str], text: &str) -> Result<Match> {
    Ok(Match { text: text.to_owned(), negated: false })
}
