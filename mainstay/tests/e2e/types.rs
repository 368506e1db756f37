//! Every type over the wire: what goes in, what comes out to the byte, what is refused and how.

use crate::harness::{Server, test_app};

fn server() -> Server {
    Server::of(&test_app("types.toml"))
}

#[test]
fn each_type_has_one_form_on_the_wire() {
    let server = server();
    for (column, given, shown) in [
        ("t", r#""héllo\n""#, r#""héllo\n""#),
        ("t", "12", r#""12""#),
        ("si", "-32768", "-32768"),
        ("i", r#""7""#, "7"),
        ("bi", "9223372036854775807", "9223372036854775807"),
        ("bi", "-9223372036854775808", "-9223372036854775808"),
        ("n", "10.5", "10.50"),
        ("n", r#""99999999.99""#, "99999999.99"),
        ("n", "1.005", "1.01"),
        ("long", "12345678901234567890.0123456789", "12345678901234567890.0123456789"),
        ("long", "1", "1.0000000000"),
        ("free", "1.10", "1.10"),
        ("r", "1.5", "1.5"),
        ("d", "0.1", "0.1"),
        ("d", r#""Infinity""#, r#""Infinity""#),
        ("b", "true", "true"),
        ("b", r#""f""#, "false"),
        (
            "u",
            r#""0192F0C1-0000-7000-8000-0000000000AB""#,
            r#""0192f0c1-0000-7000-8000-0000000000ab""#,
        ),
        ("tz", r#""2024-01-31T10:20:30Z""#, r#""2024-01-31T10:20:30+00:00""#),
        ("tz", r#""2024-01-31T10:20:30.120+02:00""#, r#""2024-01-31T08:20:30.12+00:00""#),
        ("tz", r#""2024-01-31 10:20:30.123456+00""#, r#""2024-01-31T10:20:30.123456+00:00""#),
        ("tz", r#""2024-01-31""#, r#""2024-01-31T00:00:00+00:00""#),
        ("ts", r#""2024-01-31 10:20:30.5""#, r#""2024-01-31T10:20:30.5""#),
        ("da", r#""2024-02-29""#, r#""2024-02-29""#),
        ("ti", r#""10:20:30""#, r#""10:20:30""#),
        ("j", r#"{"a": [1, 2.50, {"b": null}]}"#, r#"{"a":[1,2.50,{"b":null}]}"#),
        ("j", r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
        ("j", "[]", "[]"),
        ("by", r#""\\x6869""#, r#""\\x6869""#),
        ("e", r#""green""#, r#""green""#),
        ("texts", r#"["a","b,c",null,""]"#, r#"["a","b,c",null,""]"#),
        ("texts", r#""{a,\"b c\",NULL}""#, r#"["a","b c",null]"#),
        ("ints", "[1,2]", "[1,2]"),
        (
            "uuids",
            r#"["0192f0c1-0000-7000-8000-0000000000ab"]"#,
            r#"["0192f0c1-0000-7000-8000-0000000000ab"]"#,
        ),
        ("i", "null", "null"),
    ] {
        let ask =
            server.rest("POST", &format!("/kinds?select={column}")).prefer("return=representation");
        let answer = ask.json(&format!(r#"{{"{column}":{given}}}"#)).send().expect(201);
        assert_eq!(answer.body, format!(r#"[{{"{column}":{shown}}}]"#), "{column} {given}");
    }
}

#[test]
fn a_literal_that_does_not_fit_has_the_code_of_postgres_in_bodies() {
    let server = server();
    for (column, given, code) in [
        ("t", r#""longer than ten""#, "22001"),
        ("si", "32768", "22003"),
        ("i", "2147483648", "22003"),
        ("i", r#""x""#, "22P02"),
        ("i", "1.5", "22P02"),
        ("i", "[1]", "22P02"),
        ("bi", "9223372036854775808", "22003"),
        ("n", "100000000", "22003"),
        ("n", r#""x""#, "22P02"),
        ("long", r#""1e30""#, "22003"),
        ("free", r#""--1""#, "22P02"),
        ("r", "1e39", "22003"),
        ("d", r#""x""#, "22P02"),
        ("b", r#""maybe""#, "22P02"),
        ("u", r#""no-uuid""#, "22P02"),
        ("tz", r#""soon""#, "22007"),
        ("tz", r#""2024-13-01T00:00:00Z""#, "22008"),
        ("ts", r#""x""#, "22007"),
        ("da", r#""2024-02-30""#, "22008"),
        ("da", r#""x""#, "22007"),
        ("ti", r#""25:00:00""#, "22008"),
        ("ti", r#""x""#, "22007"),
        ("by", r#""\\x6""#, "22P02"),
        ("by", r#""\\xzz""#, "22P02"),
        ("e", r#""blue""#, "22P02"),
        ("texts", r#""{a""#, "22P02"),
        ("ints", r#"["a"]"#, "22P02"),
        ("uuids", r#"["x"]"#, "22P02"),
        ("t", "\"a\\u0000\"", "22P02"),
        ("j", r#"{"a":"\u0000"}"#, "22P02"),
    ] {
        let refused =
            server.rest("POST", "/kinds").json(&format!(r#"{{"{column}":{given}}}"#)).send();
        assert_eq!(refused.refusal(), (400, code.to_owned()), "{column} {given}: {}", refused.body);
    }
    assert_eq!(server.rest("GET", "/kinds").send().body, "[]");
}

#[test]
fn a_literal_that_does_not_fit_has_the_code_of_postgres_in_filters() {
    let server = server();
    for (filter, code) in [
        ("si=eq.99999", "22003"),
        ("i=eq.x", "22P02"),
        ("i=in.(1,x)", "22P02"),
        ("bi=gt.9223372036854775808", "22003"),
        ("n=eq.x", "22P02"),
        ("d=lt.x", "22P02"),
        ("b=eq.maybe", "22P02"),
        ("u=eq.x", "22P02"),
        ("tz=gte.soon", "22007"),
        ("da=eq.2024-02-30", "22008"),
        ("ti=eq.x", "22007"),
        ("e=eq.blue", "22P02"),
        ("texts=eq.a", "22P02"),
        ("or=(i.eq.1,u.eq.x)", "22P02"),
    ] {
        let refused = server.rest("GET", &format!("/kinds?{filter}")).send();
        assert_eq!(refused.refusal(), (400, code.to_owned()), "{filter}: {}", refused.body);
    }
}

#[test]
fn values_are_found_by_any_form_that_means_them() {
    let server = server();
    let row = r#"{"bi":9007199254740993,"n":10.50,"long":"0.1","b":true,"tz":"2024-01-31T10:20:30Z",
        "u":"0192f0c1-0000-7000-8000-0000000000ab","by":"\\x6869","ints":[1,2],"da":"2024-01-31","r":0.1}"#;
    server.rest("POST", "/kinds").json(row).send().expect(201);
    for filter in [
        "bi=eq.9007199254740993",
        "bi=neq.9007199254740992",
        "n=eq.10.5",
        "n=gt.9",
        "long=eq.0.1000",
        "long=lt.0.2",
        "b=eq.t",
        "b=is.true",
        "b=not.is.false",
        "b=eq.true",
        "tz=eq.2024-01-31T11:20:30%2B01:00",
        "tz=gt.2024-01-31",
        "tz=lt.2024-01-31T10:20:30.000001Z",
        "u=eq.0192F0C1-0000-7000-8000-0000000000AB",
        "by=eq.%5Cx6869",
        "ints=eq.%7B1,2%7D",
        "da=lte.2024-01-31",
        "r=eq.0.1",
        "t=is.null",
    ] {
        let found = server.rest("GET", &format!("/kinds?select=id&{filter}")).send().expect(200);
        assert_eq!(found.body, r#"[{"id":1}]"#, "{filter}");
    }
}

#[test]
fn numerics_sort_by_value_and_texts_by_bytes() {
    let server = server();
    let rows = r#"[{"long":"9","t":"b"},{"long":"10","t":"B"},{"long":"-3.5","t":"ä"},{"long":"0.07","t":"a"}]"#;
    server.rest("POST", "/kinds").json(rows).send().expect(201);
    let by_number = server.rest("GET", "/kinds?select=id&order=long").send();
    assert_eq!(by_number.column("id"), [3, 4, 1, 2]);
    let by_text = server.rest("GET", "/kinds?select=id&order=t").send();
    assert_eq!(by_text.column("id"), [2, 4, 1, 3]);
}
