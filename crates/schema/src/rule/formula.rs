//! An expression over named JSON values, for settings that compute something: what a token says
//! beside its own claims. CEL as in rules, guarded and parsed as they are; what it lacks is absent.

use std::sync::Arc;

use cel::{Context, Program};
use serde_json::Value;

use super::facts::{from_json, to_json};
use super::parse::{environment, parse};

/// An expression that was read.
pub struct Formula(Program);

impl std::fmt::Debug for Formula {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Formula(…)")
    }
}

impl Formula {
    /// Reads an expression that may use these names.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn read(source: &str, names: &[&str]) -> Result<Self, String> {
        let program = parse(source).map_err(|fault| fault.message)?;
        let used = program.references();
        let unknown = used.variables().into_iter().find(|name| !names.contains(name));
        match unknown {
            None => Ok(Self(program)),
            Some(name) => Err(format!("`{name}` is not known here; known: {}", names.join(", "))),
        }
    }

    /// Its value; `None` where something that it asks is not there.
    #[must_use]
    pub fn value(&self, names: &[(&str, &Value)]) -> Option<Value> {
        let mut context = Context::with_env(Arc::clone(environment()));
        for (name, value) in names {
            context.add_variable_from_value(*name, from_json(value));
        }
        to_json(&self.0.execute(&context).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_formula_computes_json_and_what_is_absent_gives_nothing() {
        let user = json!({ "email": "ann@shop.example", "app_metadata": { "team": 7 } });
        let value = |source| Formula::read(source, &["user"]).unwrap().value(&[("user", &user)]);
        assert_eq!(value("user.app_metadata.team"), Some(json!(7)));
        assert_eq!(value("user.email.endsWith('@shop.example')"), Some(json!(true)));
        assert_eq!(value("{'a': [user.app_metadata.team]}"), Some(json!({ "a": [7] })));
        assert_eq!(value("user.app_metadata.tenant"), None);
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for (source, part) in [("user.", "parse"), ("row.id", "`row` is not known"), ("", "empty")]
        {
            let error = Formula::read(source, &["user"]).unwrap_err();
            assert!(error.contains(part), "{source}: {error}");
        }
    }
}
