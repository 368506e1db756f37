//! A1: sixteen writers, `kill -9` at a random moment, start again, compare. A process that is
//! killed leaves what it handed to the kernel; power loss is another test's matter.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use mainstay_testkit::oracle::Loss;
use mainstay_testkit::{Oracle, Process};

use crate::application::{Application, damage};
use crate::{Options, Verdict};

const WRITERS: usize = 16;

/// Rounds in which the control must have lost something.
const CONTROL_ROUNDS: usize = 60;

#[derive(Default)]
struct Tally {
    rounds: usize,
    acknowledged: u64,
    losses: Vec<Loss>,
    damage: Vec<String>,
    slowest: Duration,
}

pub fn nothing_is_lost(options: &Options) -> Verdict {
    let tally = rounds(options.rounds, &[], |_| false);
    let note = format!(
        "{} rounds, {} acknowledged writes, 0 lost, ready after at most {} ms",
        tally.rounds,
        tally.acknowledged,
        tally.slowest.as_millis()
    );
    match (tally.losses.as_slice(), tally.damage.as_slice()) {
        ([], []) if tally.acknowledged > 0 => Verdict::Passed(note),
        (losses, damage) => Verdict::Failed(format!("{losses:#?}\n{damage:#?}")),
    }
}

pub fn the_control_loses(_: &Options) -> Verdict {
    let flags = ["--negative-control-acknowledge-before-commit"];
    let tally = rounds(CONTROL_ROUNDS, &flags, |tally| !tally.losses.is_empty());
    match tally.losses.len() {
        0 => Verdict::Failed(format!(
            "nothing lost in {} rounds: this test cannot fail",
            tally.rounds
        )),
        lost => Verdict::Passed(format!("{lost} losses seen in round {}", tally.rounds)),
    }
}

fn rounds(most: usize, flags: &[&str], enough: impl Fn(&Tally) -> bool) -> Tally {
    let application = Arc::new(Application::new());
    let mut oracles: Vec<Oracle> = (0..WRITERS).map(|at| Oracle::new(at, 42)).collect();
    let mut tally = Tally::default();
    while tally.rounds < most && !enough(&tally) {
        tally.rounds += 1;
        let start = || Process::start(application.command(&[], flags));
        let server = start().unwrap_or_else(|said| panic!("no start:\n{said}"));
        tally.slowest = tally.slowest.max(server.ready_after);
        compare(&application, &server, &mut oracles, &mut tally);
        oracles = under_load(&application, server, oracles, tally.rounds as u64);
        tally.damage.extend(damage(&application.database()));
    }
    let server = application.serve();
    compare(&application, &server, &mut oracles, &mut tally);
    tally.acknowledged = oracles.iter().map(|oracle| oracle.acknowledged).sum();
    server.kill();
    tally
}

fn compare(application: &Application, server: &Process, oracles: &mut [Oracle], tally: &mut Tally) {
    let mut connection = application.connect(server.address).unwrap();
    for oracle in oracles {
        let stored = oracle.stored(&mut connection).unwrap();
        tally.losses.extend(oracle.settle(stored));
    }
}

/// Lets all writers write until the server is killed under them.
fn under_load(
    application: &Arc<Application>,
    server: Process,
    oracles: Vec<Oracle>,
    round: u64,
) -> Vec<Oracle> {
    let address = server.address;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = oracles
        .into_iter()
        .map(|mut oracle| {
            let (application, stop) = (Arc::clone(application), Arc::clone(&stop));
            thread::spawn(move || {
                let Ok(mut connection) = application.connect(address) else { return oracle };
                while !stop.load(Ordering::Relaxed) && oracle.write(&mut connection).is_ok() {}
                oracle
            })
        })
        .collect();
    // A moment that differs from round to round and is the same in every run.
    let moment = 20 + round.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 180;
    thread::sleep(Duration::from_millis(moment));
    server.kill();
    stop.store(true, Ordering::Relaxed);
    writers.into_iter().map(|writer| writer.join().unwrap()).collect()
}
