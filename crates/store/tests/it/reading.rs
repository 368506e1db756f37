//! Claims about reads: deadlines stop them, filters mean what the dialect says.

use std::sync::Arc;
use std::time::Duration;

use mainstay_schema::Value;
use mainstay_store::query::{
    Expr, Filter, Given, Operand, Order, Select, Source, Step, Test, Truth,
};
use mainstay_store::{Statement, sql};

use crate::harness::{Kept, NOTES, Texts, config, open, open_with, read_plan, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_runs_too_long_is_stopped_and_the_thread_serves_on() {
    let mut short = config();
    short.statement_timeout = Duration::from_millis(100);
    let kept = open_with(NOTES, &short);
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                   SELECT count(*) FROM n";
    for _ in 0..3 {
        let statement = Statement { sql: endless.to_owned(), slots: Vec::new() };
        let read = kept.store.read(read_plan(Arc::new(statement), Vec::new()), ()).await;
        assert_eq!(read.unwrap_err().code().text(), "57014");
    }
    assert_eq!(kept.rows("notes").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_reader_compiles_nothing_that_writes() {
    let kept = open(NOTES);
    for sql in [
        "INSERT INTO teams (name) VALUES ('x')",
        "DELETE FROM teams",
        "ATTACH DATABASE '/tmp/x.db' AS x",
        "PRAGMA writable_schema = 1",
        "CREATE TEMP TABLE t (a)",
    ] {
        let statement = Statement { sql: sql.to_owned(), slots: Vec::new() };
        let read = kept.store.read(read_plan(Arc::new(statement), Vec::new()), ()).await;
        assert!(read.is_err(), "{sql}");
    }
    assert_eq!(kept.rows("teams").await, Vec::<String>::new());
}

const THINGS: &str = r#"
name = "app"
[tables.things]
columns.id = { type = "bigint", primary_key = true, identity = true }
columns.name = { type = "text", null = true }
columns.price = { type = "numeric(30,4)", null = true }
columns.data = { type = "json", null = true }
columns.open = { type = "boolean", null = true }
"#;

async fn things() -> Kept {
    let kept = open(THINGS);
    for (name, price, data, open) in [
        (text("Ärger"), text("10.5000"), text(r#"{"a":{"n":5},"l":[1,2]}"#), Value::Int(1)),
        (text("zorn"), text("9.0000"), text(r#"{"a":{"n":10},"l":["x"]}"#), Value::Int(0)),
        (Value::Null, text("100.0000"), Value::Null, Value::Null),
    ] {
        kept.insert("things", &[1, 2, 3, 4], vec![name, price, data, open]).await.unwrap();
    }
    kept
}

async fn ids(kept: &Kept, filter: Filter, order: Vec<Order>, values: Vec<Value>) -> Vec<String> {
    let outputs = vec![Expr::Column(0)];
    let select =
        Select { filter, order, ..Select::all(Source::stored(&kept.table("things")), outputs) };
    let sink = Texts { width: 1, ..Texts::default() };
    let rows = Arc::clone(&sink.rows);
    let plan = read_plan(Arc::new(sql::sqlite::select(&select)), values);
    kept.store.read(plan, sink).await.unwrap();
    rows.lock().unwrap().clone()
}

fn given() -> Operand {
    Operand::Given(Given(0))
}

#[tokio::test]
async fn filters_mean_what_the_dialect_says() {
    let kept = things().await;
    let path = |as_text| Expr::Path {
        column: 3,
        path: vec![Step::Key("a".to_owned()), Step::Key("n".to_owned())],
        as_text,
    };
    let like = |pattern: &str, fold_case| {
        let expr = Expr::Column(1);
        (Filter::Test(expr, Test::Like { fold_case }, given()), vec![text(pattern)])
    };
    let compare =
        |expr, comparison, value: Value| (Filter::Test(expr, comparison, given()), vec![value]);
    let (name, price) = (Expr::Column(1), Expr::Column(2));
    let not = |(filter, values): (Filter, Vec<Value>)| (Filter::Not(Box::new(filter)), values);
    for (claim, (filter, values), expect) in [
        ("neq never matches null", compare(name.clone(), Test::Neq, text("zorn")), vec!["1"]),
        ("null differs", compare(name.clone(), Test::IsDistinct, text("zorn")), vec!["1", "3"]),
        ("like minds case", like("ärger", false), vec![]),
        ("ilike folds all letters", like("ÄRGER", true), vec!["1"]),
        (
            "long decimals compare by value",
            compare(price.clone(), Test::Gt, text("10")),
            vec!["1", "3"],
        ),
        ("json compares as json", compare(path(false), Test::Gt, text("9")), vec!["2"]),
        ("->> compares as text", compare(path(true), Test::Eq, text("5")), vec!["1"]),
        ("a list", (Filter::In(Expr::Column(0), given()), vec![text("[1,3]")]), vec!["1", "3"]),
        ("an empty list", (Filter::In(Expr::Column(0), given()), vec![text("[]")]), vec![]),
        (
            "not in an empty list",
            not((Filter::In(Expr::Column(0), given()), vec![text("[]")])),
            vec!["1", "2", "3"],
        ),
        ("truth is exact", (Filter::Is(Expr::Column(4), Truth::False), vec![]), vec!["2"]),
        ("unknown is null", (Filter::Is(Expr::Column(4), Truth::Unknown), vec![]), vec!["3"]),
        ("no branch is false", (Filter::Any(vec![]), vec![]), vec![]),
    ] {
        assert_eq!(ids(&kept, filter, Vec::new(), values).await, expect, "{claim}");
    }
}

#[tokio::test]
async fn orders_put_nulls_where_they_are_asked() {
    let kept = things().await;
    let order = |at, descending, nulls_first| {
        vec![Order { expr: Expr::Column(at), descending, nulls_first }]
    };
    for (claim, order, expect) in [
        ("ascending, nulls last", order(1, false, false), ["2", "1", "3"]),
        ("descending, nulls first", order(1, true, true), ["3", "1", "2"]),
        ("decimals by value", order(2, false, false), ["2", "1", "3"]),
    ] {
        assert_eq!(ids(&kept, Filter::NONE, order, Vec::new()).await, expect, "{claim}");
    }
}
