//! `mainstay-verify`: runs the oracle from the command line.

use mainstay_verify::oracle::{Bench, Outcome, grow, run};
use mainstay_verify::request::Shape;
use mainstay_verify::world::{Grammar, declaration};

fn main() {
    let bench = Bench::new().expect("x");
    let n: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let start = std::time::Instant::now();
    let (mut cases, mut refused) = (0, 0);
    for seed in std::env::args().nth(3).map_or(0, |x| x.parse().unwrap())..n {
        let world = grow(seed, Grammar::Whole, Shape { writes: true, batches: std::env::args().nth(2).is_some() });
        match run(&bench, &world) {
            Ok(Outcome::Alike(n)) => cases += n,
            Ok(Outcome::Refused(why)) => {
                refused += 1;
                if refused < 3 {
                    eprintln!("{why}");
                }
            }
            Ok(Outcome::Different(d)) => {
                println!("{}\nseed {seed} at {}\n{:?}\n{:?}\nexpected {}\nanswered {:?}\n{}", declaration(&d.world), d.at, d.world.callers[d.world.requests[d.at].caller], d.sent, d.expected.iter().map(|e| e.shown()).collect::<Vec<_>>().join("\nor "), d.answered, d.what);
                break;
            }
            Err(why) => {
                println!("{}\nseed {seed}: {why}", declaration(&world));
                break;
            }
        }
    }
    println!("{cases} cases, {refused} refused, {:?}", start.elapsed());
}
