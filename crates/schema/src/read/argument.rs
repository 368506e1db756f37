//! Arguments of a function: what is declared, and that the SQL names just these.

use toml::de::DeValue;

use super::column_type::{declared_type, unknown_type};
use super::constant;
use super::function::Scanned;
use super::node::{Field, Fields, Node};
use super::sql::Scan;
use crate::limits::MAX_ARGUMENTS;
use crate::mistake::{Found, Mistake, Place, Placed};
use crate::model::Argument;
use crate::types::Type;
use crate::value::Value;

pub(super) fn arguments(fields: &Fields<'_>, found: &mut Found) -> Vec<Placed<Argument>> {
    let Some(node) = fields.get("args") else {
        return Vec::new();
    };
    let Some(entries) = node.entries("`args`", found) else {
        return Vec::new();
    };
    if entries.list.len() > MAX_ARGUMENTS {
        let message =
            format!("{} arguments, at most {MAX_ARGUMENTS} are taken", entries.list.len());
        found.add(Mistake::new(node.place, "too-many", message));
        return Vec::new();
    }
    entries.list.iter().filter_map(|field| argument(field, found)).collect()
}

fn argument(field: &Field<'_>, found: &mut Found) -> Option<Placed<Argument>> {
    let what = format!("argument `{}`", field.name);
    let fits = field.name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !field.name.starts_with(|c: char| c.is_ascii_digit())
        && !field.name.is_empty();
    if !fits {
        let message = format!("{what} cannot be written as `:{}` in SQL", field.name);
        let hint = "an argument has letters, digits and `_` in its name";
        found.add(Mistake::new(field.place, "argument-name", message).hint(hint));
        return None;
    }
    let (ty, default) = match field.node.value {
        DeValue::String(text) => {
            // A type that was noted as unknown does not make its argument unknown, too.
            (plain_type(text, field.node, &what, found).unwrap_or(Type::Text), None)
        }
        _ => {
            let known = ["type", "values", "default", "null"];
            let fields = field.node.fields(&what, &known, found)?;
            if fields.get("type").is_none() {
                found.add(Mistake::new(field.place, "no-type", format!("{what} has no `type`")));
            }
            match declared_type(&fields, &what, found) {
                Some(ty) => {
                    let default = argument_default(&fields, &ty, found);
                    (ty, default)
                }
                None => (Type::Text, None),
            }
        }
    };
    let argument = Argument { name: field.name.to_owned(), ty, default };
    Some(Placed::new(argument, field.place))
}

fn plain_type(text: &str, node: Node<'_>, what: &str, found: &mut Found) -> Option<Type> {
    match Type::parse(text) {
        Some(Type::Enum(_)) => {
            let message = format!("{what} is an enum without values");
            found.add(Mistake::new(node.place, "enum-without-values", message));
            None
        }
        Some(ty) => Some(ty),
        None => {
            found.add(unknown_type(text, node.place));
            None
        }
    }
}

/// `default = 5`, or `null = true` for an argument that is NULL unless it is given.
fn argument_default(fields: &Fields<'_>, ty: &Type, found: &mut Found) -> Option<Value> {
    if let Some(node) = fields.get("default") {
        return constant(node, ty, "`default`", found);
    }
    let null = fields.get("null").and_then(|node| node.flag("`null`", found));
    (null == Some(true)).then_some(Value::Null)
}

pub(super) fn check(args: &[Placed<Argument>], texts: &Scanned, found: &mut Found) {
    for (text, scan) in texts {
        let mut seen: Vec<&str> = Vec::new();
        for name in &scan.arguments {
            let known = args.iter().any(|arg| arg.value.name == *name);
            if !known && !seen.contains(&name.as_str()) {
                let message = format!("the SQL names `:{name}`, which is no argument");
                let place = named_place(text, name);
                found.add(
                    Mistake::new(place, "unknown-argument", message)
                        .hint(format!("declare it: `args = {{ {name} = \"text\" }}`"))
                        .nearest(name, args.iter().map(|arg| arg.value.name.as_str())),
                );
            }
            seen.push(name);
        }
    }
    for arg in args {
        let used = |(_, scan): &(_, Scan)| scan.arguments.contains(&arg.value.name);
        if !texts.iter().all(used) {
            let name = &arg.value.name;
            let message = format!("argument `{name}` is not used by the SQL");
            let hint = format!("write `:{name}` where its value belongs, or leave it out");
            found.add(Mistake::new(arg.place, "unused-argument", message).hint(hint));
        }
    }
}

/// The place of `:name` when the SQL stands in the file as it is, else all of it.
fn named_place(text: &Placed<String>, name: &str) -> Place {
    let at = text.value.find(&format!(":{name}"));
    match (text.place.range, at) {
        (Some((start, end)), Some(at)) if end - start == text.value.len() + 2 => {
            let from = start + 1 + at;
            Place { range: Some((from, from + 1 + name.len())), ..text.place }
        }
        _ => text.place,
    }
}
