//! Queries against the expressions that they become, and those against a real index.

use rusqlite::Connection;

use super::*;
use SearchKind::{Phrase as Following, Plain, Query as Tsquery, Web};

fn made(kind: SearchKind, text: &str) -> String {
    match to_match(kind, &[], text) {
        Ok(Match { text, negated: false }) => text,
        Ok(Match { text, negated: true }) => format!("not: {text}"),
        Err(error) => format!("{} {}", error.code_text(), error.message()),
    }
}

#[test]
fn queries_become_expressions_of_quoted_words() {
    for (kind, text, expect) in [
        (Tsquery, "fat & rat", r#"("fat" AND "rat")"#),
        (Tsquery, "fat|rat&cat", r#"("fat" OR ("rat" AND "cat"))"#),
        (Tsquery, "fat & !rat", r#"("fat" NOT "rat")"#),
        (Tsquery, "!rat & fat & !cat", r#"("fat" NOT "rat" NOT "cat")"#),
        (Tsquery, "x & !rat & fat & !cat", r#"("x" NOT "rat" NOT "cat" AND "fat")"#),
        (Tsquery, "!rat", r#"not: "rat""#),
        (Tsquery, "!!rat", r#""rat""#),
        (Tsquery, "!rat & !cat", r#"not: ("rat" OR "cat")"#),
        (Tsquery, "!rat | !cat", r#"not: ("rat" AND "cat")"#),
        (Tsquery, "fat | !rat", r#"not: ("rat" NOT "fat")"#),
        (Tsquery, "fat <-> rat<->cat", r#""fat" + "rat" + "cat""#),
        (Tsquery, "fat <1> rat:*", r#""fat" + "rat" *"#),
        (Tsquery, "(fat | thin) <-> rat", r#"("fat" + "rat" OR "thin" + "rat")"#),
        (Tsquery, "'super nova''s':*", r#""super nova's" *"#),
        (Tsquery, "sup:*AB & x:c", r#"("sup" * AND "x")"#),
        (Tsquery, r#"a"b\ c"#, r#""a""b c""#),
        (Tsquery, "'& !' & cat", r#""cat""#),
        (Tsquery, "  ", "\"\""),
        (Tsquery, "'!'", "\"\""),
        (Plain, "fat & (rats) \"NEAR", r#"("fat" AND "(rats)" AND """NEAR")"#),
        (Plain, " ... ", "\"\""),
        (Following, "The fat rats", r#""The fat rats""#),
        (Following, "", "\"\""),
        (Web, "fat rat", r#"("fat" AND "rat")"#),
        (Web, "\"fat rat\" or cat -dog", r#"("fat rat" OR ("cat" NOT "dog"))"#),
        (Web, "-dog", r#"not: "dog""#),
        (Web, "or - ' ( | & or", "\"\""),
        (Web, "a-b -\"c d", r#"("a-b" NOT "c d")"#),
        (Web, "\0", "\"\""),
    ] {
        assert_eq!(made(kind, text), expect, "{kind:?} {text}");
    }
}

#[test]
fn what_does_not_parse_or_cannot_be_searched_is_told() {
    for text in [
        "fat rat",
        "fat &",
        "& fat",
        "(fat",
        "fat)",
        "'fat",
        "()",
        "fat <-> ",
        "fat <x> rat",
        "!",
        "a <- b",
        "\\",
        ":*",
    ] {
        let error = to_match(Tsquery, &[], text).unwrap_err();
        assert_eq!(error.code(), Code::SyntaxInvalid, "{text}");
        assert_eq!(error.message(), format!("syntax error in tsquery: \"{text}\""));
    }
    for text in ["a <2> b", "a <0> b", "a:* <-> b", "a <-> !b", "(a & b) <-> c"] {
        let error = to_match(Tsquery, &[], text).unwrap_err();
        assert_eq!(error.code(), Code::NotImplemented, "{text}");
        assert!(error.hint_text().is_some());
    }
}

#[test]
fn a_query_has_a_bound_in_words_and_in_depth() {
    let many = |with: &str| vec!["w"; 201].join(with);
    let product = format!("({0}) <-> ({0})", vec!["w"; 90].join("|"));
    let deep = "(".repeat(100_000);
    for (kind, text) in [
        (Tsquery, many("&")),
        (Plain, many(" ")),
        (Following, many(" ")),
        (Tsquery, product),
        (Tsquery, deep),
    ] {
        let error = to_match(kind, &[], &text).unwrap_err();
        assert_eq!(error.code(), Code::StatementTooComplex, "{kind:?}");
    }
    assert_eq!(made(Web, &many(" ")).matches("\"w\"").count(), WORDS);
}

/// Identities of the rows that a query finds.
fn found(connection: &Connection, columns: &[&str], kind: SearchKind, text: &str) -> Vec<i64> {
    let Match { text, negated } = to_match(kind, columns, text).unwrap();
    let not = if negated { "not" } else { "" };
    let sql = format!(
        "select rowid from notes where rowid {not} in (select rowid from notes where notes match ?)"
    );
    let mut statement = connection.prepare(&sql).unwrap();
    let rows = statement.query_map([&text], |row| row.get(0)).unwrap();
    rows.collect::<rusqlite::Result<_>>().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn notes() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    let make = "create virtual table notes using fts5(title, \"bo\"\"dy\");
         insert into notes values ('fat rats', 'the cat sat'), ('fat cats', 'rats NEAR OR'),
         ('thin rat', ''), ('supernova', 'a-b \"quoted\"');";
    connection.execute_batch(make).unwrap();
    connection
}

#[test]
fn the_expressions_find_what_was_asked_for() {
    let notes = notes();
    for (columns, kind, text, expect) in [
        (&[][..], Tsquery, "fat & rats", &[1, 2][..]),
        (&["title"], Tsquery, "fat & rats", &[1]),
        (&["bo\"dy"], Tsquery, "rats", &[2]),
        (&["title", "bo\"dy"], Tsquery, "fat & !cats", &[1]),
        (&["title"], Tsquery, "!fat", &[3, 4]),
        (&[], Tsquery, "thin | !fat", &[3, 4]),
        (&[], Tsquery, "fat & !sat & rats & !thin", &[2]),
        (&[], Tsquery, "thin | !fat | !sat", &[2, 3, 4]),
        (&[], Tsquery, "fat <-> (rats | cats)", &[1, 2]),
        (&[], Tsquery, "(fat|thin) <-> rat:*", &[1, 3]),
        (&[], Tsquery, "super:*", &[4]),
        (&[], Tsquery, "", &[]),
        (&[], Plain, "NEAR OR", &[2]),
        (&[], Plain, "title:rat", &[]),
        (&[], Plain, "\"quoted\" a-b", &[4]),
        (&[], Following, "cat sat", &[1]),
        (&[], Following, "sat cat", &[]),
        (&[], Web, "\"fat rats\" or supernova", &[1, 4]),
        (&[], Web, "rats -thin -cat", &[2]),
        (&["title"], Web, "-fat", &[3, 4]),
        (&[], Web, "* ) NOT ( \" *", &[]),
    ] {
        assert_eq!(found(&notes, columns, kind, text), expect, "{columns:?} {kind:?} {text}");
    }
}

#[test]
fn fts5_takes_every_expression_that_is_made() {
    let notes = notes();
    let nest = |levels: usize, with: &str| {
        (0..levels).fold("w".to_owned(), |inner, _| with.replace('w', &inner))
    };
    let (deep, signed) = (nest(12, "(a | b & w)"), nest(5, "!(a | b & !c & w)"));
    let mixed = nest(11, "(!a | d | b & !c & e & w)");
    let chain = vec!["!w"; 199].join(" & ");
    let alternatives = vec!["w"; 200].join(" | ");
    for text in [&deep, &signed, &mixed, &chain, &alternatives, &format!("a & ({chain})")] {
        found(&notes, &["title"], Tsquery, text);
    }
    let pieces = [
        "a", "\"", "'", "(", ")", "*", "^", ":", "-", "+", "{", "}", "NEAR", "OR", ",", "é", "\\",
        "1",
    ];
    let mut seed = 7_usize;
    for _ in 0..3000 {
        let mut text = String::new();
        for _ in 0..8 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(seed >> 33) % pieces.len()]);
            if seed >> 60 & 1 == 1 {
                text.push(' ');
            }
        }
        for kind in [Plain, Following, Web] {
            found(&notes, &["title"], kind, &text);
        }
        if to_match(Tsquery, &[], &text).is_ok() {
            found(&notes, &[], Tsquery, &text);
        }
    }
}
