//! A real database that nobody here wrote: the Chinook sample, 11 tables and 15,607 rows.

use std::path::{Path, PathBuf};

use super::harness::{Served, adopted, read_only, same_rows};

fn source() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("../../shared/data/chinook.sqlite");
    if !path.is_file() {
        eprintln!("skipped: ../shared/data/chinook.sqlite is not there");
        return None;
    }
    Some(path)
}

#[test]
fn every_row_of_a_database_that_others_made_is_served_as_it_is() {
    let Some(path) = source() else { return };
    let before = (std::fs::read(&path).unwrap(), path.metadata().unwrap().modified().unwrap());
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("music");
    let report = adopted(&path, &folder, &["--open-read"]);
    assert_eq!(report["module"], "chinook");
    let served = Served::start(&folder);
    let original = read_only(&path);
    let tables = report["tables"].as_array().unwrap();
    let mut rows = 0;
    for table in tables {
        let count = same_rows(&served, &original, table["name"].as_str().unwrap());
        assert_eq!(table["rows"], count);
        rows += count;
    }
    assert_eq!((tables.len(), rows), (11, 15_607));
    let asked = "/Track?select=TrackId,Name,UnitPrice&Composer=ilike.*mercury*\
                 &order=Milliseconds.desc&limit=2";
    let answer = served.read(asked);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.contains("\"UnitPrice\":0.99"), "{}", answer.body);
    drop((served, original));
    let after = (std::fs::read(&path).unwrap(), path.metadata().unwrap().modified().unwrap());
    assert!(before == after, "the source was written to");
    for suffix in ["-wal", "-shm", "-journal"] {
        let beside = format!("{}{suffix}", path.display());
        assert!(!Path::new(&beside).exists(), "{beside} was left behind");
    }
}

#[test]
fn an_adopted_database_is_closed_until_a_rule_opens_it() {
    let Some(path) = source() else { return };
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("music");
    let report = adopted(&path, &folder, &["--name", "shop"]);
    assert_eq!(report["module"], "shop");
    let served = Served::start(&folder);
    for table in report["tables"].as_array().unwrap() {
        let answer = served.read(&format!("/{}", table["name"].as_str().unwrap()));
        assert_eq!(answer.status, 401, "{}", answer.body);
    }
    let answer = served.write("POST", "/Artist", r#"{"Name":"Nobody"}"#);
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert!(answer.body.contains("\"ArtistId\":276"), "{}", answer.body);
    let answer = served.write("POST", "/Album", r#"{"Title":"None","ArtistId":99999}"#);
    assert_eq!(answer.status, 409, "{}", answer.body);
    let expected = "insert or update on table \\\"Album\\\" violates foreign key constraint \
                    \\\"Album_ArtistId_fkey\\\"";
    assert!(answer.body.contains(expected), "{}", answer.body);
    let answer = served.write("DELETE", "/Artist?ArtistId=eq.1", "");
    assert!(answer.body.contains("is still referenced from table"), "{}", answer.body);
}
