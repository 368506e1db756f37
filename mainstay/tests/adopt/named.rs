//! Names that SQL allows and few expect, and keys of every kind.

use super::harness::{Served, adopted, encoded, made, notes, same_rows};

const SQL: &str = r#"
CREATE TABLE "Größe & ""Maß""" ("schlüssel" TEXT PRIMARY KEY COLLATE NOCASE, [a'b] INT, `c``d` TEXT) WITHOUT ROWID;
INSERT INTO "Größe & ""Maß""" VALUES ('Äpfel', 1, 'x'), ('birnen', NULL, 'y');
CREATE TABLE "🚀 rockets" ("select" INTEGER PRIMARY KEY, "from where?" TEXT UNIQUE, "таблица" REAL);
INSERT INTO "🚀 rockets" VALUES (7, 'über', 1.5), (9, '=eq.(x,"y")', -0.25);
CREATE TABLE "order" (
  "group" INTEGER, "by" TEXT, "table.column" TEXT DEFAULT 'now', " spaced " INTEGER,
  CONSTRAINT "the ""key""" PRIMARY KEY ("by", "group"),
  FOREIGN KEY (" spaced ") REFERENCES "🚀 rockets" ("select") ON DELETE SET NULL
);
INSERT INTO "order" VALUES (1, 'a', 'x.y', 7), (2, 'a', '', NULL);
CREATE INDEX "odd index" ON "order" ("table.column" DESC, "group") WHERE "group" > 0;
CREATE TABLE lines (
  "group" INTEGER NOT NULL, "by" TEXT NOT NULL, place INTEGER NOT NULL,
  PRIMARY KEY ("group", "by", place),
  CONSTRAINT up FOREIGN KEY ("by", "group") REFERENCES "order" ON DELETE CASCADE ON UPDATE CASCADE
) WITHOUT ROWID;
INSERT INTO lines VALUES (1, 'a', 1), (1, 'a', 2), (2, 'a', 1);
CREATE TABLE "price desc" (price INTEGER, "price desc" INTEGER, PRIMARY KEY (price DESC));
CREATE INDEX backwards ON "price desc" (price DESC);
INSERT INTO "price desc" VALUES (3, 4), (1, 2);
CREATE VIEW "v w"("a b") AS SELECT [a'b] FROM "Größe & ""Maß""" -- a comment
;
CREATE TABLE "" ("" INTEGER);
CREATE TABLE "new
line" (a INTEGER);
"#;

#[test]
fn odd_names_and_keys_of_every_kind_are_served_as_they_are() {
    let home = tempfile::tempdir().unwrap();
    let (path, source) = made(home.path(), "Mein Bücherregal (2).sqlite3", SQL);
    let folder = home.path().join("app");
    let report = adopted(&path, &folder, &["--open-read"]);
    let tables = report["tables"].as_array().unwrap();
    assert_eq!(tables.len(), 5, "{report:#}");
    let served = Served::start(&folder);
    for table in tables {
        assert!(same_rows(&served, &source, table["name"].as_str().unwrap()) > 0);
    }
    assert_eq!(notes(&report, "", None), ["its name is empty"]);
    assert_eq!(notes(&report, "new\nline", None), ["its name has a control character in it"]);
    assert_eq!(
        notes(&report, "price desc", None),
        ["index backwards: its order cannot be told from the name of a column"]
    );
    assert_eq!(report["views"], serde_json::json!(["v w"]));

    let column = encoded("\"from where?\"");
    let path =
        format!("/{}?select={column}&{column}=eq.{}", encoded("🚀 rockets"), encoded("über"));
    assert_eq!(served.read(&path).body, r#"[{"from where?":"über"}]"#);
    let path = format!(
        "/{}?{}=eq.{}",
        encoded("Größe & \"Maß\""),
        encoded("schlüssel"),
        encoded("BIRNEN")
    );
    let answer = served.read(&path);
    assert!(answer.body.contains("birnen"), "its collation holds in filters: {}", answer.body);
    let answer = served.write("DELETE", "/order?group=eq.1&by=eq.a", "");
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(served.rows("lines").len(), 1, "the reference cascades");
    let answer = served.write("POST", "/lines", r#"{"group":5,"by":"z","place":1}"#);
    assert!(answer.body.contains("constraint \\\"up\\\""), "{}", answer.body);
    assert!(answer.body.contains("Key (by, group)=(z, 5) is not present"), "{}", answer.body);
}
