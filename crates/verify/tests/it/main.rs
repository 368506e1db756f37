//! The proofs themselves, small enough for every run of the tests; CI and people run them longer.
//! And that they would notice: with any guard taken out, a leak is found.

use mainstay_gate::Weakness;
use mainstay_verify::campaign::{Campaign, Proof, Tally, replay, start};
use mainstay_verify::request::Shape;
use mainstay_verify::world::Grammar;

const ORACLE: Proof =
    Proof::Oracle { grammar: Grammar::Whole, shape: Shape { writes: true, batches: true } };

fn run(proof: Proof, cases: u64, without: Option<Weakness>) -> Tally {
    let campaign = Campaign { proof, cases, seed: 1, jobs: 2, without };
    start(&campaign, &|_| ()).unwrap_or_else(|error| panic!("{error}"))
}

fn alike(tally: &Tally, cases: u64) {
    if let Some((seed, case)) = &tally.difference {
        panic!("--only {seed}\n{case}");
    }
    assert!(tally.cases >= cases, "{tally:?}");
    let often = tally.refused * 10 >= tally.worlds;
    assert!(!often, "{} of {} worlds: {:?}", tally.refused, tally.worlds, tally.reason);
}

#[test]
fn mainstay_answers_as_the_slow_evaluator() {
    alike(&run(ORACLE, 3_000, None), 3_000);
}

#[test]
fn what_is_hidden_does_not_show() {
    alike(&run(Proof::Interference, 500, None), 500);
}

#[test]
fn a_leak_is_found_with_any_guard_taken_out() {
    for weakness in
        [Weakness::Conjunct, Weakness::Column, Weakness::Embed, Weakness::Check, Weakness::Upsert]
    {
        let tally = run(ORACLE, 20_000, Some(weakness));
        assert!(tally.difference.is_some(), "{weakness:?} is not missed in {} cases", tally.cases);
    }
    for weakness in [Weakness::Conjunct, Weakness::Column, Weakness::Embed] {
        let tally = run(Proof::Interference, 5_000, Some(weakness));
        assert!(tally.difference.is_some(), "{weakness:?} is not missed in {} pairs", tally.cases);
    }
}

#[test]
fn a_case_is_made_again_from_its_seed() {
    let campaign =
        Campaign { proof: ORACLE, cases: 0, seed: 1, jobs: 1, without: Some(Weakness::Column) };
    let found = run(ORACLE, 20_000, campaign.without).difference;
    let Some((seed, first)) = found else { panic!("nothing was found") };
    let again = replay(&campaign, seed).unwrap_or_else(|error| panic!("{error}"));
    let Some((same, second)) = again.difference else { panic!("{seed} is alike now") };
    assert_eq!((same, second), (seed, first));
}
