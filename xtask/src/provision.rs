//! What the tests need beside the toolchain, and how it gets here: Debian's packages by apt-get
//! where this may be done, npm packages by npm. What cannot be had is told to `test` as skips.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program that tests start.
struct Need {
    binary: &'static str,
    /// Debian's package that has it.
    package: &'static str,
    /// What is left out without it.
    tests: &'static str,
}

const NEEDS: [Need; 5] = [
    Need { binary: "curl", package: "curl", tests: "the transcripts of the READMEs" },
    Need { binary: "node", package: "nodejs", tests: CLIENT_TESTS },
    Need { binary: "npm", package: "npm", tests: CLIENT_TESTS },
    Need { binary: "python3", package: "python3-venv", tests: PYTHON_TESTS },
    Need { binary: "strace", package: "strace", tests: "the tests of a failing disk" },
];

const CLIENT_TESTS: &str = "the tests with supabase-js";
const PYTHON_TESTS: &str = "the tests with Python's client, and Schemathesis";
/// The client tests' own packages.
const CLIENTS: &str = "mainstay/tests/clients";
/// What was installed last, inside the folder that npm makes.
const INSTALLED: &str = "node_modules/.installed-from";

/// Makes the machine ready and says what will be skipped because it could not be.
pub fn all(root: &Path) -> Vec<String> {
    let mut skips = programs();
    match client_packages(&root.join(CLIENTS)) {
        Ok(()) => {}
        Err(reason) => skips.push(format!("{CLIENT_TESTS}: {reason}")),
    }
    skips
}

fn programs() -> Vec<String> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| find(need.binary).is_none()).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    let outcome = install(&packages);
    let still = missing.into_iter().filter(|need| find(need.binary).is_none());
    still.map(|need| skipped(need, outcome.as_ref().err().map(String::as_str))).collect()
}

fn skipped(need: &Need, reason: Option<&str>) -> String {
    let Need { binary, package, tests } = need;
    let reason = reason.unwrap_or("the package does not bring it");
    format!("{tests}: `{binary}` is missing (Debian's package {package}): {reason}")
}

fn install(packages: &[&str]) -> Result<(), String> {
    let prefix = administrator()?;
    println!("installing {} with apt-get", packages.join(", "));
    // A machine that never updated knows no packages; one that did may have an old list.
    apt(&prefix, &["update", "--quiet"])?;
    let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
    apt(&prefix, &[&install, packages].concat())
}

fn apt(prefix: &[&str], args: &[&str]) -> Result<(), String> {
    let line = [prefix, &["apt-get"], args].concat();
    let mut command = Command::new(line[0]);
    command.args(&line[1..]).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
    finish(command, "apt-get")
}

/// What to put before a command that changes the machine.
fn administrator() -> Result<Vec<&'static str>, String> {
    if find("apt-get").is_none() {
        return Err("there is no apt-get here".to_owned());
    }
    if is_quiet_success(Command::new("test").args(["-w", "/var/lib/dpkg"])) {
        return Ok(Vec::new());
    }
    if is_quiet_success(Command::new("sudo").args(["-n", "true"])) {
        return Ok(vec!["sudo", "-n"]);
    }
    Err("installing needs root, or sudo without a password".to_owned())
}

fn is_quiet_success(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The full path of a program, if there is one.
fn find(binary: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(binary)).find(|path| path.is_file())
}

/// Installs what the lock file says, unless it is there already.
fn client_packages(folder: &Path) -> Result<(), String> {
    if !folder.join("package.json").is_file() || is_installed(folder) {
        return Ok(());
    }
    if find("npm").is_none() {
        return Err("npm is missing".to_owned());
    }
    let locked = folder.join("package-lock.json").is_file();
    let verb = if locked { "ci" } else { "install" };
    println!("installing the client packages with npm {verb}");
    let mut command = Command::new("npm");
    command.args([verb, "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder);
    finish(command, "npm")?;
    fs::write(folder.join(INSTALLED), wanted(folder)).map_err(|error| error.to_string())
}

fn is_installed(folder: &Path) -> bool {
    fs::read_to_string(folder.join(INSTALLED)).is_ok_and(|from| from == wanted(folder))
}

/// The files that say what is to be installed.
fn wanted(folder: &Path) -> String {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    read("package.json") + &read("package-lock.json")
}

fn finish(mut command: Command, name: &str) -> Result<(), String> {
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} failed ({status})")),
        Err(error) => Err(format!("{name} cannot be started: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_installed_again_only_when_the_lock_file_changed() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        fs::create_dir(folder.path().join("node_modules")).unwrap();
        write("package.json", "{}");
        write("package-lock.json", "1");
        assert!(!is_installed(folder.path()));
        write(INSTALLED, &wanted(folder.path()));
        assert!(is_installed(folder.path()));
        write("package-lock.json", "2");
        assert!(!is_installed(folder.path()));
    }

    #[test]
    fn a_folder_without_packages_needs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(client_packages(folder.path()), Ok(()));
    }

    #[test]
    fn a_skip_names_the_tests_the_program_and_its_package() {
        let need = Need { binary: "b", package: "p", tests: "the tests of x" };
        assert_eq!(
            skipped(&need, Some("there is no apt-get here")),
            "the tests of x: `b` is missing (Debian's package p): there is no apt-get here"
        );
    }

    #[test]
    fn a_program_is_found_by_its_name() {
        assert!(find("sh").is_some());
        assert!(find("no-program-has-this-name").is_none());
    }
}
