//! Writes letters to people and brings them to a mail server.
//!
//! `address` is to whom. Letters: what they say (`templates`, `template`, `wording`), what one is
//! (`letter`), who takes them (`smtp` in production, `catcher` in development) and when to try
//! again (`outbox`). The caller keeps letters in a durable table and drives `Post::send` from it.

pub mod address;
pub mod catcher;
pub mod letter;
pub mod limits;
pub mod observe;
pub mod outbox;
pub mod smtp;
pub mod template;
pub mod templates;
mod wording;

use mainstay_base::Instant;
use serde::{Deserialize, Serialize};

pub use catcher::Catcher;
pub use letter::{Letter, Sender};
pub use outbox::Outbox;
pub use smtp::{Failed, Smtp};
pub use template::{Field, Flaw, Values};
pub use templates::{Templates, Written};

/// Why a letter is written. Its name is the front of its templates' file names.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// To a new account: is this address yours?
    Confirm,
    /// To somebody whom an administrator invites.
    Invite,
    /// Sign in by link or code.
    MagicLink,
    /// A forgotten password.
    Recovery,
    /// A change of address, to the address that goes.
    EmailChangeCurrent,
    /// A change of address, to the address that comes.
    EmailChangeNew,
    /// A code before something dangerous.
    Reauthentication,
    /// Notice: the password is another.
    PasswordChanged,
    /// Notice, to the address that went: the address is another.
    EmailChanged,
    /// Notice: a second factor came.
    FactorAdded,
    /// Notice: a second factor went.
    FactorRemoved,
}

impl Kind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::Confirm,
        Self::Invite,
        Self::MagicLink,
        Self::Recovery,
        Self::EmailChangeCurrent,
        Self::EmailChangeNew,
        Self::Reauthentication,
        Self::PasswordChanged,
        Self::EmailChanged,
        Self::FactorAdded,
        Self::FactorRemoved,
    ];

    /// As in file names and in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Invite => "invite",
            Self::MagicLink => "magic_link",
            Self::Recovery => "recovery",
            Self::EmailChangeCurrent => "email_change_current",
            Self::EmailChangeNew => "email_change_new",
            Self::Reauthentication => "reauthentication",
            Self::PasswordChanged => "password_changed",
            Self::EmailChanged => "email_changed",
            Self::FactorAdded => "factor_added",
            Self::FactorRemoved => "factor_removed",
        }
    }

    /// The values that a template of this kind may name, `.Data` aside, which all may.
    #[must_use]
    pub fn fields(self) -> &'static [Field] {
        use Field::{
            ConfirmationUrl, Email, FactorType, NewEmail, OldEmail, RedirectTo, SiteUrl, Token,
            TokenHash,
        };
        match self {
            Self::Confirm | Self::Invite | Self::MagicLink | Self::Recovery => {
                &[ConfirmationUrl, Token, TokenHash, SiteUrl, RedirectTo, Email]
            }
            Self::EmailChangeCurrent | Self::EmailChangeNew => {
                &[ConfirmationUrl, Token, TokenHash, SiteUrl, RedirectTo, Email, NewEmail]
            }
            Self::Reauthentication => &[Token, SiteUrl, Email],
            Self::PasswordChanged => &[SiteUrl, Email],
            Self::EmailChanged => &[SiteUrl, Email, OldEmail, NewEmail],
            Self::FactorAdded | Self::FactorRemoved => &[SiteUrl, Email, FactorType],
        }
    }
}

/// Who takes the letters of this application.
#[derive(Debug)]
pub enum Post {
    Smtp(Box<Smtp>),
    Catcher(Catcher),
}

impl Post {
    /// How long the sending of one letter may take.
    #[must_use]
    pub fn longest(&self) -> std::time::Duration {
        match self {
            Self::Smtp(smtp) => smtp.longest(),
            Self::Catcher(_) => std::time::Duration::ZERO,
        }
    }

    /// Hands a letter over. `now` is the date in its head.
    ///
    /// # Errors
    /// As `Smtp::send`; the catcher takes everything.
    pub async fn send(&self, letter: &Letter, now: Instant) -> Result<(), Failed> {
        match self {
            Self::Smtp(smtp) => smtp.send(letter, now).await,
            Self::Catcher(catcher) => {
                catcher.keep(letter.clone(), now);
                Ok(())
            }
        }
    }
}
