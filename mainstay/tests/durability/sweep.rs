//! A5 in part: the Nth sync, then the Nth write, fails with EIO, for every N that a small workload
//! reaches. `strace` makes the calls fail; what was acknowledged must be there afterwards.

use std::process::Command;

use mainstay_testkit::process::missing;
use mainstay_testkit::{Oracle, Process};

use crate::application::{Application, damage};
use crate::{Options, Verdict};

/// Far more than the workload makes: the sweep ends when no call is left to fail.
const MOST: usize = 200;

/// Writes of the workload.
const WRITES: usize = 8;

/// Refusals after which a server is said not to recover.
const PATIENCE: usize = 20;

pub fn syncs(_: &Options) -> Verdict {
    sweep("fsync,fdatasync")
}

pub fn writes(_: &Options) -> Verdict {
    sweep("pwrite64")
}

fn sweep(calls: &str) -> Verdict {
    if !missing(&["strace"]).is_empty() {
        return Verdict::Skipped("strace is not installed".to_owned());
    }
    if !Command::new("strace").args(["-o", "/dev/null", "true"]).status().is_ok_and(|s| s.success())
    {
        return Verdict::Skipped("strace may not trace here".to_owned());
    }
    let (mut failures, mut refusals, mut no_start) = (Vec::new(), 0, 0);
    for nth in 1..=MOST {
        match one(calls, nth) {
            Outcome::Untouched => {
                let note = format!(
                    "{} calls failed in turn, {refusals} writes refused, {no_start} starts refused",
                    nth - 1
                );
                return match (failures.as_slice(), nth) {
                    ([], 1) => Verdict::Failed("no call was made to fail".to_owned()),
                    ([], _) => Verdict::Passed(note),
                    (failures, _) => Verdict::Failed(failures.join("\n")),
                };
            }
            Outcome::NoStart => no_start += 1,
            Outcome::Survived { refused } => refusals += refused,
            Outcome::Wrong(why) => failures.push(format!("{calls}, call {nth}: {why}")),
        }
    }
    Verdict::Failed(format!("more than {MOST} calls of {calls}"))
}

enum Outcome {
    /// The workload makes fewer calls than that.
    Untouched,
    /// The server said that it could not start, and ended.
    NoStart,
    Survived {
        refused: usize,
    },
    Wrong(String),
}

fn one(calls: &str, nth: usize) -> Outcome {
    let application = Application::new();
    let trace = application.folder.path().join("trace");
    let inject = format!("inject={calls}:error=EIO:when={nth}");
    let traced = format!("trace={calls}");
    let trace_path = trace.display().to_string();
    let before = ["strace", "-f", "-qq", "-o", &trace_path, "-e", &traced, "-e", &inject];
    let mut oracle = Oracle::new(0, 7);
    let mut refused = 0;
    let started = Process::start(application.command(&before, &[]));
    let served = started.is_ok();
    if let Ok(server) = started {
        let wrong = workload(&application, &server, &mut oracle, &mut refused);
        end(server);
        if let Some(wrong) = wrong {
            return Outcome::Wrong(wrong);
        }
    }
    let injected = std::fs::read_to_string(&trace).unwrap_or_default().contains("(INJECTED)");
    if let Some(wrong) = verify(&application, &mut oracle) {
        return Outcome::Wrong(wrong);
    }
    match (injected, served) {
        (false, _) => Outcome::Untouched,
        (true, false) => Outcome::NoStart,
        (true, true) => Outcome::Survived { refused },
    }
}

/// Ends the traced server: the tracer's child first, which ends the tracer.
fn end(server: Process) {
    let pid = server.pid().to_string();
    let _ = Command::new("pkill").args(["-KILL", "-P", &pid]).status();
    server.kill();
}

/// A few writes, one after the other. A refusal must be a 503 or 507, and reads must go on.
fn workload(
    application: &Application,
    server: &Process,
    oracle: &mut Oracle,
    refused: &mut usize,
) -> Option<String> {
    let Ok(mut connection) = application.connect(server.address) else {
        return Some("no connection".to_owned());
    };
    let (mut last, mut left) = (0, WRITES);
    // The last write must be accepted: one failed call ends nothing for good.
    while left > 0 || (last >= 300 && *refused < PATIENCE) {
        left = left.saturating_sub(1);
        match oracle.write(&mut connection) {
            Ok(answer) if answer.status >= 300 => {
                *refused += 1;
                last = answer.status;
                let known = answer.body.contains("PGRST001") || answer.body.contains("53100");
                if !matches!(answer.status, 503 | 507) || !known {
                    return Some(format!("answered {} {}", answer.status, answer.body));
                }
                // The refused write may still have happened: ask what is there.
                std::thread::sleep(std::time::Duration::from_millis(700));
                match oracle.stored(&mut connection) {
                    Ok(stored) => drop(oracle.settle(stored)),
                    Err(error) => return Some(format!("reads ended: {error}")),
                }
            }
            Ok(answer) => last = answer.status,
            Err(error) => return Some(format!("the connection was cut: {error}")),
        }
    }
    (last >= 300).then(|| "writes did not resume after one failed call".to_owned())
}

fn verify(application: &Application, oracle: &mut Oracle) -> Option<String> {
    let server = application.serve();
    let mut connection = application.connect(server.address).ok()?;
    let stored = oracle.stored(&mut connection);
    server.kill();
    let losses = match stored {
        Ok(stored) => oracle.settle(stored),
        Err(error) => return Some(error.to_string()),
    };
    if !losses.is_empty() {
        return Some(format!("{losses:?}"));
    }
    damage(&application.database())
}
