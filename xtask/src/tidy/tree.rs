//! The files of the repository, read once. Every check looks at this and not at the disk, but for
//! the question whether a path exists.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold nothing of ours.
const SKIPPED: [&str; 5] = [".git", "target", "node_modules", "__pycache__", ".venv"];

/// Endings of the files that the checks read.
const READ: [&str; 14] = [
    "css", "html", "js", "json", "lock", "md", "mjs", "py", "rs", "sh", "snap", "sql", "toml",
    "txt",
];

/// Larger files are data.
const LARGEST_BYTES: u64 = 1 << 20;

pub struct File {
    /// From the root, with `/`.
    pub path: String,
    pub text: String,
}

impl File {
    /// The ending of its name, or "" when it has none.
    pub fn ending(&self) -> &str {
        Path::new(&self.path).extension().and_then(|ending| ending.to_str()).unwrap_or("")
    }

    /// Whether it is there only to test something.
    pub fn is_test(&self) -> bool {
        let path = format!("/{}", self.path);
        path.contains("/tests/") || path.ends_with("/tests.rs")
    }

    /// Whether a test of this name is in it: a function without arguments below an attribute that
    /// makes it a test, or a row of the `TESTS` of a harness of its own.
    pub fn has_test(&self, name: &str) -> bool {
        let (written, listed) = (format!("fn {name}()"), format!("\"{name}\","));
        let lines: Vec<&str> = self.text.lines().map(str::trim).collect();
        let has_list = lines.iter().any(|line| line.starts_with("const TESTS:"));
        let in_list = |line: &str| has_list && line.trim_start_matches('(').starts_with(&listed);
        lines.iter().enumerate().any(|(at, line)| {
            let mut above = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
            let marked = above.any(|line| line.ends_with("test]") || line.contains("test("));
            (line.contains(&written) && marked) || in_list(line)
        })
    }
}

pub struct Tree {
    root: PathBuf,
    files: Vec<File>,
}

impl Tree {
    pub fn read(root: &Path) -> Result<Self, String> {
        let mut files = Vec::new();
        walk(root, "", &mut files).map_err(|error| format!("the tree cannot be read: {error}"))?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { root: root.to_owned(), files })
    }

    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// Files with this ending.
    pub fn ending<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| file.ending() == ending)
    }

    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// Whether there is a file or a folder at this path from the root.
    pub fn exists(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }
}

fn walk(root: &Path, below: &str, files: &mut Vec<File>) -> std::io::Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !SKIPPED.contains(&name.as_str()) && !is_made_at_run_time(&path) {
                walk(root, &path, files)?;
            }
        } else if kind.is_file() && entry.metadata()?.len() <= LARGEST_BYTES {
            read(&entry.path(), path, files)?;
        }
    }
    Ok(())
}

/// What serving an example leaves beside its declarations.
fn is_made_at_run_time(path: &str) -> bool {
    path.starts_with("examples/") && path.ends_with("/data")
}

fn read(at: &Path, path: String, files: &mut Vec<File>) -> std::io::Result<()> {
    let ending = Path::new(&path).extension().and_then(|ending| ending.to_str());
    if ending.is_some_and(|ending| !READ.contains(&ending)) {
        return Ok(());
    }
    // Anything else without text is no source: it has nothing to say to the checks.
    if let Ok(text) = String::from_utf8(fs::read(at)?) {
        files.push(File { path, text });
    }
    Ok(())
}

/// Trees for the tests of the checks.
#[cfg(test)]
pub mod planted {
    use super::*;

    /// Writes the files into a temporary folder and reads them back.
    pub fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Tree) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let at = folder.path().join(path);
            fs::create_dir_all(at.parent().unwrap()).unwrap();
            fs::write(at, text).unwrap();
        }
        let tree = Tree::read(folder.path()).unwrap();
        (folder, tree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_or_installed_is_not_read() {
        let (_folder, tree) = planted::tree(&[
            ("target/a.rs", ""),
            ("a/node_modules/b.js", ""),
            ("examples/shop/data/keys.json", ""),
            ("a/src/lib.rs", ""),
        ]);
        let paths: Vec<_> = tree.files().iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["a/src/lib.rs"]);
    }

    #[test]
    fn a_test_is_a_marked_function_or_a_row_of_a_harness() {
        let file = |text: &str| File { path: "a.rs".to_owned(), text: text.to_owned() };
        let marked = file("    #[tokio::test]\n    #[ignore]\n    async fn it_holds() {}\n");
        assert!(marked.has_test("it_holds") && !marked.has_test("it_hold"));
        assert!(!file("fn it_holds() {}\n").has_test("it_holds"));
        let harness = "const TESTS: [T; 2] = [\n    (\"one\", f),\n    (\n  \"two\",\n f)];\n";
        assert!(file(harness).has_test("one") && file(harness).has_test("two"));
        assert!(!file("    (\"one\", f),\n").has_test("one"));
    }

    #[test]
    fn a_file_is_a_test_by_its_folder_or_its_name() {
        let is_test = |path: &str| File { path: path.to_owned(), text: String::new() }.is_test();
        assert!(is_test("crates/a/tests/it/main.rs"));
        assert!(is_test("crates/a/src/rule/tests.rs"));
        assert!(!is_test("crates/testkit/src/lib.rs"));
    }
}
