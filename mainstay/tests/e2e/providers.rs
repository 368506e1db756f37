//! Accounts of people who come by way of another identity provider: npm's oidc-provider runs beside
//! the server for as long as a test does. What is tried stands in mainstay/tests/clients/auth.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::accounts::tell;
use crate::clients::{folder, ready};
use crate::harness::{Server, finish, test_app};

/// An identity provider on a free port of loopback. It ends with its input, so also when the test is
/// killed.
struct Provider {
    child: Child,
    issuer: String,
}

impl Provider {
    fn start() -> Self {
        let mut child = Command::new("node")
            .arg("auth/provider.mjs")
            .current_dir(folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut issuer = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut issuer).unwrap();
        let issuer = issuer.trim().to_owned();
        assert!(issuer.starts_with("http://127.0.0.1:"), "the provider said {issuer:?}");
        Self { child, issuer }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

#[test]
fn supabase_js_signs_in_by_way_of_a_real_identity_provider() {
    if !ready() {
        return;
    }
    let provider = Provider::start();
    let folder_of_app = tempfile::tempdir().unwrap();
    let app = folder_of_app.path().join("members.toml");
    let declared = std::fs::read_to_string(test_app("members.toml")).unwrap();
    let external = format!(
        "\n[auth.external.keycloak]\nissuer = \"{}\"\nsecret = \"s3cret/with+signs\"\n\
         client_id = \"members at the provider,telephone\"\n",
        provider.issuer
    );
    std::fs::write(&app, declared + &external).unwrap();
    let server = Server::of(&app);
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec", "auth/providers.mjs"]);
    node.current_dir(folder()).env("AUTH_PROVIDER", &provider.issuer);
    tell(&mut node, &server);
    finish(&mut node).unwrap();
    let said = server.stop();
    assert!(!said.contains("\"level\":\"error\""), "{said}");
    assert!(!said.contains("s3cret/with+signs"), "a secret is in the log");
}
