//! Whether the application's secret is the one that its accounts were sealed with. `signing_keys`
//! asks before it makes or changes anything: with another secret nothing that is kept could be
//! read, and what a command or another environment wrote would be lost to those who have the right
//! one.

use mainstay_base::{Code, Error, Result};

use super::book::{Book, Page};
use super::record::Record;
use super::rows::{Seal, SigningKey};
use crate::sealer::Sealer;

/// The row's name.
const SECRET: &str = "secret";

/// What is sealed in it.
const TEXT: &str = "mainstay";

/// What it is sealed for.
const PURPOSE: &str = "seals.body secret";

fn judge(seal: &Seal, sealer: &Sealer) -> Result<()> {
    match sealer.open(PURPOSE, &seal.body) {
        Ok(text) if text == TEXT => Ok(()),
        _ => Err(another()),
    }
}

fn another() -> Error {
    Error::new(Code::Internal, "The accounts here were sealed with another auth.jwt_secret").hint(
        "Give that one: in the configuration, or by --env and the name of the environment that the \
         data belongs to. If others know the old one, serve once with --new-secret: what it sealed \
         (sessions, signing keys, second factors, waiting letters) ends.",
    )
}

impl Book {
    /// Takes this secret in place of the one before. What that one sealed stays where it is and
    /// opens nothing: nobody gets in by it, and no factor is taken for absent.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take_secret(&self) -> Result<()> {
        let work = |page: &mut Page<'_, '_>| {
            let body = page.sealer().seal(PURPOSE, TEXT)?;
            page.put(&Seal { name: SECRET.to_owned(), body })
        };
        self.write(work).await
    }

    /// Refuses a secret that the accounts were not sealed with. The first secret is theirs.
    ///
    /// # Errors
    /// `internal` for another secret, with a hint; when the store fails.
    pub(super) async fn must_be_ours(&self) -> Result<()> {
        if let Some(seal) = self.one::<Seal>("name", SECRET).await? {
            return judge(&seal, self.sealer());
        }
        let work = |page: &mut Page<'_, '_>| {
            if let Some(seal) = page.one::<Seal>("name", SECRET)? {
                return judge(&seal, page.sealer());
            }
            for row in page.call("all_signing_keys", &[])? {
                let key = SigningKey::read(row)?;
                key.opened(page.sealer()).map_err(|_| another())?;
            }
            let body = page.sealer().seal(PURPOSE, TEXT)?;
            page.put(&Seal { name: SECRET.to_owned(), body })
        };
        self.write(work).await
    }
}
