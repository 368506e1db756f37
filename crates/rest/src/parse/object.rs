//! JSON objects whose values stay as they were written: nothing of a long number is lost on the
//! way to where its type is known.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Keys and values in the order in which they stand.
pub type Fields<'a> = Vec<(Cow<'a, str>, &'a RawValue)>;

/// Reads an object; its keys may repeat.
///
/// # Errors
/// When the text is no JSON object.
pub fn fields(text: &str) -> Result<Fields<'_>, serde_json::Error> {
    let mut input = serde_json::Deserializer::from_str(text);
    let fields = input.deserialize_map(Object)?;
    input.end()?;
    Ok(fields)
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
            fields.push((name.0, value));
        }
        Ok(fields)
    }
}

/// A key, borrowed where nothing in it is escaped.
pub struct Key<'a>(pub Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        input.deserialize_str(Text)
    }
}
