//! Access rules: CEL expressions over what is known of the caller. `guard` bounds the text, `cel`
//! parses it, `infer` checks names and types; the gate then asks `holds` for each request.

mod facts;
mod guard;
mod infer;
mod operator;
mod parse;
mod vocabulary;

use std::sync::Arc;

use cel::{Context, Program, Value};

pub use facts::AuthFacts;

/// A rule that is known to parse, to name only what exists and to answer true or false.
#[derive(Clone, Debug)]
pub struct Rule {
    /// As it was written.
    pub source: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Always,
    Never,
    /// `claims` are turned into CEL values only for rules that look at them.
    Ask {
        program: Arc<Program>,
        needs_claims: bool,
    },
}

/// Why a text is no rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleFault {
    /// A stable name of this kind of fault.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
    /// The characters of the source that are meant.
    pub range: Option<(usize, usize)>,
}

impl Rule {
    /// Reads and checks a rule.
    ///
    /// # Errors
    /// The first fault: too long or too deep, not CEL, an unknown name, a type that does not fit.
    pub fn parse(source: &str) -> Result<Self, RuleFault> {
        let kind = match source.trim() {
            "true" => Kind::Always,
            "false" => Kind::Never,
            _ => parse::parse(source)?,
        };
        Ok(Self { source: source.to_owned(), kind })
    }

    /// The rule that everybody passes.
    #[must_use]
    pub fn always() -> Self {
        Self { source: "true".to_owned(), kind: Kind::Always }
    }

    /// The rule that nobody passes.
    #[must_use]
    pub fn never() -> Self {
        Self { source: "false".to_owned(), kind: Kind::Never }
    }

    /// Written as `true`: holds whoever asks.
    #[must_use]
    pub fn is_always(&self) -> bool {
        matches!(self.kind, Kind::Always)
    }

    /// Written as `false`: holds for nobody.
    #[must_use]
    pub fn is_never(&self) -> bool {
        matches!(self.kind, Kind::Never)
    }

    /// Whether the caller passes. Fails closed: an error or anything but `true` denies.
    #[must_use]
    pub fn holds(&self, facts: &AuthFacts) -> bool {
        match &self.kind {
            Kind::Always => true,
            Kind::Never => false,
            Kind::Ask { program, needs_claims } => {
                let mut context = Context::with_env(Arc::clone(parse::environment()));
                context.add_variable_from_value("auth", facts.to_value(*needs_claims));
                matches!(program.execute(&context), Ok(Value::Bool(true)))
            }
        }
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl RuleFault {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, range: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

#[cfg(test)]
mod tests;
