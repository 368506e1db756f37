//! One template: text with places for values, written as the platform's templates write them
//! (`{{ .Token }}`). Read once at start, where every mistake is found with its line; filled in for
//! every letter, escaped for where the value stands. Comes from `templates`.

use std::fmt;

use mainstay_base::nearest;
use serde_json::{Map, Value};

use crate::Kind;
use crate::limits::{DATA_VALUE_CHARACTERS, PLACES};

/// A value that a template may name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Field {
    /// The link that does what the letter is about. Built from the configured address only.
    ConfirmationUrl,
    /// The code to type in.
    Token,
    /// The hash of it, for links that an application builds itself.
    TokenHash,
    /// The application's own page.
    SiteUrl,
    /// Where the link leads in the end; from the allow-list.
    RedirectTo,
    /// The account's address.
    Email,
    /// The address that it will have, or has since.
    NewEmail,
    /// The address that it had.
    OldEmail,
    /// `totp` or `webauthn`.
    FactorType,
}

impl Field {
    /// As it stands behind the dot.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ConfirmationUrl => "ConfirmationURL",
            Self::Token => "Token",
            Self::TokenHash => "TokenHash",
            Self::SiteUrl => "SiteURL",
            Self::RedirectTo => "RedirectTo",
            Self::Email => "Email",
            Self::NewEmail => "NewEmail",
            Self::OldEmail => "OldEmail",
            Self::FactorType => "FactorType",
        }
    }

    const ALL: [Self; 9] = [
        Self::ConfirmationUrl,
        Self::Token,
        Self::TokenHash,
        Self::SiteUrl,
        Self::RedirectTo,
        Self::Email,
        Self::NewEmail,
        Self::OldEmail,
        Self::FactorType,
    ];
}

/// What is filled in. What a kind does not have stays empty.
#[derive(Clone, Copy, Default)]
pub struct Values<'a> {
    pub confirmation_url: &'a str,
    pub token: &'a str,
    pub token_hash: &'a str,
    pub site_url: &'a str,
    pub redirect_to: &'a str,
    pub email: &'a str,
    pub new_email: &'a str,
    pub old_email: &'a str,
    pub factor_type: &'a str,
    /// What the user said about themselves (`user_metadata`).
    pub data: Option<&'a Map<String, Value>>,
}

impl<'a> Values<'a> {
    fn get(&self, field: Field) -> &'a str {
        match field {
            Field::ConfirmationUrl => self.confirmation_url,
            Field::Token => self.token,
            Field::TokenHash => self.token_hash,
            Field::SiteUrl => self.site_url,
            Field::RedirectTo => self.redirect_to,
            Field::Email => self.email,
            Field::NewEmail => self.new_email,
            Field::OldEmail => self.old_email,
            Field::FactorType => self.factor_type,
        }
    }

    /// A word, a number or a truth value of the user's data, in one short line: whoever signs up
    /// may write there what they like, and the letter goes to somebody else if they like.
    fn data(&self, path: &[String]) -> String {
        let mut value = self.data.and_then(|data| data.get(path.first()?));
        for name in path.iter().skip(1) {
            value = value.and_then(|value| value.get(name));
        }
        let text = match value {
            Some(Value::String(text)) => text.clone(),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
            _ => String::new(),
        };
        text.chars()
            .take(DATA_VALUE_CHARACTERS)
            .map(|c| if is_plain(c) { c } else { ' ' })
            .collect()
    }
}

/// Neither a control character, nor a break of lines, nor a turn of the direction of writing.
fn is_plain(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Where a value will stand, and so how it is escaped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    Subject,
    Text,
    Html,
}

/// What is wrong with a file of templates.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Flaw {
    /// As the operator knows it: `mail/confirm.html`.
    pub file: String,
    /// From 1; 0 when it is about the file as a whole.
    pub line: usize,
    pub message: String,
    pub hint: Option<String>,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message)?,
            line => write!(f, "{}:{line}: {}", self.file, self.message)?,
        }
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Field(Field),
    Data(Vec<String>),
}

/// A template that was read.
#[derive(Clone, Debug)]
pub(super) struct Template {
    form: Form,
    pieces: Vec<Piece>,
}

/// A mistake at a byte of the text, before it has a file and a line.
struct Slip {
    at: usize,
    message: String,
    hint: Option<String>,
}

impl Template {
    /// Reads a template of `kind`; `file` is for the flaws, of which it finds all.
    pub fn read(file: &str, source: &str, kind: Kind, form: Form) -> Result<Self, Vec<Flaw>> {
        let (mut pieces, mut slips) = (Vec::new(), Vec::new());
        let (mut rest, mut trims) = (0, false);
        while let Some(open) = source[rest..].find("{{").map(|at| rest + at) {
            let inside = open + 2;
            let Some(close) = source[inside..].find("}}").map(|at| inside + at) else {
                let message = "`{{` is not closed".to_owned();
                slips.push(Slip { at: open, message, hint: None });
                break;
            };
            let place = Place::of(&source[inside..close]);
            push_text(&mut pieces, &source[rest..open], trims, place.trims_before);
            match place.piece(kind) {
                Ok(piece) => {
                    let written_by_users = matches!(piece, Some(Piece::Data(_)));
                    if written_by_users && form == Form::Html && !in_text(&source[..open]) {
                        slips.push(unsafe_place(open, &source[open..close + 2]));
                    }
                    pieces.extend(piece);
                }
                Err((message, hint)) => slips.push(Slip { at: open, message, hint }),
            }
            (rest, trims) = (close + 2, place.trims_after);
        }
        push_text(&mut pieces, &source[rest..], trims, false);
        if pieces.iter().filter(|piece| !matches!(piece, Piece::Text(_))).count() > PLACES {
            let message = format!("has more than {PLACES} places for values");
            slips.push(Slip { at: 0, message, hint: None });
        }
        if slips.is_empty() {
            return Ok(Self { form, pieces });
        }
        let flaw = |slip: Slip| Flaw {
            file: file.to_owned(),
            line: source[..slip.at].matches('\n').count() + 1,
            message: slip.message,
            hint: slip.hint,
        };
        Err(slips.into_iter().map(flaw).collect())
    }

    /// The text with the values in their places.
    pub fn fill(&self, values: &Values<'_>) -> String {
        let mut filled = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Field(field) => self.push(&mut filled, values.get(*field)),
                Piece::Data(path) => self.push(&mut filled, &values.data(path)),
            }
        }
        filled
    }

    fn push(&self, filled: &mut String, value: &str) {
        if self.form != Form::Html {
            return filled.push_str(value);
        }
        for c in value.chars() {
            match c {
                '&' => filled.push_str("&amp;"),
                '<' => filled.push_str("&lt;"),
                '>' => filled.push_str("&gt;"),
                '"' => filled.push_str("&#34;"),
                '\'' => filled.push_str("&#39;"),
                c => filled.push(c),
            }
        }
    }
}

fn push_text(pieces: &mut Vec<Piece>, text: &str, trims_front: bool, trims_end: bool) {
    let text = if trims_front { text.trim_start() } else { text };
    let text = if trims_end { text.trim_end() } else { text };
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
}

/// What stands between `{{` and `}}`. As in Go's templates, `{{-` and `-}}` take away the white
/// space beside them.
struct Place<'a> {
    inside: &'a str,
    trims_before: bool,
    trims_after: bool,
}

impl<'a> Place<'a> {
    fn of(inside: &'a str) -> Self {
        let before = inside.strip_prefix("- ");
        let inside = before.unwrap_or(inside);
        let after = inside.strip_suffix(" -");
        Self {
            inside: after.unwrap_or(inside).trim(),
            trims_before: before.is_some(),
            trims_after: after.is_some(),
        }
    }

    /// `None` for a comment; a sentence and a hint for what is nothing.
    fn piece(&self, kind: Kind) -> Result<Option<Piece>, (String, Option<String>)> {
        let inside = self.inside;
        if inside.starts_with("/*") && inside.ends_with("*/") {
            return Ok(None);
        }
        let Some(name) = inside.strip_prefix('.') else {
            let near = nearest(inside, kind.fields().iter().map(|field| field.name()));
            let hint = near.map(|name| format!("did you mean `{{{{ .{name} }}}}`?"));
            let message = format!("`{{{{ {inside} }}}}` is no value: only values are filled in");
            return Err((message, hint));
        };
        if let Some(path) = name.strip_prefix("Data.") {
            let path: Vec<String> = path.split('.').map(ToOwned::to_owned).collect();
            if path.iter().all(|name| is_name(name)) {
                return Ok(Some(Piece::Data(path)));
            }
        }
        if let Some(field) = kind.fields().iter().find(|field| field.name() == name) {
            return Ok(Some(Piece::Field(*field)));
        }
        if Field::ALL.iter().any(|field| field.name() == name) {
            let message = format!("`.{name}` has no value in `{}`", kind.name());
            return Err((message, None));
        }
        let names = kind.fields().iter().map(|field| field.name()).chain(["Data.name"]);
        let hint = nearest(name, names).map(|name| format!("did you mean `{{{{ .{name} }}}}`?"));
        Err((format!("`{{{{ {inside} }}}}` names no value"), hint))
    }
}

fn is_name(name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    name.chars().all(word) && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn unsafe_place(at: usize, place: &str) -> Slip {
    Slip {
        at,
        message: format!("`{place}` stands in a tag, a script or a style"),
        hint: Some("users write it, so that it may stand in text only".to_owned()),
    }
}

/// Whether what follows `html` is text: no tag, comment, script or style is open.
fn in_text(html: &str) -> bool {
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        rest = &rest[open + 1..];
        let end = if let Some(comment) = rest.strip_prefix("!--") {
            comment.find("-->").map(|at| at + "!---->".len())
        } else if rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!')) {
            end_of_tag(rest)
        } else {
            Some(0)
        };
        let Some(end) = end else { return false };
        let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        rest = &rest[end..];
        let name = name.to_ascii_lowercase();
        if matches!(name.as_str(), "script" | "style" | "title" | "textarea") {
            let close = format!("</{name}");
            match rest.to_ascii_lowercase().find(&close) {
                Some(at) => rest = &rest[at..],
                None => return matches!(name.as_str(), "title" | "textarea"),
            }
        }
    }
    true
}

/// Behind the `>` that ends a tag; those in quotes do not.
fn end_of_tag(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in tag.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(at + 1),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
