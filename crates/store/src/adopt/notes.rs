//! What a person has to know about an adopted file: everything that is not served as it stands in
//! the file, one entry each. Filled by the other files here, shown by `mainstay adopt`.

/// One thing that could not be declared, or was declared wider than it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    pub kind: NoteKind,
    /// The table, view or trigger.
    pub object: String,
    pub column: Option<String>,
    /// One sentence without its end.
    pub reason: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// Declared with a wider type or without a bound, so that every stored value is shown.
    Widened,
    /// Not declared; it stays in the file, and SQLite goes on minding it.
    Kept,
    /// Not served; its data stays in the file.
    Hidden,
    /// Served, but some use of it will fail or surprise.
    Warning,
}

impl NoteKind {
    /// The word by which programs know it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Widened => "widened",
            Self::Kept => "kept",
            Self::Hidden => "hidden",
            Self::Warning => "warning",
        }
    }
}

/// The notes of one file.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<Note>);

impl Notes {
    pub fn add(&mut self, kind: NoteKind, object: &str, reason: impl Into<String>) {
        let (object, reason) = (object.to_owned(), reason.into());
        self.0.push(Note { kind, object, column: None, reason });
    }

    pub fn column(
        &mut self,
        kind: NoteKind,
        object: &str,
        column: &str,
        reason: impl Into<String>,
    ) {
        let (object, column) = (object.to_owned(), Some(column.to_owned()));
        self.0.push(Note { kind, object, column, reason: reason.into() });
    }

    pub fn into_list(self) -> Vec<Note> {
        self.0
    }
}
