//! Whether the time of a compare tells how much of a secret was guessed (E12), after dudect
//! (Reparaz, Balasch and Verbauwhede, 2017): guesses that are right but for their last byte beside
//! random ones, in random order, judged by Welch's t. A byte-by-byte compare is the control.
//!
//! The one part of the bench that links what it measures: a compare is too short for a socket.

use std::hint::black_box;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mainstay_credentials::factor::recovery;
use mainstay_credentials::secret;
use mainstay_gate::accounts::Moment;
use mainstay_gate::accounts::rows::Session;
use mainstay_gate::accounts::session::{Brought, Pepper};
use mainstay_gate::apikey::{ApiKey, Kind};
use serde_json::json;

use crate::load::Random;
use crate::statistics::{Moments, welch};

/// Beyond this the classes differ.
const BOUND: f64 = 4.5;

/// Samples that are made ready at a time.
const BATCH: usize = 10_000;

/// Calls of one sample, so that it is longer than a tick of the clock.
const CALLS: usize = 8;

/// Shares of the samples that are judged: all, and without the longest, where interruptions are.
const SHARES: [f64; 3] = [1.0, 0.99, 0.9];

/// Compare the time of compares for nearly right and for random guesses.
#[derive(Debug, clap::Args)]
#[command(name = "constant-time")]
pub struct Args {
    /// Samples of each compare.
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    samples: usize,
}

/// Makes a guess that is right but for its end, or random.
type Guess<G> = Box<dyn Fn(&mut Random, bool) -> G>;

/// A compare under test: its guesses are of type `G`.
struct Subject<G> {
    name: &'static str,
    guess: Guess<G>,
    compare: Box<dyn Fn(&G) -> bool>,
    constant: bool,
}

/// Measures all and says whether each is as it must be.
///
/// # Errors
/// When there is no randomness, or a secret cannot be made.
pub fn run(args: &Args) -> std::io::Result<bool> {
    println!("| compare | samples | nearly right ns | random ns | t | verdict |");
    println!("|---|--:|--:|--:|--:|---|");
    let right = [
        measure(&bytes("secret::same", true), args.samples),
        measure(&sealed()?, args.samples),
        measure(&key()?, args.samples),
        measure(&recovered()?, args.samples),
        measure(&bytes("control: byte by byte", false), args.samples),
    ];
    Ok(right.into_iter().all(|right| right))
}

fn random(random: &mut Random) -> [u8; 32] {
    std::array::from_fn(|_| u8::try_from(random.below(256)).unwrap_or(0))
}

/// These bytes with another at the end, or random ones.
fn near(secret: &[u8; 32], seed: &mut Random, nearly: bool) -> [u8; 32] {
    let mut guess = random(seed);
    if nearly {
        guess[..31].copy_from_slice(&secret[..31]);
        guess[31] = !secret[31];
    }
    guess
}

#[inline(never)]
fn byte_by_byte(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| black_box(*a) == black_box(*b))
}

fn bytes(name: &'static str, constant: bool) -> Subject<[u8; 32]> {
    let held = random(&mut Random::new(1));
    let compare = if constant { secret::same } else { byte_by_byte };
    Subject {
        name,
        guess: Box::new(move |seed, nearly| near(&held, seed, nearly)),
        compare: Box::new(move |guess| compare(black_box(&held), black_box(guess))),
        constant,
    }
}

/// The seal of a refresh token.
fn sealed() -> std::io::Result<Subject<Brought>> {
    let session = Session {
        id: "0190f0c1-0000-4000-8000-000000000001".to_owned(),
        user: "0190f0c1-0000-4000-8000-000000000002".to_owned(),
        secret: secret::token().map_err(std::io::Error::other)?,
        turn: 7,
        aal: "aal1".to_owned(),
        amr: json!([]),
        factor: None,
        address: None,
        agent: None,
        created_at: Moment(0),
        refreshed_at: Moment(0),
        ends_at: None,
    };
    let pepper = Pepper::new(&random(&mut Random::new(2)));
    let token = pepper.token(&session).map_err(std::io::Error::other)?;
    let token = URL_SAFE_NO_PAD.decode(token).map_err(std::io::Error::other)?;
    let seal: [u8; 32] = token[24..].try_into().map_err(std::io::Error::other)?;
    let guess = move |seed: &mut Random, nearly| {
        let guess = near(&seal, seed, nearly);
        let text = URL_SAFE_NO_PAD.encode([&token[..24], &guess].concat());
        Brought::parse(&text)
    };
    if guess(&mut Random::new(3), true).is_none() {
        return Err(std::io::Error::other("a refresh token has another form"));
    }
    Ok(Subject {
        name: "the seal of a refresh token",
        guess: Box::new(move |seed, nearly| {
            loop {
                if let Some(brought) = guess(seed, nearly) {
                    return brought;
                }
            }
        }),
        compare: Box::new(move |brought| pepper.has_sealed(&session, black_box(*brought))),
        constant: true,
    })
}

/// The checksum of a machine's key. All guesses have the same random part.
fn key() -> std::io::Result<Subject<String>> {
    let key = ApiKey::make(Kind::Secret).map_err(std::io::Error::other)?;
    let (start, check) = key.text().split_at(key.text().len() - 8);
    let (start, check) = (start.to_owned(), check.to_owned());
    let guess = move |seed: &mut Random, nearly: bool| {
        let end = URL_SAFE_NO_PAD.encode(random(seed));
        // Another last character, so that none is right.
        let last = if check.ends_with('A') { 'B' } else { 'A' };
        match nearly {
            true => format!("{start}{}{last}", &check[..7]),
            false => format!("{start}{}{last}", &end[..7]),
        }
    };
    Ok(Subject {
        name: "ApiKey::parse",
        guess: Box::new(guess),
        compare: Box::new(|text| ApiKey::parse(black_box(text)).is_some()),
        constant: true,
    })
}

/// The digest of a recovery code among those that are kept: here what is kept is varied, as nobody
/// chooses the digest of what is typed.
fn recovered() -> std::io::Result<Subject<Vec<recovery::Hash>>> {
    let codes = recovery::make().map_err(std::io::Error::other)?;
    let typed = codes.shown[0].clone();
    let digest = URL_SAFE_NO_PAD.decode(String::from(codes.hashes[0])).ok();
    let digest: [u8; 32] = digest
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| std::io::Error::other("a recovery code has another digest"))?;
    let guess = move |seed: &mut Random, nearly: bool| {
        let kept =
            (0..recovery::CODES).map(|_| URL_SAFE_NO_PAD.encode(near(&digest, seed, nearly)));
        kept.filter_map(|text| recovery::Hash::try_from(text).ok()).collect()
    };
    Ok(Subject {
        name: "recovery::find",
        guess: Box::new(guess),
        compare: Box::new(move |kept: &Vec<_>| {
            recovery::find(black_box(&typed), black_box(kept)).is_some()
        }),
        constant: true,
    })
}

/// Measures one compare, prints it, and says whether it is as it must be.
fn measure<G>(subject: &Subject<G>, samples: usize) -> bool {
    let mut seed = Random::new(12);
    let mut times: Vec<(f64, bool)> = Vec::with_capacity(samples);
    while times.len() < samples {
        let guesses: Vec<(G, bool)> = (0..BATCH)
            .map(|_| {
                let nearly = seed.below(2) == 0;
                ((subject.guess)(&mut seed, nearly), nearly)
            })
            .collect();
        for (guess, nearly) in &guesses {
            let start = Instant::now();
            for _ in 0..CALLS {
                black_box((subject.compare)(guess));
            }
            #[allow(clippy::cast_precision_loss)] // some nanoseconds
            times.push((start.elapsed().as_nanos() as f64, *nearly));
        }
    }
    let mut sorted: Vec<f64> = times.iter().map(|(time, _)| *time).collect();
    sorted.sort_by(f64::total_cmp);
    let judged = SHARES.map(|share| {
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss
        )]
        let at = ((sorted.len() as f64 * share) as usize).clamp(1, sorted.len()) - 1;
        judge(&times, sorted[at])
    });
    let (t, near, far) =
        judged.into_iter().max_by(|a, b| a.0.abs().total_cmp(&b.0.abs())).unwrap_or_default();
    let right = (t.abs() < BOUND) == subject.constant;
    let verdict = match (right, subject.constant) {
        (true, true) => "tells nothing",
        (false, true) => "TELLS",
        (true, false) => "tells, as it must",
        (false, false) => "NOT NOTICED",
    };
    println!("| {} | {} | {near:.1} | {far:.1} | {t:+.2} | {verdict} |", subject.name, times.len());
    right
}

/// t and both means, in nanoseconds of one call, of the samples up to this time.
fn judge(times: &[(f64, bool)], longest: f64) -> (f64, f64, f64) {
    let (mut near, mut far) = (Moments::default(), Moments::default());
    for (time, nearly) in times.iter().filter(|(time, _)| *time <= longest) {
        let class = if *nearly { &mut near } else { &mut far };
        class.add(*time);
    }
    #[allow(clippy::cast_precision_loss)]
    let calls = CALLS as f64;
    (welch(&near, &far), near.mean() / calls, far.mean() / calls)
}
