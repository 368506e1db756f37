//! The letters of accounts: written here, put into the outbox in the transaction of what they are
//! about, and sent from there by `tend`. Links are built from the configured address alone: no
//! header of a request has a word in them.

use mainstay_base::{Code, Error, Result};
use mainstay_mail::address::Address;
use mainstay_mail::{Kind, Letter, Templates, Values};

use super::Config;
use super::redirect::form;
use crate::accounts::Page;
use crate::accounts::record::Moment;
use crate::accounts::rows::{Posted, User};
use crate::sealer::Sealer;

/// Writes the letters of an application.
#[derive(Clone, Debug)]
pub struct Letters {
    templates: Templates,
    site_url: String,
    public_url: String,
}

/// What a letter proves: the link and the code that stand in it.
#[derive(Clone, Copy, Debug)]
pub struct Proving<'a> {
    pub link: &'a str,
    pub code: &'a str,
    /// The dialect's `type` of the link.
    pub verified_as: &'a str,
    pub redirect: &'a str,
}

impl Letters {
    #[must_use]
    pub fn new(templates: Templates, config: &Config) -> Self {
        let (site_url, public_url) = (config.site_url.clone(), config.public_url.clone());
        Self { templates, site_url, public_url }
    }

    /// The link that proves.
    #[must_use]
    pub fn link(&self, proving: &Proving<'_>) -> String {
        let pairs = [
            ("token", proving.link),
            ("type", proving.verified_as),
            ("redirect_to", proving.redirect),
        ];
        format!("{}/auth/v1/verify?{}", self.public_url, form(&pairs))
    }

    /// A letter that proves an address.
    ///
    /// # Errors
    /// When it cannot be written: a fault of ours.
    pub fn proof(
        &self,
        kind: Kind,
        to: &Address,
        user: &User,
        proving: &Proving<'_>,
    ) -> Result<Letter> {
        let url = self.link(proving);
        let values = Values {
            confirmation_url: &url,
            token: proving.code,
            token_hash: proving.link,
            redirect_to: proving.redirect,
            ..self.values(user)
        };
        Ok(Letter::new(kind, to.clone(), self.templates.write(kind, &values)?, Some(url)))
    }

    /// A letter that tells its reader what has happened to the account.
    ///
    /// # Errors
    /// As `proof`.
    pub fn notice(&self, kind: Kind, to: &str, user: &User, about: &str) -> Result<Letter> {
        let to = Address::parse(to).map_err(Error::internal)?;
        let values = Values {
            old_email: to.as_str(),
            new_email: user.email.as_deref().unwrap_or_default(),
            factor_type: about,
            ..self.values(user)
        };
        Ok(Letter::new(kind, to.clone(), self.templates.write(kind, &values)?, None))
    }

    fn values<'a>(&'a self, user: &'a User) -> Values<'a> {
        Values {
            site_url: &self.site_url,
            email: user.email.as_deref().unwrap_or_default(),
            new_email: user.new_email.as_deref().unwrap_or_default(),
            data: user.user_metadata.as_object(),
            ..Values::default()
        }
    }
}

impl Page<'_, '_> {
    /// Puts a letter into the outbox.
    ///
    /// # Errors
    /// When the store fails.
    pub fn post(&mut self, letter: &Letter, now: Moment) -> Result<()> {
        let id = letter.id.to_string();
        let text = serde_json::to_string(letter).map_err(Error::internal)?;
        let body = self.sealer().seal(&purpose(&id), &text)?;
        let kind = letter.kind.name().to_owned();
        self.put(&Posted { id, kind, body, tries: 0, written_at: now, next_at: now })
    }
}

fn purpose(id: &str) -> String {
    format!("letters.body {id}")
}

impl Posted {
    /// The letter.
    ///
    /// # Errors
    /// When the application's secret is another one since.
    pub fn letter(&self, sealer: &Sealer) -> Result<Letter> {
        let text = sealer.open(&purpose(&self.id), &self.body)?;
        serde_json::from_str(&text).map_err(Error::internal)
    }
}

/// # Errors
/// `validation_failed` for what is no address.
pub fn address(typed: &str) -> Result<Address> {
    Address::parse(typed).map_err(|error| Error::new(Code::ValidationFailed, error.message()))
}
