//! Claims about rules: what they answer, what is refused, and that refusing is fast.

use std::time::{Duration, Instant};

use super::*;

struct NoRequest;

impl RequestFacts for NoRequest {
    fn method(&self) -> &str {
        "GET"
    }

    fn path(&self) -> &str {
        "/rest/v1/things"
    }

    fn headers(&self) -> Vec<(String, String)> {
        vec![("x-shop".to_owned(), "north".to_owned())]
    }
}

/// 2026-01-02T03:04:05Z
const NOW: i64 = 1_767_323_045_000_000;

fn bound(source: &str) -> Result<Rule, RuleFault> {
    let mut rule = Rule::parse(source)?;
    rule.bind(&Scope::CALLER, &Extra::default())?;
    Ok(rule)
}

fn holds(rule: &Rule, facts: &AuthFacts) -> bool {
    let (verdict, _) = rule.bound().unwrap().ask(&Asking::new(facts, NOW, &NoRequest));
    matches!(verdict, Verdict::Holds)
}

fn staff() -> AuthFacts {
    AuthFacts {
        uid: Some("u1".into()),
        role: "staff".into(),
        roles: vec!["editor".into(), "clerk".into()],
        email: Some("ann@example.org".into()),
        aal: Some("aal2".into()),
        claims: serde_json::json!({"team": "red", "level": 3, "tags": ["a", "b"]}),
    }
}

fn stranger() -> AuthFacts {
    AuthFacts { role: "anon".into(), ..AuthFacts::default() }
}

#[test]
fn rules_answer_for_the_caller_and_fail_closed() {
    for (source, for_staff, for_stranger) in [
        ("true", true, true),
        (" false ", false, false),
        ("auth.role == 'staff'", true, false),
        ("auth.role != 'staff'", false, true),
        ("auth.uid == 'u1'", true, false),
        ("auth.uid != 'u2'", true, false),
        ("!(auth.uid == 'u2')", true, false),
        ("has(auth.uid)", true, false),
        ("!has(auth.uid)", false, true),
        ("auth.uid == 'u1' || true", true, true),
        ("true || auth.uid == 'u1'", true, true),
        ("auth.uid == 'u1' && false", false, false),
        ("'editor' in auth.roles", true, false),
        ("auth.role in ['staff', 'admin']", true, false),
        ("auth.roles.exists(r, r == 'clerk')", true, false),
        ("auth.roles.all(r, r.startsWith('c'))", false, true),
        ("size(auth.roles) > 1", true, false),
        ("auth.email.endsWith('@example.org')", true, false),
        ("auth.aal == 'aal2'", true, false),
        ("auth.claims.team == 'red' && auth.claims.level >= 2", true, false),
        ("'b' in auth.claims.tags", true, false),
        ("auth.claims['team'] == 'red'", true, false),
        ("auth.claims.missing == 'x'", false, false),
        ("auth.claims.team", false, false),
        ("has(auth.claims.team) ? auth.claims.team == 'red' : false", true, false),
        ("auth.role == 'anon' ? true : auth.uid == 'u1'", true, true),
        ("1 / 0 == 1", false, false),
        ("now > timestamp('2026-01-01T00:00:00Z')", true, true),
        ("now - duration('72h') > timestamp('2026-01-01T00:00:00Z')", false, false),
        ("now.getHours() == 3", true, true),
        ("request.headers['x-shop'] == 'north' && request.method == 'GET'", true, true),
        ("request.headers['x-none'] == 'north'", false, false),
        ("auth.email.matches('^a.*[.]org$')", true, false),
        ("auth.email.upperAscii().contains('EXAMPLE')", true, false),
        ("auth.roles.map(r, r + '!').exists(r, r == 'clerk!')", true, false),
        ("auth.roles.exists_one(r, r.startsWith('c'))", true, false),
    ] {
        let rule = bound(source).unwrap_or_else(|fault| panic!("{source}: {fault:?}"));
        assert_eq!(holds(&rule, &staff()), for_staff, "{source} for staff");
        assert_eq!(holds(&rule, &stranger()), for_stranger, "{source} for a stranger");
    }
}

#[test]
fn only_literal_rules_are_known_before_anyone_asks() {
    assert!(Rule::parse("true").unwrap().is_always());
    assert!(Rule::parse("false").unwrap().is_never());
    let asks = bound("auth.role == 'x'").unwrap();
    assert!(!asks.is_always() && !asks.is_never());
    assert_eq!(Rule::parse("true").unwrap(), Rule::always());
}

#[test]
fn what_is_no_rule_is_refused_with_its_name() {
    for (source, part) in [
        ("row.owner == auth.uid", "`row`"),
        ("new.price > 1", "`new`"),
        ("now > 1", "a moment is compared with a whole number"),
        ("request.verb == 'GET'", "no field `verb`"),
        ("auth.uid in 'abc'", "`in` looks into a list"),
        ("auth.email.matches('(')", "unclosed group"),
        ("auht.role == 'x'", "unknown name `auht`"),
        ("auth.rolle == 'x'", "no field `rolle`"),
        ("has(auth.user)", "no field `user`"),
        ("auth", "alone"),
        ("auth.role", "is a text"),
        ("auth.role == 5", "a text is compared with a whole number"),
        ("auth.role && true", "a text is not true or false"),
        ("auth.role = 'x'", "does not parse"),
        ("auth.role == 'x", "does not parse"),
        ("(", "does not parse"),
        ("", "empty"),
        ("auth.email.startswith('x')", "unknown function `startswith`"),
        ("'a' in auth.role", "`in` looks into a list"),
        ("auth.roles.exists(r, auth.roles.exists(s, r == s))", "inside another"),
        ("{'a': 1}.a == 1", "no maps"),
        ("members.exists(m, m.user == auth.uid)", "unknown name `members`"),
    ] {
        let fault = bound(source).expect_err(source);
        assert!(fault.message.contains(part), "{source}: {}", fault.message);
    }
}

#[test]
fn texts_that_blow_up_parsers_are_refused_fast() {
    let repeat = |text: &str, times: usize| text.repeat(times);
    let hostile = [
        repeat("(", 40) + "true" + &repeat(")", 40),
        repeat("(", 24) + "true" + &repeat(")", 24),
        repeat("(", 1000),
        repeat("[", 24),
        repeat("{", 24),
        repeat("[[[", 8) + &repeat("]]]", 8),
        repeat("{1:", 24) + "1" + &repeat("}", 24),
        repeat("a(", 24),
        repeat("f(x,", 24),
        repeat("!", 2000) + "true",
        repeat("-", 24) + "1",
        repeat("true?", 24),
        repeat("true?true:", 24) + "true",
        repeat("a.", 1000) + "b",
        repeat("1+", 1000) + "1",
        repeat("true&&", 300) + "true",
        repeat("true||", 300) + "true",
        repeat("a<", 1000) + "b",
        repeat("[1,", 24) + &repeat("(", 24),
        repeat("x{", 24),
        repeat("`", 500),
        repeat("'", 501),
        repeat("@", 2000),
        repeat("1 ", 1000),
        repeat("auth.roles.exists(r,", 20) + "true" + &repeat(")", 20),
        "true".to_owned() + &repeat(" ", 100_000),
        format!("({}1)==3", repeat("(true?1:2)+", 22)),
        "// \"\n".to_owned() + &repeat("!", 1900) + "true",
        "// it's\n".to_owned() + &repeat("(", 900) + &repeat(")", 900),
        "r'\\' == '".to_owned() + &repeat("(", 900),
        "'''a'b''' == ".to_owned() + &repeat("(", 900),
    ];
    for source in &hostile {
        let start = Instant::now();
        let _ = bound(source);
        let shown: String = source.chars().take(30).collect();
        assert!(start.elapsed() < Duration::from_secs(2), "{shown} took {:?}", start.elapsed());
    }
}

/// A table of three texts with a rule for one action.
fn declared(action: &str, rule: &str) -> std::result::Result<crate::Declared, crate::Mistakes> {
    let rule = serde_json::Value::from(rule);
    let text = format!(
        "[tables.t]\ncolumns.a = \"text\"\ncolumns.b = {{ type = \"text\", null = true }}\n\
         columns.c = \"text\"\nallow.{action} = {rule}\n"
    );
    crate::read_text("a.toml", &text)
}

/// The rule to update it, bound.
fn of_table(rule: &str) -> std::sync::Arc<Bound> {
    let declared = declared("update", rule).unwrap_or_else(|error| panic!("{error}"));
    let table = std::sync::Arc::clone(&declared.catalog.modules[0].tables[0]);
    std::sync::Arc::clone(table.allow.update.as_ref().unwrap().bound().unwrap())
}

fn asked(rule: &str, facts: &AuthFacts) -> (Verdict, Check) {
    of_table(rule).ask(&Asking::new(facts, NOW, &NoRequest))
}

#[test]
fn a_rule_knows_the_columns_that_it_looks_at() {
    // Column 0 is the key that nobody declared.
    for (rule, columns) in [
        ("true", &[][..]),
        ("row.a == 'x'", &[1]),
        ("new.b == 'x'", &[2]),
        ("row.a == new.b", &[1, 2]),
        ("size(row.c) > 1 && auth.uid == row.a", &[1, 3]),
        ("t.exists(x, x.b == row.a)", &[1]),
        ("t.exists(x, x.b == auth.uid)", &[]),
        ("row.a in ['x', row.c]", &[1, 3]),
    ] {
        let bound = of_table(rule);
        let (_, check) = bound.ask(&Asking::new(&staff(), NOW, &NoRequest));
        for column in 0..4 {
            let expected = columns.contains(&column);
            assert_eq!(bound.looks_at(column), expected, "{rule}: {column}");
            assert_eq!(check.looks_at(column), expected, "{rule}: {column}");
        }
    }
}

#[test]
fn what_is_asked_of_the_new_row_is_apart_from_what_is_asked_of_the_old_one() {
    let nobody = AuthFacts::default();
    for (rule, judges, certain, hopeless) in [
        ("true", false, true, false),
        ("row.a == 'x'", false, true, false),
        ("new.a == 'x'", true, false, false),
        ("row.a == 'x' && new.a == 'x'", true, false, false),
        ("new.a == auth.uid", true, false, true),
        ("has(auth.uid) || new.a == 'x'", true, false, false),
        ("!has(auth.uid) || new.a == 'x'", true, true, false),
        ("has(auth.uid) && new.a == 'x'", true, false, false),
    ] {
        let (_, check) = asked(rule, &nobody);
        let bound = of_table(rule);
        assert_eq!(bound.judges(), judges, "{rule}");
        assert_eq!((check.is_certain(), check.is_hopeless()), (certain, hopeless), "{rule}");
        assert_eq!(bound.is_always(), rule == "true", "{rule}");
    }
}

#[test]
fn a_new_row_is_judged_by_what_it_gets_and_what_it_keeps() {
    let cell = |a: &'static str| {
        move |at: usize| match at {
            1 => Cell::Value(Const::Text(a.to_owned())),
            2 => Cell::Unknown,
            _ => Cell::Same,
        }
    };
    let verdict = |rule: &str, a: &'static str| match asked(rule, &staff()).1.judge(&cell(a)) {
        Verdict::Holds => "holds",
        Verdict::Denies => "denies",
        Verdict::Depends(_) => "depends",
    };
    for (rule, a, expected) in [
        ("new.a == 'x'", "x", "holds"),
        ("new.a == 'x'", "y", "denies"),
        ("new.a == auth.uid", "u1", "holds"),
        ("new.b == 'x'", "x", "denies"),
        ("new.b == 'x' || new.a == 'x'", "x", "holds"),
        ("new.c == 'x'", "x", "depends"),
        ("new.a == 'x' && new.c == 'x'", "y", "denies"),
        ("row.c == 'x'", "y", "holds"),
    ] {
        assert_eq!(verdict(rule, a), expected, "{rule} of {a}");
    }
    let (rows, check) = asked("row.a == 'x'", &staff());
    assert!(matches!(rows, Verdict::Depends(_)), "asked of the row as it is");
    let shown = |a| !matches!(check.judge_as_row(&cell(a)), Verdict::Denies);
    assert!(shown("x") && !shown("y"), "and, to be given back, of the row as it will be");
}

#[test]
fn what_is_wrong_with_a_rule_over_rows_is_said() {
    for (rule, part) in [
        ("t.exists(row, row.a == 'x')", "the variable `row` has a name"),
        ("t.exists(auth, auth.uid == 'x')", "the variable `auth` has a name"),
        ("t.exists(t, t.a == 'x')", "the variable `t` has a name"),
        ("t.exists(x, t.exists(x, x.a == 'x'))", "the variable `x` has a name"),
        ("auth.roles.exists(t, t == row.a)", "the variable `t` has a name"),
        ("row.a.b == 'x'", "a text has no field `b`"),
        ("(row.a == 'x').b == 'x'", "true or false has no field `b`"),
        ("has(row.a)", "every row has all its columns"),
        ("row.zebra == 'x'", "zebra"),
        ("row", "a row alone says nothing"),
        ("row.a == row", "a row alone says nothing"),
        ("[row.a]", "stands only behind `in`"),
        ("row.a in ['x', 1]", "a text is never a whole number"),
        ("row.a in row.c", "`in` looks into a list"),
        ("row.a.exists(x, x == 'y')", "only a list has `exists`"),
        ("row.a && true", "a text is not true or false"),
        ("row.a < 1", "a text is compared with a whole number"),
        ("row.a.matches(row.b)", "pattern"),
    ] {
        let refused = declared("read", rule).expect_err(rule).to_string();
        assert!(refused.contains(part), "{rule}: {refused}");
    }
}
