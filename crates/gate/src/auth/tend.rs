//! What happens without being asked for: letters leave the outbox, what other processes have done
//! becomes known here, signing keys are rotated, and what is over is forgotten.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mainstay_base::{Error, Result};
use mainstay_credentials::secret;
use mainstay_mail::Failed;
use mainstay_schema::Value;

use super::Auth;
use crate::Verifier;
use crate::accounts::Page;
use crate::accounts::journal::Note;
use crate::accounts::record::{Field, Moment, Record};
use crate::accounts::rows::{MachineKey, Posted};
use crate::limits::{FLOW_SECONDS, LETTERS_PER_ROUND};
use crate::observe;
use mainstay_credentials::signing::Ring;

/// Half of the second within which an end reaches every process.
const ROUND: Duration = Duration::from_millis(400);

/// Rounds from one cleaning to the next: near a minute.
const CLEANING_ROUNDS: u64 = 150;

/// Seconds beyond the longest time of a sending for which a letter is one process's to send. A
/// letter of a process that was killed over it waits for as long.
const LEASE_SPARE_SECONDS: i64 = 10;

/// Seconds after which a letter that does not open is tried again.
const UNREADABLE_SECONDS: i64 = 3_600;

impl Auth {
    /// Tends the accounts for as long as it is not dropped. Letters go on beside the rounds: a mail
    /// server that hangs must not keep the end of a session from becoming known.
    pub async fn tend(self: Arc<Self>) {
        let rounds = async {
            let mut rounds: u64 = 0;
            loop {
                self.note_untended(self.round(rounds.is_multiple_of(CLEANING_ROUNDS)).await);
                rounds += 1;
                tokio::time::sleep(ROUND).await;
            }
        };
        let letters = async {
            loop {
                self.note_untended(self.send_letters().await);
                tokio::time::sleep(ROUND).await;
            }
        };
        let ((), ()) = tokio::join!(rounds, letters);
    }

    fn note_untended(&self, done: Result<()>) {
        if let Err(error) = done {
            let cause = error.cause().map_or_else(|| error.to_string(), ToString::to_string);
            self.log.line(&observe::UNTENDED).text("cause", &cause).send();
        }
    }

    /// One round; with `cleaning`, what is over is forgotten too.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn round(&self, cleaning: bool) -> Result<()> {
        self.follow().await?;
        match cleaning {
            true => self.clean().await,
            false => Ok(()),
        }
    }

    /// Learns what other processes have done. Nothing is written by it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn follow(&self) -> Result<()> {
        self.follow_ends().await?;
        self.follow_keys().await?;
        self.follow_ring().await
    }

    /// Sessions that were ended elsewhere.
    pub(super) async fn follow_ends(&self) -> Result<()> {
        let seen = self.seen.load(Ordering::Acquire);
        for row in self.book.call("ended_after", &[seen.value()]).await? {
            let mut row = row.into_iter();
            if let (Some(Value::Text(id)), Some(Value::Int(number)), Some(until)) =
                (row.next(), row.next(), row.next().and_then(Moment::read))
            {
                self.gate.end_sessions(&[id], until.seconds());
                self.seen.fetch_max(number, Ordering::AcqRel);
            }
        }
        Ok(())
    }

    /// Keys of machines that were made or revoked elsewhere.
    pub(super) async fn follow_keys(&self) -> Result<()> {
        let keys: Vec<MachineKey> = self.book.list("all_keys", &[]).await?;
        self.gate.follow_machines(&keys);
        Ok(())
    }

    /// Signing keys that were made or revoked elsewhere.
    async fn follow_ring(&self) -> Result<()> {
        let now = self.now().seconds();
        if let Some(ring) = self.book.newer_ring(&self.issuer.ring(), now).await? {
            self.trust(ring);
        }
        Ok(())
    }

    /// Changes the signing keys, and signs and verifies by them from now on.
    pub(super) async fn change_ring<C>(&self, note: Note, change: C) -> Result<()>
    where
        C: Fn(&Ring) -> Result<Ring> + Send + 'static,
    {
        let settings = self.issuer.ring().settings();
        let ring = self.book.change_ring(settings, self.now(), Some(note), change).await?;
        self.trust(ring);
        Ok(())
    }

    fn trust(&self, ring: Ring) {
        let verifier = Verifier::of_ring(&ring, &self.config.roles, self.issuer.expected());
        self.issuer.replace(ring);
        self.gate.trust(verifier);
    }

    /// Sends what is due. A letter is first claimed, so that no two processes send it; one that was
    /// taken is forgotten, one that was not waits for its next time. They are claimed one by one,
    /// for a claim must outlast the sending.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn send_letters(&self) -> Result<()> {
        for _ in 0..LETTERS_PER_ROUND {
            let Some(posted) = self.claim_letter().await? else { break };
            self.send(posted).await?;
        }
        Ok(())
    }

    async fn claim_letter(&self) -> Result<Option<Posted>> {
        let now = self.now();
        // Most rounds find none, and need no writer to see that.
        if self.book.call("due_letters", &[now.value(), 1_i64.value()]).await?.is_empty() {
            return Ok(None);
        }
        let longest = i64::try_from(self.post.longest().as_secs()).unwrap_or(i64::MAX);
        let over = now.after(longest.saturating_add(LEASE_SPARE_SECONDS));
        let claim = move |page: &mut Page<'_, '_>| {
            let rows = page.call("due_letters", &[now.value(), 1_i64.value()])?;
            let letter = rows.into_iter().next().map(Posted::read).transpose()?;
            if let Some(letter) = &letter {
                page.put(&Posted { next_at: over, ..letter.clone() })?;
            }
            Ok(letter)
        };
        self.book.write(claim).await
    }

    /// A letter that does not open stays: who has the right secret, or the row as it was, sends it.
    async fn put_off(&self, posted: Posted, error: &Error) -> Result<()> {
        let cause = error.cause().map_or_else(|| error.to_string(), ToString::to_string);
        let line = self.log.line(&observe::UNSENT).text("kind", &posted.kind);
        line.text("cause", &cause).number("tries", posted.tries.unsigned_abs()).send();
        let later = Posted { next_at: self.now().after(UNREADABLE_SECONDS), ..posted };
        self.book.write(move |page: &mut Page<'_, '_>| page.put(&later)).await
    }

    async fn send(&self, posted: Posted) -> Result<()> {
        let now = self.now();
        let letter = match posted.letter(self.book.sealer()) {
            Ok(letter) => letter,
            Err(error) => return self.put_off(posted, &error).await,
        };
        let sent = self.post.send(&letter, now.0).await;
        let tries = posted.tries + 1;
        let next = match &sent {
            Ok(()) | Err(Failed::Lasting(_)) => None,
            Err(Failed::Passing(_)) => {
                let dice = u32::from_be_bytes(secret::random()?);
                let counted = u32::try_from(tries).unwrap_or(u32::MAX);
                self.outbox.next_try(counted, posted.written_at.0, now.0, dice)
            }
        };
        if let Err(Failed::Lasting(cause) | Failed::Passing(cause)) = &sent {
            let event = if next.is_some() { &observe::UNSENT } else { &observe::GIVEN_UP };
            let line = self.log.line(event).text("kind", &posted.kind).text("cause", cause);
            line.number("tries", tries.unsigned_abs()).send();
        }
        let work = move |page: &mut Page<'_, '_>| match next {
            None => page.remove::<Posted>("id", &posted.id),
            Some(next) => page.put(&Posted { tries, next_at: Moment(next), ..posted.clone() }),
        };
        self.book.write(work).await
    }

    /// Writes down when keys of machines were last used.
    pub(super) async fn note_uses(&self) -> Result<()> {
        let uses = self.gate.machine_uses();
        if uses.is_empty() {
            return Ok(());
        }
        let work = move |page: &mut Page<'_, '_>| {
            for (id, second) in &uses {
                let Some(key) = page.one::<MachineKey>("id", id)? else { continue };
                let used = Moment(second.saturating_mul(1_000_000));
                page.put(&MachineKey { last_used_at: key.last_used_at.max(Some(used)), ..key })?;
            }
            Ok(())
        };
        self.book.write(work).await
    }

    async fn clean(&self) -> Result<()> {
        self.note_uses().await?;
        let now = self.now();
        if self.issuer.ring().due(now.seconds(), self.issuer.rotates_after()) {
            let note = Note::of_nobody(crate::accounts::journal::Deed::SigningKeyRotated);
            let at = now.seconds();
            self.change_ring(note, move |ring| ring.rotate(at)).await?;
        }
        // Sessions idle for too long cannot be refreshed; without a limit none is too old.
        let idle = self.config.life.idle.map_or(Moment(0), |idle| now.after(-idle));
        // A letter may bring a browser back for as long as it holds, and then a code is exchanged.
        let begun = now.after(-(self.config.proof_life + 2 * FLOW_SECONDS));
        let values = [now.value(), begun.value(), idle.value()];
        self.book.write(move |page: &mut Page<'_, '_>| page.call("forget_old", &values)).await?;
        Ok(())
    }
}
