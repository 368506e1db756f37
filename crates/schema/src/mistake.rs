//! What is wrong with a declaration and where: collected while `read` and `check` go on, so that
//! a person sees all mistakes at once. `render` shows them on a terminal or as JSON.

mod render;

use mainstay_base::nearest;

/// Mistakes that are kept; the rest is only counted, or a broken file could fill the memory.
const MAX_KEPT: usize = 1_000;

/// Where something stands: a file, and in it a range of bytes unless the file as a whole is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Index into the files that were read.
    pub file: usize,
    /// First byte, and the one behind the last.
    pub range: Option<(usize, usize)>,
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed<T> {
    /// What was written.
    pub value: T,
    /// Where it was written.
    pub place: Place,
}

/// A file of a declaration, as it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    /// As it is shown to people.
    pub path: String,
    /// Its whole text.
    pub text: String,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// A stable name of this kind of mistake, such as `unknown-type`.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// All that is wrong with a declaration, in the order of files and lines. Never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistakes {
    sources: Vec<Source>,
    list: Vec<Mistake>,
    left_out: usize,
}

/// Collects mistakes while reading goes on.
#[derive(Debug, Default)]
pub(crate) struct Found {
    list: Vec<Mistake>,
    left_out: usize,
}

impl Place {
    /// The place inside the quotes of a text, when what stands there is what was meant, character
    /// by character.
    #[must_use]
    pub(crate) fn inside(self, text: &str, range: Option<(usize, usize)>) -> Self {
        let (Some((start, end)), Some((from, to))) = (self.range, range) else {
            return self;
        };
        if end - start != text.len() + 2 {
            return self;
        }
        let byte = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte);
        let (from, to) = (byte(from), byte(to));
        // A mark that starts behind the last character stands on the closing quote.
        Self { range: Some((start + 1 + from, start + 1 + to.max(from + 1))), ..self }
    }
}

impl Mistake {
    pub(crate) fn new(place: Place, code: &'static str, message: impl Into<String>) -> Self {
        Self { place, code, message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// Offers the nearest right spelling, if there is one; a hint that is there already gives way.
    pub(crate) fn nearest<'a>(
        mut self,
        wrong: &str,
        right: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        if let Some(name) = nearest(wrong, right) {
            self.hint = Some(format!("did you mean `{name}`?"));
        }
        self
    }
}

impl Found {
    pub(crate) fn add(&mut self, mistake: Mistake) {
        match self.list.len() < MAX_KEPT {
            true => self.list.push(mistake),
            false => self.left_out += 1,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.list.len() + self.left_out
    }

    /// All mistakes in the order of files and lines, if there are any.
    pub(crate) fn into_mistakes(mut self, sources: &[Source]) -> Option<Mistakes> {
        if self.list.is_empty() {
            return None;
        }
        self.list.sort_by(|a, b| (a.place, &a.message).cmp(&(b.place, &b.message)));
        self.list.dedup();
        Some(Mistakes { sources: sources.to_vec(), list: self.list, left_out: self.left_out })
    }
}

impl Mistakes {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.list.len() + self.left_out
    }

    /// The mistakes that were kept, in order.
    #[must_use]
    pub fn list(&self) -> &[Mistake] {
        &self.list
    }

    /// The file of a mistake.
    #[must_use]
    pub fn source(&self, mistake: &Mistake) -> Option<&Source> {
        self.sources.get(mistake.place.file)
    }
}

impl Source {
    /// Line and column of a byte, both from 1; columns count characters.
    #[must_use]
    pub fn position(&self, at: usize) -> (usize, usize) {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &self.text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }
}

impl<T> Placed<T> {
    pub(crate) fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }
}
