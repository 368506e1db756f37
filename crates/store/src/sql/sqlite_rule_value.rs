//! Values in access rules as SQLite text, and their equality. A typed value is NULL where CEL has
//! null, a calculated one where CEL has an error; a dynamic one is JSON text, NULL for an error.

use mainstay_schema::rule::tree::{At, Field, Function, Key, Term, TimePart};
use mainstay_schema::rule::{Const, Kind};
use mainstay_schema::{Type, Value};

use super::Text;
use super::sqlite_rule::{Writer, is_dynamic};

/// What NULL means for a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Nulls {
    Never,
    /// CEL's null.
    Value,
    /// CEL's error.
    Error,
}

impl Writer<'_, '_> {
    /// Null-safe, and false for values of different kinds.
    pub(super) fn equal(&mut self, text: &mut Text, left: &Term, right: &Term, exact: bool) {
        if is_dynamic(left) || is_dynamic(right) {
            text.push("mainstay_dyn_equal(");
            self.dynamic(text, left);
            text.push(", ");
            self.dynamic(text, right);
            text.push(")");
            return;
        }
        let failing: Vec<&Term> =
            [left, right].into_iter().filter(|term| nulls(term) == Nulls::Error).collect();
        let (kind, other) = (left.kind(), right.kind());
        let comparable = kind.compares(other) || kind == Kind::Null || other == Kind::Null;
        let plain = !exact
            && (failing.is_empty() || comparable)
            && ![left, right].iter().all(|term| nulls(term) == Nulls::Value)
            && ![left, right].iter().any(|term| term.kind() == Kind::Null);
        if plain && comparable {
            self.term(text, left);
            text.push(" = ");
            self.term(text, right);
            return;
        }
        self.unless_failed(text, &failing, |writer, text| {
            if !comparable {
                text.push("0");
                return;
            }
            writer.term(text, left);
            text.push(" IS ");
            writer.term(text, right);
        });
    }

    /// A value that could not be calculated makes the whole test an error.
    fn unless_failed(
        &mut self,
        text: &mut Text,
        failing: &[&Term],
        write: impl FnOnce(&mut Self, &mut Text),
    ) {
        if failing.is_empty() {
            return write(self, text);
        }
        text.push("CASE WHEN ").list(failing, " OR ", |text, term| {
            self.term(text, term);
            text.push(" IS NULL");
        });
        text.push(" THEN NULL ELSE ");
        write(self, text);
        text.push(" END");
    }

    pub(super) fn listed(&mut self, text: &mut Text, value: &Term, list: &[Term], exact: bool) {
        if let [Term::Param(at, Kind::List), rest @ ..] = list {
            return self.packed(text, value, *at, !rest.is_empty(), exact);
        }
        let all = std::iter::once(value).chain(list);
        let failing: Vec<&Term> = all.filter(|term| nulls(term) == Nulls::Error).collect();
        self.unless_failed(text, &failing, |writer, text| {
            if list.is_empty() {
                text.push("0");
                return;
            }
            text.push("(").list(list, " OR ", |text, item| {
                writer.equal(text, value, item, true);
            });
            text.push(")");
        });
    }

    /// One of the elements of a bound list, none of which is null; `null` is one beside them.
    fn packed(&mut self, text: &mut Text, value: &Term, at: usize, null: bool, exact: bool) {
        let whole = nulls(value) == Nulls::Value && (exact || null);
        if whole {
            text.push("CASE WHEN ");
            self.term(text, value);
            text.push(if null { " IS NULL THEN 1 ELSE " } else { " IS NULL THEN 0 ELSE " });
        }
        self.term(text, value);
        text.push(" IN (SELECT value FROM json_each(").rule(self.first + at).push("))");
        if whole {
            text.push(" END");
        }
    }

    pub(super) fn term(&mut self, text: &mut Text, term: &Term) {
        match term {
            Term::Param(at, _) => drop(text.rule(self.first + at)),
            Term::Field(field) => self.field(text, field),
            Term::Step(from, path) => {
                text.push("mainstay_dyn(");
                match from.as_ref() {
                    Term::Field(field) => self.column(text, field),
                    from => self.dynamic(text, from),
                }
                text.push(", ").fixed(Value::Text(steps(path))).push(")");
            }
            Term::Item(level) => {
                let alias = self.vars.get(*level).copied().unwrap_or_default();
                text.push(&format!("_mainstay_{alias}.value"));
            }
            Term::Truth(condition) => {
                text.push("(");
                self.cond(text, condition, true);
                text.push(")");
            }
            Term::Call(function, values) => self.call(text, *function, values),
            Term::Error | Term::Const(_) | Term::Known(..) | Term::If(..) => {
                text.push("NULL");
            }
        }
    }

    /// A column as a value of its kind.
    fn field(&mut self, text: &mut Text, field: &Field) {
        match &field.ty {
            Type::Date => {
                text.push("(");
                self.column(text, field);
                text.push(" || 'T00:00:00+00:00')");
            }
            Type::Timestamp => {
                text.push("(");
                self.column(text, field);
                text.push(" || '+00:00')");
            }
            ty @ Type::Numeric(_) if !ty.is_short_numeric() => {
                text.push("CAST(");
                self.column(text, field);
                text.push(" AS REAL)");
            }
            Type::Json | Type::Array(_) => {
                text.push("coalesce(");
                self.column(text, field);
                text.push(", 'null')");
            }
            _ => {
                self.column(text, field);
                if field.collated {
                    text.push(" COLLATE BINARY");
                }
            }
        }
    }

    /// A key as it is stored, for the lookup of the row that it points to.
    pub(super) fn key(&mut self, text: &mut Text, key: &Term) {
        match key {
            Term::Field(field) => self.column(text, field),
            other => self.term(text, other),
        }
    }

    /// A column as it is stored.
    fn column(&mut self, text: &mut Text, field: &Field) {
        let alias = match &field.at {
            At::Row | At::New => match self.row {
                Some(row) if self.nested == 0 => return row.column(text, field.column),
                Some(row) => return row.outer(text, field.column),
                None => {
                    text.push("NULL");
                    return;
                }
            },
            At::Var(level) => self.vars.get(*level).copied(),
            At::Via(via) => {
                self.vias.iter().find(|(known, _)| known == via).map(|(_, alias)| *alias)
            }
        };
        text.push(&format!("_mainstay_{}.", alias.unwrap_or_default())).name(&field.name);
    }

    /// A value as JSON text.
    pub(super) fn dynamic(&mut self, text: &mut Text, term: &Term) {
        if is_dynamic(term) {
            return self.term(text, term);
        }
        let failing: &[&Term] = if nulls(term) == Nulls::Error { &[term] } else { &[] };
        self.unless_failed(text, failing, |writer, text| {
            if matches!(term.kind(), Kind::Time | Kind::Span | Kind::Bytes) {
                // JSON has none of these: what stands here equals nothing that JSON can say.
                text.push("CASE WHEN ");
                writer.term(text, term);
                text.push(" IS NULL THEN 'null' ELSE '#' END");
                return;
            }
            if term.kind() == Kind::Truth {
                text.push("CASE ");
                writer.term(text, term);
                text.push(" WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END");
                return;
            }
            text.push("json_quote(");
            writer.term(text, term);
            text.push(")");
        });
    }

    /// A value as text, or an error.
    pub(super) fn text(&mut self, text: &mut Text, term: &Term) {
        let dynamic = is_dynamic(term);
        text.push(if dynamic { "mainstay_dyn_text(" } else { "" });
        self.term(text, term);
        text.push(if dynamic { ")" } else { "" });
    }

    fn call(&mut self, text: &mut Text, function: Function, values: &[Term]) {
        let name = function_name(function, values);
        let Some(name) = name else {
            text.push("NULL");
            return;
        };
        match name {
            Shape::Function(name) => {
                text.push(name).push("(");
                if let Function::Part(part) = function {
                    text.push(&format!("'{}', ", part_name(part)));
                }
            }
            Shape::Joined => drop(text.push("(")),
            Shape::Cast(_) => drop(text.push("CAST(")),
            Shape::Plain => {}
        }
        let joint = if matches!(name, Shape::Joined) { " || " } else { ", " };
        let texts = matches!(function, Function::LowerAscii | Function::UpperAscii);
        text.list(values, joint, |text, value| match texts {
            true => self.text(text, value),
            false => self.term(text, value),
        });
        match name {
            Shape::Function(_) | Shape::Joined => drop(text.push(")")),
            Shape::Cast(to) => drop(text.push(to)),
            Shape::Plain => {}
        }
    }
}

/// How a function is written.
#[derive(Clone, Copy)]
enum Shape {
    Function(&'static str),
    Joined,
    Cast(&'static str),
    Plain,
}

/// None where the kinds, which only the caller decided, have no such function: an error.
fn function_name(function: Function, values: &[Term]) -> Option<Shape> {
    use Kind::{Double, Int, Span, Text, Time};
    let kinds: Vec<Kind> = values.iter().map(Term::kind).collect();
    Some(match (function, kinds.as_slice()) {
        (Function::Add, [Text, Text]) => Shape::Joined,
        (Function::Add, [Int, Int] | [Double, Double] | [Span, Span]) => {
            Shape::Function("mainstay_add")
        }
        (Function::Add, [Time, Span] | [Span, Time]) => Shape::Function("mainstay_time_add"),
        (Function::Subtract, [Int, Int] | [Double, Double] | [Span, Span]) => {
            Shape::Function("mainstay_subtract")
        }
        (Function::Subtract, [Time, Span]) => Shape::Function("mainstay_time_subtract"),
        (Function::Subtract, [Time, Time]) => Shape::Function("mainstay_time_between"),
        (Function::Multiply, [Int, Int] | [Double, Double]) => Shape::Function("mainstay_multiply"),
        (Function::Divide, [Int, Int] | [Double, Double]) => Shape::Function("mainstay_divide"),
        (Function::Remainder, [Int, Int]) => Shape::Function("mainstay_remainder"),
        (Function::Negate, [Int | Double]) => Shape::Function("mainstay_negate"),
        (Function::Size, [Text]) => Shape::Function("length"),
        (Function::Size, [Kind::Any | Kind::List | Kind::Map]) => {
            Shape::Function("mainstay_dyn_size")
        }
        (Function::LowerAscii, [Text | Kind::Any]) => Shape::Function("lower"),
        (Function::UpperAscii, [Text | Kind::Any]) => Shape::Function("upper"),
        (Function::ToInt, [Int]) | (Function::ToDouble, [Double]) | (Function::ToText, [Text]) => {
            Shape::Plain
        }
        (Function::ToInt, [Double]) => Shape::Function("mainstay_to_int"),
        (Function::ToDouble, [Int]) => Shape::Cast(" AS REAL)"),
        (Function::ToText, [Int]) => Shape::Cast(" AS TEXT)"),
        (Function::Part(_), [Time]) => Shape::Function("mainstay_time_part"),
        _ => return None,
    })
}

/// The name by which `mainstay_time_part` knows a part.
fn part_name(part: TimePart) -> &'static str {
    TimePart::ALL.iter().find(|(_, known)| *known == part).map_or("", |(name, _)| name)
}

pub(super) fn nulls(term: &Term) -> Nulls {
    match term {
        Term::Const(Const::Null) => Nulls::Value,
        Term::Param(..) | Term::Const(_) | Term::Item(_) => Nulls::Never,
        Term::Field(field) if is_dynamic(term) || !field.null => Nulls::Never,
        Term::Field(_) => Nulls::Value,
        _ => Nulls::Error,
    }
}

/// A path as a JSON array of names and numbers.
fn steps(path: &[Key]) -> String {
    let step = |key: &Key| match key {
        Key::Name(name) => serde_json::Value::from(name.as_str()),
        Key::At(at) => serde_json::Value::from(*at),
    };
    serde_json::Value::Array(path.iter().map(step).collect()).to_string()
}
