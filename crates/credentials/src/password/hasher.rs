//! The threads that compute passwords. They are few, so that a storm of sign-ins leaves cores for
//! everybody else, and the queue before them is bounded. After this the caller knows whether a
//! password is right, and nobody learns from the time whether there is an account.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mainstay_base::{Code, Error, Result};
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::cost::{Arena, Cost};
use super::stored::Stored;
use crate::limits::{PASSWORD_BYTES, WAITING_PASSWORDS};

/// A thread that has nothing to do for so long gives its memory back.
const IDLE: Duration = Duration::from_secs(5);

/// How passwords are computed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pool {
    pub cost: Cost,
    /// How many threads; one for each core without it, and never more than that.
    pub threads: Option<usize>,
    /// How many passwords may wait; `limits::WAITING_PASSWORDS` for each thread without it.
    pub waiting: Option<usize>,
}

/// What a password is to a stored hash.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Checked {
    Right,
    /// Right, but the hash is of another algorithm or weaker than what is made now: store another.
    RightButOld,
    Wrong,
}

/// Computes passwords on threads of its own. They end when it is dropped.
pub struct Hasher {
    queue: Arc<Queue>,
    cost: Cost,
}

impl Hasher {
    /// Starts the threads.
    ///
    /// # Errors
    /// `internal` when a cost is out of its bounds or a thread cannot be started.
    pub fn start(pool: Pool) -> Result<Self> {
        let cost = pool.cost.judged()?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = pool.threads.unwrap_or(cores).clamp(1, cores);
        Self::launch(cost, threads, pool.waiting.unwrap_or(threads * WAITING_PASSWORDS))
    }

    fn launch(cost: Cost, threads: usize, most: usize) -> Result<Self> {
        let queue = Arc::new(Queue { most, ..Queue::default() });
        let hasher = Self { queue, cost };
        for number in 0..threads {
            let queue = Arc::clone(&hasher.queue);
            let kib = usize::try_from(cost.memory_kib).map_err(Error::internal)?;
            std::thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || queue.work(kib))
                .map_err(Error::internal)?;
        }
        Ok(hasher)
    }

    /// A PHC string that is kept in the place of the password.
    ///
    /// # Errors
    /// `overloaded` when too many wait; `internal` when there is no randomness, and for a password
    /// longer than `limits::PASSWORD_BYTES`, which the rules refuse before.
    pub async fn hash(&self, password: &str) -> Result<String> {
        if password.len() > PASSWORD_BYTES {
            return Err(Error::internal("a password that the rules refuse came to be hashed"));
        }
        let (password, cost) = (password.to_owned(), self.cost);
        self.run(move |desk| desk.hash(&password, cost)).await
    }

    /// Compares a password with a stored hash. Without a hash, or with one that cannot be read, it
    /// takes as long as one of ours and is wrong, so that the time does not tell whether there is
    /// an account. A hash that costs less than ours is followed by one of ours for nothing: such an
    /// account answers later than none, by the little that its own hash costs, until its owner has
    /// signed in once.
    ///
    /// # Errors
    /// As `hash`; a long password is wrong.
    pub async fn check(&self, password: &str, stored: Option<&str>) -> Result<Checked> {
        let fits = password.len() <= PASSWORD_BYTES;
        let password = if fits { password.to_owned() } else { String::new() };
        let stored = stored.filter(|_| fits).and_then(|text| Stored::parse(text).ok());
        let cost = self.cost;
        self.run(move |desk| desk.check(&password, stored.as_ref(), cost)).await
    }

    /// How many hashes were computed since the start, those for nothing included.
    #[must_use]
    pub fn computed(&self) -> u64 {
        self.queue.computed.load(Ordering::Relaxed)
    }

    /// How many passwords wait for a thread.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.line.lock().jobs.len()
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Desk<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.queue.put(Box::new(move |desk| {
            // Who went away in the meantime gets nothing computed.
            if !reply.is_closed() {
                let _gone = reply.send(work(desk));
            }
        }))?;
        answer.await.map_err(|_| Error::internal("a thread that hashes passwords panicked"))?
    }
}

impl Drop for Hasher {
    fn drop(&mut self) {
        let mut line = self.queue.line.lock();
        line.closed = true;
        line.jobs.clear();
        self.queue.more.notify_all();
    }
}

type Job = Box<dyn FnOnce(&mut Desk<'_>) + Send>;

#[derive(Default)]
struct Queue {
    line: Mutex<Line>,
    more: Condvar,
    most: usize,
    computed: AtomicU64,
}

#[derive(Default)]
struct Line {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Queue {
    fn put(&self, job: Job) -> Result<()> {
        let mut line = self.line.lock();
        if line.jobs.len() >= self.most {
            let message = "Too many passwords wait to be checked";
            return Err(Error::new(Code::Overloaded, message).retry_after(1));
        }
        line.jobs.push_back(job);
        self.more.notify_one();
        Ok(())
    }

    /// One thread, until the hasher is dropped.
    fn work(&self, kib: usize) {
        let mut arena = Arena::default();
        while let Some(job) = self.next(&mut arena) {
            let mut desk = Desk { arena: &mut arena, computed: &self.computed };
            // A panic drops the job and with it the reply, which is an answer too.
            let _panicked = catch_unwind(AssertUnwindSafe(|| job(&mut desk)));
            arena.keep(kib);
        }
    }

    fn next(&self, arena: &mut Arena) -> Option<Job> {
        let mut line = self.line.lock();
        loop {
            if line.closed {
                return None;
            }
            if let Some(job) = line.jobs.pop_front() {
                return Some(job);
            }
            if self.more.wait_for(&mut line, IDLE).timed_out() {
                arena.keep(0);
                self.more.wait_while(&mut line, |line| line.jobs.is_empty() && !line.closed);
            }
        }
    }
}

/// What a thread computes with.
struct Desk<'a> {
    arena: &'a mut Arena,
    computed: &'a AtomicU64,
}

impl Desk<'_> {
    fn hash(&mut self, password: &str, cost: Cost) -> Result<String> {
        self.count();
        cost.hash(password, self.arena)
    }

    fn check(&mut self, password: &str, stored: Option<&Stored>, cost: Cost) -> Result<Checked> {
        let Some(stored) = stored else {
            self.count();
            cost.dummy(password, self.arena)?;
            return Ok(Checked::Wrong);
        };
        self.count();
        let proved = stored.proves(password, self.arena)?;
        if stored.is_cheaper(cost) {
            self.count();
            cost.dummy(password, self.arena)?;
        }
        Ok(match proved {
            false => Checked::Wrong,
            true if stored.is_old(cost) => Checked::RightButOld,
            true => Checked::Right,
        })
    }

    fn count(&self) {
        self.computed.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// As ours, but quick.
    const QUICK: Cost = Cost { memory_kib: 64, passes: 2, lanes: 1 };

    fn wait<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn one_thread(most: usize) -> Hasher {
        Hasher::launch(QUICK, 1, most).unwrap()
    }

    #[test]
    fn a_password_is_right_against_its_own_hash_only() {
        let hasher = Hasher::start(Pool::default()).unwrap();
        let stored = wait(hasher.hash("correct horse")).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(stored, wait(hasher.hash("correct horse")).unwrap(), "salts differ");
        let check = |password: &str| wait(hasher.check(password, Some(&stored))).unwrap();
        assert_eq!(check("correct horse"), Checked::Right);
        assert_eq!(check("correct horse "), Checked::Wrong);
        assert_eq!(check(""), Checked::Wrong);
    }

    #[test]
    fn no_account_costs_one_hash_and_is_wrong() {
        let hasher = one_thread(8);
        for stored in [None, Some("no hash at all")] {
            let before = hasher.computed();
            assert_eq!(wait(hasher.check("anything", stored)).unwrap(), Checked::Wrong);
            assert_eq!(hasher.computed() - before, 1, "{stored:?}");
        }
        let stored = wait(hasher.hash("known")).unwrap();
        let before = hasher.computed();
        assert_eq!(wait(hasher.check("unknown", Some(&stored))).unwrap(), Checked::Wrong);
        assert_eq!(hasher.computed() - before, 1, "as much as without an account");
    }

    /// 2,100 times 64 KiB of argon2 are more than the cheapest bcrypt, scrypt and PBKDF2 that are
    /// accepted; with `QUICK` they would not be cheaper than ours.
    #[test]
    fn a_cheaper_hash_is_followed_by_one_for_nothing_and_is_old() {
        let ours = Cost { memory_kib: 64, passes: 2_100, lanes: 1 };
        let hasher = Hasher::launch(ours, 1, 8).unwrap();
        let weak = wait(one_thread(8).hash("rasmuslerdorf")).unwrap();
        let bcrypt = bcrypt::hash("rasmuslerdorf", 4).unwrap();
        for stored in [&weak, &bcrypt] {
            let before = hasher.computed();
            let check = wait(hasher.check("rasmuslerdorf", Some(stored))).unwrap();
            assert_eq!(check, Checked::RightButOld, "{stored}");
            assert_eq!(hasher.computed() - before, 2, "{stored}");
        }
    }

    #[test]
    fn a_dearer_hash_of_another_algorithm_is_old_and_computed_alone() {
        let hasher = one_thread(8);
        let bcrypt = bcrypt::hash("rasmuslerdorf", 4).unwrap();
        let check = wait(hasher.check("rasmuslerdorf", Some(&bcrypt))).unwrap();
        assert_eq!((check, hasher.computed()), (Checked::RightButOld, 1));
        let stronger = Cost { passes: 3, ..QUICK };
        let stored = wait(Hasher::launch(stronger, 1, 8).unwrap().hash("right")).unwrap();
        assert_eq!(wait(hasher.check("right", Some(&stored))).unwrap(), Checked::Right);
    }

    #[test]
    fn a_password_that_is_too_long_is_wrong_and_never_hashed() {
        let hasher = one_thread(8);
        let longest = "x".repeat(PASSWORD_BYTES);
        let longer = format!("{longest}x");
        let stored = wait(hasher.hash(&longest)).unwrap();
        assert_eq!(wait(hasher.check(&longest, Some(&stored))).unwrap(), Checked::Right);
        assert_eq!(wait(hasher.check(&longer, Some(&stored))).unwrap(), Checked::Wrong);
        assert_eq!(wait(hasher.hash(&longer)).unwrap_err().code(), Code::Internal);
    }

    /// Occupies the one thread until the sender is dropped.
    fn occupy(hasher: &Hasher) -> mpsc::Sender<()> {
        let (begun, begin) = mpsc::channel::<()>();
        let (release, wait) = mpsc::channel::<()>();
        let job = move |_: &mut Desk<'_>| {
            drop(begun);
            let _released = wait.recv();
        };
        hasher.queue.put(Box::new(job)).unwrap();
        let _begun = begin.recv();
        release
    }

    #[test]
    fn a_full_queue_refuses_at_once() {
        let hasher = one_thread(1);
        let release = occupy(&hasher);
        hasher.queue.put(Box::new(|_| ())).unwrap();
        let refusal = wait(hasher.check("anything", None)).unwrap_err();
        assert_eq!((refusal.code(), refusal.retry_after_seconds()), (Code::Overloaded, Some(1)));
        assert_eq!((hasher.computed(), hasher.waiting()), (0, 1));
        drop(release);
        while hasher.waiting() > 0 {
            std::thread::yield_now();
        }
        assert_eq!(wait(hasher.check("anything", None)).unwrap(), Checked::Wrong);
    }

    #[test]
    fn nothing_is_computed_for_whoever_went_away() {
        let hasher = one_thread(8);
        let release = occupy(&hasher);
        wait(async {
            let mut gone = Box::pin(hasher.hash("of a client that is gone"));
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(gone.as_mut().poll(context).is_pending())
            });
            assert!(polled.await && hasher.waiting() == 1);
        });
        drop(release);
        wait(hasher.hash("of one that stayed")).unwrap();
        assert_eq!(hasher.computed(), 1);
    }

    #[test]
    fn a_panic_is_an_answer_and_the_thread_goes_on() {
        let hasher = one_thread(8);
        let refusal = wait(hasher.run::<()>(|_| panic!("on purpose"))).unwrap_err();
        assert_eq!(refusal.code(), Code::Internal);
        assert_eq!(wait(hasher.check("anything", None)).unwrap(), Checked::Wrong);
    }

    #[test]
    fn the_threads_end_with_the_hasher() {
        let hasher = one_thread(8);
        let queue = Arc::downgrade(&hasher.queue);
        wait(hasher.check("anything", None)).unwrap();
        drop(hasher);
        while queue.strong_count() > 0 {
            std::thread::yield_now();
        }
    }

    #[test]
    fn settings_beyond_the_bounds_are_refused() {
        let cost = Cost { passes: 1, ..Cost::default() };
        assert!(Hasher::start(Pool { cost, ..Pool::default() }).is_err());
    }
}
