//! Files that others made: what becomes of their schema, and that the store opens them unchanged.

use std::path::{Path, PathBuf};
use std::time::Duration;

use mainstay_schema::{read_texts, write};
use mainstay_store::adopt::{self, Adopted, NoteKind};
use mainstay_store::sqlite::module_file;
use mainstay_store::{Store, adopt::Progress};
use rusqlite::Connection;

use super::harness::config;

fn source(folder: &Path, sql: &str) -> PathBuf {
    let path = folder.join("source.db");
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    path
}

fn copied(folder: &Path, sql: &str) -> (PathBuf, Adopted) {
    let copy = module_file(folder, "app");
    adopt::copy(&source(folder, sql), &copy, &mut |_| {}).unwrap();
    let adopted = adopt::read(&copy, "app", false, &mut |_| {}).unwrap();
    (copy, adopted)
}

const SQL: &str = r#"
CREATE TABLE parent (
  a INTEGER, b TEXT COLLATE NOCASE, c BOOLEAN NOT NULL DEFAULT TRUE, d NUMERIC(8,3) DEFAULT 1.5,
  e DATE DEFAULT CURRENT_DATE, f DATETIME DEFAULT CURRENT_TIMESTAMP, g TEXT DEFAULT (upper('x')),
  h VARCHAR(3) DEFAULT 'too long', i JSON, j REAL DEFAULT -2, k BLOB DEFAULT x'0a', l,
  CONSTRAINT pk PRIMARY KEY (a, b), CONSTRAINT same UNIQUE (c, d), UNIQUE (e)
);
CREATE TABLE child (
  id INTEGER PRIMARY KEY DESC, a INT, b TEXT, p INTEGER CONSTRAINT same CHECK (p > 0),
  CONSTRAINT up FOREIGN KEY (A, B) REFERENCES PARENT ON DELETE CASCADE ON UPDATE SET NULL,
  FOREIGN KEY (p) REFERENCES child (id)
);
CREATE UNIQUE INDEX few ON child (a DESC, b) WHERE [p] > 1;
"#;

const DECLARED: &str = r#"[tables.parent]
primary_key = { columns = ["a", "b"], name = "pk" }
unique = [
  { columns = ["c", "d"], name = "same" },
  ["e"],
]
adopted = true

[tables.parent.columns]
a = "bigint"
b = { type = "text", collation = "NOCASE" }
c = { type = "boolean", default = true }
d = { type = "numeric(8,3)", null = true, default = 1.500 }
e = { type = "date", null = true, default = { sql = "CURRENT_DATE" } }
f = { type = "text", null = true, default = { sql = "CURRENT_TIMESTAMP" } }
g = { type = "text", null = true, default = { sql = "upper('x')" } }
h = { type = "text", null = true, default = { sql = "'too long'" }, max = 3 }
i = { type = "json", null = true }
j = { type = "double", null = true, default = -2 }
k = { type = "bytes", null = true, default = "\\x0a" }
l = { type = "text", null = true }

[tables.child]
checks = ["p > 0"]
foreign_keys = [{ columns = ["a", "b"], references = "parent", on_delete = "cascade", on_update = "set null", name = "up" }]
indexes = [{ columns = ["a desc", "b"], unique = true, where = "\"p\" > 1", name = "few" }]
adopted = true

[tables.child.columns]
id = { type = "bigint", primary_key = true }
a = { type = "bigint", null = true }
b = { type = "text", null = true }
p = { references = "child", null = true }
"#;

#[test]
fn what_a_file_holds_becomes_declarations() {
    let folder = tempfile::tempdir().unwrap();
    let (_, adopted) = copied(folder.path(), SQL);
    let declared = write::module(&adopted.module);
    assert_eq!(lines(&declared), lines(DECLARED), "{declared}");
    let notes: Vec<(NoteKind, &str, Option<&str>)> = adopted
        .notes
        .iter()
        .map(|note| (note.kind, note.object.as_str(), note.column.as_deref()))
        .collect();
    let expected = [(NoteKind::Widened, "parent", Some("f")), (NoteKind::Kept, "child", None)];
    assert_eq!(notes, expected, "{:?}", adopted.notes);
    assert!(adopted.notes[1].reason.contains("used more than once"), "{:?}", adopted.notes);
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn a_recorded_file_is_opened_without_a_step() {
    let folder = tempfile::tempdir().unwrap();
    let (copy, adopted) = copied(folder.path(), SQL);
    let module = write::module(&adopted.module);
    let texts = [("mainstay.toml", "name = \"app\"\n"), ("modules/app.toml", module.as_str())];
    let catalog = read_texts("app", &texts).unwrap().catalog;
    adopt::record(&copy, &adopted, &catalog.modules[0]).unwrap();
    for _ in 0..2 {
        let store = Store::open(folder.path(), &catalog, &config()).unwrap();
        assert!(store.steps().is_empty() && store.fresh_modules().is_empty());
        store.close();
    }
    let other = read_texts("app", &[texts[0], ("modules/app.toml", "[tables.parent]\n")]);
    let other = other.unwrap().catalog;
    let refused = adopt::record(&copy, &adopted, &other.modules[0]).unwrap_err();
    assert!(refused.message().contains("do not read as what was found"));
}

#[test]
fn a_source_that_is_locked_for_a_moment_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = source(folder.path(), "CREATE TABLE t (a); INSERT INTO t VALUES (1);");
    let owner = Connection::open(&path).unwrap();
    owner.execute_batch("BEGIN EXCLUSIVE; INSERT INTO t VALUES (2);").unwrap();
    let waiting = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        owner.execute_batch("COMMIT").unwrap();
    });
    let copy = module_file(folder.path(), "app");
    let mut pages = 0;
    let mut seen = |progress: Progress<'_>| {
        if let Progress::Copied { done, .. } = progress {
            pages = done;
        }
    };
    adopt::copy(&path, &copy, &mut seen).unwrap();
    waiting.join().unwrap();
    let adopted = adopt::read(&copy, "app", false, &mut |_| {}).unwrap();
    assert_eq!(adopted.rows, [2]);
    assert!(pages >= 2, "progress was reported");
}
