//! What a rule may know of the caller: the gate fills it in once per token, `known` reads it. What
//! the caller lacks is absent, so that an expression that needs it denies.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value;

/// The fields of `auth`, in the order of the documentation.
pub(super) const FIELDS: &[&str] = &["uid", "role", "roles", "email", "aal", "claims"];

/// The caller as rules see it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuthFacts {
    /// `auth.uid`: the id of the signed-in user; absent for an anonymous caller.
    pub uid: Option<String>,
    /// `auth.role`: the role of the token, `anon` without one.
    pub role: String,
    /// `auth.roles`: further roles of the user.
    pub roles: Vec<String>,
    /// `auth.email`: absent when the user has none.
    pub email: Option<String>,
    /// `auth.aal`: how sure the sign-in was, `aal1` or `aal2`.
    pub aal: Option<String>,
    /// `auth.claims`: all claims of the token, a JSON object.
    pub claims: serde_json::Value,
}

impl AuthFacts {
    /// `auth` as a CEL map without the fields that are absent.
    pub(super) fn to_value(&self) -> Value {
        let mut fields: HashMap<cel::objects::Key, Value> = HashMap::with_capacity(FIELDS.len());
        fields.insert("role".into(), text(&self.role));
        let roles: Vec<Value> = self.roles.iter().map(|role| text(role)).collect();
        fields.insert("roles".into(), Value::List(Arc::new(roles)));
        for (name, value) in [("uid", &self.uid), ("email", &self.email), ("aal", &self.aal)] {
            if let Some(value) = value {
                fields.insert(name.into(), text(value));
            }
        }
        if self.claims.is_object() {
            fields.insert("claims".into(), from_json(&self.claims));
        }
        Value::Map(cel::objects::Map { map: Arc::new(fields) })
    }
}

/// What a rule may know of the request itself: `request`. Asked only by rules that name it.
pub trait RequestFacts {
    /// `request.method`, in capitals.
    fn method(&self) -> &str;
    /// `request.path`, decoded.
    fn path(&self) -> &str;
    /// `request.headers`: names in small letters; of a repeated header all values with a comma.
    fn headers(&self) -> Vec<(String, String)>;
}

/// The fields of `request`.
pub(super) const REQUEST_FIELDS: &[&str] = &["method", "path", "headers"];

pub(super) fn request_value(request: &dyn RequestFacts) -> Value {
    let header = |(name, value): (String, String)| (name.into(), text(&value));
    let headers = request.headers().into_iter().map(header).collect();
    let headers = cel::objects::Map { map: Arc::new(headers) };
    let fields: HashMap<cel::objects::Key, Value> = HashMap::from([
        ("method".into(), text(request.method())),
        ("path".into(), text(request.path())),
        ("headers".into(), Value::Map(headers)),
    ]);
    Value::Map(cel::objects::Map { map: Arc::new(fields) })
}

fn text(text: &str) -> Value {
    Value::String(Arc::new(text.to_owned()))
}

/// A list or a map as JSON; `None` where it holds what JSON has no form for.
pub(super) fn to_json(value: &Value) -> Option<serde_json::Value> {
    Some(match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Int(number) => (*number).into(),
        Value::UInt(number) => (*number).into(),
        Value::Float(number) => serde_json::Number::from_f64(*number)?.into(),
        Value::String(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(to_json).collect::<Option<Vec<_>>>()?.into(),
        Value::Map(map) => {
            let field = |(key, value): (&cel::objects::Key, &Value)| {
                let cel::objects::Key::String(name) = key else { return None };
                Some((name.as_ref().clone(), to_json(value)?))
            };
            map.map.iter().map(field).collect::<Option<serde_json::Map<_, _>>>()?.into()
        }
        _ => return None,
    })
}

/// Whole numbers stay whole, so that `auth.claims.level == 2` holds for `{"level": 2}`.
pub(super) fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::Int(number),
            (None, Some(number)) => Value::UInt(number),
            (None, None) => number.as_f64().map_or(Value::Null, Value::Float),
        },
        serde_json::Value::String(string) => text(string),
        serde_json::Value::Array(items) => {
            Value::List(Arc::new(items.iter().map(from_json).collect()))
        }
        serde_json::Value::Object(fields) => {
            let map = fields.iter().map(|(key, value)| (key.as_str().into(), from_json(value)));
            Value::Map(cel::objects::Map { map: Arc::new(map.collect()) })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_are_the_same_after_the_way_through_the_interpreter() {
        let claims = json!({
            "null": null, "truth": true, "whole": -7, "large": u64::MAX, "part": 1.5,
            "text": "né", "list": [1, [2.5, "x"], {}], "map": { "a": { "b": [] } },
        });
        assert_eq!(to_json(&from_json(&claims)), Some(claims));
    }

    #[test]
    fn what_json_has_no_form_for_is_none() {
        let bytes = Value::Bytes(Arc::new(vec![1]));
        assert_eq!(to_json(&bytes), None);
        assert_eq!(to_json(&Value::List(Arc::new(vec![Value::Null, bytes]))), None);
        assert_eq!(to_json(&Value::Float(f64::NAN)), None);
        let key = cel::objects::Key::Int(1);
        let map = cel::objects::Map { map: Arc::new(HashMap::from([(key, Value::Null)])) };
        assert_eq!(to_json(&Value::Map(map)), None);
    }
}
