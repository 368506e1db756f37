//! A run of many worlds on several threads, until enough cases are alike or one is different.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use mainstay_gate::Weakness;

use crate::oracle::{Bench, Difference, Outcome, grow, run, world_seed};
use crate::request::Shape;
use crate::shrink::shrink;
use crate::world::Grammar;

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// At least so many cases.
    pub cases: u64,
    pub seed: u64,
    pub jobs: usize,
    pub without: Option<Weakness>,
    pub grammar: Grammar,
    pub shape: Shape,
}

/// What it came to.
#[derive(Debug, Default)]
pub struct Tally {
    pub cases: u64,
    pub worlds: u64,
    /// Worlds whose declaration `check` refuses, and one of the reasons.
    pub refused: u64,
    pub reason: Option<String>,
    /// The smallest case of the first difference, and its seed.
    pub difference: Option<(u64, Box<Difference>)>,
}

/// Runs until it is done; `tell` hears of cases as they are done.
///
/// # Errors
/// When something breaks that is no difference.
pub fn start(campaign: &Campaign, tell: &(dyn Fn(u64) + Sync)) -> Result<Tally, String> {
    let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let stop = AtomicBool::new(false);
    let tally = Mutex::new(Tally::default());
    let work = || -> Result<(), String> {
        let bench = Bench::new(campaign.without).map_err(|error| error.to_string())?;
        while !stop.load(Ordering::Relaxed) && done.load(Ordering::Relaxed) < campaign.cases {
            let seed = world_seed(campaign.seed, next.fetch_add(1, Ordering::Relaxed));
            let world = grow(seed, campaign.grammar, campaign.shape);
            let outcome = run(&bench, &world).map_err(|error| format!("seed {seed}: {error}"))?;
            let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
            tally.worlds += 1;
            let cases = match outcome {
                Outcome::Alike(cases) => cases as u64,
                Outcome::Refused(why) => {
                    tally.refused += 1;
                    tally.reason.get_or_insert(why);
                    0
                }
                Outcome::Different(found) => {
                    stop.store(true, Ordering::Relaxed);
                    let cases = found.at as u64 + 1;
                    let case = seed | found.at as u64;
                    tally.difference.get_or_insert((case, found));
                    cases
                }
            };
            tally.cases += cases;
            drop(tally);
            done.fetch_add(cases, Ordering::Relaxed);
            tell(cases);
        }
        Ok(())
    };
    let ended: Vec<Result<(), String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..campaign.jobs.max(1)).map(|_| scope.spawn(work)).collect();
        let ended = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended.map(|one| one.unwrap_or_else(|_| Err("a thread panicked".to_owned()))).collect()
    });
    ended.into_iter().collect::<Result<(), String>>()?;
    let mut tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some((seed, difference)) = tally.difference.take() {
        let bench = Bench::new(campaign.without).map_err(|error| error.to_string())?;
        tally.difference = Some((seed, Box::new(shrink(&bench, *difference))));
    }
    Ok(tally)
}

/// Runs the world of one case up to that case.
///
/// # Errors
/// When something breaks that is no difference.
pub fn replay(campaign: &Campaign, case: u64) -> Result<Tally, String> {
    let bench = Bench::new(campaign.without).map_err(|error| error.to_string())?;
    let last = crate::oracle::REQUESTS as u64 - 1;
    let mut world = grow(case & !last, campaign.grammar, campaign.shape);
    world.requests.truncate(usize::try_from(case & last).unwrap_or(0) + 1);
    let mut tally = Tally { worlds: 1, ..Tally::default() };
    match run(&bench, &world)? {
        Outcome::Alike(cases) => tally.cases = cases as u64,
        Outcome::Refused(why) => (tally.refused, tally.reason) = (1, Some(why)),
        Outcome::Different(found) => {
            tally.cases = found.at as u64 + 1;
            tally.difference = Some((case, Box::new(shrink(&bench, *found))));
        }
    }
    Ok(tally)
}
