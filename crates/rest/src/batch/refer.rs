//! References to earlier results of a batch: `{"$ref": "order.0.id"}` in a body, and
//! `{{order.0.id}}` in a path. The first part is the `id` or the number of an operation, the rest
//! leads into its body.

use bytes::Bytes;
use mainstay_base::{Code, Error, Result};
use mainstay_schema::value::write_string;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::value::RawValue;

use crate::parse::{object, operator};

/// What the operations before have given.
#[derive(Default)]
pub struct Results(Vec<(Option<String>, Bytes)>);

impl Results {
    pub fn push(&mut self, id: Option<String>, body: Bytes) {
        self.0.push((id, body));
    }

    /// The path with its references replaced. A reference stands for one value of a filter and can
    /// never become anything else: it follows an operator, or stands in a list or tree, where it is
    /// quoted.
    ///
    /// # Errors
    /// `PGRST102` for a reference to nothing, to what is no single value, or in another place.
    pub fn in_path(&self, path: &str) -> Result<String> {
        let mut out = String::with_capacity(path.len());
        let mut rest = path;
        while let Some(start) = rest.find("{{") {
            out.push_str(&rest[..start]);
            let inner = &rest[start + 2..];
            let end = inner.find("}}").ok_or_else(|| nowhere(inner, "is not closed by `}}`"))?;
            let text = self.text(&inner[..end])?;
            let quoted = is_quoted(&out).ok_or_else(|| {
                nowhere(&inner[..end], "stands where no value of a filter stands")
            })?;
            let text = match quoted {
                true => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
                false => text,
            };
            out.extend(utf8_percent_encode(&text, NON_ALPHANUMERIC));
            rest = &inner[end + 2..];
        }
        out.push_str(rest);
        Ok(out)
    }

    /// A single value as text.
    fn text(&self, path: &str) -> Result<String> {
        let found = self.find(path)?;
        match found.as_bytes().first() {
            Some(b'"') => serde_json::from_str(found).map_err(Error::internal),
            Some(b'{' | b'[' | b'n') | None => Err(nowhere(path, "is no single value")),
            Some(_) => Ok(found.to_owned()),
        }
    }

    /// The body with its references replaced. Without any it stays as it was written.
    ///
    /// # Errors
    /// `PGRST102`, as `in_path`.
    pub fn in_body(&self, body: &str) -> Result<String> {
        if !body.contains("\"$ref\"") {
            return Ok(body.to_owned());
        }
        let mut out = Vec::with_capacity(body.len());
        self.rewrite(body.trim(), &mut out)?;
        String::from_utf8(out).map_err(Error::internal)
    }

    fn rewrite(&self, raw: &str, out: &mut Vec<u8>) -> Result<()> {
        match raw.as_bytes().first() {
            Some(b'{') => {
                let fields = object::fields(raw).map_err(Error::internal)?;
                if let [(key, value)] = fields.as_slice()
                    && key == "$ref"
                    && let Ok(path) = serde_json::from_str::<String>(value.get())
                    && self.is_reference(&path)
                {
                    out.extend_from_slice(self.find(&path)?.as_bytes());
                    return Ok(());
                }
                out.push(b'{');
                for (at, (key, value)) in fields.iter().enumerate() {
                    out.extend_from_slice(if at > 0 { b"," } else { b"" });
                    write_string(key, out);
                    out.push(b':');
                    self.rewrite(value.get(), out)?;
                }
                out.push(b'}');
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(Error::internal)?;
                out.push(b'[');
                for (at, item) in items.iter().enumerate() {
                    out.extend_from_slice(if at > 0 { b"," } else { b"" });
                    self.rewrite(item.get(), out)?;
                }
                out.push(b']');
            }
            _ => out.extend_from_slice(raw.as_bytes()),
        }
        Ok(())
    }

    /// Names and numbers between dots; anything else (`#/definitions/x`) is data.
    fn is_reference(&self, text: &str) -> bool {
        let is_word = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
        };
        let first = text.split('.').next().unwrap_or_default();
        text.contains('.') && text.split('.').all(is_word) || self.operation(first).is_some()
    }

    fn operation(&self, name: &str) -> Option<&str> {
        let named = self.0.iter().find(|(id, _)| id.as_deref() == Some(name));
        let (_, body) = named.or_else(|| self.0.get(name.parse::<usize>().ok()?))?;
        std::str::from_utf8(body).ok()
    }

    /// What a reference leads to, as it is written in the result.
    fn find(&self, path: &str) -> Result<&str> {
        let mut parts = path.split('.');
        let Some(mut here) = parts.next().and_then(|name| self.operation(name)) else {
            return Err(nowhere(path, "names no earlier operation"));
        };
        for part in parts {
            here = step(here, part).ok_or_else(|| nowhere(path, "leads to nothing"))?;
        }
        if here.is_empty() {
            return Err(nowhere(path, "speaks of an operation that gave nothing"));
        }
        Ok(here)
    }
}

/// Whether a value has to be quoted behind this text of a path; `None` where no value may stand.
fn is_quoted(before: &str) -> Option<bool> {
    let (_, query) = before.split_once('?')?;
    let (key, value) = query.rsplit('&').next()?.split_once('=')?;
    let last = key.rsplit('.').next().unwrap_or(key);
    if ["select", "order", "columns", "on_conflict", "limit", "offset"].contains(&last) {
        return None;
    }
    let value = percent_decode_str(value).decode_utf8().ok()?;
    let (mut depth, mut within) = (0_usize, false);
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if within => drop(chars.next()),
            '"' => within = !within,
            // An array literal has quotes of its own.
            '{' if !within => return None,
            '(' if !within => depth += 1,
            ')' if !within => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if within && depth > 0 {
        return None;
    }
    if depth > 0 {
        return Some(true);
    }
    (operator::starts(&value) && value.ends_with('.')).then_some(false)
}

/// The value under a key of an object, or at a place of an array.
fn step<'a>(raw: &'a str, part: &str) -> Option<&'a str> {
    match raw.as_bytes().first()? {
        b'{' => {
            let fields = object::fields(raw).ok()?;
            fields.into_iter().find(|(key, _)| key == part).map(|(_, value)| value.get())
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
            items.get(part.parse::<usize>().ok()?).map(|item| item.get())
        }
        _ => None,
    }
}

fn nowhere(path: &str, why: &str) -> Error {
    Error::new(Code::BodyUnreadable, format!("the reference `{path}` {why}")).hint(
        "A reference is the `id` or number of an earlier operation, then keys and places in its \
         body: `order.0.id`. Ask for the row with Prefer: return=representation.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Results {
        let mut results = Results::default();
        results.push(Some("order".to_owned()), Bytes::from_static(b"[{\"id\":7,\"n\":\"a b\"}]"));
        results.push(None, Bytes::from_static(b"{\"x\":null,\"big\":1234567890123456789012.50}"));
        let hostile = Bytes::from_static(b"\"zz,id.gt.0\\\"\"");
        results.push(Some("hostile".to_owned()), hostile);
        results
    }

    #[test]
    fn references_are_replaced_by_what_they_lead_to() {
        let results = results();
        for (body, expect) in [
            (r#"{"a":{"$ref":"order.0.id"}}"#, r#"{"a":7}"#),
            (r#"[{"$ref":"0.0"}]"#, r#"[{"id":7,"n":"a b"}]"#),
            (r#"{"z":{"$ref":"1.big"},"a":1.50}"#, r#"{"z":1234567890123456789012.50,"a":1.50}"#),
            (r#"{"a":{"$ref":"1.x"}}"#, r#"{"a":null}"#),
            (r##"{"a":{"$ref":"#/definitions/x"}}"##, r##"{"a":{"$ref":"#/definitions/x"}}"##),
            (r#"{"a":{"$ref":"order.0.id","b":1}}"#, r#"{"a":{"$ref":"order.0.id","b":1}}"#),
            (r#"{"a": 1.50}"#, r#"{"a": 1.50}"#),
        ] {
            assert_eq!(results.in_body(body).unwrap(), expect, "{body}");
        }
        for (path, expect) in [
            ("/t?id=eq.{{order.0.id}}", "/t?id=eq.7"),
            ("/t?n=not.eq.{{order.0.n}}&x=cs.{a.b,c}", "/t?n=not.eq.a%20b&x=cs.{a.b,c}"),
            ("/t?id=in.({{order.0.id}},{{0.0.n}})", "/t?id=in.(%227%22,%22a%20b%22)"),
            (
                "/t?or=(n.eq.{{hostile}},id.eq.1)",
                "/t?or=(n.eq.%22zz%2Cid%2Egt%2E0%5C%22%22,id.eq.1)",
            ),
        ] {
            assert_eq!(results.in_path(path).unwrap(), expect, "{path}");
        }
    }

    #[test]
    fn a_reference_to_nothing_is_refused() {
        let results = results();
        for path in ["nobody.0.id", "order.1.id", "order.0.nothing", "2.0"] {
            let body = format!("{{\"a\":{{\"$ref\":\"{path}\"}}}}");
            assert_eq!(results.in_body(&body).unwrap_err().code(), Code::BodyUnreadable, "{path}");
        }
        for path in [
            "/t?id=eq.{{order.0}}",
            "/{{hostile}}?id=eq.1",
            "/t?{{hostile}}=eq.1",
            "/t?id={{hostile}}",
            "/t?select={{hostile}}",
            "/t?a.order={{hostile}}",
            "/t?limit={{order.0.id}}",
            "/t?x=cs.{{{order.0.id}}}",
            "/t?x=eq.{{order.0.id",
            "/t?or=(n.eq.\"{{hostile}}\",id.eq.1)",
            "/t?or=(n.eq.%22{{hostile}}%22,id.eq.1)",
            "/t?or=(n.eq.%22a%5C%22{{hostile}}%22,id.eq.1)",
            "/rpc/f?a={{order.0.id}}",
        ] {
            assert!(results.in_path(path).is_err(), "{path}");
        }
    }
}
