//! The clients that people use, unmodified: @supabase/supabase-js under Node's own test runner.
//! What they find stands in mainstay/tests/clients; this file gives them a server each.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::json;

use crate::harness::{Forge, Server, binary, now, repository, sign, test_app};

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// What must be there for the tests: the client, the identity provider, the compiler,
/// the reader of documents.
const PACKAGES: [&str; 4] =
    ["@supabase/supabase-js", "oidc-provider", "typescript", "@redocly/cli"];

/// Installs the packages where they are missing, once for all tests. Says why when they cannot be
/// had.
fn packages() -> Result<(), String> {
    static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();
    INSTALLED.get_or_init(install).clone()
}

/// Whether the tests that need the packages can run. A continuous integration that skips the
/// clients would promise what nobody looked at.
pub fn ready() -> bool {
    let Err(why) = packages() else {
        return true;
    };
    assert!(std::env::var("CI").is_err(), "the clients' packages cannot be installed: {why}");
    println!("skipped: {why}");
    false
}

fn install() -> Result<(), String> {
    let there =
        |name: &&str| folder().join("node_modules").join(name).join("package.json").is_file();
    if PACKAGES.iter().all(there) {
        return Ok(());
    }
    let npm = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(folder())
        .output();
    match npm {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(format!("npm: {error}")),
    }
}

#[test]
fn supabase_js_works_unchanged() {
    if !ready() {
        return;
    }
    let lab = Server::lab();
    let types = Server::of(&test_app("types.toml"));
    let shop = Server::of(&repository().join("examples/shop"));
    let staff = json!({ "role": "staff", "sub": "u1", "exp": now() + 600 });
    let output = Command::new("node")
        .args(["--test", "--test-reporter=spec"])
        .current_dir(folder())
        .env("LAB_URL", format!("http://{}", lab.address))
        .env("LAB_ANON", lab.anon())
        .env("LAB_SERVICE", lab.service())
        .env("LAB_STAFF", sign(lab.secret(), &staff))
        .env("LAB_FORGED", Forge::new("not the secret of this server, but long").token())
        .env("TYPES_URL", format!("http://{}", types.address))
        .env("TYPES_SERVICE", types.service())
        .env("SHOP_URL", format!("http://{}", shop.address))
        .env("SHOP_ANON", shop.anon())
        .env("SHOP_SERVICE", shop.service())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    println!("{said}");
    for server in [lab, types, shop] {
        let output = server.stop();
        assert!(!output.contains("\"level\":\"error\""), "{output}");
    }
}

/// As somebody types it at the root of the repository, who has not set anything.
#[test]
fn the_shop_front_runs_as_it_is_written_down() {
    if !ready() {
        return;
    }
    let mut node = Command::new("node");
    node.arg("examples/shop/client.mjs").current_dir(repository()).env("MAINSTAY_BIN", binary());
    let output = node.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for line in [
        "added    BL-0001  12.50  Garden",
        "changed  BL-0001  11.90  Garden",
        "refused with 23514: Not enough in stock (BL-0001)",
        "in stock: 1",
        "refused with 42501: permission denied for column price",
        "placed  Kim  2 Bell 23.80",
        "sees only that",
        "a visitor gets 400: column products.cost does not exist",
        "a visitor gets 401: permission denied for table purchase_prices",
        "the staff gets KI-0001: 55.48",
    ] {
        assert!(said.contains(line), "no {line:?} in\n{said}");
    }
}
