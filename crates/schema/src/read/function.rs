//! Functions and views: SQL that people wrote, with the names of its arguments checked against the
//! declared ones. Complete after this file, but for the table that a function may give rows of.

use toml::de::DeValue;

use super::node::{Field, Fields, Node};
use super::sketch::FunctionSketch;
use super::sql::{Scan, scan};
use super::{Reader, argument, returns};
use crate::mistake::{Found, Mistake, Placed};
use crate::model::{Function, Sql, View, ViewTenant};

/// The function that `field` declares.
pub(super) fn function(field: &Field<'_>, reader: &mut Reader) -> Option<FunctionSketch> {
    let what = format!("function `{}`", field.name);
    let known = ["doc", "args", "sql", "returns", "allow", "security"];
    let fields = field.node.fields(&what, &known, &mut reader.found)?;
    let allow = fields.get("allow").and_then(|node| reader.rule(node, "`allow`"));
    let found = &mut reader.found;
    let doc = fields.get("doc").and_then(|node| node.text("`doc`", found)).map(|doc| doc.value);
    let args = argument::arguments(&fields, found);
    let definer = fields.get("security").is_some_and(|node| is_definer(node, found));
    let returns = fields.get("returns").and_then(|node| returns::returns(node, found));
    let (sql, texts) = sql(field, &fields, &what, found)?;
    argument::check(&args, &texts, found);
    let args = args.into_iter().map(|arg| arg.value).collect();
    let function = Function {
        name: field.name.to_owned(),
        doc,
        args,
        sql,
        returns: None,
        allow,
        definer,
        compiled: None,
    };
    Some(FunctionSketch { function: Placed::new(function, field.place), returns })
}

/// The view that `field` declares.
pub(super) fn view(field: &Field<'_>, reader: &mut Reader) -> Option<Placed<View>> {
    let what = format!("view `{}`", field.name);
    let known = ["doc", "sql", "columns", "allow", "tenant"];
    let fields = field.node.fields(&what, &known, &mut reader.found)?;
    let allow = reader.table_allow(&fields);
    let found = &mut reader.found;
    let doc = fields.get("doc").and_then(|node| node.text("`doc`", found)).map(|doc| doc.value);
    let (sql, texts) = sql(field, &fields, &what, found)?;
    for (text, scan) in &texts {
        check_view(text, scan, &what, found);
    }
    let types = fields.get("columns").and_then(|node| returns::types(node, "`columns`", found));
    let types = types.unwrap_or_default();
    let tenant = fields.get("tenant").and_then(|node| tenant(node, found)).unwrap_or_default();
    let view = View { name: field.name.to_owned(), doc, sql, types, allow, tenant, compiled: None };
    Some(Placed::new(view, field.place))
}

/// As in SQL: the invoker's rules bind the rows that come back, or the definer stands for them.
fn is_definer(node: Node<'_>, found: &mut Found) -> bool {
    match node.value.as_str() {
        Some("definer") => return true,
        Some("invoker") => {}
        _ => node.wrong_kind("`security`", "\"invoker\" or \"definer\"", found),
    }
    false
}

/// `tenant = "column"`, or `tenant = false`.
fn tenant(node: Node<'_>, found: &mut Found) -> Option<ViewTenant> {
    match node.value {
        DeValue::Boolean(false) => Some(ViewTenant::Open),
        DeValue::String(_) => {
            node.filled_text("`tenant`", found).map(|name| ViewTenant::Column(name.value))
        }
        _ => {
            let wanted = "the name of a column, or false for rows of all tenants";
            node.wrong_kind("`tenant` of a view", wanted, found);
            None
        }
    }
}

fn check_view(text: &Placed<String>, scan: &Scan, what: &str, found: &mut Found) {
    let wrong = match scan {
        Scan { arguments, .. } if !arguments.is_empty() => Some((
            format!("{what} names an argument `:{}`", arguments[0]),
            "a view has no arguments; a function has",
        )),
        Scan { statements: 2.., .. } => {
            Some((format!("{what} has more than one statement"), "a view is one `select`"))
        }
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

/// The texts of each engine, and what was seen in them.
pub(super) type Scanned = Vec<(Placed<String>, Scan)>;

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
    let sqlite = each.get("sqlite").and_then(|node| statement(node, "`sql.sqlite`", found));
    let postgres = each.get("postgres").and_then(|node| statement(node, "`sql.postgres`", found));
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
    let sql = Sql::Each { sqlite: text(&sqlite), postgres: text(&postgres) };
    Some((sql, sqlite.into_iter().chain(postgres).collect()))
}

fn statement(node: Node<'_>, what: &str, found: &mut Found) -> Option<(Placed<String>, Scan)> {
    let text = node.filled_text(what, found)?;
    let scan = scan(&text.value);
    if let Some(open) = scan.open {
        found.add(Mistake::new(text.place, "sql", format!("{what} has {open}")));
        return None;
    }
    if scan.statements == 0 {
        found.add(Mistake::new(text.place, "sql", format!("{what} has no statement in it")));
        return None;
    }
    Some((text, scan))
}
