//! Signing keys in the store: sealed, and changed in one transaction, so that processes that share
//! the store sign and verify by the same ones.

use mainstay_base::{Error, Result};
use mainstay_schema::Value;

use super::book::{Book, Page};
use super::journal::Note;
use super::record::{Moment, Record};
use super::rows::SigningKey;
use crate::sealer::Sealer;
use mainstay_credentials::signing::{KeptKey, Ring, Settings};

fn purpose(kid: &str) -> String {
    format!("signing_keys.body {kid}")
}

impl SigningKey {
    /// # Errors
    /// When it was sealed with another secret, or was changed.
    pub(super) fn opened(&self, sealer: &Sealer) -> Result<KeptKey> {
        let text = sealer.open(&purpose(&self.kid), &self.body)?;
        serde_json::from_str(&text).map_err(Error::internal)
    }
}

/// The keys of these rows. One that does not open is none, and stays where it is.
fn opened(rows: Vec<Vec<Value>>, sealer: &Sealer) -> Result<Vec<KeptKey>> {
    let rows = rows.into_iter().map(SigningKey::read).collect::<Result<Vec<_>>>()?;
    Ok(rows.iter().filter_map(|row| row.opened(sealer).ok()).collect())
}

impl Book {
    /// The ring that is kept; with a first key, where none can sign.
    ///
    /// # Errors
    /// When the settings are wrong; when the accounts were sealed with another secret; when the
    /// store fails.
    pub async fn first_ring(&self, settings: Settings, now: Moment) -> Result<Ring> {
        self.must_be_ours().await?;
        let seconds = now.seconds();
        let change = move |ring: &Ring| match ring.due(seconds, i64::MAX) {
            true => ring.rotate(seconds),
            false => Ok(ring.pruned(seconds)),
        };
        self.change_ring(settings, now, None, change).await
    }

    /// The ring that is kept now, if it is not `known`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn newer_ring(&self, known: &Ring, now: i64) -> Result<Option<Ring>> {
        let rows = self.call("all_signing_keys", &[]).await?;
        let kept = opened(rows, self.sealer())?;
        let names = |keys: &[KeptKey]| {
            let mut names: Vec<(String, Option<i64>)> =
                keys.iter().map(|key| (key.kid.clone(), key.retired_at)).collect();
            names.sort();
            names
        };
        if names(&kept) == names(&known.kept()) {
            return Ok(None);
        }
        Ok(Some(Ring::new(known.settings(), &kept)?.pruned(now)))
    }

    /// Changes the ring that is kept. The new one.
    ///
    /// # Errors
    /// As `change`; when the store fails.
    pub async fn change_ring<C>(
        &self,
        settings: Settings,
        now: Moment,
        note: Option<Note>,
        change: C,
    ) -> Result<Ring>
    where
        C: Fn(&Ring) -> Result<Ring> + Send + 'static,
    {
        let work = move |page: &mut Page<'_, '_>| {
            let rows = page.call("all_signing_keys", &[])?;
            let before = opened(rows, page.sealer())?;
            let ring = change(&Ring::new(settings.clone(), &before)?)?;
            let after = ring.kept();
            for old in &before {
                if !after.iter().any(|key| key.kid == old.kid) {
                    page.remove::<SigningKey>("kid", &old.kid)?;
                }
            }
            for key in &after {
                let text = serde_json::to_string(key).map_err(Error::internal)?;
                let body = page.sealer().seal(&purpose(&key.kid), &text)?;
                page.put(&SigningKey { kid: key.kid.clone(), body, created_at: now })?;
            }
            if let Some(note) = &note {
                page.note(note.clone(), now)?;
            }
            Ok(ring)
        };
        self.write(work).await
    }
}
