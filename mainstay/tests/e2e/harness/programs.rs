//! Programs of others that tests run: Python with pinned packages of its own, and what a test says
//! that could not get one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Tells `cargo xtask test`, which fails over it where nobody would read it.
pub fn skip(test: &str, why: &str) {
    use std::io::Write;
    let Some(list) = std::env::var_os("MAINSTAY_SKIPS") else {
        return println!("skipped: {why}");
    };
    let mut list = std::fs::OpenOptions::new().append(true).open(list).unwrap();
    writeln!(list, "{test}: {}", why.lines().next().unwrap_or_default()).unwrap();
}

/// The interpreter of an environment of this name with the pinned packages, made where it is
/// missing.
pub fn python(name: &str, wanted: &Path) -> Result<PathBuf, String> {
    // Several tests may want the same one at the same time.
    static MAKING: Mutex<()> = Mutex::new(());
    let _one = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let (python, installed) = (home.join("bin/python"), home.join("installed-from.txt"));
    let text = std::fs::read_to_string(wanted).unwrap();
    if std::fs::read_to_string(&installed).is_ok_and(|from| from == text) {
        return Ok(python);
    }
    finish(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    let quiet = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    finish(Command::new(&python).args(quiet).arg(wanted))?;
    std::fs::write(&installed, text).unwrap();
    Ok(python)
}

/// Runs a program to its end; what it complained about, if it failed.
pub fn finish(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&said)))
}
