//! Pieces of TOML: keys, texts, inline tables.

/// A key, bare where TOML allows it.
pub(super) fn key(name: &str) -> String {
    let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if bare && !name.is_empty() { name.to_owned() } else { quoted(name) }
}

/// A text in double quotes on one line.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A longer text: as it is, over several lines, where TOML can carry it so.
pub(super) fn sql(text: &str) -> String {
    let plain = |c: char| c == '\n' || !c.is_control();
    let lines = text.contains('\n') && !text.contains("'''") && !text.ends_with('\'');
    match lines && text.chars().all(plain) {
        true => format!("'''\n{text}'''"),
        false => quoted(text),
    }
}

/// A list of texts.
pub(super) fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> String {
    let items: Vec<String> = items.into_iter().map(quoted).collect();
    format!("[{}]", items.join(", "))
}

/// An inline table that grows.
pub(super) struct Line(Vec<(String, String)>);

impl Line {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// `value` is TOML already.
    pub fn push(&mut self, key: &str, value: &str) {
        self.0.push((key.to_owned(), value.to_owned()));
    }

    pub fn braced(&self) -> String {
        let fields: Vec<String> =
            self.0.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        if fields.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", fields.join(", ")) }
    }

    /// Only the value of `key` where it stands alone, else the whole table.
    pub fn short(&self, key: &str) -> String {
        match self.0.as_slice() {
            [(only, value)] if only == key => value.clone(),
            _ => self.braced(),
        }
    }
}
