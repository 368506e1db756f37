//! What cannot be adopted is refused in a sentence, and leaves nothing that looks finished.

use super::harness::{adopt, adopted, made};

#[test]
fn what_cannot_be_adopted_leaves_no_folder_behind() {
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = home.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let (sound, connection) = made(home.path(), "sound.db", "CREATE TABLE t (a TEXT);");
    let many = "INSERT INTO t SELECT hex(randomblob(400)) FROM generate_series(1, 200)";
    let many = many.replace("generate_series(1, 200)", "pragma_function_list LIMIT 200");
    connection.execute_batch(&many).unwrap();
    connection.close().unwrap();
    let mut bytes = std::fs::read(&sound).unwrap();
    let half = bytes.len() / 2;
    bytes[half..half + 4096].fill(0x5a);
    let (empty, _) = made(home.path(), "empty.db", "CREATE VIEW v AS SELECT 1;");
    for (source, part, code) in [
        (
            file("text.db", b"this is only a text, and not a database"),
            "is not a SQLite database",
            1,
        ),
        (file("nothing.db", b""), "is not a SQLite database", 1),
        (file("damaged.db", &bytes), "The database is damaged", 1),
        (empty, "has no table that can be served", 1),
        (home.path().join("missing.db"), "There is no file", 2),
    ] {
        let folder = home.path().join("app");
        let done = adopt(&source, &folder, &[]);
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(said.contains(part), "{source:?}: {said}");
        assert_eq!(done.status.code(), Some(code), "{said}");
        assert!(!folder.exists(), "{source:?} left a folder behind");
    }
    let full = home.path().join("full");
    std::fs::create_dir(&full).unwrap();
    std::fs::write(full.join("mine.txt"), "mine").unwrap();
    let done = adopt(&sound, &full, &[]);
    assert_eq!(done.status.code(), Some(2));
    assert!(full.join("mine.txt").exists());
    let done = adopt(&sound, &home.path().join("named"), &["--name", "no/path"]);
    assert_eq!(done.status.code(), Some(2));
    adopted(&sound, &home.path().join("good"), &[]);
}
