//! The journal: what was done to accounts, in order. Each event is sealed together with the one
//! before it by a key that the database does not hold, so that whoever changes, removes or slips in
//! a row breaks the chain where `verify` sees it. Written by `Page::note` in the transaction of the
//! deed itself. Sources: ASVS 5.0, V16.2 and V16.4.2.

use mainstay_base::{Error, Result};
use mainstay_schema::Value;
use serde_json::{Map, Value as Json};

use super::book::{Book, Page};
use super::record::{Field, Moment, Record};
use super::rows::Event;
use super::session::Origin;
use crate::sealer::Sealer;

/// Events that are read at once when the chain is verified.
const STRETCH: i64 = 1_000;

/// What can be done: the closed vocabulary of the journal and of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    SignUp,
    SignIn,
    SignInFailed,
    SignOut,
    TokenReused,
    CodeSent,
    CodeFailed,
    Confirmed,
    PasswordChanged,
    EmailChangeAsked,
    EmailChanged,
    UserChanged,
    UserMade,
    UserInvited,
    UserRemoved,
    UserBanned,
    LinkMade,
    FactorAdded,
    FactorVerified,
    FactorFailed,
    FactorRemoved,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    IdentityLinked,
    IdentityUnlinked,
    KeyMade,
    KeyRevoked,
    SigningKeyRotated,
    SigningKeyRevoked,
}

impl Deed {
    /// As in the journal and in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::SignIn => "sign_in",
            Self::SignInFailed => "sign_in_failed",
            Self::SignOut => "sign_out",
            Self::TokenReused => "token_reused",
            Self::CodeSent => "code_sent",
            Self::CodeFailed => "code_failed",
            Self::Confirmed => "confirmed",
            Self::PasswordChanged => "password_changed",
            Self::EmailChangeAsked => "email_change_asked",
            Self::EmailChanged => "email_changed",
            Self::UserChanged => "user_changed",
            Self::UserMade => "user_made",
            Self::UserInvited => "user_invited",
            Self::UserRemoved => "user_removed",
            Self::UserBanned => "user_banned",
            Self::LinkMade => "link_made",
            Self::FactorAdded => "factor_added",
            Self::FactorVerified => "factor_verified",
            Self::FactorFailed => "factor_failed",
            Self::FactorRemoved => "factor_removed",
            Self::RecoveryCodesMade => "recovery_codes_made",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::IdentityLinked => "identity_linked",
            Self::IdentityUnlinked => "identity_unlinked",
            Self::KeyMade => "key_made",
            Self::KeyRevoked => "key_revoked",
            Self::SigningKeyRotated => "signing_key_rotated",
            Self::SigningKeyRevoked => "signing_key_revoked",
        }
    }

    /// Somebody should look at it when there are many.
    #[must_use]
    pub fn is_suspicious(self) -> bool {
        matches!(
            self,
            Self::SignInFailed | Self::TokenReused | Self::CodeFailed | Self::FactorFailed
        )
    }
}

/// One thing that was done.
#[derive(Clone, Debug)]
pub struct Note {
    pub deed: Deed,
    /// A user's id, or the role of a key.
    pub actor: Option<String>,
    /// Whose account it is about.
    pub user: Option<String>,
    pub origin: Origin,
    /// More about it. Never a secret.
    pub detail: Map<String, Json>,
}

impl Note {
    /// Of something that happened by itself.
    #[must_use]
    pub fn of_nobody(deed: Deed) -> Self {
        let origin = Origin::default();
        Self { deed, actor: None, user: None, origin, detail: Map::new() }
    }

    /// With one thing more to say.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }
}

impl Page<'_, '_> {
    /// Writes into the journal.
    ///
    /// # Errors
    /// When the store fails.
    pub fn note(&mut self, note: Note, now: Moment) -> Result<()> {
        let last = self.call("last_event", &[])?.into_iter().next();
        let (number, before) = match last {
            None => (1, String::new()),
            Some(row) => match <[Value; 2]>::try_from(row) {
                Ok([Value::Int(number), Value::Text(seal)]) => (number + 1, seal),
                _ => return Err(Error::internal("the last event is none")),
            },
        };
        let Origin { address, agent } = note.origin.clone();
        let mut event = Event {
            number,
            at: now,
            action: note.deed.name().to_owned(),
            actor: note.actor.clone(),
            user: note.user.clone(),
            address,
            agent,
            detail: Json::Object(note.detail.clone()),
            seal: String::new(),
        };
        event.seal = seal(self.sealer(), &event, &before);
        self.put(&event)?;
        self.remember(note);
        Ok(())
    }
}

/// The seal of an event behind another one's.
fn seal(sealer: &Sealer, event: &Event, before: &str) -> String {
    let open = Event { seal: String::new(), ..event.clone() };
    let values: Vec<String> = open
        .values()
        .into_iter()
        .map(|value| match value {
            Value::Null => "null".to_owned(),
            Value::Int(number) => number.to_string(),
            Value::Text(text) => Json::String(text).to_string(),
            _ => String::new(),
        })
        .collect();
    let parts: Vec<&str> = [before].into_iter().chain(values.iter().map(String::as_str)).collect();
    sealer.hash("journal", &parts)
}

/// What the verification of the journal found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All events stand as they were written. The last seal, kept elsewhere, shows later whether
    /// the end was cut off.
    Whole { events: i64, last: String },
    /// The first event that does not follow from those before it.
    Broken { number: i64 },
}

impl Book {
    /// Follows the chain from the first event to the last. `known` is a number and its seal that
    /// were noted elsewhere: the journal must hold them still.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn verify_journal(&self, known: Option<(i64, &str)>) -> Result<Verdict> {
        let (mut events, mut before) = (0, String::new());
        loop {
            let given = [Value::Int(events), Value::Int(STRETCH)];
            let stretch: Vec<Event> = self.list("events_after", &given).await?;
            if stretch.is_empty() {
                break;
            }
            for event in stretch {
                let follows = event.number == events + 1;
                if !follows || seal(self.sealer(), &event, &before) != event.seal {
                    return Ok(Verdict::Broken { number: events + 1 });
                }
                if known.is_some_and(|(number, seal)| number == event.number && seal != event.seal)
                {
                    return Ok(Verdict::Broken { number: event.number });
                }
                (events, before) = (event.number, event.seal);
            }
        }
        match known {
            Some((number, _)) if number > events => Ok(Verdict::Broken { number: events + 1 }),
            _ => Ok(Verdict::Whole { events, last: before }),
        }
    }

    /// The newest events before this number, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn events_before(&self, number: i64, most: i64) -> Result<Vec<Event>> {
        self.list("events_before", &[number.value(), most.value()]).await
    }
}
