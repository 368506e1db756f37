//! Tests that could not run. A test that skips itself appends one line, `its name: the reason`, to
//! the file that the variable names; `test` collects the lines afterwards, for people and for CI.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where tests find the file's path.
pub const VARIABLE: &str = "MAINSTAY_SKIPS";

/// Makes the empty file.
pub fn prepare(folder: &Path) -> Result<PathBuf, String> {
    let at = folder.join("skipped-tests.txt");
    let made = fs::create_dir_all(folder).and_then(|()| fs::write(&at, ""));
    made.map(|()| at.clone())
        .map_err(|error| format!("{} cannot be written: {error}", at.display()))
}

/// What tests have written, each reason once.
pub fn read(at: &Path) -> Vec<String> {
    let mut lines: Vec<String> =
        fs::read_to_string(at).unwrap_or_default().lines().map(str::to_owned).collect();
    lines.sort();
    lines.dedup();
    lines
}

/// Says what was skipped. Where nobody reads it, a skip is a failure.
pub fn conclude(skips: &[String], passed: bool, in_ci: bool) -> ExitCode {
    for skip in skips {
        println!("skipped: {skip}");
    }
    match (passed, skips.is_empty()) {
        (true, true) => println!("nothing was skipped"),
        (true, false) if in_ci => println!("failed: CI skips nothing"),
        _ => {}
    }
    match passed && (skips.is_empty() || !in_ci) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_fails_in_ci_only() {
        let skips = ["a: no b".to_owned()];
        assert_eq!(conclude(&skips, true, true), ExitCode::FAILURE);
        assert_eq!(conclude(&skips, true, false), ExitCode::SUCCESS);
        assert_eq!(conclude(&[], true, true), ExitCode::SUCCESS);
        assert_eq!(conclude(&[], false, false), ExitCode::FAILURE);
    }

    #[test]
    fn what_tests_append_is_read_back_once() {
        let folder = tempfile::tempdir().unwrap();
        let at = prepare(folder.path()).unwrap();
        assert_eq!(read(&at), Vec::<String>::new());
        fs::write(&at, "b: x\na: y\nb: x\n").unwrap();
        assert_eq!(read(&at), ["a: y", "b: x"]);
    }
}
