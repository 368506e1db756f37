//! Many sessions: what they take of the server's memory, and what a request costs with one of as
//! many tokens, each brought for the first time, beside one token that is remembered.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::speakers::{Arrivals, each_token};
use super::turns::{figure, median};
use super::{Args, Figure, Memory};
use crate::load::{self, Speaker};
use crate::subjects::Subject;
use crate::{data, mainstay, process};

/// Connections of a run.
const CONNECTIONS: usize = 32;

/// Time for all to arrive. Protects the bench from a server that hardly answers.
const ARRIVAL: Duration = Duration::from_secs(1_800);

/// The figures of tokens, and the memory on the way.
pub async fn measure(args: &Args) -> std::io::Result<(Vec<Figure>, Vec<Memory>)> {
    let (mut subject, _) = mainstay::with_accounts()?;
    let mut memory = Vec::new();
    arrive(&subject, 1_000.min(args.sessions)).await?;
    memory.push(seen(&subject, "after the first sign-ups".to_owned()));
    let before = process::cpu(subject.child.id());
    let (tokens, run) = arrive(&subject, args.sessions).await?;
    let mut figures =
        vec![figure(&subject, ("sign-up without address", CONNECTIONS), &run, before)?];
    memory.push(seen(&subject, format!("with {} sessions more", args.sessions)));
    let all = Arc::new(tokens);
    let one = Arc::new(all[..1].to_vec());
    let (mut repeated, mut distinct) = (Vec::new(), Vec::new());
    for at in 0..args.runs {
        for (case, tokens, figures) in [
            ("get, one token", &one, &mut repeated),
            ("get, a new token each", &all, &mut distinct),
        ] {
            // Another process: it remembers no token.
            mainstay::again(&mut subject)?;
            if at == 0 && figures.is_empty() && case.ends_with("each") {
                memory.push(seen(&subject, format!("started with {} sessions", args.sessions)));
            }
            figures.push(turn(&subject, case, Arc::clone(tokens), args.length()).await?);
        }
    }
    figures.extend(median(repeated));
    figures.extend(median(distinct));
    Ok((figures, memory))
}

/// Lets so many users sign up and gives their tokens.
async fn arrive(subject: &Subject, sessions: usize) -> std::io::Result<(Vec<String>, load::Run)> {
    let left = Arc::new(AtomicUsize::new(sessions));
    let tokens = Arc::new(Mutex::new(Vec::with_capacity(sessions)));
    let one = |_| -> Box<dyn Speaker> {
        let headers = subject.headers.clone();
        Box::new(Arrivals { headers, left: Arc::clone(&left), tokens: Arc::clone(&tokens) })
    };
    let run = load::speak(subject.address, ARRIVAL, (0..CONNECTIONS).map(one).collect()).await?;
    let mut tokens = tokens.lock().unwrap_or_else(PoisonError::into_inner);
    Ok((std::mem::take(&mut *tokens), run))
}

async fn turn(
    subject: &Subject,
    case: &'static str,
    tokens: Arc<Vec<String>>,
    length: Duration,
) -> std::io::Result<Figure> {
    let path = (subject.paths.one)(&data::ids()[0]);
    let ask = each_token(&subject.headers, &path, tokens);
    let before = process::cpu(subject.child.id());
    let run = load::run(subject.address, CONNECTIONS, length, ask).await?;
    figure(subject, (case, CONNECTIONS), &run, before)
}

#[allow(clippy::cast_precision_loss)] // figures for people
fn seen(subject: &Subject, when: String) -> Memory {
    let (now, peak) = process::memory(subject.child.id());
    let mega = |bytes: u64| bytes as f64 / 1_048_576.0;
    Memory { when, memory_mb: mega(now), peak_memory_mb: mega(peak) }
}
