//! Shows mistakes: for people with the marked source line, for programs as JSON. Comes after
//! everything was read; whoever calls it decides on colours and where the text goes.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::json;

use super::{Mistake, Mistakes, Source};

/// Mistakes that are shown to a person; more than these are not read anyway.
const MAX_SHOWN: usize = 100;

/// A line that is longer is shown without its source: minified text helps nobody.
const MAX_LINE_BYTES: usize = 4_096;

impl Mistakes {
    /// The text for a terminal, with a summary as its last line.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut text = String::new();
        for mistake in self.list.iter().take(MAX_SHOWN) {
            let group = self.group(mistake);
            text.push_str(&renderer.render(&[group]));
            text.push_str("\n\n");
        }
        let hidden = self.count().saturating_sub(MAX_SHOWN);
        if hidden > 0 {
            text.push_str(&format!("and {hidden} more\n"));
        }
        let plural = if self.count() == 1 { "" } else { "s" };
        text.push_str(&format!("{} mistake{plural} found\n", self.count()));
        text
    }

    /// `[{file, line, column, message, hint, code}]`, in the same order; `line` and `column` are
    /// null when the file as a whole is meant.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        self.list.iter().map(|mistake| self.mistake_json(mistake)).collect()
    }

    fn mistake_json(&self, mistake: &Mistake) -> serde_json::Value {
        let source = self.source(mistake);
        let position =
            source.zip(mistake.place.range).map(|(source, (start, _))| source.position(start));
        json!({
            "file": source.map(|source| source.path.as_str()),
            "line": position.map(|(line, _)| line),
            "column": position.map(|(_, column)| column),
            "message": mistake.message,
            "hint": mistake.hint,
            "code": mistake.code,
        })
    }

    fn group<'a>(&'a self, mistake: &'a Mistake) -> Group<'a> {
        let title = Level::ERROR.primary_title(mistake.message.as_str()).id(mistake.code);
        let mut group = match self.source(mistake) {
            Some(source) => match excerpt(source, mistake) {
                Some(snippet) => title.element(snippet),
                None => title.element(Origin::path(source.path.as_str())),
            },
            None => Group::with_title(title),
        };
        if let Some(hint) = &mistake.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        group
    }
}

/// The marked line. A mark that spans several lines is cut at the end of its first.
fn excerpt<'a>(
    source: &'a Source,
    mistake: &Mistake,
) -> Option<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let (start, end) = mistake.place.range?;
    let text = source.text.as_str();
    let start = floor(text, start);
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
    let line = text[line_start..line_end].trim_end_matches('\r');
    if line.len() > MAX_LINE_BYTES {
        return None;
    }
    let from = (start - line_start).min(line.len());
    let to = floor(text, end).clamp(start, line_end) - line_start;
    let (number, _) = source.position(start);
    Some(
        Snippet::source(line)
            .line_start(number)
            .path(source.path.as_str())
            .annotation(AnnotationKind::Primary.span(from..to.clamp(from, line.len()))),
    )
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Mistakes {}
