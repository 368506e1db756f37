//! A run of many worlds on several threads, until enough is alike or something is different.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use mainstay_gate::Weakness;

use crate::interference;
use crate::oracle::{self, Bench, REQUESTS, grow, world_seed};
use crate::report;
use crate::request::Shape;
use crate::shrink::shrink;
use crate::world::Grammar;

/// What is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A case is a request.
    Oracle { grammar: Grammar, shape: Shape },
    /// A case is a pair of databases.
    Interference,
}

/// What is run.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    pub proof: Proof,
    /// At least so many cases.
    pub cases: u64,
    pub seed: u64,
    pub jobs: usize,
    pub without: Option<Weakness>,
}

/// What it came to.
#[derive(Debug, Default)]
pub struct Tally {
    pub cases: u64,
    pub worlds: u64,
    /// Worlds whose declaration `check` refuses, and one of the reasons.
    pub refused: u64,
    pub reason: Option<String>,
    /// The seed of the first case that is different, and the case as a person reads it.
    pub difference: Option<(u64, String)>,
}

/// What became of one world.
enum Outcome {
    Alike(usize),
    Refused(String),
    /// The place of the case, and the case itself, not yet made small.
    Different(usize, Found),
}

enum Found {
    Difference(Box<oracle::Difference>),
    Leak(Box<interference::Leak>),
}

impl Proof {
    /// Cases of one world at the most: the last bits of a case's seed say which it is.
    #[must_use]
    pub fn places(self) -> u64 {
        match self {
            Self::Oracle { .. } => REQUESTS as u64,
            Self::Interference => interference::PAIRS as u64,
        }
    }

    /// Runs a world, or of it the cases up to one place.
    fn run(self, bench: &Bench, seed: u64, last: Option<usize>) -> Result<Outcome, String> {
        match self {
            Self::Oracle { grammar, shape } => {
                let mut world = grow(seed, grammar, shape);
                world.requests.truncate(last.map_or(REQUESTS, |last| last + 1));
                Ok(match oracle::run(bench, &world)? {
                    oracle::Outcome::Alike(cases) => Outcome::Alike(cases),
                    oracle::Outcome::Refused(why) => Outcome::Refused(why),
                    oracle::Outcome::Different(found) => {
                        Outcome::Different(found.at, Found::Difference(found))
                    }
                })
            }
            Self::Interference => Ok(match interference::run(bench, seed, last)? {
                interference::Outcome::Alike(pairs) => Outcome::Alike(pairs),
                interference::Outcome::Refused(why) => Outcome::Refused(why),
                interference::Outcome::Different(found) => {
                    Outcome::Different(found.at, Found::Leak(found))
                }
            }),
        }
    }
}

impl Found {
    fn shown(self, bench: &Bench) -> String {
        match self {
            Self::Difference(found) => report::shown(&shrink(bench, *found)),
            Self::Leak(found) => found.shown(),
        }
    }
}

/// Runs until it is done; `tell` hears of cases as they are done.
///
/// # Errors
/// When something breaks that is no difference.
pub fn start(campaign: &Campaign, tell: &(dyn Fn(u64) + Sync)) -> Result<Tally, String> {
    let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let stop = AtomicBool::new(false);
    let shared = Mutex::new((Tally::default(), None));
    let places = campaign.proof.places();
    let work = || -> Result<(), String> {
        let bench = bench(campaign)?;
        while !stop.load(Ordering::Relaxed) && done.load(Ordering::Relaxed) < campaign.cases {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let seed = world_seed(campaign.seed, at) & !(places - 1);
            let run = || campaign.proof.run(&bench, seed, None);
            // Whoever panics has said where; which world it was is known here only.
            let outcome = catch_unwind(AssertUnwindSafe(run));
            let outcome = outcome.unwrap_or_else(|_| Err("panicked".to_owned()));
            let outcome = outcome.map_err(|error| format!("seed {seed}: {error}"))?;
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let (tally, found) = &mut *shared;
            let cases = tally.add(outcome, seed, found);
            stop.fetch_or(found.is_some(), Ordering::Relaxed);
            drop(shared);
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
    let (tally, found) = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    tally.with(campaign, found)
}

/// Runs the world of one case up to that case.
///
/// # Errors
/// When something breaks that is no difference.
pub fn replay(campaign: &Campaign, case: u64) -> Result<Tally, String> {
    let (last, mut found) = (campaign.proof.places() - 1, None);
    let (seed, at) = (case & !last, usize::try_from(case & last).unwrap_or(0));
    let outcome = campaign.proof.run(&bench(campaign)?, seed, Some(at))?;
    let mut tally = Tally::default();
    tally.add(outcome, seed, &mut found);
    tally.with(campaign, found)
}

fn bench(campaign: &Campaign) -> Result<Bench, String> {
    Bench::new(campaign.without).map_err(|error| error.to_string())
}

impl Tally {
    /// Counts a world, and keeps the first difference.
    fn add(&mut self, outcome: Outcome, seed: u64, found: &mut Option<(u64, Found)>) -> u64 {
        self.worlds += 1;
        let cases = match outcome {
            Outcome::Alike(cases) => cases as u64,
            Outcome::Refused(why) => {
                self.refused += 1;
                self.reason.get_or_insert(why);
                0
            }
            Outcome::Different(at, case) => {
                found.get_or_insert((seed | at as u64, case));
                at as u64 + 1
            }
        };
        self.cases += cases;
        cases
    }

    /// With the difference made small.
    fn with(self, campaign: &Campaign, found: Option<(u64, Found)>) -> Result<Self, String> {
        let Some((seed, found)) = found else { return Ok(self) };
        let shown = found.shown(&bench(campaign)?);
        Ok(Self { difference: Some((seed, shown)), ..self })
    }
}
