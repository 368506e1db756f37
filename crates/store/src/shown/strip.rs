//! Leaves out the keys of JSON objects that have no value, as PostgreSQL's `json_strip_nulls`: at
//! any depth, while the elements of arrays stay. Works on the text: numbers stay as written.

/// Appends a JSON document without its null members. What is no JSON, which only an adopted table
/// can hold, is appended as it is from the place where it stops making sense.
pub fn strip_nulls(json: &[u8], out: &mut Vec<u8>) {
    if !json.windows(4).any(|part| part == b"null") {
        out.extend_from_slice(json);
        return;
    }
    let mut stripper = Stripper { rest: json, out, open: Vec::new() };
    stripper.run();
    stripper.copy(stripper.rest.len());
}

/// An object or array that has begun.
struct Open {
    object: bool,
    empty: bool,
}

struct Stripper<'a> {
    rest: &'a [u8],
    out: &'a mut Vec<u8>,
    open: Vec<Open>,
}

impl Stripper<'_> {
    fn run(&mut self) {
        let mut member = None;
        loop {
            self.skip_space();
            let Some(first) = self.rest.first().copied() else {
                return;
            };
            match first {
                b'{' | b'[' => {
                    self.separate(member.take());
                    self.copy(1);
                    self.open.push(Open { object: first == b'{', empty: true });
                }
                b'}' | b']' => {
                    if self.open.pop().is_none() {
                        return;
                    }
                    self.copy(1);
                }
                b',' => self.rest = &self.rest[1..],
                b'"' if self.in_object() && member.is_none() => {
                    member = Some(self.out.len());
                    if !self.key() {
                        return;
                    }
                }
                _ => {
                    let len = scalar(self.rest);
                    match member.take() {
                        Some(start) if &self.rest[..len] == b"null" => {
                            self.out.truncate(start);
                            self.rest = &self.rest[len..];
                        }
                        member => {
                            self.separate(member);
                            self.copy(len);
                        }
                    }
                }
            }
        }
    }

    fn in_object(&self) -> bool {
        self.open.last().is_some_and(|open| open.object)
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    fn copy(&mut self, len: usize) {
        let (taken, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.out.extend_from_slice(taken);
        self.rest = rest;
    }

    /// Copies `"key":`, with the comma in front of it. `false` when no colon follows.
    fn key(&mut self) -> bool {
        if self.open.last().is_some_and(|open| !open.empty) {
            self.out.push(b',');
        }
        self.copy(scalar(self.rest));
        self.skip_space();
        let colon = self.rest.first() == Some(&b':');
        if colon {
            self.copy(1);
        }
        colon
    }

    /// A value comes: an element is parted from its neighbour, a member was by its key.
    fn separate(&mut self, member: Option<usize>) {
        let Some(open) = self.open.last_mut() else {
            return;
        };
        if member.is_none() && !open.empty {
            self.out.push(b',');
        }
        open.empty = false;
    }
}

/// The length of the string, number or word that `rest` begins with; one at least.
fn scalar(rest: &[u8]) -> usize {
    if rest.first() != Some(&b'"') {
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace();
        return rest.iter().position(ends).unwrap_or(rest.len()).max(1);
    }
    let mut escaped = false;
    for (at, byte) in rest.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(json: &str) -> String {
        let mut out = Vec::new();
        strip_nulls(json.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn null_members_go_at_any_depth_and_elements_stay() {
        for (given, expect) in [
            // The example of PostgreSQL 15, section 9.16.
            (r#"[{"f1":1,"f2":null},2,null,3]"#, r#"[{"f1":1},2,null,3]"#),
            ("null", "null"),
            ("[null]", "[null]"),
            (r#"{"a":null}"#, "{}"),
            (r#"{"a":null,"b":1}"#, r#"{"b":1}"#),
            (r#"{"a":1,"b":null}"#, r#"{"a":1}"#),
            (r#"{"a":1,"b":null,"c":null,"d":2}"#, r#"{"a":1,"d":2}"#),
            (r#"{"a":{"b":null},"c":[{"d":null}]}"#, r#"{"a":{},"c":[{}]}"#),
            (r#"{"a":"null","null":"x"}"#, r#"{"a":"null","null":"x"}"#),
            (r#"{"a\"b":null,"c":"\\","d":null}"#, r#"{"c":"\\"}"#),
            (
                r#"{"a":1.50,"b":null,"a2":12345678901234567890.10}"#,
                r#"{"a":1.50,"a2":12345678901234567890.10}"#,
            ),
            ("{ \"a\" : null , \"b\" : [ 1 , null ] }", r#"{"b":[1,null]}"#),
            (r#"{"a":[],"b":{},"c":null,"d":[[]]}"#, r#"{"a":[],"b":{},"d":[[]]}"#),
        ] {
            assert_eq!(stripped(given), expect, "{given}");
        }
    }

    #[test]
    fn what_is_no_json_ends_and_keeps_its_text() {
        for (given, expect) in [
            (r#"{"a" null}"#, r#"{"a"null}"#),
            ("]null", "]null"),
            (r#"{"a":null"#, "{"),
            ("\"null", "\"null"),
        ] {
            assert_eq!(stripped(given), expect, "{given}");
        }
        assert_eq!(stripped(&("[".repeat(100_000) + "null")).len(), 100_004);
    }
}
