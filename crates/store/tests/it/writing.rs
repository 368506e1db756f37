//! Claims about writes: what is refused harms nobody else, and what is acknowledged is there.

use std::sync::Arc;
use std::time::Duration;

use mainstay_base::Code;
use mainstay_schema::Value;
use mainstay_store::plan::{Change, Guard};
use mainstay_store::query::{Conflict, Expr, Filter, Operand, Test};
use mainstay_store::sqlite::version;
use mainstay_store::{Statement, Store};

use crate::harness::{NOTES, config, open, open_with, text};

#[tokio::test]
async fn the_engine_is_new_enough_to_be_trusted() {
    mainstay_store::sqlite::assert_version().unwrap();
    assert!(version() >= "3.51.3", "{}", version());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_write_harms_no_neighbour_in_its_group() {
    let kept = Arc::new(open(NOTES));
    let mut tasks = Vec::new();
    for at in 0..200_i64 {
        let kept = Arc::clone(&kept);
        tasks.push(tokio::spawn(async move {
            // Every third names a team that is not there.
            let team = if at % 3 == 0 { Value::Int(99) } else { Value::Null };
            let row = vec![text(&format!("note {at}")), team];
            (at, kept.insert("notes", &[1, 2], row).await.is_ok())
        }));
    }
    let mut accepted = 0;
    for task in tasks {
        let (at, ok) = task.await.unwrap();
        assert_eq!(ok, at % 3 != 0, "note {at}");
        accepted += usize::from(ok);
    }
    assert_eq!(kept.rows("notes").await.len(), accepted);
}

#[tokio::test]
async fn constraint_errors_name_what_was_declared() {
    let kept = open(NOTES);
    kept.insert("teams", &[1], vec![text("red")]).await.unwrap();
    let refused = kept.insert("teams", &[1], vec![text("red")]).await.unwrap_err();
    assert_eq!(refused.code().text(), "23505");
    assert!(refused.message().contains("\"teams_name_key\""), "{}", refused.message());
    assert_eq!(refused.details_text(), Some("Key (name)=(red) already exists."));

    let row = vec![text("x"), Value::Int(9)];
    let refused = kept.insert("notes", &[1, 2], row).await.unwrap_err();
    assert_eq!(refused.code().text(), "23503");
    assert_eq!(refused.details_text(), Some("Key (team)=(9) is not present in table \"teams\"."));

    let refused = kept.insert("notes", &[1], vec![Value::Null]).await.unwrap_err();
    assert_eq!(refused.code().text(), "23502");

    let row = vec![text("x"), Value::Int(0)];
    let refused = kept.insert("notes", &[1, 3], row).await.unwrap_err();
    assert_eq!(refused.code().text(), "23514");
    assert!(refused.message().contains("\"notes_size_check\""), "{}", refused.message());
}

#[tokio::test]
async fn an_upsert_knows_what_it_added_and_refuses_a_row_named_twice() {
    let kept = open(NOTES);
    let conflict = Conflict { target: vec![1], update: Some(vec![1]) };
    let upsert = |names: &[&str]| {
        let rows = names.iter().map(|name| vec![text(name)]).collect();
        let run = kept.run("teams", &[1], rows, Some(conflict.clone()));
        kept.store.write(kept.plan("teams", Change::Insert(vec![run])), ())
    };
    assert_eq!(upsert(&["a", "b"]).await.unwrap().inserted, 2);
    let second = upsert(&["b", "c"]).await.unwrap();
    assert_eq!((second.rows, second.inserted), (2, 1));
    let refused = upsert(&["x", "x"]).await.unwrap_err();
    assert_eq!(refused.code(), Code::RowTwice);
    let rows = kept.rows("teams").await;
    let names: Vec<&str> = rows.iter().filter_map(|row| row.split('|').nth(1)).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[tokio::test]
async fn guards_undo_what_they_refuse() {
    let kept = open(NOTES);
    for name in ["a", "b", "c"] {
        kept.insert("teams", &[1], vec![text(name)]).await.unwrap();
    }
    let all = || {
        let above = Filter::Test(Expr::Column(0), Test::Gt, Operand::Fixed(Value::Int(0)));
        kept.update_plan("notes", (1, text("t")), above)
    };
    for name in ["x", "y"] {
        kept.insert("notes", &[1], vec![text(name)]).await.unwrap();
    }
    for (guard, code) in [
        (Guard { exactly_one: true, ..Guard::default() }, "PGRST116"),
        (Guard { max_affected: Some(1), ..Guard::default() }, "PGRST124"),
    ] {
        let plan = mainstay_store::WritePlan { guard, ..all() };
        let refused = kept.store.write(plan, ()).await.unwrap_err();
        assert_eq!(refused.code().text(), code);
    }
    assert_eq!(kept.rows("notes").await, ["1|x|null|1", "2|y|null|1"]);
    let undone =
        mainstay_store::WritePlan { guard: Guard { undo: true, ..Guard::default() }, ..all() };
    assert_eq!(kept.store.write(undone, ()).await.unwrap().rows, 2);
    assert_eq!(kept.rows("notes").await, ["1|x|null|1", "2|y|null|1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_runs_too_long_is_stopped_and_its_neighbours_are_kept() {
    let mut short = config();
    short.statement_timeout = Duration::from_millis(200);
    let kept = Arc::new(open_with(NOTES, &short));
    kept.insert("notes", &[1], vec![text("first")]).await.unwrap();
    let mut endless = kept.update_plan("notes", (1, text("t")), Filter::NONE);
    if let Change::Update(update) = &mut endless.change {
        // A statement that would count for hours before it writes.
        let sql = "UPDATE notes SET size = (WITH RECURSIVE n(i) AS \
                   (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n)";
        let statement = Arc::new(Statement { sql: sql.to_owned(), slots: Vec::new() });
        update.bound.statement = statement;
    }
    let (before, stopped, after) = tokio::join!(
        kept.insert("notes", &[1], vec![text("before")]),
        kept.store.write(endless, ()),
        kept.insert("notes", &[1], vec![text("after")]),
    );
    assert_eq!(stopped.unwrap_err().code().text(), "57014");
    before.unwrap();
    after.unwrap();
    let rows = kept.rows("notes").await;
    assert_eq!(rows.len(), 3, "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_refused_at_once() {
    let mut small = config();
    small.write_queue = 4;
    let kept = Arc::new(open_with(NOTES, &small));
    let mut tasks = Vec::new();
    for at in 0..500 {
        let kept = Arc::clone(&kept);
        tasks.push(tokio::spawn(async move {
            kept.insert("notes", &[1], vec![text(&at.to_string())]).await
        }));
    }
    let (mut kept_rows, mut refused) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => kept_rows += 1,
            Err(error) => {
                assert_eq!(error.code().text(), "PGRST003");
                assert_eq!(error.code().status(), 503);
                assert!(error.retry_after_seconds().is_some());
                refused += 1;
            }
        }
    }
    assert!(refused > 0, "500 writes found room in a queue of 4");
    assert_eq!(kept.rows("notes").await.len(), kept_rows);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_the_store_is_opened_again() {
    let kept = open(NOTES);
    for at in 0..50 {
        kept.insert("notes", &[1], vec![text(&at.to_string())]).await.unwrap();
    }
    let before = kept.rows("notes").await;
    kept.store.close();
    let again = Store::open(kept.folder.path(), &kept.catalog, &config()).unwrap();
    let kept = crate::harness::Kept { store: Arc::new(again), ..kept };
    assert_eq!(kept.rows("notes").await, before);
}

#[tokio::test]
async fn a_second_store_on_the_same_folder_is_refused() {
    let kept = open(NOTES);
    let second = Store::open(kept.folder.path(), &kept.catalog, &config());
    let message = second.err().unwrap().message().to_owned();
    assert!(message.contains("in use by process"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_checkpointed_while_rows_are_returned() {
    let kept = Arc::new(open(NOTES));
    let long = "x".repeat(20_000);
    for _ in 0..20 {
        let rows = (0..50).map(|_| vec![text(&long)]).collect();
        kept.store.write(kept.insert_plan("notes", &[1], rows), ()).await.unwrap();
    }
    let wal = std::fs::metadata(kept.folder.path().join("app.db-wal")).unwrap().len();
    let database = std::fs::metadata(kept.file()).unwrap().len();
    assert!(database > 10_000_000, "the database holds {database} bytes");
    assert!(wal < 16_000_000, "the log holds {wal} bytes");
}
