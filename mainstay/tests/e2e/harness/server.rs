//! The executable as a child process: its own data folder, free ports, its output kept.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::Ask;

/// Longer than anything takes on a busy machine; reached only when a test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The executable under test.
pub fn binary() -> PathBuf {
    std::env::var_os("MAINSTAY_BIN")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_mainstay")), PathBuf::from)
}

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// An application that only tests serve.
pub fn test_app(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/apps").join(name)
}

/// Runs a command of ours to its end.
pub fn run(arguments: &[&str]) -> Output {
    clean(Command::new(binary()).args(arguments)).output().unwrap()
}

/// Settings of whoever runs the tests must not change what is tested.
fn clean(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MAINSTAY_")) {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1").stdin(Stdio::null())
}

type Lines = Arc<Mutex<Vec<String>>>;

/// A running server. Dropping it kills it; `stop` is how a test says that it must end well.
pub struct Server {
    child: Option<Child>,
    data: Option<TempDir>,
    pub address: String,
    pub operator: String,
    stdout: Lines,
    stderr: Lines,
    heard: Receiver<()>,
    keys: HashMap<String, String>,
}

impl Server {
    pub fn of(app: &Path) -> Self {
        Self::start("serve", app, &[], &[])
    }

    /// The application that most tests of the data API use.
    pub fn lab() -> Self {
        Self::of(&test_app("lab.toml"))
    }

    pub fn start(command: &str, app: &Path, flags: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::over(command, app, flags, variables, tempfile::tempdir().unwrap())
    }

    /// Serves data that is there already.
    pub fn over(
        command: &str,
        app: &Path,
        flags: &[&str],
        variables: &[(&str, &str)],
        data: TempDir,
    ) -> Self {
        let mut child = clean(Command::new(binary()).arg(command).arg(app))
            .args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .args(flags)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, heard) = channel();
        let stdout = keep(child.stdout.take().unwrap(), tell.clone());
        let stderr = keep(child.stderr.take().unwrap(), tell);
        let mut server = Self {
            child: Some(child),
            data: Some(data),
            address: String::new(),
            operator: String::new(),
            stdout,
            stderr,
            heard,
            keys: HashMap::new(),
        };
        let line = server.wait_for_log("server.listening");
        server.address = line["address"].as_str().unwrap().to_owned();
        server.operator = line["operator_address"].as_str().unwrap().to_owned();
        server.keys = server.read_keys();
        server
    }

    /// The keys are where `keys --json` reads them from, or made from the configured secret.
    fn read_keys(&self) -> HashMap<String, String> {
        let Ok(text) = std::fs::read_to_string(self.data().join("keys.json")) else {
            return HashMap::new();
        };
        serde_json::from_str(&text).unwrap()
    }

    pub fn data(&self) -> &Path {
        self.data.as_ref().unwrap().path()
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    pub fn anon(&self) -> &str {
        &self.keys["anon"]
    }

    pub fn service(&self) -> &str {
        &self.keys["service_role"]
    }

    pub fn secret(&self) -> &str {
        &self.keys["jwt_secret"]
    }

    /// A request below `/rest/v1` with the rights of the service role.
    pub fn rest(&self, method: &str, path: &str) -> Ask {
        self.bare(method, &format!("/rest/v1{path}")).header("apikey", self.service())
    }

    /// The same without an account.
    pub fn visitor(&self, method: &str, path: &str) -> Ask {
        self.bare(method, &format!("/rest/v1{path}")).header("apikey", self.anon())
    }

    /// A request that proves nothing.
    pub fn bare(&self, method: &str, target: &str) -> Ask {
        Ask::new(&self.address, method, target)
    }

    /// A request to the operator's address.
    pub fn operate(&self, target: &str) -> Ask {
        Ask::new(&self.operator, "GET", target)
    }

    /// Waits for an event in the log.
    pub fn wait_for_log(&self, event: &str) -> Value {
        self.wait(event, |server| {
            let lines = server.stdout.lock().unwrap();
            let parsed = lines.iter().filter_map(|line| serde_json::from_str(line).ok());
            let mut parsed = parsed.filter(|line: &Value| line["event"] == event);
            parsed.next()
        })
    }

    /// Waits until stderr has said it this many times.
    pub fn wait_for_stderr(&self, text: &str, times: usize) {
        self.wait(text, |server| {
            let said = server.stderr.lock().unwrap();
            (said.iter().filter(|line| line.contains(text)).count() >= times).then_some(())
        });
    }

    fn wait<T>(&self, what: &str, look: impl Fn(&Self) -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            let rest = until.saturating_duration_since(Instant::now());
            let ended = self.heard.recv_timeout(rest).is_err();
            if let Some(found) = look(self).filter(|_| ended) {
                return found;
            }
            assert!(!ended, "{what} did not come\n{}", self.output());
        }
    }

    /// Everything said so far, on stdout and stderr.
    pub fn output(&self) -> String {
        let (stdout, stderr) = (self.stdout.lock().unwrap(), self.stderr.lock().unwrap());
        format!("{}\n{}", stdout.join("\n"), stderr.join("\n"))
    }

    /// Asks it to stop, and insists that it ends well. Gives everything it said.
    pub fn stop(mut self) -> String {
        self.end()
    }

    /// The same, for a test that goes on with its data.
    pub fn stop_keeping(mut self) -> TempDir {
        self.end();
        self.data.take().unwrap()
    }

    /// Kills it as a failing machine would, for a test that goes on with its data.
    pub fn kill_keeping(mut self) -> TempDir {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        self.data.take().unwrap()
    }

    fn end(&mut self) -> String {
        let mut child = self.child.take().unwrap();
        signal("TERM", child.id());
        let status = wait(&mut child);
        // The readers end when the pipes do.
        while self.heard.recv_timeout(PATIENCE).is_ok() {}
        let output = self.output();
        assert_eq!(status.code(), Some(0), "{output}");
        output
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub fn signal(name: &str, process: u32) {
    let status = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status();
    assert!(status.unwrap().success());
}

fn wait(child: &mut Child) -> ExitStatus {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(Instant::now() < until, "the server did not stop");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn keep(stream: impl std::io::Read + Send + 'static, tell: std::sync::mpsc::Sender<()>) -> Lines {
    let lines = Lines::default();
    let kept = Arc::clone(&lines);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            kept.lock().unwrap().push(line);
            let _ = tell.send(());
        }
    });
    lines
}
