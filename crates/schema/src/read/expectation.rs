//! `[[expect]]`: as whom, what, on which row, allowed or not. Names of tables and columns and the
//! values in rows are looked at by `check`.

use serde_json::{Map, Value};

use super::json;
use super::node::{Fields, Node};
use super::sketch::ExpectationSketch;
use crate::AuthFacts;
use crate::limits::MAX_EXPECTATIONS;
use crate::mistake::{Found, Mistake, Place, Placed, Source};
use crate::model::{Deed, Spot};

const KEYS: &[&str] = &["doc", "as", "can", "cannot", "columns", "table", "row", "new", "given"];

/// What a caller brings along, and the claim of a token that it stands in.
const CALLER: &[(&str, &str)] =
    &[("role", "role"), ("uid", "sub"), ("email", "email"), ("aal", "aal"), ("roles", "roles")];

/// The expectations of the module that `top` declares.
pub(super) fn expectations<'a>(
    top: &Fields<'a>,
    source: &Source,
    found: &mut Found,
) -> Vec<ExpectationSketch<'a>> {
    let Some(node) = top.get("expect") else {
        return Vec::new();
    };
    let Some(list) =
        node.value.as_array().filter(|list| list.iter().all(|one| one.get_ref().is_table()))
    else {
        let message = format!("`expect` must be a list of tables, not {}", node.kind());
        let hint = "begin each expectation with a line `[[expect]]`";
        found.add(Mistake::new(node.place, "wrong-kind", message).hint(hint));
        return Vec::new();
    };
    if list.len() > MAX_EXPECTATIONS {
        let message = format!("{} expectations, at most {MAX_EXPECTATIONS} are taken", list.len());
        found.add(Mistake::new(node.place, "too-many", message));
        return Vec::new();
    }
    let nodes = list.iter().map(|item| Node::new(node.place.file, item));
    nodes.filter_map(|node| expectation(node, source, found)).collect()
}

fn expectation<'a>(
    node: Node<'a>,
    source: &Source,
    found: &mut Found,
) -> Option<ExpectationSketch<'a>> {
    let what = "`[[expect]]`";
    let fields = node.fields(what, KEYS, found)?;
    let at = node.place.range.map_or(0, |(start, _)| start);
    let spot = Spot { file: source.path.clone(), line: source.position(at).0 };
    let doc = fields.get("doc").and_then(|node| node.text("`doc`", found)).map(|doc| doc.value);
    let caller = needed(&fields, "as", node.place, "as = \"anon\"", found)
        .and_then(|node| caller(node, found));
    let verdict = verdict(&fields, node.place, found);
    let table = needed(&fields, "table", node.place, "table = \"orders\"", found)
        .and_then(|node| node.filled_text("`table`", found));
    let columns = fields.get("columns").and_then(|node| node.texts("`columns`", found));
    let (allowed, deed) = verdict?;
    refuse_pointless(&fields, deed, node.place, found);
    Some(ExpectationSketch {
        spot,
        doc,
        caller: caller?,
        allowed,
        deed,
        source: table?,
        columns: columns.unwrap_or_default(),
        row: fields.get("row"),
        new: fields.get("new"),
        given: fields.get("given"),
    })
}

fn needed<'a>(
    fields: &Fields<'a>,
    key: &str,
    place: Place,
    example: &str,
    found: &mut Found,
) -> Option<Node<'a>> {
    let node = fields.get(key);
    if node.is_none() {
        let message = format!("the expectation has no `{key}`");
        found.add(Mistake::new(place, "missing-key", message).hint(format!("write `{example}`")));
    }
    node
}

/// `can` or `cannot`, and what.
fn verdict(fields: &Fields<'_>, place: Place, found: &mut Found) -> Option<(bool, Deed)> {
    let (allowed, node) = match (fields.get("can"), fields.get("cannot")) {
        (Some(node), None) => (true, node),
        (None, Some(node)) => (false, node),
        (Some(_), Some(other)) => {
            let message = "the expectation says both `can` and `cannot`";
            found.add(Mistake::new(other.place, "two-verdicts", message).hint("keep one of them"));
            return None;
        }
        (None, None) => {
            let message = "the expectation says neither `can` nor `cannot`";
            let hint = "write `can = \"read\"` or `cannot = \"read\"`";
            found.add(Mistake::new(place, "missing-key", message).hint(hint));
            return None;
        }
    };
    let what = if allowed { "`can`" } else { "`cannot`" };
    let text = node.text(what, found)?;
    let deed = Deed::ALL.into_iter().find(|deed| deed.name() == text.value);
    if deed.is_none() {
        let names = Deed::ALL.map(Deed::name);
        let message = format!("{what} names no action: `{}`", text.value);
        let hint = format!("actions are {}", names.join(", "));
        let mistake = Mistake::new(text.place, "unknown-action", message).hint(hint);
        found.add(mistake.nearest(&text.value, names));
    }
    Some((allowed, deed?))
}

/// Notes what an action has no use for, and what it cannot do without.
fn refuse_pointless(fields: &Fields<'_>, deed: Deed, place: Place, found: &mut Found) {
    let pointless = match deed {
        Deed::Create => {
            &[("row", "rows that are there already stand in `given`; the new one in `new`")][..]
        }
        Deed::Read => &[("new", "the row that is read stands in `row`")],
        Deed::Update => &[],
        Deed::Delete => &[
            ("new", "the row that is deleted stands in `row`"),
            ("columns", "a row is deleted with all its columns"),
        ],
    };
    for (key, hint) in pointless {
        if let Some(field) = fields.field(key) {
            let message = format!("`{key}` says nothing about `{}`", deed.name());
            found.add(Mistake::new(field.place, "expect-key", message).hint(*hint));
        }
    }
    if deed == Deed::Update && fields.get("new").is_none() && fields.get("columns").is_none() {
        let message = "the expectation does not say what is updated";
        let hint = "write the changed values, `new = { … }`, or only their `columns = [\"…\"]`";
        found.add(Mistake::new(place, "missing-key", message).hint(hint));
    }
}

/// A role, or `{ uid, role, email, aal, roles, claims }`.
fn caller(node: Node<'_>, found: &mut Found) -> Option<AuthFacts> {
    if node.value.is_str() {
        let role = node.filled_text("`as`", found)?.value;
        return Some(facts(Map::from_iter([("role".to_owned(), Value::String(role))])));
    }
    if !node.value.is_table() {
        node.wrong_kind("`as`", "a role, or a table such as { uid = \"…\" }", found);
        return None;
    }
    let known: Vec<&str> = CALLER.iter().map(|(key, _)| *key).chain(["claims"]).collect();
    let fields = node.fields("`as`", &known, found)?;
    let mut claims = fields.get("claims").map_or_else(Map::new, |node| further(node, found));
    for (key, claim) in CALLER.iter().take(CALLER.len() - 1) {
        let text = fields.get(key).and_then(|node| node.filled_text(&format!("`{key}`"), found));
        if let Some(text) = text {
            claims.insert((*claim).to_owned(), text.value.into());
        }
    }
    if let Some(roles) = fields.get("roles").and_then(|node| node.texts("`roles`", found)) {
        let roles: Vec<String> = roles.into_iter().map(|role| role.value).collect();
        claims.insert("roles".to_owned(), roles.into());
    }
    let usual = if claims.contains_key("sub") { "authenticated" } else { "anon" };
    claims.entry("role").or_insert_with(|| usual.into());
    Some(facts(claims))
}

/// `claims`: what a token holds beside what `as` has keys for.
fn further(node: Node<'_>, found: &mut Found) -> Map<String, Value> {
    let Some(fields) = node.entries("`claims`", found) else {
        return Map::new();
    };
    for field in &fields.list {
        if let Some((key, claim)) = CALLER.iter().find(|(_, claim)| *claim == field.name) {
            let message = format!("the claim `{claim}` stands outside of `claims`");
            let hint = format!("write `as = {{ {key} = … }}`");
            found.add(Mistake::new(field.place, "expect-key", message).hint(hint));
        }
    }
    match json(node.value) {
        Some(Value::Object(claims)) => claims,
        _ => {
            let message = "`claims` has a number that JSON cannot hold";
            found.add(Mistake::new(node.place, "wrong-kind", message));
            Map::new()
        }
    }
}

/// The caller as a token with these claims shows it.
fn facts(claims: Map<String, Value>) -> AuthFacts {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
    let role = text("role").unwrap_or_default();
    let listed = claims.get("roles").and_then(Value::as_array);
    let roles = listed.map_or_else(
        || vec![role.clone()],
        |roles| roles.iter().filter_map(|role| role.as_str().map(str::to_owned)).collect(),
    );
    let (uid, email, aal) = (text("sub"), text("email"), text("aal"));
    AuthFacts { uid, role, roles, email, aal, claims: Value::Object(claims) }
}

/// Rows by table, in the order written: `{ teams = [{ … }], members = [{ … }] }`.
pub(crate) fn given<'a>(node: Node<'a>, found: &mut Found) -> Vec<(Placed<String>, Node<'a>)> {
    let Some(tables) = node.entries("`given`", found) else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    for table in tables.list {
        let what = format!("the rows of `{}`", table.name);
        for row in table.node.list(&what, found).unwrap_or_default() {
            rows.push((Placed::new(table.name.to_owned(), table.place), row));
        }
    }
    rows
}
