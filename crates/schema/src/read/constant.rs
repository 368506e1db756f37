//! Constants in TOML (`default`, `min`, `max`) become values of a column's type. Called by `check`,
//! once that type is known.

use toml::de::DeValue;

use super::node::Node;
use crate::mistake::{Found, Mistake};
use crate::model::Default;
use crate::types::Type;
use crate::value::Value;

const NOW: &[&str] = &["now", "now()", "current_timestamp"];
const UUID: &[&str] = &["uuid", "gen_random_uuid()", "uuidv7()"];
const AUTH_TENANT: &[&str] = &["auth.tenant", "auth_tenant()", "auth.tenant()"];
const AUTH_UID: &[&str] = &["auth.uid", "auth_uid()", "auth.uid()"];

/// The text means something that is made, so as a constant it has to be marked as one.
pub(crate) fn is_word(text: &str) -> bool {
    let lower = text.to_lowercase();
    [NOW, UUID, AUTH_UID, AUTH_TENANT].iter().any(|words| words.contains(&lower.as_str()))
}

/// What `default` says: a word for something that is made, or a constant.
///
/// `now` is for times, `uuid` and `auth.uid` for uuids and texts, `auth.tenant` for whole numbers,
/// too; a text column takes these words as they are by `{ value = "now" }`.
pub(crate) fn default(
    node: Node<'_>,
    ty: &Type,
    adopted: bool,
    found: &mut Found,
) -> Option<Default> {
    if let Some((key, inner)) = wrapped(node) {
        if key == "value" {
            return constant(inner, ty, "`default`", found).map(Default::Value);
        }
        if !adopted {
            let message = "`default = { sql = … }` is only for adopted tables";
            let hint = "a default is a constant, `now`, `uuid`, `auth.uid` or `auth.tenant`";
            found.add(Mistake::new(node.place, "default-sql", message).hint(hint));
            return None;
        }
        return inner.filled_text("`sql`", found).map(|sql| Default::Sql(sql.value));
    }
    let Some(word) = node.value.as_str() else {
        return constant(node, ty, "`default`", found).map(Default::Value);
    };
    let lower = word.to_lowercase();
    let is = |words: &[&str]| words.contains(&lower.as_str());
    let texts = matches!(ty, Type::Text | Type::Uuid);
    match ty {
        Type::TimestampTz | Type::Timestamp | Type::Date | Type::Time if is(NOW) => {
            Some(Default::Now)
        }
        _ if texts && is(UUID) => Some(Default::Uuid),
        _ if texts && is(AUTH_UID) => Some(Default::AuthUid),
        _ if is(AUTH_TENANT) && tells_tenants(ty) => Some(Default::AuthTenant),
        Type::Text if is(NOW) => {
            let message = format!("`{word}` is a time, and the column holds text");
            let hint = format!("for the word itself write `default = {{ value = \"{word}\" }}`");
            found.add(Mistake::new(node.place, "default-type", message).hint(hint));
            None
        }
        _ => constant(node, ty, "`default`", found).map(Default::Value),
    }
}

/// Types that a claim `tenant` can be kept in.
pub(crate) fn tells_tenants(ty: &Type) -> bool {
    matches!(ty, Type::Text | Type::Uuid | Type::SmallInt | Type::Integer | Type::BigInt)
}

/// `{ value = … }` or `{ sql = … }`: a table with this one key.
fn wrapped(node: Node<'_>) -> Option<(&str, Node<'_>)> {
    let table = node.value.as_table()?;
    let (key, value) = table.iter().next().filter(|_| table.len() == 1)?;
    let key: &str = key.get_ref();
    matches!(key, "value" | "sql").then(|| (key, Node::new(node.place.file, value)))
}

/// A constant of a type. TOML's kinds are kept apart: `"5"` is no integer, `5` is no text.
pub(crate) fn constant(node: Node<'_>, ty: &Type, what: &str, found: &mut Found) -> Option<Value> {
    let read = match (ty, node.value) {
        (Type::Json, DeValue::String(text)) => ty.read_json(text),
        (Type::Json, value) | (Type::Array(_), value @ DeValue::Array(_)) => match json(value) {
            Some(json) => ty.read_json(&json.to_string()),
            None => return wrong(node, ty, what, found),
        },
        (Type::SmallInt | Type::Integer | Type::BigInt | Type::Boolean, DeValue::String(_))
        | (Type::Boolean, DeValue::Integer(_) | DeValue::Float(_)) => {
            return wrong(node, ty, what, found);
        }
        (_, DeValue::String(text)) => ty.read_text(text),
        (Type::Boolean, DeValue::Boolean(truth)) => Ok(Value::Int(i64::from(*truth))),
        (ty, DeValue::Integer(_) | DeValue::Float(_)) if ty.is_number() => {
            match number(node.value) {
                Some(text) => ty.read_text(&text),
                None => return wrong(node, ty, what, found),
            }
        }
        (
            Type::TimestampTz | Type::Timestamp | Type::Date | Type::Time,
            DeValue::Datetime(time),
        ) => ty.read_text(&time.to_string()),
        _ => return wrong(node, ty, what, found),
    };
    match read {
        Ok(value) => Some(value),
        Err(error) => {
            let message = format!("{what} does not fit `{ty}`: {error}");
            let mut mistake = Mistake::new(node.place, "default-type", message);
            mistake.hint = error.hint_text().map(str::to_owned);
            if let (Type::Enum(labels), Some(text)) = (ty, node.value.as_str()) {
                mistake = mistake.nearest(text, labels.iter().map(String::as_str));
            }
            found.add(mistake);
            None
        }
    }
}

/// `min` or `max` of a number, in the wire form of its type.
pub(crate) fn bound(node: Node<'_>, ty: &Type, what: &str, found: &mut Found) -> Option<String> {
    let value = constant(node, ty, what, found)?;
    let mut text = Vec::new();
    ty.write_text(value.as_stored(), &mut text);
    String::from_utf8(text).ok()
}

fn wrong<T>(node: Node<'_>, ty: &Type, what: &str, found: &mut Found) -> Option<T> {
    let message = format!("{what} must be a constant of type `{ty}`, not {}", node.kind());
    let mistake = Mistake::new(node.place, "default-type", message);
    found.add(match (ty, node.value) {
        (Type::Text, DeValue::Integer(_) | DeValue::Float(_)) => mistake.hint("put it in quotes"),
        (_, DeValue::String(text)) if !text.is_empty() => {
            mistake.hint(format!("leave the quotes out: `{text}`"))
        }
        _ => mistake,
    });
    None
}

/// The decimal text of a TOML number.
fn number(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(|number| number.to_string()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}

/// TOML as JSON; nothing for a number that JSON cannot hold, such as `inf`.
pub(crate) fn json(value: &DeValue<'_>) -> Option<serde_json::Value> {
    Some(match value {
        DeValue::String(text) => text.to_string().into(),
        DeValue::Boolean(truth) => (*truth).into(),
        DeValue::Integer(_) | DeValue::Float(_) => serde_json::from_str(&number(value)?).ok()?,
        DeValue::Datetime(time) => time.to_string().into(),
        DeValue::Array(items) => {
            items.iter().map(|item| json(item.get_ref())).collect::<Option<Vec<_>>>()?.into()
        }
        DeValue::Table(table) => {
            let fields = table
                .iter()
                .map(|(key, value)| Some((key.get_ref().to_string(), json(value.get_ref())?)));
            serde_json::Value::Object(fields.collect::<Option<_>>()?)
        }
    })
}
