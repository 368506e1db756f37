//! What is counted against guessing: each account for each place that it is not known from, each
//! account for all of those together, each device that an account knows, and each place for all
//! accounts. So who guesses runs out of tries, and the owner at a known device does not. What is
//! counted is kept as a keyed hash: the table names nobody.

use mainstay_base::{Code, Error, Result};
use mainstay_mail::address::Address;
use mainstay_schema::Value;

use super::asked::Asked;
use super::{Auth, Paces};
use crate::accounts::Page;
use crate::accounts::pace::{Pace, refused};
use crate::accounts::record::Moment;
use crate::accounts::rows::Guesses;
use crate::accounts::session::Origin;
use crate::limits::{CHALLENGES_FREE, FACTOR_TRIES, KNOWN_DEVICE_SECONDS};
use crate::sealer::Sealer;

/// Everything that one try is counted under.
pub type Counted = Vec<(String, Pace)>;

/// A try at an account: what it is counted under depends on whether the device is known.
#[derive(Clone, Debug)]
pub struct Guess {
    device: String,
    known: (String, Pace),
    strange: Counted,
    place: (String, Pace),
}

/// A guess at the account of this address or id.
#[must_use]
pub fn guess(auth: &Auth, asked: &Asked, account: &str) -> Guess {
    Guess::new(auth.book.sealer(), &asked.origin, auth.config.paces, account)
}

/// A guess at the second factors of a user. Whoever tries has the password already, so fewer are
/// heard.
#[must_use]
pub fn factor(auth: &Auth, asked: &Asked, user: &str) -> Guess {
    let mut guess = guess(auth, asked, &format!("factor {user}"));
    for (_, pace) in &mut guess.strange {
        pace.end = pace.end.map(|end| end.min(FACTOR_TRIES));
    }
    guess
}

/// A guess at the recovery codes of a user: counted apart and without an end, for they are what is
/// left to an owner whose other factors are being guessed at, and nobody guesses eighty bits.
#[must_use]
pub fn recovery(auth: &Auth, asked: &Asked, user: &str) -> Guess {
    let mut guess = guess(auth, asked, &format!("recovery codes {user}"));
    guess.strange.iter_mut().for_each(|(_, pace)| pace.end = None);
    guess
}

impl Guess {
    /// A guess at an account, from somewhere.
    #[must_use]
    pub fn new(sealer: &Sealer, origin: &Origin, paces: Paces, account: &str) -> Self {
        let (place, agent) = (origin.place(), origin.agent.as_deref().unwrap_or_default());
        let hash = |what: &str, parts: &[&str]| sealer.hash(what, parts);
        Self {
            device: hash("device", &[account, &place, agent]),
            known: (hash("tries of a known device", &[account, &place, agent]), paces.known_device),
            strange: vec![
                (hash("tries of a place at an account", &[account, &place]), paces.stranger),
                (hash("tries at an account", &[account]), paces.strangers),
            ],
            place: (hash("tries of a place", &[&place]), paces.place),
        }
    }

    /// Counts the try, before anything is compared; or in how many seconds the next one is heard.
    ///
    /// # Errors
    /// When the store fails.
    pub fn begin(&self, page: &mut Page<'_, '_>, now: Moment) -> Result<Option<i64>> {
        let counted = match self.is_known(page, now)? {
            true => vec![self.known.clone()],
            false => self.strange.iter().chain([&self.place]).cloned().collect(),
        };
        page.count_all(&counted, now)
    }

    /// It was right: the account's tries are forgiven, and the device is known from now on.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forgive(&self, page: &mut Page<'_, '_>, now: Moment) -> Result<()> {
        if !self.is_known(page, now)? {
            page.uncount(&self.place.0, &self.place.1, now)?;
        }
        self.welcome(page, now)
    }

    /// The owner is here, and nothing was guessed: as `forgive`, without a try to take back.
    ///
    /// # Errors
    /// When the store fails.
    pub fn welcome(&self, page: &mut Page<'_, '_>, now: Moment) -> Result<()> {
        for (what, _) in self.strange.iter().chain([&self.known]) {
            page.remove::<Guesses>("what", what)?;
        }
        let forgotten_at = now.after(KNOWN_DEVICE_SECONDS);
        page.put(&Guesses { what: self.device.clone(), tries: 0, open_at: now, forgotten_at })
    }

    fn is_known(&self, page: &mut Page<'_, '_>, now: Moment) -> Result<bool> {
        let values = [Value::Text(self.device.clone())];
        let known: Vec<Guesses> = page.find("what", &values)?;
        Ok(known.first().is_some_and(|known| known.forgotten_at > now))
    }
}

/// What fails at a place, whatever it was about.
#[must_use]
pub fn place(auth: &Auth, asked: &Asked) -> Counted {
    let what = auth.book.sealer().hash("tries of a place", &[&asked.origin.place()]);
    vec![(what, auth.config.paces.place)]
}

/// What a new user is counted under.
#[must_use]
pub fn sign_up(auth: &Auth, asked: &Asked) -> Counted {
    let what = auth.book.sealer().hash("sign-ups of a place", &[&asked.origin.place()]);
    vec![(what, auth.config.paces.sign_up)]
}

/// What a question to a factor is counted under; `who` is a user, or a place for sign-in.
#[must_use]
pub fn challenge(auth: &Auth, who: &str) -> Counted {
    let hour = 3_600;
    let pace =
        Pace { free: CHALLENGES_FREE, first_wait: 36, longest_wait: hour, end: None, memory: hour };
    vec![(auth.book.sealer().hash("questions to factors", &[who]), pace)]
}

/// What a letter is counted under, whether or not its address has an account.
#[must_use]
pub fn letter(auth: &Auth, asked: &Asked, to: &Address) -> Counted {
    let (sealer, paces) = (auth.book.sealer(), auth.config.paces);
    let place = asked.origin.place();
    vec![
        // For each place apart, so that nobody keeps an owner from asking.
        (sealer.hash("letters to an address for a place", &[to.as_str(), &place]), paces.letter),
        (sealer.hash("letters to an address", &[to.as_str()]), paces.address),
        (sealer.hash("letters of a place", &[&place]), paces.letters),
    ]
}

/// What letters are counted under that tell an owner what has happened.
#[must_use]
pub fn notice(auth: &Auth, user: &str) -> Counted {
    vec![(auth.book.sealer().hash("notices of a user", &[user]), auth.config.paces.address)]
}

/// What a question is counted under that may end in a letter or in none.
#[must_use]
pub fn question(auth: &Auth, asked: &Asked) -> Counted {
    let what = auth.book.sealer().hash("letters of a place", &[&asked.origin.place()]);
    vec![(what, auth.config.paces.letters)]
}

/// Too many tries.
#[must_use]
pub fn too_many(seconds: i64) -> Error {
    let message =
        "Too many tries. Wait for the time in Retry-After, or come by a link in a letter.";
    refused(Code::RateExceeded, message, seconds)
}

/// Too many tries at a second factor.
#[must_use]
pub fn too_many_at_factor(seconds: i64) -> Error {
    let message = "Too many tries at second factors. Wait for the time in Retry-After, come from a \
                   device that is known, or use a recovery code.";
    refused(Code::RateExceeded, message, seconds)
}

/// Too many recovery codes.
#[must_use]
pub fn locked(seconds: i64) -> Error {
    let message = "Too many wrong recovery codes. Wait for the time in Retry-After.";
    refused(Code::RecoveryLocked, message, seconds)
}

/// Too many questions to factors that nobody has answered.
#[must_use]
pub fn too_many_questions(seconds: i64) -> Error {
    let message = "Too many challenges that were not answered. Wait for the time in Retry-After.";
    refused(Code::RateExceeded, message, seconds)
}

/// Too many letters.
#[must_use]
pub fn too_many_letters(seconds: i64) -> Error {
    let message =
        "For security purposes, you can only request this once in a while: see Retry-After.";
    refused(Code::MailRateExceeded, message, seconds)
}
