//! `cargo xtask test`: makes the machine ready, builds the binary that is released, and runs every
//! test against it. Tests find the binary in MAINSTAY_BIN.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use crate::{provision, skips};

/// `args` go to `cargo test`; without a package among them, every crate is tested.
pub fn run(root: &Path, args: &[String]) -> Result<ExitCode, String> {
    let mut missing = timed("install", || Ok(provision::all(root)))?;
    timed("build", || cargo(root, &["build", "--release", "--package", "mainstay"]))?;
    let target = target_folder(root)?;
    let skipped = skips::prepare(&target)?;
    let passed = timed("test", || {
        let mut command = Command::new(cargo_path());
        command.current_dir(root).args(arguments(args));
        command.env("MAINSTAY_BIN", target.join("release/mainstay"));
        command.env(skips::VARIABLE, &skipped);
        let status = command.status().map_err(|error| error.to_string())?;
        Ok(status.success())
    })?;
    missing.extend(skips::read(&skipped));
    Ok(skips::conclude(&missing, passed, is_ci()))
}

/// What is said to cargo. All failures are worth knowing, not only the first crate's.
fn arguments(args: &[String]) -> Vec<&str> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let given = match args.split_first() {
        Some((&"--", rest)) => rest,
        _ => &args[..],
    };
    let for_cargo = given.iter().take_while(|arg| **arg != "--");
    let names_package =
        for_cargo.into_iter().any(|arg| arg.starts_with("-p") || *arg == "--package");
    let scope: &[&str] = if names_package { &[] } else { &["--workspace"] };
    [&["test", "--no-fail-fast"], scope, given].concat()
}

fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true")
}

/// The cargo that runs this, so that both build with one toolchain.
fn cargo_path() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn cargo(root: &Path, args: &[&str]) -> Result<(), String> {
    let status = Command::new(cargo_path()).current_dir(root).args(args).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`cargo {}` failed ({status})", args.join(" "))),
        Err(error) => Err(format!("cargo cannot be started: {error}")),
    }
}

/// Where cargo builds, whatever the settings of the machine say.
fn target_folder(root: &Path) -> Result<PathBuf, String> {
    let output = Command::new(cargo_path())
        .current_dir(root)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .map_err(|error| format!("cargo cannot be started: {error}"))?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("`cargo metadata` gives no JSON: {error}"))?;
    let folder = metadata["target_directory"].as_str();
    folder.map(PathBuf::from).ok_or_else(|| "`cargo metadata` names no target folder".to_owned())
}

fn timed<T>(step: &str, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let start = Instant::now();
    let done = work();
    println!("{step}: {:.1} s", start.elapsed().as_secs_f64());
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(args: &[&str]) -> String {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        arguments(&args).join(" ")
    }

    #[test]
    fn without_arguments_every_test_runs() {
        assert_eq!(said(&[]), "test --no-fail-fast --workspace");
    }

    #[test]
    fn arguments_are_passed_on() {
        assert_eq!(said(&["--", "keys"]), "test --no-fail-fast --workspace keys");
        assert_eq!(said(&["keys"]), "test --no-fail-fast --workspace keys");
        assert_eq!(
            said(&["--", "keys", "--", "--nocapture"]),
            "test --no-fail-fast --workspace keys -- --nocapture"
        );
    }

    #[test]
    fn a_named_package_is_tested_alone() {
        assert_eq!(said(&["--", "-p", "xtask", "a"]), "test --no-fail-fast -p xtask a");
        assert_eq!(said(&["--", "-pxtask"]), "test --no-fail-fast -pxtask");
    }
}
