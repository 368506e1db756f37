//! A source that is in use while it is copied, and references that are checked late.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::harness::{Served, adopted, made, notes, same_rows};

const SQL: &str = r#"
PRAGMA journal_mode = WAL;
CREATE TABLE teams (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
  captain INTEGER REFERENCES people (id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE people (id INTEGER PRIMARY KEY, team INTEGER NOT NULL REFERENCES teams ON DELETE RESTRICT,
  boss INTEGER REFERENCES people (id) ON DELETE SET NULL,
  joined TEXT DEFAULT (date('now', '+1 day')), seen DATETIME DEFAULT CURRENT_TIMESTAMP,
  code TEXT DEFAULT (lower(hex(randomblob(4)))));
BEGIN;
INSERT INTO teams VALUES (5, 'red', 1);
INSERT INTO people (id, team, boss) VALUES (1, 5, 1), (2, 5, 1);
COMMIT;
CREATE TABLE log (a INTEGER);
"#;

#[test]
fn a_source_in_use_is_copied_whole_and_goes_on_being_written() {
    let home = tempfile::tempdir().unwrap();
    let (path, source) = made(home.path(), "busy.db", SQL);
    let stop = Arc::new(AtomicBool::new(false));
    let (writer, done) = (path.clone(), Arc::clone(&stop));
    let writing = std::thread::spawn(move || {
        let connection = rusqlite::Connection::open(writer).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        let mut count = 0;
        while !done.load(Ordering::Relaxed) {
            connection.execute("INSERT INTO log VALUES (?), (?)", [count, count]).unwrap();
            count += 1;
        }
    });
    let folder = home.path().join("app");
    let report = adopted(&path, &folder, &["--open-read"]);
    stop.store(true, Ordering::Relaxed);
    writing.join().unwrap();

    let served = Served::start(&folder);
    for table in ["teams", "people"] {
        assert!(same_rows(&served, &source, table) > 0);
    }
    assert_eq!(served.rows("log").len() % 2, 0, "a statement is copied whole or not at all");
    assert!(notes(&report, "teams", None).iter().any(|note| note.contains("at the commit")));
    writes_obey(&served);
}

fn writes_obey(served: &Served) {
    let answer = served.write("POST", "/teams", r#"{"name":"blue"}"#);
    assert_eq!(answer.body, r#"[{"id":6,"name":"blue","captain":null}]"#);
    let answer = served.write("POST", "/teams", r#"{"name":"green","captain":77}"#);
    assert_eq!(answer.status, 409, "{}", answer.body);
    assert_eq!(served.rows("teams").len(), 2);
    let answer = served.write("POST", "/teams", r#"{"name":"red"}"#);
    assert!(answer.body.contains("Key (name)=(red) already exists."), "{}", answer.body);
    let answer = served.write("POST", "/people", r#"{"team":6,"boss":2}"#);
    assert_eq!(answer.status, 201, "{}", answer.body);
    let row: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(row[0]["code"].as_str().map(str::len), Some(8), "{row}");
    assert_eq!(row[0]["seen"].as_str().map(str::len), Some(19), "{row}");
    let answer = served.write("DELETE", "/people?id=eq.2", "");
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(served.read("/people?id=eq.3").body.contains("\"boss\":null"));
    let answer = served.write("DELETE", "/teams?id=eq.6", "");
    assert_eq!(answer.status, 409, "{}", answer.body);
}

#[test]
fn no_file_is_made_beside_a_source_that_used_a_log_once() {
    let home = tempfile::tempdir().unwrap();
    let (path, source) = made(home.path(), "quiet.db", SQL);
    source.close().unwrap();
    let before = std::fs::read(&path).unwrap();
    adopted(&path, &home.path().join("app"), &[]);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let mut names: Vec<_> =
        std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["app", "quiet.db"]);
}

#[test]
fn a_log_that_was_left_behind_is_part_of_the_copy() {
    let home = tempfile::tempdir().unwrap();
    let (path, source) = made(home.path(), "live.db", SQL);
    let left = home.path().join("left.db");
    let beside = |path: &Path| format!("{}-wal", path.display());
    std::fs::copy(&path, &left).unwrap();
    std::fs::copy(beside(&path), beside(&left)).unwrap();
    let folder = home.path().join("app");
    adopted(&left, &folder, &["--open-read"]);
    assert!(!home.path().join("left.db-shm").exists());
    let served = Served::start(&folder);
    assert_eq!(same_rows(&served, &source, "people"), 2);
}
