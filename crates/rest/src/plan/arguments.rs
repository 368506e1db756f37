//! Arguments of a function: named values of a body or a query string, read as their declared
//! types, behind what the function may know of its caller.

use mainstay_base::{Code, Error, Result};
use mainstay_gate::Identity;
use mainstay_schema::model::{Argument, Function};
use mainstay_schema::{Type, Value};
use serde_json::value::RawValue;

use super::index::nearest;
use crate::parse::{BodyKind, Intent, Pairs, Verb};

/// The caller's facts, then a value for each declared argument.
pub struct Arguments(pub Vec<Value>);

/// # Errors
/// `PGRST202` when the names do not fit the declared ones, `PGRST102` for a body that is no
/// object, the codes of the types.
pub fn read(
    module: &str,
    function: &Function,
    intent: &Intent<'_>,
    body: &[u8],
    identity: &Identity,
) -> Result<Arguments> {
    let given = given(intent, body)?;
    let fits = |name: &str| function.args.iter().any(|argument| argument.name == name);
    let complete = function.args.iter().all(|argument| {
        argument.default.is_some() || given.iter().any(|(name, _)| *name == argument.name)
    });
    if !complete || !given.iter().all(|(name, _)| fits(name)) {
        let names: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
        return Err(unknown(module, &function.name, &names, &[], Some(function)));
    }
    let mut values = caller(identity);
    for argument in &function.args {
        let found = given.iter().find(|(name, _)| *name == argument.name);
        values.push(match found {
            Some((_, text)) => text.read(&argument.ty)?,
            None => argument.default.clone().unwrap_or(Value::Null),
        });
    }
    Ok(Arguments(values))
}

/// In the order of `CallerFact`.
fn caller(identity: &Identity) -> Vec<Value> {
    let facts = identity.facts();
    let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
    vec![
        text(&facts.uid),
        Value::Text(facts.role.clone()),
        text(&facts.email),
        Value::Text(facts.claims.to_string()),
    ]
}

/// An argument as it came.
enum Written<'a> {
    Text(std::borrow::Cow<'a, str>),
    Json(Box<RawValue>),
}

impl Written<'_> {
    fn read(&self, ty: &Type) -> Result<Value> {
        match self {
            Self::Text(text) => ty.read_text(text),
            Self::Json(raw) => ty.read_json(raw.get()),
        }
    }
}

fn given<'a>(intent: &Intent<'a>, body: &'a [u8]) -> Result<Vec<(String, Written<'a>)>> {
    if matches!(intent.verb, Verb::Read { .. }) {
        let text =
            |(name, text): &(&'a str, &'a str)| ((*name).to_owned(), Written::Text((*text).into()));
        return Ok(intent.arguments.iter().map(text).collect());
    }
    match intent.body_kind {
        BodyKind::Json if body.iter().all(u8::is_ascii_whitespace) => Ok(Vec::new()),
        BodyKind::Json => json(body),
        BodyKind::Form => form(body),
        BodyKind::Csv => {
            Err(Error::new(Code::BodyTypeUnsupported, "Content-Type not acceptable: text/csv")
                .hint("Send the arguments as a JSON object."))
        }
    }
}

fn json<'a>(body: &[u8]) -> Result<Vec<(String, Written<'a>)>> {
    let fields: Fields = serde_json::from_slice(body).map_err(|error| {
        Error::new(Code::BodyUnreadable, "The arguments are not a JSON object")
            .details(error.to_string())
    })?;
    Ok(fields.0)
}

/// A JSON object whose values stay as they were written; a name may stand once.
struct Fields<'a>(Vec<(String, Written<'a>)>);

impl<'de> serde::Deserialize<'de> for Fields<'_> {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> std::result::Result<Self, D::Error> {
        struct Object;
        impl<'de> serde::de::Visitor<'de> for Object {
            type Value = Vec<(String, Box<RawValue>)>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object of named arguments")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Self::Value, A::Error> {
                let mut fields: Self::Value = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if fields.iter().any(|(known, _)| *known == name) {
                        let message = format!("the key '{name}' stands twice");
                        return Err(serde::de::Error::custom(message));
                    }
                    fields.push((name, value));
                }
                Ok(fields)
            }
        }
        let fields = input.deserialize_map(Object)?;
        Ok(Self(fields.into_iter().map(|(name, raw)| (name, Written::Json(raw))).collect()))
    }
}

fn form<'a>(body: &[u8]) -> Result<Vec<(String, Written<'a>)>> {
    let text = std::str::from_utf8(body)
        .map_err(|_| Error::new(Code::BodyUnreadable, "The form is not UTF-8"))?;
    let pairs = Pairs::read(text)?;
    let owned = pairs.0.into_iter();
    Ok(owned
        .map(|(name, text)| (name.into_owned(), Written::Text(text.into_owned().into())))
        .collect())
}

/// `PGRST202`: no function of this name takes these arguments.
#[must_use]
pub fn unknown(
    module: &str,
    name: &str,
    given: &[&str],
    others: &[&str],
    known: Option<&Function>,
) -> Error {
    let listed = match given {
        [] => " without parameters".to_owned(),
        names => format!("({})", names.join(", ")),
    };
    let message =
        format!("Could not find the function {module}.{name}{listed} in the schema cache");
    let searched = match given {
        [] => "without parameters".to_owned(),
        [one] => format!("with parameter {one}"),
        names => format!("with parameters {}", names.join(", ")),
    };
    let details = format!(
        "Searched for the function {module}.{name} {searched}, but no matches were found in the \
         schema cache."
    );
    let hint = match known {
        Some(function) => {
            let one = |argument: &Argument| argument.name.clone();
            let names: Vec<String> = function.args.iter().map(one).collect();
            Some(format!("Perhaps you meant to call {module}.{name}({})", names.join(", ")))
        }
        None => nearest(name, others.iter().copied())
            .map(|near| format!("Perhaps you meant to call the function {module}.{near}")),
    };
    Error::new(Code::FunctionUnknown, message).details(details).hint_if(hint)
}
