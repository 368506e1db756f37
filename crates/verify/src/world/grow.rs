//! Worlds by chance: tables with keys and references, rules, callers, rows.

use serde_json::{Value as Json, json};

use super::domain::uuid;
use super::{Allow, Caller, Cell, Column, Default, Function, Kind, OnDelete, Reference, SERVICE};
use super::{Table, USERS, View, World, rows};
use crate::chance::Chance;
use crate::rule::{self, Expr, Root, Scope};

/// What rules may be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// Only what is known of the caller.
    Caller,
    Whole,
}

const TABLES: [&str; 4] = ["teams", "members", "notes", "tasks"];

/// Names of columns by kind; each table puts its number behind them, so that no name is part of
/// another table's.
const NAMES: [(Kind, &[&str]); 12] = [
    (Kind::Text, &["title", "label", "body"]),
    (Kind::Integer, &["size", "rank"]),
    (Kind::BigInt, &["mass", "score"]),
    (Kind::Numeric, &["price", "cost"]),
    (Kind::Double, &["ratio", "speed"]),
    (Kind::Boolean, &["done", "open"]),
    (Kind::Uuid, &["owner", "author"]),
    (Kind::Moment, &["since", "until"]),
    (Kind::Date, &["day", "due"]),
    (Kind::Json, &["data", "extra"]),
    (Kind::Texts, &["tags", "words"]),
    (Kind::Enum, &["color", "mood"]),
];

/// A world without requests.
#[must_use]
pub fn grow(seed: u64, grammar: Grammar) -> World {
    let mut chance = Chance::new(seed);
    let mut tables = Vec::new();
    for at in 0..chance.between(2, 4) {
        let table = table(&mut chance, at, &tables, grammar);
        tables.push(table);
    }
    let bare = tables.clone();
    for (at, table) in tables.iter_mut().enumerate() {
        rules(&mut chance, at, &bare, table, grammar);
    }
    let whole = grammar == Grammar::Whole;
    let views = if whole && chance.percent(40) { vec![view(&mut chance, &tables)] } else { vec![] };
    let functions =
        if whole && chance.percent(40) { vec![function(&mut chance, &tables)] } else { vec![] };
    let rows = rows::grow(&mut chance, &tables);
    let callers = callers(&mut chance);
    let max_rows = if chance.percent(15) { 3 } else { 1000 };
    let requests = Vec::new();
    World { seed, tables, views, functions, rows, callers, requests, max_rows }
}

fn table(chance: &mut Chance, at: usize, before: &[Table], grammar: Grammar) -> Table {
    let mut table = Table {
        name: TABLES[at].to_owned(),
        columns: Vec::new(),
        key: vec![0],
        made_key: false,
        uniques: Vec::new(),
        tenant: None,
        allow: Allow::default(),
    };
    keys(chance, at, before, &mut table);
    let mut used = Vec::new();
    for _ in 0..chance.between(2, 5) {
        let (kind, names) = chance.pick(&NAMES);
        let name = format!("{}{at}", chance.pick(names));
        if !used.contains(&name) {
            used.push(name.clone());
            let column = Column { null: chance.percent(40), ..bare(name, *kind) };
            table.columns.push(column);
        }
    }
    references(chance, at, before, &mut table);
    if grammar == Grammar::Whole && chance.percent(25) {
        table.tenant = Some(table.columns.len());
        table.columns.push(Column {
            default: Some(Default::Tenant),
            readonly: true,
            ..bare(format!("tenant{at}"), Kind::Text)
        });
    }
    defaults(chance, &mut table);
    uniques(chance, &mut table);
    table
}

fn bare(name: String, kind: Kind) -> Column {
    Column {
        name,
        kind,
        null: false,
        default: None,
        readonly: false,
        reference: None,
        read: None,
        create: None,
        update: None,
    }
}

fn keys(chance: &mut Chance, at: usize, before: &[Table], table: &mut Table) {
    let alone: Vec<usize> =
        (0..before.len()).filter(|other| before[*other].key.len() == 1).collect();
    match chance.below(10) {
        // A junction: its key is made of references.
        0..=2 if !alone.is_empty() => {
            for side in 0..2 {
                let other = *chance.pick(&alone);
                let column = reference(&format!("side{side}x{at}"), other, before, chance);
                table.columns.push(Column { null: false, ..no_set_null(column) });
            }
            table.key = vec![0, 1];
        }
        3 => {
            table.columns.push(bare(format!("first{at}"), Kind::Integer));
            table.columns.push(bare(format!("second{at}"), Kind::Text));
            table.key = vec![0, 1];
        }
        4..=5 => table.columns.push(bare(format!("id{at}"), Kind::BigInt)),
        6 => table.columns.push(bare(format!("code{at}"), Kind::Text)),
        7 => table.columns.push(bare(format!("id{at}"), Kind::Uuid)),
        _ => {
            table.made_key = true;
            let id = Column { default: Some(Default::Made), ..bare("id".to_owned(), Kind::Uuid) };
            table.columns.push(id);
        }
    }
}

fn no_set_null(mut column: Column) -> Column {
    if let Some(reference) = &mut column.reference
        && reference.on_delete == OnDelete::SetNull
    {
        reference.on_delete = OnDelete::Cascade;
    }
    column
}

/// Rows that a statement finds and its own cascade takes away first do not come back from SQLite.
fn no_action(mut column: Column) -> Column {
    if let Some(reference) = &mut column.reference {
        reference.on_delete = OnDelete::NoAction;
    }
    column
}

fn reference(name: &str, other: usize, tables: &[Table], chance: &mut Chance) -> Column {
    let there = &tables[other];
    let on_delete = *chance.pick(&[OnDelete::NoAction, OnDelete::Cascade, OnDelete::SetNull]);
    let kind = there.columns[there.key[0]].kind;
    Column {
        reference: Some(Reference { table: other, on_delete }),
        null: true,
        ..bare(name.to_owned(), kind)
    }
}

/// References to tables before this one, and to itself.
fn references(chance: &mut Chance, at: usize, before: &[Table], table: &mut Table) {
    let mut known = before.to_vec();
    known.push(table.clone());
    let targets: Vec<usize> =
        (0..known.len()).filter(|other| known[*other].key.len() == 1).collect();
    let count = *chance.pick(&[0, 1, 1, 2]);
    for number in 0..count {
        let Some(other) = chance.choose(&targets).copied() else { continue };
        let name = format!("{}{number}x{at}", ["link", "parent"][usize::from(other == at)]);
        let column = reference(&name, other, &known, chance);
        let must = chance.percent(40) && other != at;
        let column = if other == at { no_action(column) } else { column };
        table.columns.push(match must {
            true => Column { null: false, ..no_set_null(column) },
            false => column,
        });
    }
}

fn defaults(chance: &mut Chance, table: &mut Table) {
    for (at, column) in table.columns.iter_mut().enumerate() {
        if column.reference.is_some() || table.key.contains(&at) || table.tenant == Some(at) {
            continue;
        }
        column.default = match (column.kind, chance.below(10)) {
            (Kind::Uuid, 0..=3) => Some(Default::Uid),
            (Kind::Moment | Kind::Date, 0..=3) => Some(Default::Now),
            (Kind::Json | Kind::Texts | Kind::Date | Kind::Moment | Kind::Uuid, _) => None,
            (_, 0..=1) => Some(Default::Constant(column.kind.draw(chance))),
            _ => None,
        };
        column.readonly = column.default.is_some() && chance.percent(20);
    }
}

fn uniques(chance: &mut Chance, table: &mut Table) {
    let fits = |at: &usize| table.columns[*at].kind.is_scalar() && !table.key.contains(at);
    let fit: Vec<usize> = (0..table.columns.len()).filter(fits).collect();
    if fit.is_empty() || chance.percent(50) {
        return;
    }
    let first = *chance.pick(&fit);
    let mut set = vec![first];
    if chance.percent(40) {
        let second = *chance.pick(&fit);
        if second != first {
            set.push(second);
        }
    }
    table.uniques.push(set);
}

fn rules(chance: &mut Chance, at: usize, tables: &[Table], table: &mut Table, grammar: Grammar) {
    let whole = grammar == Grammar::Whole;
    let scope = |roots: &[Root]| Scope {
        tables,
        stored: tables.len(),
        roots: match whole {
            true => roots.iter().map(|root| (root.clone(), at)).collect(),
            false => Vec::new(),
        },
        elements: Vec::new(),
        whole,
    };
    let row = scope(&[Root::Row]);
    let new = scope(&[Root::New]);
    let both = scope(&[Root::Row, Root::New]);
    let action = |chance: &mut Chance, scope: &Scope<'_>| match chance.below(20) {
        0 => None,
        1..=4 => Some(Expr::Literal("true".to_owned())),
        _ => Some(rule::grow(chance, scope)),
    };
    table.allow = Allow {
        read: action(chance, &row),
        create: action(chance, &new),
        update: action(chance, if chance.clone().percent(50) { &both } else { &row }),
        delete: action(chance, &row),
    };
    let caller = Scope { roots: Vec::new(), whole: false, ..row.clone() };
    // The made key is not declared, so nothing is said of it.
    for column in table.columns.iter_mut().skip(usize::from(table.made_key)) {
        if chance.percent(12) && (whole || std::env::var("NOREAD").is_err()) {
            column.read = Some(rule::grow(chance, &caller));
        }
        if chance.percent(5) {
            column.create = Some(rule::grow(chance, if whole { &new } else { &caller }));
        }
        if chance.percent(5) {
            column.update = Some(rule::grow(chance, if whole { &both } else { &caller }));
        }
    }
}

fn view(chance: &mut Chance, tables: &[Table]) -> View {
    let table = chance.below(tables.len());
    let base = &tables[table];
    let shows = |at: &usize| base.key.contains(at) || base.tenant == Some(*at);
    let columns: Vec<usize> =
        (0..base.columns.len()).filter(|at| shows(at) || chance.percent(60)).collect();
    let filled = chance.percent(30).then(|| *chance.pick(&columns));
    let name = "shown".to_owned();
    let mut view = View { name, table, columns, filled, allow: Allow::default() };
    let mut sources = tables.to_vec();
    sources.push(view.source(base));
    let roots = vec![(Root::Row, tables.len())];
    let stored = tables.len();
    let elements = Vec::new();
    let scope = Scope { tables: &sources, stored, roots, elements, whole: true };
    let both = vec![(Root::Row, tables.len()), (Root::New, tables.len())];
    let new = Scope { roots: vec![(Root::New, tables.len())], ..scope.clone() };
    let both = Scope { roots: both, ..scope.clone() };
    let action = |chance: &mut Chance, scope: &Scope<'_>| match chance.below(10) {
        0..=3 => None,
        4 => Some(Expr::Literal("true".to_owned())),
        _ => Some(rule::grow(chance, scope)),
    };
    view.allow = Allow {
        read: Some(rule::grow(chance, &scope)),
        create: action(chance, &new),
        update: action(chance, &both),
        delete: action(chance, &scope),
    };
    view
}

fn function(chance: &mut Chance, tables: &[Table]) -> Function {
    let table = chance.below(tables.len());
    let columns = &tables[table].columns;
    let scalar = |at: &usize| columns[*at].kind.is_scalar();
    let scalars: Vec<usize> = (0..columns.len()).filter(scalar).collect();
    let by = chance.percent(60).then(|| chance.choose(&scalars).copied()).flatten();
    let (stored, roots, elements) = (tables.len(), Vec::new(), Vec::new());
    let scope = Scope { tables, stored, roots, elements, whole: false };
    let allow = Some(match chance.percent(50) {
        true => Expr::Literal("true".to_owned()),
        false => rule::grow(chance, &scope),
    });
    Function { name: "find".to_owned(), table, by, definer: chance.percent(25), allow }
}

fn callers(chance: &mut Chance) -> Vec<Caller> {
    let claims = |chance: &mut Chance| {
        let mut claims = serde_json::Map::new();
        let mut put = |chance: &mut Chance, name: &str, value: Json| {
            if chance.percent(70) {
                claims.insert(name.to_owned(), value);
            }
        };
        let tenant = *chance.pick(&["a", "b"]);
        put(chance, "tenant", json!(tenant));
        let teams: Vec<String> = (0..chance.below(3)).map(|_| uuid(chance.below(6))).collect();
        put(chance, "teams", json!(teams));
        let level = *chance.pick(&[0, 1, 2, 3]);
        put(chance, "level", json!(level));
        put(chance, "weight", json!(1.5));
        put(chance, "word", json!("ab"));
        let vip = chance.percent(50);
        put(chance, "flags", json!({ "vip": vip }));
        put(chance, "email", json!("a@b.example"));
        if chance.percent(30) {
            claims.insert("roles".to_owned(), json!(["authenticated", "editor"]));
        }
        claims
    };
    let caller = |role, uid, claims| Caller { role, uid, claims };
    let none = serde_json::Map::new;
    vec![
        caller("anon", None, none()),
        caller("authenticated", Some(USERS[0]), claims(chance)),
        caller("authenticated", Some(USERS[1]), claims(chance)),
        caller("authenticated", Some(USERS[2]), none()),
        caller("staff", chance.percent(50).then_some(USERS[0]), claims(chance)),
        caller(SERVICE, None, none()),
    ]
}

/// The value that a reference may have: the key of a row that is there.
pub(crate) fn referenced(
    chance: &mut Chance,
    tables: &[Table],
    rows: &[Vec<super::Row>],
    reference: Reference,
) -> Option<Cell> {
    let key = tables[reference.table].key[0];
    chance.choose(&rows[reference.table]).map(|row| row[key].clone())
}
