//! Text that is written line by line, with braces that indent what stands between them.

/// A file in the making.
pub(super) struct Written {
    text: String,
    depth: usize,
}

impl Written {
    pub(super) fn new(head: &str) -> Self {
        Self { text: head.to_owned(), depth: 0 }
    }

    pub(super) fn line(&mut self, line: &str) {
        if !line.is_empty() {
            self.text.extend(std::iter::repeat_n("  ", self.depth));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    /// Opens a brace; what follows is indented until `close`.
    pub(super) fn open(&mut self, before: &str) {
        self.line(&format!("{before}{{"));
        self.depth += 1;
    }

    pub(super) fn close(&mut self) {
        self.close_with("}");
    }

    pub(super) fn close_with(&mut self, end: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.line(end);
    }

    /// An object with an entry for each item; without items, one that has no key.
    pub(super) fn section<T>(&mut self, name: &str, items: &[T], entry: impl Fn(&mut Self, &T)) {
        self.open(&format!("{name}: "));
        if items.is_empty() {
            self.line("[_ in never]: never");
        }
        for item in items {
            entry(self, item);
        }
        self.close();
    }

    pub(super) fn finish(mut self, tail: &str) -> String {
        self.text.push_str(tail);
        self.text
    }
}
