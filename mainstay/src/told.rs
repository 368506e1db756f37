//! What is left of a rule as a person reads it: the residual's tree as CEL again, its values in
//! their places.

use mainstay_schema::Value;
use mainstay_schema::rule::tree::{
    At, Cond, Field, Function, Key, Order, Term, TextTest, TimePart,
};
use mainstay_schema::rule::{Const, Kind, Residual};

/// A residual with the values that it is bound to.
#[must_use]
pub fn residual(residual: &Residual) -> String {
    Teller { values: &residual.values, knowns: &[] }.cond(&residual.cond)
}

/// A condition in which only the caller is known: by place in the rule, nothing for an error.
#[must_use]
pub fn condition(cond: &Cond, knowns: &[Option<Const>]) -> String {
    Teller { values: &[], knowns }.cond(cond)
}

/// A value as CEL writes it.
#[must_use]
pub fn constant(value: Option<&Const>) -> String {
    match value {
        None => "error".to_owned(),
        Some(Const::Null) => "null".to_owned(),
        Some(Const::Bool(truth)) => truth.to_string(),
        Some(Const::Int(number)) => number.to_string(),
        Some(Const::Double(number)) => double(*number),
        Some(Const::Text(text)) => quoted(text),
        Some(Const::Json(json)) => json.to_string(),
        Some(other @ Const::Bytes(_)) => stored(&other.to_stored(), Kind::Bytes),
        Some(other @ Const::Time(_)) => stored(&other.to_stored(), Kind::Time),
        Some(other @ Const::Span(_)) => stored(&other.to_stored(), Kind::Span),
    }
}

struct Teller<'a> {
    values: &'a [Value],
    knowns: &'a [Option<Const>],
}

impl Teller<'_> {
    fn cond(&self, cond: &Cond) -> String {
        match cond {
            Cond::Const(truth) => truth.to_string(),
            Cond::Error => "error".to_owned(),
            Cond::All(parts) => self.joined(parts, false),
            Cond::Any(parts) => self.joined(parts, true),
            Cond::Not(inner) => self.not(inner),
            Cond::If(condition, yes, no) => {
                format!("({} ? {} : {})", self.cond(condition), self.cond(yes), self.cond(no))
            }
            Cond::Is(term) => self.term(term),
            Cond::Equal(left, right) => format!("{} == {}", self.term(left), self.term(right)),
            Cond::Order(order, left, right) => {
                let sign = match order {
                    Order::Less => "<",
                    Order::LessEqual => "<=",
                    Order::Greater => ">",
                    Order::GreaterEqual => ">=",
                };
                format!("{} {sign} {}", self.term(left), self.term(right))
            }
            Cond::In(value, list) => format!("{} in {}", self.term(value), self.list(list)),
            Cond::Within(value, list) => format!("{} in {}", self.term(value), self.term(list)),
            Cond::Text(test, left, right) => {
                let name = match test {
                    TextTest::Contains => "contains",
                    TextTest::StartsWith => "startsWith",
                    TextTest::EndsWith => "endsWith",
                };
                format!("{}.{name}({})", self.term(left), self.term(right))
            }
            Cond::Matches(value, pattern) => {
                format!("{}.matches({})", self.term(value), self.term(pattern))
            }
            Cond::Has(from, key) => format!("has({}{})", self.term(from), step(key)),
            Cond::Rows { table, level, body } => {
                format!("{table}.exists({}, {})", variable(*level), self.cond(body))
            }
            Cond::Items { list, level, body } => {
                format!("{}.exists({}, {})", self.term(list), variable(*level), self.cond(body))
            }
        }
    }

    /// Parts that are decided are left out, or decide.
    fn joined(&self, parts: &[Cond], decides: bool) -> String {
        let mut told: Vec<(String, bool)> = Vec::new();
        for part in parts {
            let text = self.cond(part);
            match text.as_str() {
                "true" | "false" if (text == "true") == decides => return text,
                "true" | "false" => {}
                _ => told.push((text, matches!(part, Cond::All(_) | Cond::Any(_)))),
            }
        }
        let joint = if decides { " || " } else { " && " };
        match told.as_mut_slice() {
            [] => (!decides).to_string(),
            [(one, _)] => std::mem::take(one),
            many => {
                let each = many.iter().map(|(text, joined)| match joined {
                    true => format!("({text})"),
                    false => text.clone(),
                });
                each.collect::<Vec<_>>().join(joint)
            }
        }
    }

    /// As people write it: `!=`, `all`.
    fn not(&self, inner: &Cond) -> String {
        match inner {
            Cond::Equal(left, right) => format!("{} != {}", self.term(left), self.term(right)),
            Cond::Is(term) => format!("!{}", self.term(term)),
            Cond::Has(..) => format!("!{}", self.cond(inner)),
            Cond::Not(inner) => self.cond(inner),
            Cond::Rows { table, level, body } if matches!(**body, Cond::Not(_)) => {
                format!("{table}.all({}, {})", variable(*level), self.not(body))
            }
            Cond::Items { list, level, body } if matches!(**body, Cond::Not(_)) => {
                format!("{}.all({}, {})", self.term(list), variable(*level), self.not(body))
            }
            _ => format!("!({})", self.cond(inner)),
        }
    }

    /// Constants of one kind travel as one list.
    fn list(&self, list: &[Term]) -> String {
        let items = list.iter().map(|item| match item {
            Term::Param(at, Kind::List) => {
                let packed = self.bound(*at, Kind::List);
                packed.trim_start_matches('[').trim_end_matches(']').to_owned()
            }
            item => self.term(item),
        });
        format!("[{}]", items.collect::<Vec<_>>().join(", "))
    }

    fn term(&self, term: &Term) -> String {
        match term {
            Term::Error => "error".to_owned(),
            Term::Const(value) => constant(Some(value)),
            Term::Param(at, kind) => self.bound(*at, *kind),
            Term::Known(at, _) => constant(self.knowns.get(*at).and_then(Option::as_ref)),
            Term::Field(field) => self.field(field),
            Term::Step(inner, path) => {
                let path = path.iter().map(|key| match key {
                    Key::Name(name) => step(name),
                    Key::At(at) => format!("[{at}]"),
                });
                self.term(inner) + &path.collect::<String>()
            }
            Term::Item(level) => variable(*level),
            Term::Truth(condition) => format!("({})", self.cond(condition)),
            Term::Call(function, values) => self.call(*function, values),
            Term::If(condition, yes, no) => {
                format!("({} ? {} : {})", self.cond(condition), self.term(yes), self.term(no))
            }
        }
    }

    fn field(&self, field: &Field) -> String {
        let row = match &field.at {
            At::Row => "row".to_owned(),
            At::New => "new".to_owned(),
            At::Var(level) => variable(*level),
            At::Via(via) => self.term(&via.key),
        };
        row + &step(&field.name)
    }

    fn call(&self, function: Function, values: &[Term]) -> String {
        let values: Vec<String> = values.iter().map(|value| self.term(value)).collect();
        let first = values.first().map(String::as_str).unwrap_or_default();
        let name = match function {
            Function::Add => return format!("({})", values.join(" + ")),
            Function::Subtract => return format!("({})", values.join(" - ")),
            Function::Multiply => return format!("({})", values.join(" * ")),
            Function::Divide => return format!("({})", values.join(" / ")),
            Function::Remainder => return format!("({})", values.join(" % ")),
            Function::Negate => return format!("-({first})"),
            Function::ToInt => return format!("int({first})"),
            Function::ToDouble => return format!("double({first})"),
            Function::ToText => return format!("string({first})"),
            Function::Size => "size",
            Function::LowerAscii => "lowerAscii",
            Function::UpperAscii => "upperAscii",
            Function::Part(part) => part_name(part),
        };
        format!("{first}.{name}()")
    }

    fn bound(&self, at: usize, kind: Kind) -> String {
        self.values.get(at).map_or_else(|| "?".to_owned(), |value| stored(value, kind))
    }
}

fn part_name(part: TimePart) -> &'static str {
    TimePart::ALL.iter().find(|(_, known)| *known == part).map_or("?", |(name, _)| name)
}

/// A bound value in the form of its kind.
fn stored(value: &Value, kind: Kind) -> String {
    match (value, kind) {
        (Value::Null, _) => "null".to_owned(),
        (Value::Int(truth), Kind::Truth) => (*truth != 0).to_string(),
        (Value::Int(micros), Kind::Span) => {
            let seconds = micros.div_euclid(1_000_000);
            match micros.rem_euclid(1_000_000) {
                0 => format!("duration('{seconds}s')"),
                rest => format!("duration('{seconds}.{rest:06}s')"),
            }
        }
        (Value::Int(number), _) => number.to_string(),
        (Value::Real(number), _) => double(*number),
        (Value::Text(text), Kind::Time) => format!("timestamp({})", quoted(text)),
        (Value::Text(json), Kind::List | Kind::Map | Kind::Any) => json.clone(),
        (Value::Text(text), _) => quoted(text),
        (Value::Blob(bytes), _) => {
            let bytes: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
            format!("b'{bytes}'")
        }
    }
}

/// A whole number keeps its point, for CEL tells the two apart.
fn double(number: f64) -> String {
    format!("{number:?}")
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn step(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty();
    if plain { format!(".{name}") } else { format!("[{}]", quoted(name)) }
}

/// The variables of `exists`, from the outermost.
fn variable(level: usize) -> String {
    const NAMES: [&str; 3] = ["x", "y", "z"];
    NAMES.get(level).map_or_else(|| format!("x{level}"), |name| (*name).to_owned())
}
