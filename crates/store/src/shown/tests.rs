//! What is shown of a column through casts and zones, and rows on their way through a text.

use super::*;

fn ty(name: &str) -> Type {
    Type::parse(name).unwrap()
}

#[test]
fn a_moment_is_shown_in_its_zone_also_through_a_cast() {
    let zone = Zone::find("America/New_York");
    let moment = "2024-01-31T02:20:30.5+00:00";
    let array = format!("[\"{moment}\",null]");
    for (from, cast, stored, json, text) in [
        (
            "timestamptz",
            None,
            moment,
            "\"2024-01-30T21:20:30.5-05:00\"",
            "2024-01-30T21:20:30.5-05:00",
        ),
        ("timestamptz", Some("date"), moment, "\"2024-01-30\"", "2024-01-30"),
        (
            "timestamptz",
            Some("timestamp"),
            moment,
            "\"2024-01-30T21:20:30.5\"",
            "2024-01-30T21:20:30.5",
        ),
        (
            "timestamptz",
            Some("text"),
            moment,
            "\"2024-01-30T21:20:30.5-05:00\"",
            "2024-01-30T21:20:30.5-05:00",
        ),
        (
            "text",
            Some("timestamptz"),
            moment,
            "\"2024-01-30T21:20:30.5-05:00\"",
            "2024-01-30T21:20:30.5-05:00",
        ),
        (
            "timestamptz[]",
            None,
            &array,
            "[\"2024-01-30T21:20:30.5-05:00\",null]",
            "{2024-01-30T21:20:30.5-05:00,NULL}",
        ),
        ("timestamptz[]", None, "[]", "[]", "{}"),
        (
            "timestamp",
            None,
            "2024-01-31T02:20:30",
            "\"2024-01-31T02:20:30\"",
            "2024-01-31T02:20:30",
        ),
        ("text", None, moment, "\"2024-01-31T02:20:30.5+00:00\"", moment),
    ] {
        let shown = Shown::new("at", ty(from), cast.map(ty)).in_zone(zone.clone());
        let (mut as_json, mut as_text) = (Vec::new(), Vec::new());
        shown.write_json(Stored::Text(stored), &mut as_json).unwrap();
        shown.write_text(Stored::Text(stored), &mut as_text).unwrap();
        assert_eq!(String::from_utf8(as_json).unwrap(), json, "{from} {cast:?} {stored}");
        assert_eq!(String::from_utf8(as_text).unwrap(), text, "{from} {cast:?} {stored}");
    }
}

#[test]
fn a_row_survives_its_way_through_a_text() {
    let row = Row {
        columns: vec![
            Shown::new("a \"name\" \\ with é", ty("text"), None),
            Shown::new("price", ty("numeric(12,2)"), Some(ty("text"))),
            Shown::new("at", ty("timestamptz"), None).in_zone(Zone::find("Europe/Berlin")),
            Shown::new("tags", ty("uuid[]"), None),
        ],
        strip_nulls: true,
    };
    assert_eq!(Row::parse(&row.to_text()), Some(row.clone()));
    let open = Row { columns: Vec::new(), strip_nulls: false };
    assert_eq!(Row::parse(&open.to_text()), Some(open));
    for wrong in
        ["", "[]x", "{}", r#"[0,["a","strng",null,null]]"#, r#"[0,["a","text",null,"x/y"]]"#]
    {
        assert_eq!(Row::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn a_row_is_written_as_an_object_with_or_without_its_nulls() {
    let columns = vec![
        Shown::new("id", ty("bigint"), None),
        Shown::new("title", ty("text"), None),
        Shown::new("extra", ty("json"), None),
    ];
    let values = [Stored::Int(7), Stored::Null, Stored::Text(r#"{"a":null,"b":[null]}"#)];
    for (strip_nulls, expect) in [
        (false, r#"{"id":7,"title":null,"extra":{"a":null,"b":[null]}}"#),
        (true, r#"{"id":7,"extra":{"b":[null]}}"#),
    ] {
        let row = Row { columns: columns.clone(), strip_nulls };
        let mut out = Vec::new();
        row.write_object(|at| Ok(values[at]), &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expect);
    }
}
