//! Accounts through the binary: with the clients that people use, with the commands, over kills and
//! restarts.

use std::process::Command;

use crate::clients::{folder, ready};
use crate::harness::{Server, binary, finish, python, repository, skip, test_app};

fn members() -> Server {
    Server::of(&test_app("members.toml"))
}

pub fn tell(command: &mut Command, server: &Server) {
    command
        .env("AUTH_URL", format!("http://{}", server.address))
        .env("AUTH_ANON", server.anon())
        .env("AUTH_SERVICE", server.service());
}

#[test]
fn supabase_js_signs_up_in_and_out_unchanged() {
    if !ready() {
        return;
    }
    let server = members();
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec", "auth/sessions.mjs", "auth/admin.mjs"]);
    node.args(["auth/keeping.mjs", "auth/factors.mjs", "auth/levels.mjs", "auth/devices.mjs"]);
    node.current_dir(folder());
    tell(&mut node, &server);
    finish(&mut node).unwrap();
    let said = server.stop();
    assert!(!said.contains("\"level\":\"error\""), "{said}");
}

#[test]
fn the_python_client_signs_up_in_and_out_unchanged() {
    let python = match python("python-client", &folder().join("python/requirements.txt")) {
        Ok(python) => python,
        Err(why) => return skip("the_python_client_signs_up_in_and_out_unchanged", &why),
    };
    let server = members();
    let mut command = Command::new(python);
    command.arg("-B").arg(folder().join("auth/auth.py"));
    tell(&mut command, &server);
    finish(&mut command).unwrap();
    let said = server.stop();
    assert!(!said.contains("\"level\":\"error\""), "{said}");
}

/// As somebody types it at the root of the repository, who has not set anything.
#[test]
fn the_accounts_of_the_shop_run_as_they_are_written_down() {
    if !ready() {
        return;
    }
    let mut node = Command::new("node");
    node.arg("examples/shop/auth.mjs").current_dir(repository()).env("MAINSTAY_BIN", binary());
    let output = node.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    for line in [
        "signed up      ann@example.com, not confirmed yet",
        "confirmed      by the code in the letter",
        "signed in      as Ann",
        "own rows       one order, her own",
        "               Bob sees none of it",
        "staff          Eve sees all ",
        "second factor  enrolled, the session is at aal2",
        "               a new session is at aal1, and a used code is refused",
        "refreshed      one new token, the old one is spent",
        "signed out     her access token opens nothing any more",
    ] {
        assert!(said.contains(line), "no {line:?} in\n{said}");
    }
}
