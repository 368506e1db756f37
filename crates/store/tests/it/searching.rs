//! The search index follows its table, whatever writes to it.

use std::sync::Arc;

use mainstay_schema::Value;
use mainstay_store::plan::{self, Change, ReadPlan};
use mainstay_store::query::{self, Conflict, Filter, Given};
use mainstay_store::{Bound, Slot, Statement, Store, sql};
use rusqlite::Connection;

use crate::harness::{Kept, Texts, catalog, config, open, read_plan, text};

const SHELF: &str = r#"
name = "app"
[tables.books]
columns.shelf = "text"
columns.no = "integer"
columns.title = "text"
columns.blurb = { type = "text", null = true }
columns.pages = { type = "integer", default = 1, check = "pages < 1000" }
primary_key = ["shelf", "no"]
"#;

fn searched(columns: &str) -> String {
    format!("{SHELF}search = [{columns}]\n")
}

fn find() -> Arc<Statement> {
    let sql = "SELECT title FROM books WHERE (shelf, no) IN (SELECT shelf, no FROM \
               books_search_rows WHERE rowid IN (SELECT rowid FROM books_search WHERE \
               books_search MATCH ?1)) ORDER BY title";
    Arc::new(Statement { sql: sql.to_owned(), slots: vec![Slot::Given(Given(0))] })
}

impl Kept {
    async fn find(&self, words: &str) -> Vec<String> {
        let sink = Texts { width: 1, ..Texts::default() };
        let rows = Arc::clone(&sink.rows);
        let plan: ReadPlan = read_plan(find(), vec![text(words)]);
        self.store.read(plan, sink).await.unwrap();
        rows.lock().unwrap().clone()
    }

    async fn book(&self, no: i64, title: &str, blurb: Option<&str>) {
        let blurb = blurb.map_or(Value::Null, text);
        let row = vec![text("A"), Value::Int(no), text(title), blurb];
        self.insert("books", &[0, 1, 2, 3], row).await.unwrap();
    }

    /// Documents and rows that the index and its map hold, read from the file.
    fn counted(&self) -> (i64, i64) {
        let file = Connection::open(self.file()).unwrap();
        let one = |sql: &str| file.query_row(sql, [], |row| row.get(0)).unwrap();
        (
            one("SELECT count(*) FROM books_search_docsize"),
            one("SELECT count(*) FROM books_search_rows"),
        )
    }
}

#[tokio::test]
async fn words_are_found_in_every_column_and_form() {
    let kept = open(&searched("\"title\", \"blurb\""));
    kept.book(1, "Sailing alone", Some("Around the WORLD")).await;
    kept.book(2, "Café society", None).await;
    for (words, expect) in [
        ("sail", vec!["Sailing alone"]),
        ("worlds", vec!["Sailing alone"]),
        ("cafe", vec!["Café society"]),
        ("sail OR society", vec!["Café society", "Sailing alone"]),
        ("title : world", vec![]),
        ("nothing", vec![]),
    ] {
        assert_eq!(kept.find(words).await, expect, "{words}");
    }
}

#[tokio::test]
async fn updates_upserts_and_deletes_are_followed() {
    let kept = open(&searched("\"title\""));
    kept.book(1, "red", None).await;
    kept.book(2, "green", None).await;
    let set = |column, value| kept.update_plan("books", (column, value), Filter::NONE);
    kept.store.write(set(4, Value::Int(7)), ()).await.unwrap();
    assert_eq!(kept.find("red").await, ["red"], "another column");
    kept.store.write(set(0, text("B")), ()).await.unwrap();
    assert_eq!(kept.find("red OR green").await, ["green", "red"], "the key");
    kept.store.write(set(2, text("blue")), ()).await.unwrap();
    assert_eq!(kept.find("red OR green").await, Vec::<String>::new());
    assert_eq!(kept.find("blue").await, ["blue", "blue"]);
    let merge = Conflict { target: vec![0, 1], update: Some(vec![2]) };
    let row = vec![text("B"), Value::Int(1), text("yellow")];
    let run = kept.run("books", &[0, 1, 2], vec![row], Some(merge));
    kept.store.write(kept.plan("books", Change::Insert(vec![run])), ()).await.unwrap();
    assert_eq!(kept.find("yellow OR blue").await, ["blue", "yellow"]);
    assert_eq!(kept.counted(), (2, 2));
    let delete =
        query::Delete { table: kept.table("books"), filter: Filter::NONE, returning: Vec::new() };
    let statement = Arc::new(sql::sqlite_write::delete(&delete));
    let bound = Bound { statement, values: Vec::new().into(), rules: Arc::default() };
    kept.store
        .write(
            kept.plan("books", Change::Delete(plan::Delete { bound, referenced: Vec::new() })),
            (),
        )
        .await
        .unwrap();
    assert_eq!(kept.find("yellow OR blue").await, Vec::<String>::new());
    assert_eq!(kept.counted(), (0, 0));
}

#[tokio::test]
async fn a_write_that_is_refused_or_undone_leaves_no_word_behind() {
    let kept = open(&searched("\"title\""));
    kept.book(1, "first", None).await;
    let row =
        |no, title: &str, pages| vec![text("A"), Value::Int(no), text(title), Value::Int(pages)];
    let rows = vec![row(2, "second", 10), row(3, "third", 2000)];
    let refused = kept.insert_plan("books", &[0, 1, 2, 4], rows);
    assert!(kept.store.write(refused, ()).await.is_err());
    let mut undone = kept.insert_plan("books", &[0, 1, 2, 4], vec![row(4, "fourth", 1)]);
    undone.guard.undo = true;
    kept.store.write(undone, ()).await.unwrap();
    assert_eq!(kept.find("second OR third OR fourth").await, Vec::<String>::new());
    assert_eq!(kept.find("first").await, ["first"]);
    assert_eq!(kept.counted(), (1, 1));
}

#[tokio::test]
async fn a_log_that_ends_inside_a_commit_loses_row_and_words_together() {
    let kept = open(&searched("\"title\""));
    kept.book(1, "first", None).await;
    kept.book(2, "second", None).await;
    // What a crash leaves behind: the file and its log, cut inside the last commit.
    let crashed = tempfile::tempdir().unwrap();
    std::fs::copy(kept.file(), crashed.path().join("app.db")).unwrap();
    let log = std::fs::read(kept.file().with_extension("db-wal")).unwrap();
    std::fs::write(crashed.path().join("app.db-wal"), &log[..log.len() - 100]).unwrap();
    let store = Store::open(crashed.path(), &kept.catalog, &config()).unwrap();
    let after = Kept { store: Arc::new(store), catalog: kept.catalog.clone(), folder: crashed };
    assert_eq!(after.find("first OR second").await, ["first"]);
    assert_eq!(after.counted(), (1, 1));
}

#[tokio::test]
async fn a_row_that_is_replaced_has_one_document() {
    let kept = open(&searched("\"title\""));
    kept.book(1, "old", None).await;
    kept.store.close();
    let file = Connection::open(kept.file()).unwrap();
    let replace =
        "INSERT OR REPLACE INTO books (shelf, no, title, pages) VALUES ('A', 1, 'new', 1)";
    file.execute(replace, []).unwrap();
    drop(file);
    let store = Store::open(kept.folder.path(), &kept.catalog, &config()).unwrap();
    let kept = Kept { store: Arc::new(store), ..kept };
    assert_eq!(kept.find("old OR new").await, ["new"]);
    assert_eq!(kept.counted(), (1, 1));
}

#[tokio::test]
async fn a_search_is_added_remade_and_dropped_at_the_start() {
    let mut kept = open(SHELF);
    kept.book(1, "one", Some("uno")).await;
    kept.book(2, "two", None).await;
    for (declared, steps, found) in [
        (searched("\"title\""), &["made the search of app.books"][..], Some(vec!["two"])),
        (
            searched("\"title\", \"blurb\""),
            &["dropped the search of app.books", "made the search of app.books"],
            Some(vec!["one", "two"]),
        ),
        (searched("\"title\", \"blurb\""), &[], Some(vec!["one", "two"])),
        (SHELF.to_owned(), &["dropped the search of app.books"], None),
    ] {
        kept.store.close();
        let catalog = catalog(&declared);
        let store = Arc::new(Store::open(kept.folder.path(), &catalog, &config()).unwrap());
        kept = Kept { store, catalog, ..kept };
        assert_eq!(kept.store.steps(), steps);
        match found {
            Some(found) => assert_eq!(kept.find("uno OR two").await, found),
            None => {
                let file = Connection::open(kept.file()).unwrap();
                let left: i64 = file
                    .query_row(
                        "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%search%'",
                        [],
                        |row| row.get(0),
                    )
                    .unwrap();
                assert_eq!(left, 0);
            }
        }
    }
    kept.book(3, "three", None).await;
    assert_eq!(kept.rows("books").await.len(), 3);
}
