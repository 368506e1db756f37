//! A small closed-loop load generator: connections that ask, wait for the whole answer, ask again.
//! It shares the machine with the server, so its own cost is kept low and the server's CPU time
//! is what is compared. Loopback only, bounded in time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::answer;

/// Writes the nth request of a connection: whole, with its head.
pub type Ask = dyn Fn(&mut Random, &mut Vec<u8>) + Send + Sync;

/// Who asks on one connection, when what is asked depends on what was answered.
pub trait Speaker: Send {
    /// Writes the next request, or says by `false` that there is none.
    fn ask(&mut self, random: &mut Random, out: &mut Vec<u8>) -> bool;

    /// The whole answer to it.
    ///
    /// # Errors
    /// When nothing more can be asked after such an answer.
    fn hear(&mut self, _status: u16, _answer: &[u8]) -> std::io::Result<()> {
        Ok(())
    }
}

/// Asks alike, whatever is answered.
struct Same(Arc<Ask>);

impl Speaker for Same {
    fn ask(&mut self, random: &mut Random, out: &mut Vec<u8>) -> bool {
        (self.0)(random, out);
        true
    }
}

/// What one run gave.
#[derive(Debug, Default)]
pub struct Run {
    pub requests: u64,
    /// Answers whose status was not 2xx.
    pub errors: u64,
    pub length: Duration,
    /// Latencies in microseconds, sorted.
    pub latencies: Vec<u32>,
}

impl Run {
    /// The latency below which this share of the answers came, in milliseconds.
    #[must_use]
    pub fn percentile(&self, share: f64) -> f64 {
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss
        )]
        let at = ((self.latencies.len() as f64 * share) as usize)
            .min(self.latencies.len().saturating_sub(1));
        f64::from(self.latencies.get(at).copied().unwrap_or(0)) / 1000.0
    }
}

/// Numbers that are random enough and always the same: xorshift64*.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % bound
    }
}

/// A speaker who asks alike.
pub fn same(ask: Arc<Ask>) -> Box<dyn Speaker> {
    Box::new(Same(ask))
}

/// Asks over `connections` for `length`.
pub async fn run(
    address: SocketAddr,
    connections: usize,
    length: Duration,
    ask: Arc<Ask>,
) -> std::io::Result<Run> {
    let speakers = (0..connections).map(|_| same(Arc::clone(&ask)));
    speak(address, length, speakers.collect()).await
}

/// Lets each speaker ask on a connection of its own, until `length` is over or all have asked
/// everything.
pub async fn speak(
    address: SocketAddr,
    length: Duration,
    speakers: Vec<Box<dyn Speaker>>,
) -> std::io::Result<Run> {
    let stop = Arc::new(AtomicBool::new(false));
    let start = Instant::now();
    let tasks: Vec<_> = (1..)
        .zip(speakers)
        .map(|(seed, speaker)| tokio::spawn(connection(address, seed, speaker, Arc::clone(&stop))))
        .collect();
    let clock = tokio::spawn(async move {
        tokio::time::sleep(length).await;
        stop.store(true, Ordering::Relaxed);
    });
    let mut all = Run::default();
    for task in tasks {
        let one = task.await.map_err(std::io::Error::other)??;
        all.requests += one.requests;
        all.errors += one.errors;
        all.latencies.extend(one.latencies);
    }
    clock.abort();
    all.length = start.elapsed();
    all.latencies.sort_unstable();
    Ok(all)
}

async fn connection(
    address: SocketAddr,
    seed: u64,
    mut speaker: Box<dyn Speaker>,
    stop: Arc<AtomicBool>,
) -> std::io::Result<Run> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut random = Random::new(seed);
    let (mut request, mut received) = (Vec::with_capacity(512), Vec::with_capacity(8192));
    let mut run = Run::default();
    while !stop.load(Ordering::Relaxed) {
        request.clear();
        if !speaker.ask(&mut random, &mut request) {
            break;
        }
        let asked = Instant::now();
        stream.write_all(&request).await?;
        let status = answer::read(&mut stream, &mut received).await?;
        run.latencies.push(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX));
        run.requests += 1;
        run.errors += u64::from(!(200..300).contains(&status));
        speaker.hear(status, &received)?;
    }
    Ok(run)
}
