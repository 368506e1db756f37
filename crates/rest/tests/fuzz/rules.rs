//! Makes rules up: expressions whose kinds mostly fit, and the same texts cut and spliced, so that
//! both what is taken and what is refused is met.

use proptest::prelude::*;
use proptest::sample::select;

use crate::words::MARKER;

const TEXTS: &[&str] = &[
    "'zqv'",
    "row.title",
    "row.author",
    "row.team.name",
    "row.team.up.owner",
    "row.meta.plan",
    "row.meta['k'].x",
    "row.tags[0]",
    "auth.uid",
    "auth.email",
    "auth.claims.sub",
    "auth.role",
    "string(row.level)",
    "row.title.lowerAscii()",
    "request.method",
    "null",
];
const NUMBERS: &[&str] = &[
    "1",
    "-9223372036854775808",
    "row.level",
    "row.level * 2",
    "row.level / (row.level - 1)",
    "size(row.title)",
    "size(row.tags)",
    "auth.claims.level",
    "row.made.getHours()",
    "int(row.price)",
    "row.meta.seats",
    "null",
];
const DOUBLES: &[&str] =
    &["1.5", "row.price", "row.wide + 1.0", "double(row.level)", "row.meta.seats"];
const TIMES: &[&str] = &[
    "now",
    "row.made",
    "row.due",
    "row.made + duration('90m')",
    "now - duration('24h')",
    "timestamp('2026-01-01T00:00:00Z')",
];
const LISTS: &[&str] = &[
    "['zqv', row.title]",
    "row.tags",
    "auth.roles",
    "auth.claims.teams",
    "row.meta.list",
    "['a', null]",
    "[]",
];
const TRUTHS: &[&str] = &[
    "true",
    "row.open",
    "has(row.meta.plan)",
    "row.meta.ok",
    "auth.claims.ok",
    "auth.role == 'authenticated'",
    "row.title.matches('^zqv.*$')",
    "row.title.startsWith(auth.claims.prefix)",
    "row.team.name.contains(row.title)",
];

fn pair(
    values: &'static [&'static str],
    operators: &'static [&'static str],
) -> BoxedStrategy<String> {
    (select(values), select(operators), select(values))
        .prop_map(|(left, operator, right)| format!("{left} {operator} {right}"))
        .boxed()
}

fn conditions() -> impl Strategy<Value = String> {
    const ALL: &[&str] = &["==", "!=", "<", "<=", ">", ">="];
    let within =
        (select(TEXTS), select(LISTS)).prop_map(|(text, list)| format!("{text} in {list}"));
    let leaf = prop_oneof![
        3 => select(TRUTHS).prop_map(str::to_owned),
        3 => pair(TEXTS, ALL),
        2 => pair(NUMBERS, ALL),
        1 => pair(DOUBLES, ALL),
        2 => pair(TIMES, ALL),
        2 => within,
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let two = (inner.clone(), select(&["&&", "||", "=="][..]), inner.clone())
            .prop_map(|(left, operator, right)| format!("({left}) {operator} ({right})"));
        let three = (inner.clone(), inner.clone(), inner.clone())
            .prop_map(|(condition, yes, no)| format!("(({condition}) ? ({yes}) : ({no}))"));
        let each = (select(LISTS), select(&["exists", "all"][..]), inner.clone())
            .prop_map(|(list, word, body)| format!("{list}.{word}(i, i == row.title && {body})"));
        let rows = (
            select(&["members", "teams", "docs"][..]),
            select(&["exists", "all"][..]),
            select(&["x.id == row.team", "x.id == row.id", "x.user == auth.uid", "x.up.owner == row.author"][..]),
            inner.clone(),
        );
        let rows = rows.prop_map(|(table, word, link, body)| {
            format!("{table}.{word}(x, {link} || ({body}))")
        });
        prop_oneof![3 => two, 1 => three, 1 => each, 2 => rows, 1 => inner.prop_map(|i| format!("!({i})"))]
    })
}

/// Rules, and what is left of them when pieces are cut out.
pub fn texts() -> impl Strategy<Value = String> {
    assert!(TEXTS.iter().any(|text| text.contains(MARKER)), "no value could be seen in the SQL");
    let cut = (conditions(), any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(
        |(text, from, to)| {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let (from, to) = (*from.get(&places), *to.get(&places));
            format!("{}{}", &text[..from.min(to)], &text[from.max(to)..])
        },
    );
    prop_oneof![6 => conditions(), 1 => cut]
}
