//! Arguments of a function: named values of a body or a query string, read as their declared
//! types, behind what the function may know of its caller.

use mainstay_base::{Code, Error, Result};
use mainstay_gate::Identity;
use mainstay_schema::model::{Argument, Function};
use mainstay_schema::{Type, Value};
use serde_json::value::RawValue;

use super::index::nearest;
use crate::parse::{BodyKind, Intent, Pairs, Verb, object};

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
    Json(&'a RawValue),
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

fn json(body: &[u8]) -> Result<Vec<(String, Written<'_>)>> {
    let unreadable = |why: String| {
        Error::new(Code::BodyUnreadable, "The arguments are not a JSON object").details(why)
    };
    let text = std::str::from_utf8(body).map_err(|error| unreadable(error.to_string()))?;
    let fields = object::fields(text).map_err(|error| unreadable(error.to_string()))?;
    for (at, (name, _)) in fields.iter().enumerate() {
        if fields[..at].iter().any(|(known, _)| known == name) {
            return Err(unreadable(format!("the key '{name}' stands twice")));
        }
    }
    let owned = |(name, raw): (std::borrow::Cow<'_, str>, _)| (name.into_owned(), raw);
    let fields = fields.into_iter().map(owned);
    Ok(fields.map(|(name, raw)| (name, Written::Json(raw))).collect())
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
