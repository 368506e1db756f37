//! What SQLite lets in and other databases do not: values of any kind in any column, text that is
//! no text, tables without keys, and schema objects that no declaration has.

use super::harness::{Served, adopted, made, notes, same_rows};

const SQL: &str = r#"
CREATE TABLE loose (a, b INTEGER, c TEXT, d NUMERIC(10,2), e DATETIME, f BLOB, g BOOLEAN, h JSON, i VARCHAR(3));
INSERT INTO loose VALUES
  (1, 9223372036854775807, 'x', 1.25, '2020-01-01T00:00:00', x'00ff', 1, '{"a": 1}', 'abc'),
  ('one', -9223372036854775808, NULL, 3, '2020-01-01T00:00:00.5', NULL, 0, '[]', 'longer'),
  (x'6869', 5, cast(x'fffe41' AS TEXT), 0.99, NULL, x'', NULL, NULL, NULL),
  (1.5, 5, 'nul' || char(0) || 'inside', 12345678.9, '1999-12-31T23:59:59', x'aa', 1, '"x"', ''),
  (NULL, NULL, '', NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE widened (g BOOLEAN, n NUMERIC(5,2), d DATE, u UUID, x INTEGER, m NUMERIC, r REAL);
INSERT INTO widened VALUES (2, 0.125, '1.1.2020', 'X', 'no number', 1e300, 9e999), (0, 3, NULL, NULL, 7.5, 1, -0.1);
CREATE TABLE computed (id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER CHECK (a > 0), b TEXT,
  twice INTEGER AS (a * 2), kept TEXT GENERATED ALWAYS AS (b || [b]) STORED,
  CONSTRAINT short CHECK (length(b) < 10) /* why not */);
INSERT INTO computed (a, b) VALUES (1, 'x'), (2, 'y');
CREATE UNIQUE INDEX partial ON computed (a) WHERE b = 'x';
CREATE INDEX lower_b ON computed (lower(b));
CREATE INDEX other_way ON computed (b COLLATE NOCASE);
CREATE VIEW doubled AS SELECT id, twice, a * 1.5 AS half, b || '!' AS loud, count(*) AS n FROM computed;
CREATE VIRTUAL TABLE texts USING fts5(b);
CREATE TRIGGER indexed AFTER INSERT ON computed BEGIN INSERT INTO texts (rowid, b) VALUES (new.id, coalesce(new.b, "none")); END;
CREATE TABLE exact (id INT PRIMARY KEY, any ANY, n REAL NOT NULL DEFAULT 0.5, t TEXT DEFAULT 'a''b') STRICT;
INSERT INTO exact VALUES (1, 'x', 1, 'y'), (2, 5, 2.5, NULL);
CREATE TABLE _mainstay_mine (a);
CREATE VIEW broken AS SELECT * FROM gone;
CREATE TABLE target (x TEXT, y INTEGER UNIQUE ON CONFLICT REPLACE);
CREATE TABLE lost (a INTEGER REFERENCES nowhere (x), b TEXT REFERENCES target (x));
"#;

#[test]
fn values_of_any_kind_are_shown_as_what_they_are() {
    let home = tempfile::tempdir().unwrap();
    let (path, source) = made(home.path(), "loose.db", SQL);
    let folder = home.path().join("app");
    std::fs::create_dir(&folder).unwrap();
    let report = adopted(&path, &folder, &["--open-read"]);
    let served = Served::start(&folder);
    for table in ["loose", "widened", "computed", "exact", "lost"] {
        same_rows(&served, &source, table);
    }
    let declared = std::fs::read_to_string(folder.join("modules/loose.toml")).unwrap();
    for line in [
        "a = { type = \"text\", null = true }",
        "b = { type = \"bigint\", null = true }",
        "d = { type = \"numeric(10,2)\", null = true }",
        "e = { type = \"timestamp\", null = true }",
        "f = { type = \"bytes\", null = true }",
        "g = { type = \"boolean\", null = true }",
        "h = { type = \"json\", null = true }",
        "i = { type = \"text\", null = true }",
        "id = { type = \"bigint\", primary_key = true, identity = true }",
        "twice = { type = \"bigint\", null = true, generated = \"a * 2\" }",
        "n = { type = \"double\", default = 0.5 }",
        "t = { type = \"text\", null = true, default = \"a'b\" }",
        "columns.half = \"double\"\ncolumns.loud = \"text\"\ncolumns.n = \"bigint\"\n",
        "checks = [\n  \"a > 0\",\n  { sql = \"length(b) < 10\", name = \"short\" },\n]",
    ] {
        assert!(declared.contains(line), "{line}\n{declared}");
    }
    for (object, column, part) in [
        ("loose", Some("a"), "values of several kinds"),
        ("loose", Some("c"), "values of several kinds"),
        ("loose", Some("i"), "6 characters"),
        ("widened", Some("g"), "2 is not how a boolean"),
        ("widened", Some("n"), "0.125 is not how a numeric(5,2)"),
        ("widened", Some("d"), "'1.1.2020' is not how a date"),
        ("widened", Some("x"), "values of several kinds"),
        ("loose", None, "no primary key"),
        ("computed", None, "index lower_b: it is on an expression"),
        ("computed", None, "index other_way: it compares by another collation"),
        ("indexed", None, "SQLite goes on running it"),
        ("texts", None, "a virtual table"),
        ("texts_data", None, "the data of a virtual table"),
        ("sqlite_sequence", None, "SQLite's own"),
        ("_mainstay_mine", None, "Mainstay's own"),
        ("broken", None, "a view that cannot be declared: no such table"),
        ("target", None, "ON CONFLICT"),
        ("lost", None, "there is no such table"),
        ("lost", None, "SQLite refuses writes to it"),
    ] {
        let found = notes(&report, object, column);
        assert!(found.iter().any(|note| note.contains(part)), "{object} {part}: {found:?}");
    }
}

#[test]
fn writes_to_loose_tables_obey_what_the_file_asks_for() {
    let home = tempfile::tempdir().unwrap();
    let (path, _source) = made(home.path(), "loose.db", SQL);
    let folder = home.path().join("app");
    adopted(&path, &folder, &["--open-read"]);
    let served = Served::start(&folder);
    let answer = served.write("POST", "/computed", r#"{"a":3,"b":"z"}"#);
    assert_eq!(answer.status, 201, "the trigger runs too: {}", answer.body);
    assert_eq!(answer.body, r#"[{"id":3,"a":3,"b":"z","twice":6,"kept":"zz"}]"#);
    for (body, part) in [
        (r#"{"a":0,"b":"z"}"#, "computed_check"),
        (r#"{"a":5,"b":"much too long"}"#, "short"),
        (r#"{"a":5,"twice":1}"#, "428C9"),
    ] {
        let answer = served.write("POST", "/computed", body);
        assert!(answer.status >= 400 && answer.body.contains(part), "{}", answer.body);
    }
    let answer = served.write("POST", "/loose", r#"{"a":"7","b":1,"f":"\\xBEEF","d":10}"#);
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert!(answer.body.contains(r#""f":"\\xbeef""#), "{}", answer.body);
    assert!(answer.body.contains(r#""d":10.00"#), "{}", answer.body);
    let answer = served.write("PATCH", "/loose?b=eq.1", r#"{"c":"changed"}"#);
    assert!(answer.body.contains("changed"), "{}", answer.body);
    let answer = served.write("POST", "/exact", r#"{"id":3}"#);
    assert!(answer.body.contains(r#""n":0.5,"t":"a'b""#), "{}", answer.body);
    let answer = served.write("DELETE", "/loose?b=eq.1", "");
    assert_eq!(answer.status, 200, "{}", answer.body);
}
