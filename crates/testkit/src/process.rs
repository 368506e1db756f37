//! The executable as a child process on free ports: started, asked, killed, started again on the
//! same data. It is ended by its own id only.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Longer than a start takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    pub operator: SocketAddr,
    /// From the start to the moment when it listened.
    pub ready_after: Duration,
    lines: Receiver<String>,
}

impl Process {
    /// Starts `command`, which must end in the executable's `serve` arguments, and waits until it
    /// listens. `Err` holds what it said when it ended instead.
    ///
    /// # Errors
    /// When the process ends before it listens.
    pub fn start(mut command: Command) -> Result<Self, String> {
        let begun = Instant::now();
        let mut child = clean(&mut command)
            .args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let (tell, lines) = channel();
        for stream in [
            child.stdout.take().map(|out| Box::new(out) as Box<dyn std::io::Read + Send>),
            child.stderr.take().map(|err| Box::new(err) as Box<dyn std::io::Read + Send>),
        ] {
            let (tell, stream) = (tell.clone(), stream.expect("the pipe was asked for"));
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = tell.send(line);
                }
            });
        }
        drop(tell);
        let mut said = String::new();
        loop {
            match lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains("\"server.listening\"") => {
                    let (address, operator) = addresses(&line).ok_or(line)?;
                    let ready_after = begun.elapsed();
                    return Ok(Self { child, address, operator, ready_after, lines });
                }
                Ok(line) => said.push_str(&(line + "\n")),
                Err(_) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(said);
                }
            }
        }
    }

    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`: no handler runs, nothing is flushed.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, and the exit status. Gives what was said on the way too.
    pub fn stop(mut self) -> (ExitStatus, Vec<String>) {
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let status = self.child.wait().expect("the child can be waited for");
        (status, self.lines.iter().collect())
    }
}

fn addresses(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let event: serde_json::Value = serde_json::from_str(line).ok()?;
    let field = |name: &str| event[name].as_str()?.parse().ok();
    Some((field("address")?, field("operator_address")?))
}

/// Settings of whoever runs the tests must not change what is tested.
pub fn clean(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MAINSTAY_")) {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1")
}

/// Tells the run of all tests that one was not run, and why.
pub fn skip(test: &str, why: &str) {
    let Some(path) = std::env::var_os("MAINSTAY_SKIPS") else { return };
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(path);
    let _ = opened.and_then(|mut file| writeln!(file, "{test}: {why}"));
}

/// Runs a command to its end and gives its standard output.
///
/// # Panics
/// When it fails.
#[must_use]
pub fn output(command: &mut Command) -> String {
    let done = clean(command).output().expect("the command can be run");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// The names of `needed` that no folder of `PATH` holds.
#[must_use]
pub fn missing<'a>(needed: &[&'a str]) -> Vec<&'a str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has =
        |name: &str| std::env::split_paths(&path).any(|dir| Path::new(&dir).join(name).exists());
    needed.iter().copied().filter(|name| !has(name)).collect()
}
