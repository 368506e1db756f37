//! What a rule may know of the caller: the gate fills it in once per request, `Rule::holds` reads
//! it. What the caller lacks is absent, so that an expression that needs it denies.

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
    pub(super) fn to_value(&self, with_claims: bool) -> Value {
        let mut fields: HashMap<cel::objects::Key, Value> = HashMap::with_capacity(FIELDS.len());
        fields.insert("role".into(), text(&self.role));
        let roles: Vec<Value> = self.roles.iter().map(|role| text(role)).collect();
        fields.insert("roles".into(), Value::List(Arc::new(roles)));
        for (name, value) in [("uid", &self.uid), ("email", &self.email), ("aal", &self.aal)] {
            if let Some(value) = value {
                fields.insert(name.into(), text(value));
            }
        }
        if with_claims && self.claims.is_object() {
            fields.insert("claims".into(), from_json(&self.claims));
        }
        Value::Map(cel::objects::Map { map: Arc::new(fields) })
    }
}

fn text(text: &str) -> Value {
    Value::String(Arc::new(text.to_owned()))
}

/// Whole numbers stay whole, so that `auth.claims.level == 2` holds for `{"level": 2}`.
fn from_json(json: &serde_json::Value) -> Value {
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
