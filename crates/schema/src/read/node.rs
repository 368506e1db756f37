//! One TOML value with its place: asks for a text, a flag, a list or known keys, and notes a
//! mistake when it is something else. Everything that reads declarations goes through here.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::mistake::{Found, Mistake, Place, Placed};

/// A TOML value and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a> {
    pub value: &'a DeValue<'a>,
    pub place: Place,
}

/// One `key = value`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    pub name: &'a str,
    /// The place of the key.
    pub place: Place,
    pub node: Node<'a>,
}

/// The keys of a TOML table in the order in which they were written.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    pub list: Vec<Field<'a>>,
}

impl<'a> Node<'a> {
    pub fn new(file: usize, value: &'a Spanned<DeValue<'a>>) -> Self {
        let span = value.span();
        Self { value: value.get_ref(), place: Place { file, range: Some((span.start, span.end)) } }
    }

    /// Notes that `what` is of the wrong kind.
    pub fn wrong_kind(self, what: &str, wanted: &str, found: &mut Found) {
        let message = format!("{what} must be {wanted}, not {}", self.kind());
        found.add(Mistake::new(self.place, "wrong-kind", message));
    }

    /// The kind of value in words.
    pub fn kind(self) -> &'static str {
        match self.value {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(true) => "`true`",
            DeValue::Boolean(false) => "`false`",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }

    pub fn text(self, what: &str, found: &mut Found) -> Option<Placed<String>> {
        let text = self.value.as_str();
        if text.is_none() {
            self.wrong_kind(what, "a text in quotes", found);
        }
        text.map(|text| Placed::new(text.to_owned(), self.place))
    }

    /// A text that says something: not empty, not only white space.
    pub fn filled_text(self, what: &str, found: &mut Found) -> Option<Placed<String>> {
        let text = self.text(what, found)?;
        if text.value.trim().is_empty() {
            found.add(Mistake::new(self.place, "empty-text", format!("{what} is empty")));
            return None;
        }
        Some(text)
    }

    pub fn flag(self, what: &str, found: &mut Found) -> Option<bool> {
        let flag = self.value.as_bool();
        if flag.is_none() {
            self.wrong_kind(what, "true or false", found);
        }
        flag
    }

    /// A whole number, not negative.
    pub fn count(self, what: &str, found: &mut Found) -> Option<u64> {
        let Some(number) = self.value.as_integer() else {
            self.wrong_kind(what, "a whole number", found);
            return None;
        };
        match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if number >= 0 => u64::try_from(number).ok(),
            _ => {
                let message = format!("{what} must be between 0 and {}", i64::MAX);
                found.add(Mistake::new(self.place, "negative-length", message));
                None
            }
        }
    }

    pub fn list(self, what: &str, found: &mut Found) -> Option<Vec<Node<'a>>> {
        let Some(items) = self.value.as_array() else {
            self.wrong_kind(what, "a list in [ ]", found);
            return None;
        };
        Some(items.iter().map(|item| Node::new(self.place.file, item)).collect())
    }

    /// A list of texts; entries of another kind are noted and left out.
    pub fn texts(self, what: &str, found: &mut Found) -> Option<Vec<Placed<String>>> {
        let items = self.list(what, found)?;
        Some(items.into_iter().filter_map(|item| item.text(what, found)).collect())
    }

    /// The keys of a table, whatever they are.
    pub fn entries(self, what: &str, found: &mut Found) -> Option<Fields<'a>> {
        let Some(table) = self.value.as_table() else {
            self.wrong_kind(what, "a table", found);
            return None;
        };
        Some(Fields::new(self.place.file, table))
    }

    /// The keys of a table, each of which must be known.
    pub fn fields(self, what: &str, known: &[&str], found: &mut Found) -> Option<Fields<'a>> {
        let fields = self.entries(what, found)?;
        fields.refuse_unknown(what, known, found);
        Some(fields)
    }
}

impl<'a> Fields<'a> {
    pub fn new(file: usize, table: &'a DeTable<'a>) -> Self {
        let mut list: Vec<Field<'a>> = table
            .iter()
            .map(|(key, value)| {
                let span = key.span();
                Field {
                    name: key.get_ref(),
                    place: Place { file, range: Some((span.start, span.end)) },
                    node: Node::new(file, value),
                }
            })
            .collect();
        list.sort_by_key(|field| field.place);
        Self { list }
    }

    pub fn get(&self, name: &str) -> Option<Node<'a>> {
        self.field(name).map(|field| field.node)
    }

    pub fn field(&self, name: &str) -> Option<&Field<'a>> {
        self.list.iter().find(|field| field.name == name)
    }

    pub fn refuse_unknown(&self, what: &str, known: &[&str], found: &mut Found) {
        for field in &self.list {
            if !known.contains(&field.name) {
                let message = format!("unknown key `{}` in {what}", field.name);
                let hint = format!("known here: {}", known.join(", "));
                found.add(
                    Mistake::new(field.place, "unknown-key", message)
                        .hint(hint)
                        .nearest(field.name, known.iter().copied()),
                );
            }
        }
    }
}
