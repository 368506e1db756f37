//! Makes requests up: from the words of the grammar and the names of the catalog, and from stored
//! requests that are cut, doubled and spliced.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Part of every made-up value: it may never be seen in SQL.
pub const MARKER: &str = "zqv";

const TABLES: &[&str] = &[
    "people",
    "notes",
    "profiles",
    "groups",
    "members",
    "letters",
    "pairs",
    "good",
    "sums",
    "O\"dd; --",
    "nobody",
    "rpc/sum",
    "rpc/near",
    "rpc/note",
];
const COLUMNS: &[&str] = &[
    "id",
    "\"full name\"",
    "full name",
    "email",
    "score",
    "long",
    "data",
    "seen",
    "ok",
    "tags",
    "bytes",
    "mood",
    "person",
    "text",
    "reply",
    "bio",
    "name",
    "group",
    "since",
    "sender",
    "a",
    "b",
    "c",
    "n",
    "data->a",
    "data->>b",
    "data->0->>c",
    "\"a\\\"b\"",
    "nobody",
    "*",
    "count()",
];
const RELATIONS: &[&str] = &[
    "notes",
    "people",
    "profiles",
    "groups",
    "members",
    "letters",
    "person",
    "reply",
    "good",
    "notes!reply",
    "people!sender",
    "people!letters_receiver_fkey",
    "groups!members",
    "notes!inner",
    "people!inner",
    "people!left",
    "profiles!inner",
    "members!left",
];
const OPERATORS: &[&str] = &[
    "eq",
    "neq",
    "gt",
    "gte",
    "lt",
    "lte",
    "like",
    "ilike",
    "match",
    "imatch",
    "is",
    "in",
    "cs",
    "cd",
    "ov",
    "fts",
    "plfts(english)",
    "phfts",
    "wfts",
    "isdistinct",
    "eq(any)",
    "like(all)",
    "gt(all)",
    "imatch(any)",
    "sl",
    "adj",
    "not.eq",
    "not.in",
    "not.is",
    "not.like(any)",
    "nope",
];
const VALUES: &[&str] = &[
    "1",
    "-5",
    "1.5",
    "null",
    "true",
    "zqv",
    "zqv'); drop table people; --",
    "\"zqv\"",
    "*zqv*",
    "%zqv",
    "(1,2)",
    "(zqv,\"z,qv\")",
    "()",
    "{zqv,a}",
    "{1,2}",
    "{}",
    "{\"a\":\"zqv\"}",
    "[1]",
    "2024-01-01",
    "2024-01-31T10:20:30Z",
    "good",
    "^zqv.*$",
    "(",
    "zqv & !a | b",
    "\"zqv a\" -b",
    "\\x6869",
    "01943aa0-bc01-7001-8000-000000000001",
    "99999999999999999999",
    "not_null",
    "",
];
const SUFFIXES: &[&str] =
    &["", "", "", "::text", "::int8", "::zqv", ".sum()", ".avg()", ".max()::text", ".count()"];
const HEADERS: &[&str] = &[
    "Prefer: count=exact",
    "Prefer: return=representation",
    "Prefer: return=representation,resolution=merge-duplicates",
    "Prefer: resolution=ignore-duplicates,missing=default",
    "Prefer: handling=strict,max-affected=3",
    "Accept: application/vnd.pgrst.object+json",
    "Accept: text/csv",
    "Range: 0-9",
];
const BODIES: &[&str] = &[
    "{}",
    "[]",
    "{\"email\":\"zqv\"}",
    "[{\"full name\":\"zqv\"},{\"full name\":\"b\"}]",
    "[{\"id\":1,\"full name\":\"zqv'\"},{\"email\":null}]",
    "{\"a\":1,\"b\":\"zqv\",\"c\":null}",
    "{\"person\":1,\"text\":\"zqv\"}",
    "{\"score\":\"1.25\",\"data\":{\"zqv\":[1]},\"tags\":[\"zqv\"],\"ok\":true}",
    "{\"word\":\"zqv\"}",
];

/// Parameters that fit some table of the catalog as they are.
const FITTING: &[&str] = &[
    "id=gt.1",
    "id=in.(1,2,3)",
    "id=eq(any).{1,2}",
    "email=like.*zqv*",
    "email=ilike(all).{zqv*,%a}",
    "email=fts.zqv",
    "full name=eq.zqv",
    "\"full name\"=not.in.(\"zqv,\",b)",
    "email=match.^zqv",
    "score=gte.1.5",
    "score=isdistinct.2",
    "long=lt.3",
    "data->a=eq.1",
    "data->>zqv=like.zqv*",
    "data=cs.{\"zqv\":[1]}",
    "data=cd.[]",
    "tags=ov.{zqv,b}",
    "tags=cs.{}",
    "seen=gt.2024-01-01",
    "ok=is.true",
    "mood=eq.good",
    "bytes=eq.\\x6869",
    "text=neq.zqv",
    "person=is.not_null",
    "or=(email.eq.zqv,and(id.gt.1,not.or(score.is.null,email.like.zqv%)))",
    "order=email.desc,id",
    "order=data->a.asc.nullsfirst",
    "limit=3",
    "offset=2",
    "select=id,email",
    "select=*,id::text",
    "select=id,notes(text,person)",
    "select=id,notes!inner(text)&notes.text=eq.zqv",
    "select=id,notes(text)&notes.order=text.desc&notes.limit=2&notes.offset=1",
    "select=id,profiles(bio),groups(name)&groups.name=like.zqv*",
    "select=id,notes()&notes=not.is.null",
    "select=text,...people(email)&order=people(email)",
    "select=id,...notes(text)",
    "select=mood,count(),score.sum()",
    "select=id,notes(count())",
    "select=email,members(since,groups(name))&members.groups.name=eq.zqv",
    "select=person,n",
    "select=text,reply(text,people(email))&reply.people.email=eq.zqv",
    "select=bio,people(id)",
];

fn pick(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(words).prop_map(str::to_owned)
}

/// `column`, `alias:column::type`, `column.sum()`.
fn item() -> impl Strategy<Value = String> {
    (prop::bool::weighted(0.2), pick(COLUMNS), pick(SUFFIXES)).prop_map(
        |(aliased, name, suffix)| {
            let alias = if aliased { "other:" } else { "" };
            format!("{alias}{name}{suffix}")
        },
    )
}

/// A list of columns and embeds, some of them inside others.
fn items() -> impl Strategy<Value = String> {
    let list = prop::collection::vec(item(), 0..4).prop_map(|items| items.join(","));
    list.prop_recursive(3, 12, 3, |inner| {
        let embed = (select(&["", "", "...", "x:"][..]), pick(RELATIONS), inner)
            .prop_map(|(before, name, inside)| format!("{before}{name}({inside})"));
        (item(), prop::collection::vec(embed, 1..3))
            .prop_map(|(item, embeds)| format!("{item},{}", embeds.join(",")))
    })
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just(String::new()), 1 => pick(RELATIONS).prop_map(|name| {
        format!("{}.", name.split('!').next().unwrap_or_default())
    })]
}

fn filter() -> impl Strategy<Value = String> {
    (path(), pick(COLUMNS), pick(OPERATORS), pick(VALUES))
        .prop_map(|(path, column, operator, value)| format!("{path}{column}={operator}.{value}"))
}

fn tree() -> impl Strategy<Value = String> {
    let leaf = (pick(COLUMNS), pick(OPERATORS), pick(VALUES))
        .prop_map(|(column, operator, value)| format!("{column}.{operator}.{value}"));
    leaf.prop_recursive(3, 8, 3, |inner| {
        (select(&["and", "or", "not.and", "not.or"][..]), prop::collection::vec(inner, 1..4))
            .prop_map(|(word, inside)| format!("{word}({})", inside.join(",")))
    })
}

fn parameter() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => items().prop_map(|items| format!("select={items}")),
        4 => filter(),
        1 => (path(), tree()).prop_map(|(path, tree)| format!("{path}or=({tree})")),
        1 => (path(), pick(COLUMNS), select(&["", ".desc", ".asc.nullsfirst", ".up"][..]))
            .prop_map(|(path, column, way)| format!("{path}order={column}{way}")),
        1 => pick(RELATIONS).prop_map(|name| format!("order={name}(id).desc")),
        1 => pick(RELATIONS).prop_map(|name| format!("{name}=not.is.null")),
        1 => (path(), -1_i32..50).prop_map(|(path, number)| format!("{path}limit={number}")),
        1 => (path(), 0_i32..50).prop_map(|(path, number)| format!("{path}offset={number}")),
        1 => pick(COLUMNS).prop_map(|column| format!("on_conflict={column}")),
        1 => (pick(COLUMNS), pick(COLUMNS)).prop_map(|(a, b)| format!("columns={a},{b}")),
        1 => select(&["a=1", "b=zqv", "word=zqv", "person=1&text=zqv"][..]).prop_map(str::to_owned),
    ]
}

fn query() -> impl Strategy<Value = String> {
    let mixed = prop::collection::vec(prop_oneof![parameter(), pick(FITTING)], 0..5);
    let fitting = prop::collection::vec(pick(FITTING), 0..3);
    prop_oneof![mixed, fitting].prop_map(|parameters| parameters.join("&"))
}

/// Bytes of a stored request at the first place go to the second, or are doubled or left out.
fn changed(stored: Vec<String>) -> impl Strategy<Value = String> {
    let moves = prop::collection::vec((any::<Index>(), any::<Index>(), 0..4_u8), 1..4);
    (select(stored.clone()), select(stored), moves).prop_map(|(first, second, moves)| {
        let mut text: Vec<char> = first.chars().collect();
        let other: Vec<char> = second.chars().collect();
        for (from, to, how) in moves {
            if text.is_empty() || other.is_empty() {
                break;
            }
            let (a, b) = (from.index(text.len()), to.index(text.len()));
            let (a, b) = (a.min(b), a.max(b));
            match how {
                0 => drop(text.drain(a..b)),
                1 => {
                    let doubled: Vec<char> = text[a..b].to_vec();
                    text.splice(a..a, doubled);
                }
                2 => drop(text.splice(a..b, other[to.index(other.len())..].iter().copied())),
                _ => text.swap(a, b),
            }
        }
        text.into_iter().take(4000).collect()
    })
}

/// What may stand behind the `?`.
pub fn query_strings(stored: Vec<String>) -> impl Strategy<Value = String> {
    let queries = stored.iter().filter_map(|request| request.split_once('?'));
    let queries: Vec<String> = queries.map(|(_, query)| query.to_owned()).collect();
    prop_oneof![
        2 => query(),
        3 => changed(queries),
        1 => any::<String>(),
        1 => "[a-z=&.,()!:>*\"\\\\{}%-]{0,60}",
    ]
}

/// Whole requests.
pub fn requests(stored: Vec<String>) -> impl Strategy<Value = String> {
    let method = select(&["GET", "GET", "GET", "HEAD", "POST", "PATCH", "DELETE", "PUT"][..]);
    let headers = prop::collection::vec(select(HEADERS), 0..2);
    let made = (method, pick(TABLES), query(), headers, select(BODIES)).prop_map(
        |(method, table, query, headers, body)| {
            let headers: String = headers.iter().map(|line| format!("\n{line}")).collect();
            format!("{method} /{table}?{query}{headers}\n\n{body}")
        },
    );
    prop_oneof![3 => made, 2 => changed(stored)]
}
