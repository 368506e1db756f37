//! Functions and views: SQL that people wrote, with the names of its arguments checked against the
//! declared ones. They are complete after this file, for nothing in them points elsewhere.

use toml::de::DeValue;

use super::column::{declared_type, unknown_type};
use super::node::{Field, Fields, Node};
use super::sql::{Scan, scan};
use super::{Reader, constant};
use crate::limits::MAX_ARGUMENTS;
use crate::mistake::{Found, Mistake, Placed};
use crate::model::{Argument, Function, Sql, View};
use crate::types::Type;
use crate::value::Value;

/// The function that `field` declares.
pub(super) fn function(field: &Field<'_>, reader: &mut Reader) -> Option<Placed<Function>> {
    let what = format!("function `{}`", field.name);
    let known = ["doc", "args", "sql", "allow"];
    let fields = field.node.fields(&what, &known, &mut reader.found)?;
    let allow = fields
        .get("allow")
        .and_then(|node| reader.rule(node, "`allow`"));
    let found = &mut reader.found;
    let doc = fields
        .get("doc")
        .and_then(|node| node.text("`doc`", found))
        .map(|doc| doc.value);
    let args = arguments(&fields, found);
    let (sql, texts) = sql(field, &fields, &what, found)?;
    check_arguments(&args, &texts, found);
    let args = args.into_iter().map(|arg| arg.value).collect();
    let function = Function {
        name: field.name.to_owned(),
        doc,
        args,
        sql,
        allow,
    };
    Some(Placed::new(function, field.place))
}

/// The view that `field` declares.
pub(super) fn view(field: &Field<'_>, reader: &mut Reader) -> Option<Placed<View>> {
    let what = format!("view `{}`", field.name);
    let fields = field
        .node
        .fields(&what, &["doc", "sql", "allow"], &mut reader.found)?;
    let allow = reader.view_allow(&fields);
    let found = &mut reader.found;
    let doc = fields
        .get("doc")
        .and_then(|node| node.text("`doc`", found))
        .map(|doc| doc.value);
    let (sql, texts) = sql(field, &fields, &what, found)?;
    for (text, scan) in &texts {
        check_view(text, scan, &what, found);
    }
    let view = View {
        name: field.name.to_owned(),
        doc,
        sql,
        allow,
    };
    Some(Placed::new(view, field.place))
}

fn check_view(text: &Placed<String>, scan: &Scan, what: &str, found: &mut Found) {
    let wrong = match scan {
        Scan { arguments, .. } if !arguments.is_empty() => Some((
            format!("{what} names an argument `:{}`", arguments[0]),
            "a view has no arguments; a function has",
        )),
        Scan {
            statements: 2.., ..
        } => Some((
            format!("{what} has more than one statement"),
            "a view is one `select`",
        )),
        Scan { first_word, .. } if !["select", "with", "values"].contains(&first_word.as_str()) => {
            Some((
                format!("{what} is not a `select`"),
                "a view only reads; what writes is a function",
            ))
        }
        _ => None,
    };
    if let Some((message, hint)) = wrong {
        found.add(Mistake::new(text.place, "view-not-a-select", message).hint(hint));
    }
}

type Scanned = Vec<(Placed<String>, Scan)>;

/// `sql = "…"`, or `sql.sqlite` and `sql.postgres`, of which one is enough.
fn sql(
    field: &Field<'_>,
    fields: &Fields<'_>,
    what: &str,
    found: &mut Found,
) -> Option<(Sql, Scanned)> {
    let Some(node) = fields.get("sql") else {
        let mistake = Mistake::new(field.place, "missing-key", format!("{what} has no `sql`"));
        found.add(mistake);
        return None;
    };
    if !node.value.is_table() {
        let scanned = statement(node, "`sql`", found)?;
        return Some((Sql::Both(scanned.0.value.clone()), vec![scanned]));
    }
    let each = node.fields("`sql`", &["sqlite", "postgres"], found)?;
    let sqlite = each
        .get("sqlite")
        .and_then(|node| statement(node, "`sql.sqlite`", found));
    let postgres = each
        .get("postgres")
        .and_then(|node| statement(node, "`sql.postgres`", found));
    if sqlite.is_none() && postgres.is_none() {
        if each.list.is_empty() {
            let message = format!("{what} has no `sql` for either engine");
            found.add(Mistake::new(field.place, "missing-key", message));
        }
        return None;
    }
    let text = |scanned: &Option<(Placed<String>, Scan)>| {
        scanned.as_ref().map(|(text, _)| text.value.clone())
    };
    let sql = Sql::Each {
        sqlite: text(&sqlite),
        postgres: text(&postgres),
    };
    Some((sql, sqlite.into_iter().chain(postgres).collect()))
}

fn statement(node: Node<'_>, what: &str, found: &mut Found) -> Option<(Placed<String>, Scan)> {
    let text = node.filled_text(what, found)?;
    let scan = scan(&text.value);
    if let Some(open) = scan.open {
        found.add(Mistake::new(
            text.place,
            "sql",
            format!("{what} has {open}"),
        ));
        return None;
    }
    if scan.statements == 0 {
        found.add(Mistake::new(
            text.place,
            "sql",
            format!("{what} has no statement in it"),
        ));
        return None;
    }
    Some((text, scan))
}

fn arguments(fields: &Fields<'_>, found: &mut Found) -> Vec<Placed<Argument>> {
    let Some(node) = fields.get("args") else {
        return Vec::new();
    };
    let Some(entries) = node.entries("`args`", found) else {
        return Vec::new();
    };
    if entries.list.len() > MAX_ARGUMENTS {
        let message = format!(
            "{} arguments, at most {MAX_ARGUMENTS} are taken",
            entries.list.len()
        );
        found.add(Mistake::new(node.place, "too-many", message));
        return Vec::new();
    }
    entries
        .list
        .iter()
        .filter_map(|field| argument(field, found))
        .collect()
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
            (
                plain_type(text, field.node, &what, found).unwrap_or(Type::Text),
                None,
            )
        }
        _ => {
            let known = ["type", "values", "default", "null"];
            let fields = field.node.fields(&what, &known, found)?;
            if fields.get("type").is_none() {
                found.add(Mistake::new(
                    field.place,
                    "no-type",
                    format!("{what} has no `type`"),
                ));
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
    let argument = Argument {
        name: field.name.to_owned(),
        ty,
        default,
    };
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
    let null = fields
        .get("null")
        .and_then(|node| node.flag("`null`", found));
    (null == Some(true)).then_some(Value::Null)
}

fn check_arguments(args: &[Placed<Argument>], texts: &Scanned, found: &mut Found) {
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
fn named_place(text: &Placed<String>, name: &str) -> crate::mistake::Place {
    let at = text.value.find(&format!(":{name}"));
    match (text.place.range, at) {
        (Some((start, end)), Some(at)) if end - start == text.value.len() + 2 => {
            let from = start + 1 + at;
            crate::mistake::Place {
                range: Some((from, from + 1 + name.len())),
                ..text.place
            }
        }
        _ => text.place,
    }
}
